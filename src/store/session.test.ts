import { describe, expect, it } from 'vitest';
import { err, ok } from '../sim/base/result.ts';
import type { Trace } from '../sim/engine/trace.ts';
import type { World } from '../sim/engine/world.ts';
import type { Probe } from '../sim/scenario/probe.ts';
import type { ScenarioEvent } from '../sim/scenario/scenario.ts';
import { createDocument } from './document.ts';
import { createSession, type EnginePort } from './session.ts';

const cni = (name: string): ScenarioEvent => ({ type: 'CniChosen', cni: name, mode: 'vxlan' });
const probeTo = (to: string): Probe => ({
  from: { kind: 'pod', ref: 'default/client' },
  to: { kind: 'node', ref: to },
  proto: 'ping',
});
const ping = (to: string): ScenarioEvent => ({ type: 'ProbeSet', probe: probeTo(to) });

/** An engine that builds every CNI but `impossible`, and counts what it does. */
function fakeEngine() {
  const done = { built: 0, traced: 0 };
  const engine: EnginePort = {
    buildWorld(state) {
      done.built++;
      if (state.cni.id === 'broken') throw new Error('Broken invariant: no bridge');
      if (state.cni.id === 'impossible')
        return err([{ where: 'cni', what: 'It cannot run here.', hint: 'Choose another.' }]);
      return ok({ cni: state.cni } as World);
    },
    trace(world, probe) {
      done.traced++;
      return { probe, verdict: { sentence: world.cni.id } } as Trace;
    },
    describeChange: (before, after) => `${before?.trace.verdict.sentence} became ${after.trace.verdict.sentence}`,
  };
  return { engine, done };
}

function open(...events: ScenarioEvent[]) {
  const { engine, done } = fakeEngine();
  const document = createDocument({ events });
  return { document, session: createSession(document, engine), done };
}

describe('a session', () => {
  it('has the world and the trace at once', () => {
    const { session } = open(cni('calico'), ping('node-1'));
    expect(session.getState()).toMatchObject({ world: { cni: { id: 'calico' } }, problems: [], change: null });
    expect(session.getState().trace?.probe).toEqual(probeTo('node-1'));
  });

  it('has no trace without a probe', () => {
    expect(open().session.getState()).toMatchObject({ trace: null, problems: [] });
  });

  it('keeps the world before the last edit of it', () => {
    const { document, session } = open(cni('calico'), ping('node-1'));
    const before = session.getState().world;
    expect(session.getState().previous).toBeNull();
    document.apply(cni('cilium'));
    expect(session.getState().previous).toBe(before);
    document.apply(ping('node-2'));
    expect(session.getState().previous).toBe(before);
    const edited = session.getState().world;
    document.apply(cni('impossible'));
    expect(session.getState().previous).toBe(before);
    document.undo();
    expect(session.getState().previous).toBe(edited);
    document.open({ events: [] });
    expect(session.getState().previous).toBeNull();
  });

  it('says what a knob changed', () => {
    const { document, session } = open(cni('calico'), ping('node-1'));
    document.apply(cni('cilium'));
    expect(session.getState().change).toBe('calico became cilium');
    document.replace({ events: [cni('weave'), ping('node-1')] });
    expect(session.getState().change).toBe('cilium became weave');
  });

  it.each<[string, (document: ReturnType<typeof createDocument>) => void]>([
    ['undo', (document) => document.undo()],
    ['a new probe', (document) => document.apply(ping('node-2'))],
    ['another work', (document) => document.open({ events: [cni('weave'), ping('node-1')] })],
    ['starting over', (document) => document.reset()],
  ])('says nothing of it after %s', (_name, act) => {
    const { document, session } = open(cni('calico'), ping('node-1'));
    document.apply(cni('cilium'));
    act(document);
    expect(session.getState().change).toBeNull();
  });

  it('keeps the picture when a world cannot be built, says why, and comes back', () => {
    const { document, session } = open(cni('calico'), ping('node-1'));
    const { world, trace } = session.getState();
    document.apply(cni('impossible'));
    expect(session.getState()).toMatchObject({ state: { cni: { id: 'impossible' } }, problems: [{ where: 'cni' }] });
    expect(session.getState().world).toBe(world);
    expect(session.getState().trace).toBe(trace);
    document.undo();
    expect(session.getState()).toMatchObject({ state: { cni: { id: 'calico' } }, problems: [] });
  });

  it('turns a mistake of the engine into a problem', () => {
    const { document, session } = open(ping('node-1'));
    document.apply(cni('broken'));
    expect(session.getState().problems).toMatchObject([
      { where: 'Hopscope itself', what: 'Broken invariant: no bridge' },
    ]);
  });

  it('builds the cluster once for several probes', () => {
    const { document, done } = open(ping('node-1'));
    document.apply(ping('node-2'));
    expect(done).toEqual({ built: 1, traced: 2 });
  });

  it('follows no more after close', () => {
    const { document, session } = open(ping('node-1'));
    session.close();
    document.apply(cni('cilium'));
    expect(session.getState().state.cni.id).toBe('flannel');
  });
});
