/** Test cases that were recorded from kube-proxy's own IPVS tests. Nothing in the app reads them; `dev/truth` does. */
import type { IpSet } from '../../../../linux/config.ts';
import type { SchedulerName, VirtualServer } from '../../../../linux/ipvs/table.ts';
import { applyRuleOps } from '../../../../linux/netfilter/iptables/build.ts';
import type { Match, Rule, Ruleset } from '../../../../linux/netfilter/iptables/rule.ts';
import { cidr } from '../../../../wire/ip.ts';
import { type RecordedInputs, recordedServices, recordedView } from '../recorded-case.ts';
import { servicePorts } from '../service-port.ts';
import { IPVS_DEFAULTS } from './options.ts';
import { type IpvsPlan, planIpvs } from './plan.ts';

export interface RecordedIpvsCase {
  readonly inputs: Omit<RecordedInputs, 'flags' | 'nodeInterfaces'> & {
    readonly nodeInterfaces?: RecordedInputs['nodeInterfaces'];
    readonly flags: Omit<RecordedInputs['flags'], 'localhostNodePorts' | 'iptablesRandomFully'> & {
      readonly scheduler: SchedulerName;
    };
  };
  readonly expected: RecordedIpvsExpectation;
}

export interface RecordedIpvsExpectation {
  readonly virtualServerCount?: number;
  readonly virtualServersComplete?: boolean;
  readonly virtualServers?: readonly RecordedVirtualServer[];
  /** By the name of IPv4, in either family. */
  readonly ipsets?: Readonly<Record<string, readonly string[]>>;
  readonly ipsetTypes?: Readonly<Record<string, string>>;
  readonly iptablesChains?: Readonly<Record<string, readonly RecordedRule[]>>;
  readonly dummyInterface?: { readonly name: string; readonly addresses: readonly string[] };
  readonly restoreInput?: string;
  readonly save?: string;
  readonly ipvsadmLn?: string;
  readonly ipvsadmSn?: string;
}

/** Some cases leave out scheduler, timeout and weights. */
export interface RecordedVirtualServer {
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
  readonly scheduler?: string;
  readonly persistentTimeout?: number | null;
  readonly realServers: readonly { readonly address: string; readonly port: number; readonly weight?: number }[];
}

export interface RecordedRule {
  readonly jump: string;
  readonly matchSet?: string;
  readonly source?: string;
}

/** What upstream's fake proxier has where a case says nothing. */
const MARK_DEFAULT = '0x4000';

/** Without interfaces in the case, the node has its `nodeIPs`. */
export function planRecorded(inputs: RecordedIpvsCase['inputs']): IpvsPlan {
  const { nodeIPs, nodeInterfaces = { eth0: nodeIPs }, flags } = inputs;
  const view = recordedView({ ...inputs, nodeInterfaces });
  const ports = servicePorts(recordedServices(inputs), view);
  return planIpvs(ports, view, {
    ...IPVS_DEFAULTS,
    masqueradeAll: flags.masqueradeAll,
    masqueradeBit: Math.log2(Number(flags.masqueradeMark || MARK_DEFAULT)),
    nodePortAddresses: flags.nodePortAddresses.map(cidr),
    scheduler: flags.scheduler,
  });
}

/** In the words of the cases, sorted, so that order does not matter. */
export function recordedServers(servers: readonly VirtualServer[]): RecordedVirtualServer[] {
  return sortServers(
    servers.map((virtual) => ({
      address: virtual.ip,
      port: virtual.port,
      protocol: virtual.proto.toUpperCase(),
      scheduler: virtual.scheduler,
      persistentTimeout: virtual.persistentSeconds ?? null,
      realServers: virtual.realServers.map(({ ip, port, weight }) => ({ address: ip, port, weight })),
    })),
  );
}

export function sortServers(servers: readonly RecordedVirtualServer[]): RecordedVirtualServer[] {
  const text = (each: { address: string; port: number; protocol?: string }): string =>
    `${each.address} ${each.port} ${each.protocol ?? ''}`;
  const sort = <T extends { address: string; port: number }>(list: readonly T[]): T[] =>
    [...list].sort((a, b) => (text(a) < text(b) ? -1 : 1));
  return sort(servers).map((server) => ({ ...server, realServers: sort(server.realServers) }));
}

/** `IPSET_MAXNAMELEN` without its end: longer names of IPv6 are cut (pkg/proxy/ipvs/ipset.go `NewIPSet`). */
const SET_NAME_MAX = 31;

/** Members of the sets that a case names, sorted. */
export function recordedSets(sets: readonly IpSet[], names: readonly string[]): Record<string, string[]> {
  const of = (name: string): string[] => {
    const inIpv6 = name.replace('KUBE-', 'KUBE-6-').slice(0, SET_NAME_MAX);
    const set = sets.find((each) => each.name === name || each.name === inIpv6);
    return [...(set?.members ?? ['(no such set)'])].sort();
  };
  return Object.fromEntries(names.map((name) => [name, of(name)]));
}

export const syncedIpvsRules = (plan: IpvsPlan): Ruleset => applyRuleOps(plan.iptables);

/** The rules of a chain in nat, then those of the chain of that name in filter. */
export function recordedChain(ruleset: Ruleset, chain: string): RecordedRule[] {
  return (['nat', 'filter'] as const).flatMap((table) =>
    (ruleset.get(table)?.chains.get(chain)?.rules ?? []).map(recordedRule),
  );
}

function recordedRule({ target, matches, src }: Rule): RecordedRule {
  const set = matches.find((match): match is Extract<Match, { kind: 'set' }> => match.kind === 'set');
  const jump = target && 'chain' in target ? target.chain : (target?.kind ?? '');
  return { jump, ...(set ? { matchSet: set.name } : {}), ...(src && !src.invert ? { source: src.value.text } : {}) };
}
