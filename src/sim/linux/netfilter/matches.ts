/** Does a rule match? One small function per iptables match (iptables-extensions(8)). */
import { never } from '../../base/assert.ts';
import { type IpPacket, isIcmp, isLaterFragment, type PortProtocol } from '../../wire/frame.ts';
import { cidrHas, type Ip, MULTICAST_NET } from '../../wire/ip.ts';
import { isMulticast6 } from '../../wire/ip6.ts';
import { isRequestOf } from '../ipvs/connection.ts';
import type { Kernel } from '../kernel.ts';
import type { Account } from '../memory.ts';
import type { Netns } from '../netns.ts';
import { lookupRoute } from '../routing/fib.ts';
import type { Skb } from '../skb.ts';
import { isInSet, setNamed } from './ipset.ts';
import type { AddrType, Chain, CtState, Inverted, Match, PortRange, Rule, Table } from './iptables/rule.ts';
import { recentMatches } from './recent.ts';

/** Where a packet is when rules look at it. */
export interface HookContext {
  readonly k: Kernel;
  readonly ns: Netns;
  readonly skb: Skb;
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly table: Table;
}

/** `packet` is the packet of `at`, taken out once per table: no rule of a table changes it. */
export function ruleMatches(rule: Rule, chain: Chain, packet: IpPacket, at: HookContext): boolean {
  if (!headerMatches(rule, packet, at)) return false;
  for (const match of rule.matches) if (!matchHolds(match, rule, chain, packet, at)) return false;
  return true;
}

/** What iptables compares before it asks any match: addresses, protocol, devices. */
export function headerMatches(rule: Rule, packet: IpPacket, at: Pick<HookContext, 'iif' | 'oif'>): boolean {
  if (rule.dst && cidrHas(rule.dst.value, packet.dst) === (rule.dst.invert === true)) return false;
  if (rule.src && cidrHas(rule.src.value, packet.src) === (rule.src.invert === true)) return false;
  if (rule.proto && (rule.proto.value === packet.l4.proto) === (rule.proto.invert === true)) return false;
  if (rule.iif && deviceMatches(rule.iif, at.iif) === false) return false;
  return !rule.oif || deviceMatches(rule.oif, at.oif);
}

/** `-i eth+` matches any device whose name begins so; no device matches nothing. */
function deviceMatches(wanted: Inverted<string>, actual: string | undefined): boolean {
  const name = wanted.value;
  const hit = actual !== undefined && (name.endsWith('+') ? actual.startsWith(name.slice(0, -1)) : actual === name);
  return hit !== (wanted.invert === true);
}

function matchHolds(match: Match, rule: Rule, chain: Chain, packet: IpPacket, at: HookContext): boolean {
  switch (match.kind) {
    case 'comment':
      return true;
    case 'tcp':
    case 'udp':
    case 'sctp':
      return portsMatch(match, packet);
    case 'icmp':
    case 'icmp6':
      return (
        isIcmp(packet.l4) &&
        (packet.l4.proto === 'icmp') === (match.kind === 'icmp') &&
        packet.l4.type === match.type &&
        (match.code === undefined || packet.l4.code === match.code)
      );
    case 'conntrack':
      return match.states.some((s) => ctMatches(s, at.skb)) !== (match.invert === true);
    case 'mark':
      return ((at.skb.mark & match.mask) >>> 0 === match.value) !== (match.invert === true);
    case 'addrtype':
      return addrtypeMatches(match, packet, at);
    case 'statistic':
      return at.k.choices.statistic(rule, chain, at.table);
    case 'nfacct':
      return count(at.ns.memory.accounts, match.name, packet.len);
    case 'recent':
      return recentMatches(at.ns.memory.recent, match, packet.src, at.k.nowNs);
    case 'multiport':
      return multiportMatches(match, packet);
    case 'set':
      return setMatches(match, packet, at);
    case 'physdev':
      return physdevMatches(match, at.skb);
    case 'ipvs':
      return ipvsMatches(match, packet, at.skb);
    case 'rpfilter':
      return reversePathHolds(at, packet) !== (match.invert === true);
    default:
      return never(match, 'match');
  }
}

function portsMatch(match: Extract<Match, { kind: PortProtocol }>, packet: IpPacket): boolean {
  const { l4 } = packet;
  if (l4.proto !== match.kind || isLaterFragment(l4) || !('sport' in l4)) return false;
  if (match.sport && inRange(l4.sport, match.sport.value) === (match.sport.invert === true)) return false;
  if (match.dport && inRange(l4.dport, match.dport.value) === (match.dport.invert === true)) return false;
  if (!match.flags || !('flags' in l4)) return true;
  const set = [...l4.flags].filter((f) => match.flags?.mask.includes(f));
  return set.length === match.flags.comp.length && set.every((f) => match.flags?.comp.includes(f));
}

/** xt_nfacct always holds (net/netfilter/xt_nfacct.c). */
function count(accounts: Map<string, Account>, name: string, bytes: number): true {
  const { packets, bytes: before } = accounts.get(name) ?? { packets: 0, bytes: 0 };
  accounts.set(name, { packets: packets + 1, bytes: before + bytes });
  return true;
}

const inRange = (port: number, range: PortRange): boolean => port >= range.from && port <= range.to;

function ctMatches(state: CtState, skb: Skb): boolean {
  const ref = skb.ct;
  if (state === 'SNAT') return ref?.entry?.snat === true;
  if (state === 'DNAT') return ref?.entry?.dnat === true;
  return (ref?.state ?? 'INVALID') === state;
}

function addrtypeMatches(match: Extract<Match, { kind: 'addrtype' }>, packet: IpPacket, at: HookContext): boolean {
  const onlyOn = match.limitIface === 'in' ? at.iif : match.limitIface === 'out' ? at.oif : undefined;
  if (match.src && isOfType(at.ns, packet.src, match.src.value, onlyOn) === (match.src.invert === true)) return false;
  return !match.dst || isOfType(at.ns, packet.dst, match.dst.value, onlyOn) !== (match.dst.invert === true);
}

function isOfType(ns: Netns, address: Ip, type: AddrType, onlyOn: string | undefined): boolean {
  if (type === 'MULTICAST') return cidrHas(MULTICAST_NET, address) || isMulticast6(address);
  const found = lookupRoute(ns, address);
  // inet_dev_addr_type: an address of another device counts as a foreign one, and so does 127.0.0.1 anywhere but on lo.
  if (type === 'LOCAL') return found.type === 'local' && (onlyOn === undefined || found.dev === onlyOn);
  return found.type === type.toLowerCase();
}

function multiportMatches(match: Extract<Match, { kind: 'multiport' }>, packet: IpPacket): boolean {
  const { l4 } = packet;
  if (isLaterFragment(l4) || !('sport' in l4)) return false;
  const hit = (port: number): boolean => match.ports.some((r) => inRange(port, r));
  const held =
    match.side === 'sports' ? hit(l4.sport) : match.side === 'dports' ? hit(l4.dport) : hit(l4.sport) || hit(l4.dport);
  return held !== (match.invert === true);
}

function setMatches(match: Extract<Match, { kind: 'set' }>, packet: IpPacket, at: HookContext): boolean {
  const set = setNamed(at.ns.config.ipsets, match.name);
  const held = set !== undefined && isInSet(set, match.dirs, packet, at.ns.config.ipsets);
  return held !== (match.invert === true);
}

function physdevMatches(match: Extract<Match, { kind: 'physdev' }>, skb: Skb): boolean {
  if (match.isIn && (skb.bridged !== null) === (match.isIn.invert === true)) return false;
  if (match.isBridged && skb.bridged?.physOut === undefined) return false;
  if (match.in !== undefined && skb.bridged?.physIn !== match.in) return false;
  return match.out === undefined || skb.bridged?.physOut === match.out;
}

/**
 * The packet as it is now must be a request of the connection: after it was translated and before it is masqueraded, because
 * xt_ipvs looks the connection up by client and real server (net/netfilter/xt_ipvs.c).
 */
function ipvsMatches(match: Extract<Match, { kind: 'ipvs' }>, packet: IpPacket, skb: Skb): boolean {
  const held = skb.ipvs;
  if (!held || !isRequestOf(held, packet)) return false;
  const is = <T>(wanted: Inverted<T> | undefined, hit: (value: T) => boolean): boolean =>
    wanted === undefined || hit(wanted.value) !== (wanted.invert === true);
  return (
    is(match.vproto, (proto) => proto === held.proto) &&
    is(match.vaddr, (net) => cidrHas(net, held.virtual.ip)) &&
    is(match.vport, (port) => port === held.virtual.port)
  );
}

/** Would an answer leave by the device that this came in by? (xt_rpfilter, strict) */
function reversePathHolds(at: HookContext, packet: IpPacket): boolean {
  const back = lookupRoute(at.ns, packet.src);
  return back.type === 'unicast' && back.dev === at.iif;
}
