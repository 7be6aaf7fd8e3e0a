import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SCENARIO } from '../sim/scenario/defaults.ts';
import type { ScenarioEvent } from '../sim/scenario/scenario.ts';
import { createDocument, HISTORY_MAX } from './document.ts';

const cni = (name: string): ScenarioEvent => ({ type: 'CniChosen', cni: name, mode: 'vxlan' });
const ping = (to: string): ScenarioEvent => ({
  type: 'ProbeSet',
  probe: { from: { kind: 'pod', ref: 'default/client' }, to: { kind: 'node', ref: to }, proto: 'ping' },
});

describe('a document', () => {
  it('keeps one event of each kind, and undo still knows the earlier values', () => {
    const document = createDocument({ events: [] });
    document.apply(ping('node-1'));
    document.apply(ping('node-2'));
    expect(document.getState().scenario.events).toEqual([ping('node-2')]);
    document.undo();
    expect(document.getState()).toMatchObject({
      scenario: { events: [ping('node-1')] },
      canUndo: true,
      canRedo: true,
      cause: 'undone',
    });
  });

  it('makes several events one edit', () => {
    const document = createDocument({ events: [] });
    document.apply(cni('calico'), ping('node-1'));
    document.undo();
    expect(document.getState()).toMatchObject({ scenario: { events: [] }, canUndo: false });
  });

  it('forgets nothing for an edit that changes nothing', () => {
    const document = createDocument({ events: [cni('calico')] });
    document.apply(cni('cilium'));
    document.undo();
    document.apply(cni('calico'));
    expect(document.getState()).toMatchObject({ canUndo: false, canRedo: true });
  });

  it('forgets what was undone when another edit is made', () => {
    const document = createDocument({ events: [] });
    document.apply(cni('calico'));
    document.undo();
    document.apply(cni('cilium'));
    document.redo();
    expect(document.getState()).toMatchObject({ scenario: { events: [cni('cilium')] }, canRedo: false });
  });

  it('undoes replacing the whole, and starting over', () => {
    const document = createDocument(DEFAULT_SCENARIO);
    document.replace({ events: [cni('calico')] });
    expect(document.getState()).toMatchObject({ cause: 'edited', canUndo: true });
    document.reset();
    expect(document.getState().cause).toBe('opened');
    expect(document.getState().scenario.events).toEqual(document.getInitialState().scenario.events);
    document.undo();
    expect(document.getState().scenario).toEqual({ events: [cni('calico')] });
  });

  it('does not undo into another work', () => {
    const document = createDocument(DEFAULT_SCENARIO);
    document.apply(cni('calico'));
    document.open({ events: [cni('cilium')] });
    document.undo();
    expect(document.getState()).toEqual({
      scenario: { events: [cni('cilium')] },
      canUndo: false,
      canRedo: false,
      cause: 'opened',
    });
  });

  it('remembers HISTORY_MAX edits and no more', () => {
    const document = createDocument({ events: [] });
    for (let i = 0; i < HISTORY_MAX + 10; i++) document.apply(cni(`cni-${i}`));
    let undone = 0;
    for (; document.getState().canUndo; undone++) document.undo();
    expect(undone).toBe(HISTORY_MAX);
    expect(document.getState().scenario.events).toEqual([cni('cni-9')]);
  });

  it('tells nobody when nothing happened', () => {
    const document = createDocument({ events: [] });
    let told = 0;
    document.subscribe(() => told++);
    document.undo();
    document.redo();
    document.apply();
    expect(told).toBe(0);
  });
});

describe('laws of a document', () => {
  const anyEdit = fc.oneof(
    fc.constantFrom('calico', 'cilium', 'flannel').map(cni),
    fc.constantFrom('node-1', 'node-2').map(ping),
    fc.integer({ min: 1, max: 3 }).map((seed): ScenarioEvent => ({ type: 'SeedSet', seed })),
  );

  it('undo takes an edit back; redo makes it again; undoing all gives the first again', () => {
    fc.assert(
      fc.property(fc.array(anyEdit, { maxLength: 12 }), (edits) => {
        const document = createDocument({ events: [] });
        const seen = [document.getState().scenario];
        for (const edit of edits) {
          const before = document.getState().scenario;
          document.apply(edit);
          const after = document.getState().scenario;
          if (after === before) continue;
          document.undo();
          expect(document.getState().scenario).toEqual(before);
          document.redo();
          expect(document.getState().scenario).toEqual(after);
          seen.push(after);
        }
        while (document.getState().canUndo) {
          expect(document.getState().scenario).toEqual(seen.pop());
          document.undo();
        }
        expect(seen).toEqual([document.getState().scenario]);
      }),
    );
  });
});
