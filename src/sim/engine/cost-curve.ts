/**
 * What this very packet would cost in a larger cluster: the same scenario with synthetic Services added, in each mode of a proxy. In
 * slices, because ten thousand Services take a good part of a second to build.
 */

import type { KubeObject, ServiceObject } from '../kube/objects.ts';
import { isWorkload } from '../kube/objects-merge.ts';
import type { NetnsConfig } from '../linux/config.ts';
import type { Probe } from '../scenario/probe.ts';
import type { ScenarioState } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { chosenEndpoint } from './chosen-endpoint.ts';
import { traceProbe } from './converse.ts';
import { type Cost, costOf } from './cost.ts';
import { ownSteps } from './own-part.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

export const SIZES = [0, 10, 100, 1_000, 10_000] as const;

export interface ProxyMode {
  readonly id: string;
  readonly mode: string;
}

export interface CostPoint {
  readonly proxy: ProxyMode;
  readonly added: number;
  /** Services in the cluster, with those that were added. */
  readonly services: number;
  readonly result: CostResult;
}

export type CostResult =
  /** Of the first packet. */
  | { readonly kind: 'counted'; readonly first: Cost; readonly installed: Installed; readonly good: boolean }
  /** There is no such cluster: the Service CIDR is too small for so many, or the mode does not fit. */
  | { readonly kind: 'refused'; readonly why: string };

export interface Installed {
  /** The node that the packet meets first. */
  readonly ns: string;
  /** Rules of iptables and nftables. */
  readonly rules: number;
  /** What is looked up, not walked: elements of sets and maps, also those of eBPF, servers, addresses for Services. */
  readonly entries: number;
}

/**
 * Small clusters first. Null: a slice of work is done, and there is more to do for the next point. A mode in which the packet does not
 * arrive is counted once, as the cluster is.
 */
export function* costCurve(
  state: ScenarioState,
  probe: Probe,
  modes: readonly ProxyMode[],
  sizes: readonly number[],
): Generator<CostPoint | null, void> {
  const built = buildWorld(state);
  const asked = built.ok ? samePacket(built.value, probe) : { probe, machines: [] };
  const pinned = built.ok ? pinAddresses(state.objects, built.value) : state.objects;
  const stuck = new Set<ProxyMode>();
  for (const added of sizes)
    for (const proxy of modes) {
      if (stuck.has(proxy)) continue;
      const objects = withServices(pinned, probe, added);
      const result = yield* count({ ...state, objects, proxy }, asked);
      if (result.kind === 'refused' || !result.good) stuck.add(proxy);
      yield { proxy, added, services: countServices(objects), result };
    }
}

interface Asked {
  readonly probe: Probe;
  /** Where the packet comes by. */
  readonly machines: readonly string[];
}

/** Every mode sends the packet to the endpoint that it was sent to, so that all walk the same way. */
function samePacket(world: World, probe: Probe): Asked {
  const options = { ...probe.options, handshakeOnly: true };
  const trace = traceProbe(world, probe);
  const own = ownSteps(trace);
  const endpoint = probe.options?.endpoint ?? chosenEndpoint(own);
  return {
    probe: { ...probe, options: endpoint === null ? options : { ...options, endpoint } },
    machines: [...new Set(own.map(({ ns }) => ns))],
  };
}

/** What is added must not move the addresses of what was there. */
function pinAddresses(objects: readonly KubeObject[], { cluster }: World): readonly KubeObject[] {
  const addresses = new Map(cluster.services.map((s) => [`${s.namespace}/${s.name}`, s.clusterIP]));
  return objects.map((object) => {
    if (object.kind !== 'Service' || object.type === 'ExternalName') return object;
    const clusterIP = addresses.get(`${object.namespace}/${object.name}`);
    return clusterIP === undefined ? object : { ...object, clusterIP };
  });
}

/** Half of them before the Services that are there and half behind: a walk in order then meets half of them first. */
function withServices(objects: readonly KubeObject[], probe: Probe, added: number): readonly KubeObject[] {
  const like = modelService(objects, probe);
  const one = (i: number): ServiceObject => ({ ...like, name: `added-${String(i).padStart(5, '0')}` });
  const all = Array.from({ length: added }, (_, i) => one(i));
  return [...all.slice(0, added / 2), ...objects, ...all.slice(added / 2)];
}

/** They have the endpoints of the Service that is probed; without one, those of the first pods that there are. */
function modelService(objects: readonly KubeObject[], { to }: Probe): ServiceObject {
  const services = objects.filter(
    (object): object is ServiceObject => object.kind === 'Service' && hasSelector(object),
  );
  const probed = services.find(({ namespace, name }) => to.kind === 'service' && to.ref === `${namespace}/${name}`);
  const like = probed ?? services[0];
  const workload = objects.find(isWorkload);
  const [namespace, selector] = like
    ? [like.namespace, like.selector]
    : [workload?.namespace ?? 'default', workload?.labels];
  return {
    kind: 'Service',
    namespace,
    name: 'added',
    ...(selector && { selector }),
    ports: like?.ports.map(({ nodePort: _, ...port }) => port) ?? [{ port: 80 }],
  };
}

const hasSelector = ({ selector = {} }: ServiceObject): boolean => Object.keys(selector).length > 0;

/** The cluster makes one Service itself. */
const countServices = (objects: readonly KubeObject[]): number =>
  1 + objects.filter(({ kind, name }) => kind === 'Service' && name !== 'kubernetes').length;

function* count(state: ScenarioState, { probe, machines }: Asked): Generator<null, CostResult> {
  const built = buildWorld(state);
  if (!built.ok) return { kind: 'refused', why: built.error[0]?.what ?? 'There is no such cluster.' };
  const world = built.value;
  yield null;
  for (const ns of machines) {
    // A machine's rules are written when somebody reads them: one machine, one slice.
    const config = world.namespaces.get(ns);
    if (config && installedOn(config).rules > 0) yield null;
  }
  const trace = traceProbe(world, probe);
  const { first } = costOf(trace, world);
  return { kind: 'counted', first, installed: installedFor(trace, world), good: trace.verdict.good };
}

function installedFor({ hops }: Trace, { cluster, namespaces }: World): Installed {
  const node = hops.find(({ ns }) => cluster.nodes.some(({ name }) => name === ns))?.ns ?? cluster.nodes[0]?.name ?? '';
  const config = namespaces.get(node);
  return config ? { ns: node, ...installedOn(config) } : { ns: node, rules: 0, entries: 0 };
}

export function installedOn(config: NetnsConfig): Omit<Installed, 'ns'> {
  let rules = 0;
  let entries = 0;
  for (const table of [...config.iptables.values(), ...(config.ip6tables?.values() ?? [])])
    for (const chain of table.chains.values()) rules += chain.rules.length;
  for (const table of config.nftables ?? []) {
    for (const chain of table.chains.values()) rules += chain.rules.length;
    for (const set of table.sets.values()) entries += set.elements.size;
  }
  for (const { members } of config.ipsets) entries += members.length;
  for (const { realServers } of config.ipvs ?? []) entries += 1 + realServers.length;
  for (const map of config.bpf?.maps ?? []) entries += map.entries.length;
  const dummies = new Set(config.devices.filter(({ kind }) => kind === 'dummy').map(({ name }) => name));
  for (const { dev } of config.addresses) if (dummies.has(dev)) entries += 1;
  return { rules, entries };
}
