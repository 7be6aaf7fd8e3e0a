import { describe, expect, it } from 'vitest';
import { layoutPicture } from './layout.ts';
import { makeUpTrace } from './made-up-trace.ts';
import { makeUpWorld } from './made-up-world.ts';
import { makePicture } from './picture.ts';
import { pathOf, pointAlong } from './route-of-packet.ts';

const layout = layoutPicture(makePicture(makeUpWorld({ nodes: 3, pods: 2, shape: 'overlay' })));
const trace = makeUpTrace();
const paths = pathOf(trace, layout);
const legs = paths[0]!.legs;

const visited = (ns: string): string[] => [
  ...new Set(legs.filter(({ step }) => trace.steps[step]!.ns === ns).map(({ to }) => to.split('!').slice(1).join(' '))),
];

describe('a SYN to a Service, its endpoint on the next node, over a tunnel', () => {
  it('has one path with a leg for every step', () => {
    expect(paths.map(({ packet }) => packet)).toEqual(['p1']);
    expect(legs.map(({ step }) => step)).toEqual(trace.steps.map(({ i }) => i));
  });

  it('goes down the sender, and a second time through the gates as an envelope', () => {
    expect(visited('node-1')).toEqual([
      'dev veth-client-1 in',
      'bridge PREROUTING',
      'dev cni0 in',
      'route input',
      'ttl',
      'ip FORWARD',
      'ip POSTROUTING',
      'dev flannel.1 out',
      'tunnel flannel.1',
      'route output',
      'ip OUTPUT',
      'dev eth0 out',
    ]);
    const wrapped = legs.filter(({ isTunnelled, step }) => isTunnelled && trace.steps[step]!.ns === 'node-1');
    expect(wrapped.map(({ to }) => to)).toContain('node-1!ip!POSTROUTING');
  });

  it('comes up the receiver: for the node itself first, then unwrapped through the gates again', () => {
    const order = legs.filter(({ step }) => trace.steps[step]!.ns === 'node-2').map(({ to }) => to);
    const stations = [
      'ip!PREROUTING',
      'ip!INPUT',
      'dev!flannel.1!in',
      'ip!PREROUTING',
      'ip!FORWARD',
      'ip!POSTROUTING',
      'dev!cni0!out',
    ];
    let at = -1;
    for (const station of stations) {
      at = order.indexOf(`node-2!${station}`, at + 1);
      expect(at, station).toBeGreaterThanOrEqual(0);
    }
  });

  it('never leaves the wires: each leg starts where the last one ended, and every piece of it is a wire', () => {
    const wires = new Set(layout.net.wires.flatMap(({ a, b }) => [`${a}>${b}`, `${b}>${a}`]));
    for (const [i, { way }] of legs.entries()) {
      if (i > 0) expect(way[0]).toBe(legs[i - 1]!.to);
      for (let k = 1; k < way.length; k++)
        expect(wires.has(`${way[k - 1]}>${way[k]}`), `${way[k - 1]} > ${way[k]}`).toBe(true);
    }
  });

  it('never goes against the direction of a lane in the kernel', () => {
    const forward = new Set(layout.net.wires.map(({ a, b }) => `${a}>${b}`));
    const lanes = new Set(layout.net.wires.filter(({ kind }) => kind === 'lane').map(({ a, b }) => `${b}>${a}`));
    for (const { way } of legs)
      for (let k = 1; k < way.length; k++) {
        const piece = `${way[k - 1]}>${way[k]}`;
        if (lanes.has(piece)) expect(forward.has(piece), piece).toBe(true);
      }
  });
});

it('finds the place at a share of a way', () => {
  const way = legs.find(({ lengthPx }) => lengthPx > 100)!.way;
  expect(pointAlong(layout.net, way, 0)).toEqual(layout.net.at(way[0]!));
  expect(pointAlong(layout.net, way, 1)).toEqual(layout.net.at(way.at(-1)!));
});

it('keeps a packet where it is when its step has no place of its own', () => {
  const asked = trace.steps.find(({ kind }) => kind === 'conntrack')!.i;
  expect(legs[asked]!.way).toEqual([legs[asked - 1]!.to]);
});
