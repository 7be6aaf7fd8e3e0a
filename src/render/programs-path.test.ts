/** The ways of packets that programs (eBPF) redirect: past the IP stack, straight into a pod, back where they came from. */
import { describe, expect, it } from 'vitest';
import { cniById } from '../sim/drivers/registry.ts';
import { traceProbe } from '../sim/engine/converse.ts';
import { at, labWorld, node, outside, pod, service, tcp } from '../sim/engine/explain/lab-world.ts';
import type { Probe } from '../sim/scenario/probe.ts';
import { layoutPicture } from './layout.ts';
import { makePicture } from './picture.ts';
import { pathOf } from './route-of-packet.ts';

const CILIUM = cniById('cilium');
const web2 = '10.244.2.2:8080';
const probes: readonly (readonly [string, Probe])[] = [
  ['other node', tcp(pod('tool-1'), service('default/web'), 80, web2)],
  ['same node', tcp(pod('tool-2'), at('10.244.2.2'), 8080)],
  ['from a node', tcp(node('node-1'), at('10.244.2.2'), 8080)],
  ['node port', tcp(outside('client'), at('192.168.56.11'), 30080, web2)],
  ['itself', tcp(pod('web-1'), service('default/solo'), 80)],
  ['out of the cluster', tcp(pod('tool-1'), at('203.0.113.10'), 80)],
  ['no endpoints', tcp(pod('tool-1'), service('default/empty'), 80)],
  ['no such pod', tcp(pod('tool-1'), at('10.244.2.200'), 80)],
];

describe.each(CILIUM.modes.map(({ id }) => id))('%s', (mode) => {
  const world = labWorld({ cni: 'cilium', mode, proxy: CILIUM.replacesProxy?.(mode) ? 'none' : 'kube-proxy' });
  const layout = layoutPicture(makePicture(world));
  const wires = new Set(layout.net.wires.flatMap(({ a, b }) => [`${a}>${b}`, `${b}>${a}`]));
  const forward = new Set(layout.net.wires.map(({ a, b }) => `${a}>${b}`));
  const lanes = new Set(layout.net.wires.filter(({ kind }) => kind === 'lane').map(({ a, b }) => `${b}>${a}`));

  it.each(probes)('%s: each leg starts where the last one ended, on wires, and lanes go one way', (_name, probe) => {
    for (const { packet, legs } of pathOf(traceProbe(world, probe), layout))
      for (const [i, { way, step }] of legs.entries()) {
        if (i > 0) expect(way[0], `${packet} ${step}`).toBe(legs[i - 1]?.to);
        for (let k = 1; k < way.length; k++) {
          const piece = `${way[k - 1]}>${way[k]}`;
          expect(wires.has(piece), `${packet} ${step} ${piece}`).toBe(true);
          if (lanes.has(piece)) expect(forward.has(piece), `${packet} ${step} ${piece}`).toBe(true);
        }
      }
  });
});
