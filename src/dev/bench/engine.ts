/** How fast the engine traces, and how soon a turned knob shows. */

import type { Fragment } from '../../sim/drivers/contract.ts';
import { KUBE_PROXY } from '../../sim/drivers/proxy/kube-proxy/driver.ts';
import { CNIS } from '../../sim/drivers/registry.ts';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { traceProbe } from '../../sim/engine/converse.ts';
import { costOf } from '../../sim/engine/cost.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { applyRuleOps } from '../../sim/linux/netfilter/iptables/build.ts';
import type { Probe } from '../../sim/scenario/probe.ts';
import type { ScenarioState } from '../../sim/scenario/scenario.ts';
import { clusterWith, crowdedCluster } from './clusters.ts';
import { count, ms, table, time } from './measure.ts';

const SERVICES = [10, 1_000, 10_000];

interface Bench {
  readonly state: ScenarioState;
  readonly world: World;
  readonly probe: Probe;
  readonly trace: Trace;
}

/** pod -> ClusterIP -> pod on another node: the probe is told to choose that endpoint. */
function prepare(services: number, mode = 'iptables'): Bench {
  const state = { ...clusterWith(services), proxy: { id: 'kube-proxy', mode } };
  const world = worldOf(state);
  const client = world.cluster.pods.find((p) => p.name === 'client');
  const remote = world.cluster.pods.find((p) => p.name !== 'client' && p.node !== client?.node);
  if (!state.probe || !remote) throw new Error('the bench cluster has no remote endpoint');
  const probe: Probe = { ...state.probe, options: { handshakeOnly: true, endpoint: `${remote.ip}:8080` } };
  return { state, world, probe, trace: traceProbe(world, probe) };
}

function worldOf(state: ScenarioState): World {
  const built = buildWorld(state);
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const MODES = ['iptables', 'nftables', 'ipvs'] as const;

export function benchTraces(): string {
  const rows: string[][] = [];
  for (const mode of MODES) {
    let base = 0;
    for (const services of SERVICES) {
      const { world, probe, trace } = prepare(services, mode);
      const { medianMs } = time(() => traceProbe(world, probe));
      base ||= medianMs;
      const crossings = trace.steps.filter((s) => s.kind === 'dev').length;
      const { rules, lookups } = costOf(trace, world).whole;
      rows.push([
        `${mode}, ${count(services)} Services`,
        ms(medianMs),
        count(1000 / medianMs),
        count((1000 / medianMs) * crossings),
        count(rules),
        count(lookups),
        `${(medianMs / base).toFixed(1)}x`,
      ]);
    }
  }
  const head = [
    'handshake, pod -> ClusterIP -> remote pod (VXLAN)',
    'ms/trace',
    'traces/s',
    'hops/s',
    'rules evaluated',
    'lookups',
    'against 10',
  ];
  return table(head, rows);
}

const PLANNED_SERVICES = 10_000;
const PLANNED_ENDPOINTS = 5;

/** What one node's kube-proxy writes for a large cluster: from nothing, and after one endpoint was no longer ready. */
export function benchPlans(): string {
  const { cluster } = worldOf(clusterWith(PLANNED_SERVICES, PLANNED_ENDPOINTS));
  const [node] = cluster.nodes;
  if (!node) throw new Error('the bench cluster has no node');
  const rows = MODES.map((mode) => {
    const plan = (services: Services): unknown => tablesOf(KUBE_PROXY.plan({ ...cluster, services }, node, mode).node);
    let services = cluster.services;
    const whole =
      time(() => plan(structuredClone(services)), 10).medianMs - time(() => structuredClone(services), 10).medianMs;
    plan(services);
    let turns = 0;
    const changed = time(() => {
      services = withEndpointTurned(services, (turns++ * 37) % services.length);
      plan(services);
    }, 30).medianMs;
    return [mode, ms(whole), ms(changed), `${(whole / changed).toFixed(0)}x`];
  });
  const what = `${count(PLANNED_SERVICES)} Services x ${PLANNED_ENDPOINTS} endpoints`;
  return table([`tables of a node, ${what}`, 'all, ms', 'an endpoint changed, ms', 'all against changed'], rows);
}

type Services = World['cluster']['services'];

/** What the kernel gets, as it gets it. */
const tablesOf = ({ iptables, ...others }: Fragment): unknown => [
  applyRuleOps(iptables ?? []),
  others.nftables,
  others.ipvs,
  others.ipsets,
];

function withEndpointTurned(services: Services, at: number): Services {
  const turned = services[at];
  if (!turned) return services;
  const ports = turned.ports.map((port) => ({
    ...port,
    endpoints: port.endpoints.map((one, i) => (i > 0 ? one : { ...one, ready: !one.ready, serving: !one.ready })),
  }));
  return services.with(at, { ...turned, ports });
}

/** A knob changes the world; the same probe is traced in it: everything between the click and the drawing. */
export function benchKnobs(): string {
  const rows: string[][] = [];
  for (const services of SERVICES) {
    const { state, probe } = prepare(services);
    const knobs: [string, ScenarioState][] = [
      ['CNI mode (VXLAN -> host-gw)', { ...state, cni: { ...state.cni, mode: 'host-gw' } }],
      [
        'CNI (Flannel -> Cilium without kube-proxy)',
        { ...state, cni: { id: 'cilium', mode: 'vxlan-kpr' }, proxy: { id: 'none', mode: 'none' } },
      ],
      ['proxy (iptables -> none)', { ...state, proxy: { id: 'none', mode: 'none' } }],
      ['one more node', { ...state, nodes: state.nodes + 1 }],
    ];
    for (const [name, turned] of knobs) {
      const built = buildWorld(turned);
      if (!built.ok) continue;
      rows.push([
        `${name}, ${count(services)} Services`,
        ms(time(() => traceProbe(worldOf(turned), probe), 30).medianMs),
      ]);
    }
  }
  return table(['from a turned knob to the new trace', 'ms'], rows);
}

const CROWD = { services: 500, nodes: 100 };

/** Another CNI for a crowded cluster: from the choice to the new trace. Only the nodes that the packet visits are planned. */
export function benchCnis(): string {
  const state = crowdedCluster(CROWD.services, CROWD.nodes);
  const { cluster } = worldOf(state);
  const [client] = cluster.pods;
  const probe: Probe = {
    from: { kind: 'pod', ref: `${client?.namespace}/${client?.name}` },
    to: { kind: 'service', ref: `default/app-${CROWD.services / 2}`, via: 'clusterIP' },
    proto: 'tcp',
    port: 80,
  };
  const rows = CNIS.flatMap(({ id, label, modes }) =>
    modes
      .filter(({ variantOf }) => variantOf === undefined)
      .map((mode) => {
        const turned = { ...state, cni: { id, mode: mode.id } };
        const whole = time(() => traceProbe(worldOf(turned), probe), 30).medianMs;
        const cluster = time(() => worldOf(turned), 30).medianMs;
        return [`${label}: ${mode.label}`, ms(whole), ms(cluster)];
      }),
  );
  const size = `${CROWD.nodes} nodes, ${cluster.pods.length} pods, ${CROWD.services} Services`;
  return table([`from another CNI to the new trace, ${size}`, 'ms', 'of it the cluster'], rows);
}
