import { describe, expect, it } from 'vitest';
import { traceProbe } from '../converse.ts';
import { labWorld, pod, service, tcp } from './lab-world.ts';
import { traceAsText, traceToPlainText } from './text.ts';

const world = labWorld();
const trace = traceProbe(world, tcp(pod('tool-1'), service('default/web'), 80, '10.244.2.2:8080'));
const text = traceAsText(trace, world);

describe('a trace as text', () => {
  it('begins with what was asked and what came of it', () => {
    expect(text.title).toBe('TCP from tool-1 to default/web, port 80');
    expect(text.verdict).toBe(trace.verdict.sentence);
  });

  it('groups each packet by machine, in the order of its way', () => {
    expect(text.items[0]?.title).toBe('Packet 1: TCP SYN, delivered');
    expect(text.items[0]?.machines.map(({ name }) => name)).toEqual([
      'tool-1',
      'node-1',
      'the node network',
      'node-2',
      'web-2',
    ]);
  });

  it('folds packets that repeat an earlier one', () => {
    const repeat = text.items.find(({ title }) => title.startsWith('Packet 3'));
    expect(repeat).toMatchObject({ title: 'Packet 3: TCP ACK, delivered, same path as packet 1', machines: [] });
    const lost = traceProbe(world, tcp(pod('tool-1'), service('default/web'), 81));
    expect(traceAsText(lost, world).items.map(({ title }) => title)).toEqual([
      'Packet 1: TCP SYN, dropped',
      'Packets 2 to 4: TCP SYN, dropped, same path as packet 1',
    ]);
  });

  it('is plain text too', () => {
    const plain = traceToPlainText(trace, world);
    expect(plain).toContain('\n  node-1\n    - Enters node-1');
    expect(plain).not.toMatch(/undefined|null/);
    const refused = traceProbe(world, tcp(pod('tool-1'), service('default/empty'), 80));
    expect(traceToPlainText(refused, world)).toContain('\nTo fix: Give Service default/empty a ready endpoint');
  });

  it('says why nothing was sent', () => {
    const none = traceProbe(world, tcp(pod('ghost'), service('default/web'), 80));
    expect(traceToPlainText(none, world)).toContain('Pod default/ghost is not in this cluster.');
  });
});
