/**
 * Every door of a Service to the outside, with every CNI: whoever carries the packet to a node, the pod sees what it sees of a node port on
 * that node (reference/cni.md 9.2), but for a balancer that makes connections of its own. A new CNI, or a new balancer, is a new row.
 */
import { describe, expect, it } from 'vitest';
import { BALANCERS, CNIS } from '../../sim/drivers/registry.ts';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { traceProbe } from '../../sim/engine/converse.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { foldScenario } from '../../sim/scenario/fold.ts';
import type { Probe } from '../../sim/scenario/probe.ts';
import type { ScenarioEvent } from '../../sim/scenario/scenario.ts';
import { innermost } from '../../sim/wire/frame.ts';

const CLIENT = '192.168.56.100';
const BALANCER = '192.168.56.5';
const HOME = 'node-2';
const labels = { app: 'shop' };

function events(policy: 'Cluster' | 'Local', ...more: ScenarioEvent[]): ScenarioEvent[] {
  return [
    {
      type: 'ManifestsApplied',
      replace: true,
      objects: [
        {
          kind: 'Pod',
          namespace: 'default',
          name: 'shop',
          nodeName: HOME,
          labels,
          containers: [{ name: 'shop', ports: [{ containerPort: 8080 }] }],
        },
        {
          kind: 'Service',
          namespace: 'default',
          name: 'shop',
          type: 'LoadBalancer',
          selector: labels,
          externalTrafficPolicy: policy,
          externalIPs: ['198.51.100.77'],
          ports: [{ port: 80, targetPort: 8080, nodePort: 30_080 }],
        },
      ],
    },
    ...more,
  ];
}

function worldOf(list: ScenarioEvent[]): World {
  const built = buildWorld(foldScenario({ events: list }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const ask = (world: World, to: Probe['to'], port = 80): Trace =>
  traceProbe(world, { from: { kind: 'external', ref: 'client' }, to, proto: 'tcp', port });

/** Whom the pod sees, and the node that the first packet came to; null: it never arrived. */
function seen({ steps, hops }: Trace): { readonly by: string; readonly node: string } | null {
  const first = steps.find((s) => s.kind === 'send')?.packet;
  const arrival = steps.find((s) => s.kind === 'deliver' && s.to === 'socket' && s.packet === first);
  const packet = arrival && ('ttl' in arrival.frame ? arrival.frame : innermost(arrival.frame));
  const node = hops.find((hop) => hop.packet === first && hop.ns.startsWith('node-'))?.ns;
  return packet && node ? { by: packet.src, node } : null;
}

const byNodePort = (world: World, node: string) => seen(ask(world, { kind: 'node', ref: node }, 30_080))?.by;

const cnis = CNIS.flatMap(({ id, modes, replacesProxy }) =>
  modes.map((mode) => ({ cni: id, mode: mode.id, proxy: replacesProxy?.(mode.id) ? 'none' : 'kube-proxy' })),
);
const balancers = BALANCERS.filter(({ controller }) => controller !== undefined).flatMap(({ id, modes }) =>
  modes.map((mode) => ({ balancer: id, mode: mode.id })),
);

describe.each(cnis)('$cni/$mode', ({ cni, mode, proxy }) => {
  const base: ScenarioEvent[] = [
    { type: 'CniChosen', cni, mode },
    { type: 'ProxyChosen', proxy, mode: proxy === 'none' ? 'none' : 'iptables' },
  ];

  it.each(['Cluster', 'Local'] as const)('policy %s', (policy) => {
    const plain = worldOf(events(policy, ...base));
    const viaExternalIp = seen(ask(plain, { kind: 'service', ref: 'default/shop', via: 'externalIP' }));
    expect(viaExternalIp, 'external IP').toEqual({ by: byNodePort(plain, HOME), node: HOME });
    for (const one of balancers.filter(({ balancer }) => balancer !== 'none')) {
      const world = worldOf(events(policy, ...base, { type: 'BalancerChosen', ...one }));
      const trace = ask(world, { kind: 'service', ref: 'default/shop', via: 'loadBalancer' });
      const found = seen(trace);
      const about = `${one.balancer}/${one.mode}: ${trace.verdict.sentence}`;
      expect(trace.verdict.outcome, about).toBe('connected');
      const usual = byNodePort(world, found?.node ?? '');
      expect(found?.by, about).toBe(one.mode === 'proxy' && usual === CLIENT ? BALANCER : usual);
      if (policy === 'Local')
        expect(found, about).toEqual({ by: one.mode === 'proxy' ? BALANCER : CLIENT, node: HOME });
    }
  });
});
