/**
 * Where a first packet ends that comes to one node: the kernel model carries it from the device it comes in by (or from the node's own
 * socket) through every hook, over the rules of any mode, once for each way that chance could go.
 */
import { must } from '../../sim/base/assert.ts';
import type { Address, NetnsConfig } from '../../sim/linux/config.ts';
import { type Choices, type Kernel, makeKernel, netnsOf, newPacketId } from '../../sim/linux/kernel.ts';
import { makeLocal } from '../../sim/linux/local.ts';
import type { Ruleset } from '../../sim/linux/netfilter/iptables/rule.ts';
import { endpointText } from '../../sim/linux/netfilter/nftables/numgen.ts';
import { type Netns, openNetns } from '../../sim/linux/netns.ts';
import { LINUX } from '../../sim/linux/ops.ts';
import { isLocalAddress } from '../../sim/linux/routing/fib.ts';
import { makeSkb } from '../../sim/linux/skb.ts';
import type { Step } from '../../sim/linux/step.ts';
import type { L4 } from '../../sim/wire/frame.ts';
import { ANY_NET, cidr, cidrHas, familyOf, ip, LOOPBACK_NET } from '../../sim/wire/ip.ts';
import { ANY_NET_6 } from '../../sim/wire/ip6.ts';
import { ZERO_MAC } from '../../sim/wire/mac.ts';

/** A first packet of a case, and where it ends: endpoints that may be chosen, REJECT, DROP, ACCEPT, or nothing. */
export interface RecordedFlow {
  readonly name: string;
  readonly sourceIP: string;
  readonly destIP: string;
  readonly destPort: number;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  readonly expectedOutput: string;
  readonly masq?: boolean;
  /** What a real kernel did with the same rules, where it is narrower than the tracer of kube-proxy's tests. */
  readonly realKernel?: 'agrees' | RealKernel;
}

export interface RealKernel {
  readonly outcomes: readonly string[];
  readonly masqueraded: boolean;
  readonly why: string;
}

export interface WalkedFlow {
  readonly output: string;
  readonly masq: boolean;
}

/** What the proxy of some mode has configured. */
export type NodeRules = Partial<
  Pick<NetnsConfig, 'iptables' | 'nftables' | 'ipsets' | 'ipvs' | 'devices' | 'addresses' | 'sysctl'>
>;

export interface NodeAddresses {
  readonly ipFamily?: 'IPv4' | 'IPv6';
  readonly nodeIPs: readonly string[];
  /** Per device, as `ip addr` prints them. Absent: loopback, and `nodeIPs` on eth0. */
  readonly nodeInterfaces?: Readonly<Record<string, readonly string[]>>;
}

const CLIENT_PORT = 40_000;
/** Between the port of a client and the one that a masquerade gives it: no two connections get the same. */
const MASQUERADE_SHIFT = 10_000;
const UPLINK = 'eth0';
const NO_RULES: Ruleset = new Map();

/** The node: its addresses of one family, and everything else behind its uplink. */
export function nodeConfig({ ipFamily, nodeIPs, nodeInterfaces }: NodeAddresses, rules: NodeRules): NetnsConfig {
  const family = ipFamily === 'IPv6' ? 6 : 4;
  const interfaces = nodeInterfaces ?? { lo: ['127.0.0.1/8', '::1/128'], [UPLINK]: nodeIPs };
  const own = Object.entries(interfaces).flatMap(addressesOf);
  const devices = Object.keys(interfaces).map((name) => ({
    name,
    kind: name === 'lo' ? ('loopback' as const) : ('dummy' as const),
    mac: ZERO_MAC,
    mtuBytes: 1500,
    up: true,
  }));
  return {
    id: 'node',
    devices: [...devices, ...(rules.devices ?? [])],
    addresses: [...own.filter((each) => familyOf(each.ip) === family), ...(rules.addresses ?? [])],
    routes: [{ dst: family === 4 ? ANY_NET : ANY_NET_6, type: 'unicast', dev: UPLINK, table: 'main', scope: 'global' }],
    neighbours: [],
    fdb: [],
    sysctl: { 'ipv4.ip_forward': 1, 'ipv6.conf.all.forwarding': 1, ...rules.sysctl },
    iptables: NO_RULES,
    [family === 4 ? 'iptables' : 'ip6tables']: rules.iptables ?? NO_RULES,
    nftables: rules.nftables ?? [],
    ipsets: rules.ipsets ?? [],
    ...(rules.ipvs ? { ipvs: rules.ipvs } : {}),
    listeners: [],
  };
}

function addressesOf([dev, texts]: readonly [string, readonly string[]]): Address[] {
  return texts.map((text) => {
    const { base, prefix } = cidr(text);
    const [address = base] = text.split('/');
    return { dev, ip: ip(address), prefix, scope: dev === 'lo' ? 'host' : 'global' };
  });
}

/** Draws one of so many. */
type Draw = (slots: number) => number;

/** Every way that chance could go, first choices first. */
function everyChance<T>(run: (draw: Draw) => T): T[] {
  const results: T[] = [];
  const path: number[] = [];
  do {
    const widths: number[] = [];
    results.push(
      run((slots) => {
        const at = widths.push(slots) - 1;
        path[at] ??= 0;
        return path[at];
      }),
    );
    path.length = widths.length;
    while (path.length > 0 && (path.at(-1) ?? 0) + 1 >= (widths[path.length - 1] ?? 0)) path.pop();
    if (path.length > 0) path.push((path.pop() ?? 0) + 1);
  } while (path.length > 0);
  return results;
}

function kernelOf(node: NetnsConfig, draw: Draw, sport: number): Kernel {
  const choices: Choices = {
    statistic: () => draw(2) === 0,
    numgen: (endpoints) => draw(endpoints.length),
    masqueradePort: () => sport + MASQUERADE_SHIFT,
    tunnelPort: () => sport,
    ephemeralPort: () => sport,
    draw: () => 0,
  };
  return makeKernel(new Map([[node.id, node]]), choices, LINUX, false);
}

function firstPayload({ protocol = 'TCP', destPort }: RecordedFlow, sport: number): L4 {
  const ports = { sport, dport: destPort, dataBytes: 0 };
  if (protocol === 'SCTP') return { proto: 'sctp', ...ports, chunk: 'INIT' };
  return protocol === 'UDP' ? { proto: 'udp', ...ports } : { proto: 'tcp', ...ports, flags: 'S', seq: 0, ack: 0 };
}

/** Sends one packet; `memory` is the node as earlier packets left it. */
function send(node: NetnsConfig, flow: RecordedFlow, draw: Draw, memory?: Netns, sport = CLIENT_PORT): WalkedFlow {
  const k = kernelOf(node, draw, sport);
  if (memory) k.namespaces.set(node.id, memory);
  const ns = must(netnsOf(k, node.id), 'the node');
  const [src, dst, l4] = [ip(flow.sourceIP), ip(flow.destIP), firstPayload(flow, sport)];
  const header = { df: true, ttl: 64, len: 60, l4 };
  const isOwn = isLocalAddress(ns, src) || cidrHas(LOOPBACK_NET, src);
  if (isOwn) {
    const skb = makeLocal(k, ns, { ...header, from: src, to: dst, by: 'test', what: flow.name });
    k.ops.localOut(k, ns, must(skb, 'a route'));
  } else {
    const payload = { ...header, kind: 'ip', src, dst, mf: false, fragOffset: 0, id: 0 } as const;
    k.ops.receive(k, [{ ns: ns.id, dev: UPLINK, skb: makeSkb({ id: newPacketId(k), payload }) }]);
  }
  // What the node sends itself comes in again by loopback.
  for (let poll = k.polls.shift(); poll; poll = k.polls.shift()) k.ops.receive(k, poll.queue);
  return outcomeOf(k.steps.filter(({ packet }) => packet === k.steps[0]?.packet));
}

function outcomeOf(steps: readonly Step[]): WalkedFlow {
  return {
    output: stopOf(steps) ?? endpointOf(steps) ?? (isAccepted(steps) ? 'ACCEPT' : ''),
    masq: steps.some(isMasq),
  };
}

const isMasq = (step: Step): boolean =>
  step.kind === 'rule'
    ? step.rule.target?.kind === 'MASQUERADE'
    : step.kind === 'nft-rule' && step.rule.statements.some(({ kind }) => kind === 'masquerade');

/** Only what rules or the routing of martians stop; the uplink leads nowhere. */
function stopOf(steps: readonly Step[]): string | undefined {
  const drop = steps.find((step) => step.kind === 'drop');
  if (drop?.kind !== 'drop' || !['NETFILTER_DROP', 'IP_MARTIAN', 'IPVS_NO_SERVER'].includes(drop.reason))
    return undefined;
  // A virtual server without real servers answers by itself.
  if (drop.reason === 'IPVS_NO_SERVER') return 'REJECT';
  const isRejected = steps.some(
    (step) =>
      (step.kind === 'rule' && step.rule.target?.kind === 'REJECT') ||
      (step.kind === 'nft-rule' &&
        step.effect === 'drop' &&
        step.rule.statements.some(({ kind }) => kind === 'reject')),
  );
  return isRejected ? 'REJECT' : 'DROP';
}

function endpointOf(steps: readonly Step[]): string | undefined {
  const step = steps.findLast((each) => each.kind === 'ipvs' || (each.kind === 'nat' && each.manip === 'dst'));
  if (step?.kind !== 'nat' && step?.kind !== 'ipvs') return undefined;
  const { dst, l4 } = step.after;
  return 'dport' in l4 ? endpointText(dst, l4.dport) : dst;
}

/** A filter rule let it in by name: a health check node port. */
const isAccepted = (steps: readonly Step[]): boolean =>
  steps.some((step) => step.kind === 'rule' && step.table === 'filter' && step.rule.target?.kind === 'ACCEPT');

const joined = (walked: readonly WalkedFlow[]): WalkedFlow => ({
  output: [...new Set(walked.map(({ output }) => output))].join(', '),
  masq: walked.some(({ masq }) => masq),
});

/** A client that the node has never seen: every endpoint that may be chosen, in the order in which the rules try them. */
export const strangersFlow = (node: NetnsConfig, flow: RecordedFlow): WalkedFlow =>
  joined(everyChance((draw) => send(node, flow, draw)));

/** A client that was once served by `endpoint`, and comes again as often as chance can differ. */
export function returningFlow(node: NetnsConfig, flow: RecordedFlow, endpoint: string): WalkedFlow {
  const first = everyChance((draw) => {
    const memory = openNetns(node);
    return { memory, output: send(node, flow, draw, memory).output };
  }).find(({ output }) => output === endpoint);
  const { memory } = must(first, `a first connection to ${endpoint}`);
  let sport = CLIENT_PORT;
  return joined(
    everyChance((draw) => {
      sport += 1;
      return send(node, flow, draw, memory, sport);
    }),
  );
}
