/**
 * Test cases that were recorded from kube-proxy's own tests: Services, EndpointSlices and flags as Kubernetes JSON, and the rules expected.
 * Nothing in the app reads them; `dev/truth` does.
 */
import type { ClusterService, ClusterServicePort, Endpoint } from '../../../kube/cluster.ts';
import { applyRuleOps } from '../../../linux/netfilter/iptables/build.ts';
import { parseRuleset } from '../../../linux/netfilter/iptables/parse.ts';
import { printTable } from '../../../linux/netfilter/iptables/print.ts';
import type { Ruleset } from '../../../linux/netfilter/iptables/rule.ts';
import { cidr, familyOf, type Ip, ip } from '../../../wire/ip.ts';
import { kubeletPlan } from '../../parts/kubelet.ts';
import { baseJumps, servesLoopback } from './base-rules.ts';
import { type RestoreChain, restoreChains, restoreOps } from './iptables.ts';
import { type NodeView, PROXY_DEFAULTS, type ProxyOptions } from './options.ts';
import { servicePorts } from './service-port.ts';

export interface RecordedInputs {
  readonly nodeName: string;
  readonly nodeIPs: readonly string[];
  readonly nodeInterfaces: Readonly<Record<string, readonly string[]>>;
  readonly ipFamily: 'IPv4' | 'IPv6';
  readonly clusterCIDR: string | null;
  readonly flags: {
    readonly masqueradeAll: boolean;
    readonly masqueradeMark: string;
    readonly localhostNodePorts: boolean;
    readonly nodePortAddresses: readonly string[];
    readonly iptablesRandomFully: boolean;
  };
  readonly services: readonly ServiceJson[];
  readonly endpointSlices: readonly SliceJson[];
}

export interface ServiceJson {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly type?: ClusterService['type'];
    readonly clusterIP?: string;
    readonly clusterIPs?: readonly string[];
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
      readonly nodePort?: number;
    }[];
    readonly externalIPs?: readonly string[];
    readonly externalTrafficPolicy?: 'Cluster' | 'Local';
    readonly internalTrafficPolicy?: 'Cluster' | 'Local';
    readonly loadBalancerSourceRanges?: readonly string[];
    readonly healthCheckNodePort?: number;
    readonly sessionAffinity?: string;
    readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly ipMode?: string | null }[] };
  };
}

export interface SliceJson {
  readonly metadata: { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> };
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly nodeName?: string;
    readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
    readonly hints?: {
      readonly forZones?: readonly { readonly name: string }[];
      readonly forNodes?: readonly { readonly name: string }[];
    };
  }[];
  readonly ports?: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[];
}

/** kube-proxy takes leading zeros of decimal numbers, as Go did before 1.17 (k8s.io/utils/net `ParseIPSloppy`); no tool after it does. */
const withoutZeros = (text: string): string => (text.includes(':') ? text : text.replaceAll(/\b0+(?=\d)/g, ''));
const sloppyIp = (text: string): Ip => ip(withoutZeros(text));

const AFFINITY_SECONDS_DEFAULT = 10_800;

/** What `servicePorts` reads, from objects as the API writes them. */
export function recordedServices({
  services,
  endpointSlices,
  ipFamily,
}: Pick<RecordedInputs, 'services' | 'endpointSlices' | 'ipFamily'>): ClusterService[] {
  return services.map((service) => readService(service, endpointSlices, ipFamily === 'IPv6' ? 6 : 4));
}

/** The node of a case, with the addresses that its devices have. */
export function recordedView({
  nodeName,
  nodeIPs,
  nodeInterfaces = {},
  ipFamily,
  clusterCIDR,
}: Pick<RecordedInputs, 'nodeName' | 'nodeIPs' | 'ipFamily' | 'clusterCIDR'> &
  Partial<Pick<RecordedInputs, 'nodeInterfaces'>>): NodeView {
  const family = ipFamily === 'IPv6' ? 6 : 4;
  const local = Object.values(nodeInterfaces).flat();
  return {
    nodeName,
    family,
    nodeIP: nodeIPs[0] === undefined ? null : ip(nodeIPs[0]),
    localAddresses: local.map((text) => ip(text.split('/')[0] ?? '')).filter((address) => familyOf(address) === family),
    detector: clusterCIDR === null ? null : { kind: 'cidr', cidr: cidr(clusterCIDR) },
  };
}

function readCase(inputs: RecordedInputs): {
  services: ClusterService[];
  view: NodeView;
  options: ProxyOptions;
} {
  return {
    services: recordedServices(inputs),
    view: recordedView(inputs),
    options: {
      ...PROXY_DEFAULTS,
      masqueradeAll: inputs.flags.masqueradeAll,
      masqueradeBit: Math.log2(Number(inputs.flags.masqueradeMark)),
      localhostNodePorts: inputs.flags.localhostNodePorts,
      nodePortAddresses: inputs.flags.nodePortAddresses.map(cidr),
      randomFully: inputs.flags.iptablesRandomFully,
    },
  };
}

function readService(json: ServiceJson, slices: readonly SliceJson[], family: 4 | 6): ClusterService {
  const { metadata, spec, status } = json;
  const clusterIP = [...(spec.clusterIPs ?? []), spec.clusterIP ?? 'None'].find(
    (text) => text === 'None' || familyOf(sloppyIp(text)) === family,
  );
  const ingress = (status?.loadBalancer?.ingress ?? []).filter(({ ipMode }) => (ipMode ?? 'VIP') === 'VIP');
  const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS_DEFAULT;
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    type: spec.type ?? 'ClusterIP',
    clusterIP: clusterIP === undefined || clusterIP === 'None' ? 'None' : sloppyIp(clusterIP),
    selector: {},
    ports: (spec.ports ?? []).map((port) => readPort(port, metadata, slices)),
    externalTrafficPolicy: spec.externalTrafficPolicy ?? 'Cluster',
    internalTrafficPolicy: spec.internalTrafficPolicy ?? 'Cluster',
    ...(spec.sessionAffinity === 'ClientIP' ? { sessionAffinity: { type: 'ClientIP', timeoutSeconds } } : {}),
    externalIPs: (spec.externalIPs ?? []).map(sloppyIp),
    loadBalancerIPs: ingress.flatMap((entry) => (entry.ip ? [sloppyIp(entry.ip)] : [])),
    loadBalancerSourceRanges: (spec.loadBalancerSourceRanges ?? []).map((text) => cidr(withoutZeros(text.trim()))),
    ...(spec.healthCheckNodePort ? { healthCheckNodePort: spec.healthCheckNodePort } : {}),
  };
}

type PortJson = NonNullable<ServiceJson['spec']['ports']>[number];

function readPort(port: PortJson, service: ServiceJson['metadata'], slices: readonly SliceJson[]): ClusterServicePort {
  const name = port.name ?? '';
  const protocol = port.protocol ?? 'TCP';
  const endpoints = slices
    .filter(({ metadata }) => metadata.namespace === service.namespace)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === service.name)
    .flatMap((slice) => sliceEndpoints(slice, name, protocol));
  const { nodePort } = port;
  return { name, protocol, port: port.port, targetPort: port.port, ...(nodePort ? { nodePort } : {}), endpoints };
}

/** A condition that is not set means: ready, serving, not terminating (discovery.k8s.io/v1). */
function sliceEndpoints(slice: SliceJson, name: string, protocol: string): Endpoint[] {
  const isOurs = (port: { name?: string; port?: number; protocol?: string }): boolean =>
    port.name === name && (port.protocol ?? 'TCP') === protocol;
  const port = (slice.ports ?? []).find(isOurs)?.port;
  if (port === undefined) return [];
  return (slice.endpoints ?? []).map(({ addresses, nodeName, conditions, hints }) => ({
    ip: sloppyIp(addresses[0] ?? ''),
    port,
    ...(nodeName === undefined ? {} : { node: nodeName }),
    ready: conditions?.ready ?? true,
    serving: conditions?.serving ?? true,
    terminating: conditions?.terminating ?? false,
    ...(hints?.forZones && { zoneHints: hints.forZones.map((zone) => zone.name) }),
    ...(hints?.forNodes && { nodeHints: hints.forNodes.map((node) => node.name) }),
  }));
}

/** What a full sync sends to iptables-restore, as tables. */
export function syncedRules(inputs: RecordedInputs): Ruleset {
  return applyRuleOps(restoreOps(chainsOf(inputs)));
}

function chainsOf(inputs: RecordedInputs): RestoreChain[] {
  const { services, view, options } = readCase(inputs);
  return restoreChains(servicePorts(services, view), view, options);
}

/**
 * What a partial sync sends: the shared chains, and those of Services that changed since the last sync. `stale` are the chains
 * that it deletes (in a large cluster at most once per syncPeriod).
 */
export function partiallySyncedRules(
  before: RecordedInputs,
  inputs: RecordedInputs,
): { readonly ruleset: Ruleset; readonly stale: readonly string[] } {
  const [old, now] = [portsByService(before), portsByService(inputs)];
  const chains = chainsOf(inputs);
  const names = new Set(chains.map(({ name }) => name));
  const isSent = ({ service }: RestoreChain): boolean => service === undefined || old.get(service) !== now.get(service);
  return {
    ruleset: applyRuleOps(restoreOps(chains.filter(isSent))),
    stale: chainsOf(before).flatMap(({ name }) => (names.has(name) ? [] : [name])),
  };
}

/** Each Service with its ports and endpoints as text, to tell whether it changed. */
function portsByService(inputs: RecordedInputs): ReadonlyMap<string, string> {
  const { services, view } = readCase(inputs);
  const texts = new Map<string, string>();
  for (const port of servicePorts(services, view).flat()) {
    texts.set(port.service, (texts.get(port.service) ?? '') + JSON.stringify(port));
  }
  return texts;
}

/** What stands on a fresh node after kubelet and one full sync. */
export function standingRules(inputs: RecordedInputs): Ruleset {
  const { view } = readCase(inputs);
  const kubelet = view.family === 4 ? (kubeletPlan().node.iptables ?? []) : [];
  return applyRuleOps([...kubelet, ...baseJumps(view.family), ...restoreOps(chainsOf(inputs))]);
}

/** filter and nat as text. */
export function linesOf(ruleset: Ruleset): string[] {
  return (['filter', 'nat'] as const).flatMap((name) => {
    const table = ruleset.get(name);
    return table ? printTable(table).split('\n') : [];
  });
}

/** A recorded dump in the words of our own printer: order of options, spelling of marks and digits no longer differ. */
export function linesOfDump(dump: string): string[] {
  const read = parseRuleset(dump);
  return read.ok ? linesOf(read.value) : [`line ${read.error.line}: ${read.error.message}`];
}

/**
 * A dump that is loaded over rules that stand, as `iptables-restore --noflush` does: its chains take the place of those of the same name,
 * its rules for built-in chains come after those that are there.
 */
export function restoredOver(standing: Ruleset, dump: Ruleset): Ruleset {
  const tables = new Map(standing);
  for (const [name, table] of dump) {
    const chains = new Map(standing.get(name)?.chains);
    for (const [chain, found] of table.chains) {
      const before = found.policy === null ? [] : (chains.get(chain)?.rules ?? []);
      chains.set(chain, { ...found, rules: [...before, ...found.rules] });
    }
    tables.set(name, { name, chains });
  }
  return tables;
}

/** What stands before kube-proxy's first sync: what kubelet wrote, and the jumps of kube-proxy to chains that are still empty. */
export function bareRules(inputs: RecordedInputs): Ruleset {
  const family = inputs.ipFamily === 'IPv6' ? 6 : 4;
  return applyRuleOps([...(family === 4 ? (kubeletPlan().node.iptables ?? []) : []), ...baseJumps(family)]);
}

/** Node ports answer on 127.0.0.1 only where the kernel routes it, which kube-proxy then switches on. */
export function opensLoopback(inputs: RecordedInputs): boolean {
  const { view, options } = readCase(inputs);
  return servesLoopback(view, options);
}
