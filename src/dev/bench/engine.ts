/** How fast the engine traces, and how soon a turned knob shows. */
import { KUBE_PROXY } from '../../sim/drivers/proxy/kube-proxy/driver.ts';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { traceProbe } from '../../sim/engine/converse.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import type { Probe } from '../../sim/scenario/probe.ts';
import type { ScenarioState } from '../../sim/scenario/scenario.ts';
import { clusterWith } from './clusters.ts';
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

/** Rules asked, and hash or map lookups. */
function work(trace: Trace): { readonly rules: number; readonly lookups: number } {
  let rules = 0;
  let lookups = 0;
  for (const s of trace.steps) {
    if (s.kind === 'rule' || s.kind === 'nft-rule') rules += s.index - s.first + 1;
    else if (s.kind === 'chain-end' || s.kind === 'nft-chain-end') rules += s.end - s.first;
    else if (s.kind === 'nft-lookup' || s.kind === 'ipvs') lookups += 1;
  }
  return { rules, lookups };
}

export function benchTraces(): string {
  const rows: string[][] = [];
  for (const mode of MODES) {
    let base = 0;
    for (const services of SERVICES) {
      const { world, probe, trace } = prepare(services, mode);
      const { medianMs } = time(() => traceProbe(world, probe));
      base ||= medianMs;
      const crossings = trace.steps.filter((s) => s.kind === 'dev').length;
      const { rules, lookups } = work(trace);
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

/** What one node's kube-proxy writes for a large cluster, from nothing. */
export function benchPlans(): string {
  const { cluster } = worldOf(clusterWith(PLANNED_SERVICES, PLANNED_ENDPOINTS));
  const [node] = cluster.nodes;
  if (!node) throw new Error('the bench cluster has no node');
  const rows = MODES.map((mode) => {
    const plan = (): number => {
      const { node: written } = KUBE_PROXY.plan(cluster, node, mode);
      return (written.iptables?.length ?? 0) + (written.nftables?.length ?? 0) + (written.ipvs?.length ?? 0);
    };
    return [mode, ms(time(plan, 10).medianMs)];
  });
  return table(
    [`all rules of a node, ${count(PLANNED_SERVICES)} Services x ${PLANNED_ENDPOINTS} endpoints`, 'ms'],
    rows,
  );
}

/** A knob changes the world; the same probe is traced in it: everything between the click and the drawing. */
export function benchKnobs(): string {
  const rows: string[][] = [];
  for (const services of SERVICES) {
    const { state, probe } = prepare(services);
    const knobs: [string, ScenarioState][] = [
      ['CNI mode (VXLAN -> host-gw)', { ...state, cni: { ...state.cni, mode: 'host-gw' } }],
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
