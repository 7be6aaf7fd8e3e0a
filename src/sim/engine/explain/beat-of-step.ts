import type { NsId } from '../../linux/config.ts';
import { endpointText } from '../../linux/ipvs/table.ts';
import type { Rule } from '../../linux/netfilter/iptables/rule.ts';
import type { Step } from '../../linux/step.ts';
import { type DnsMessage, isAnswer } from '../../wire/dns.ts';
import { isIcmp } from '../../wire/frame.ts';
import { recordData } from '../../wire/print-dns.ts';
import { dnsIn } from '../packets.ts';
import type { BeatMark, TracePacket } from '../trace.ts';
import { isUnderlay } from '../world.ts';
import { inWordsOf } from './family-words.ts';
import { ruleRejects } from './nft-rule.ts';
import { innerPacket, kindOfPacket, portsOf, socketText } from './packet-words.ts';

export interface PacketView {
  readonly packet: TracePacket;
  /** The steps of this packet only. */
  readonly steps: readonly Step[];
}

type Moment = { readonly mark: BeatMark; readonly title: string } | null;
type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

const shortNs = (ns: NsId): string => ns.slice(ns.indexOf('/') + 1);

/** The moment that a step is worth, or null: most steps are details of a moment. `at` is its place in `view.steps`. */
export function beatOfStep(view: PacketView, step: Step, at: number): Moment {
  switch (step.kind) {
    case 'name-query':
    case 'name-answer':
    case 'name-silence':
    case 'name-result':
    case 'name-server':
      return nameMoment(step);
    case 'send':
      return {
        mark: 'send',
        title: `${view.packet.lane === 'request' ? 'Sends' : 'Answers with'} ${kindOfPacket(step.frame)}`,
      };
    case 'dev':
      return deviceMoment(view, step, at);
    case 'nat':
      return natMoment(step);
    case 'rule':
      return ruleMoment(step);
    case 'chain-end':
      return step.verdict === 'DROP' ? { mark: 'drop', title: `Policy of ${step.chain}: DROP` } : null;
    case 'nft-rule':
      return nftRuleMoment(step);
    case 'nft-chain-end':
      return step.verdict === 'drop' ? { mark: 'drop', title: `Policy of ${step.chain}: drop` } : null;
    case 'ipvs':
      return ipvsMoment(step);
    case 'bpf-nat':
      return bpfNatMoment(step);
    case 'bpf-sock':
      return bpfSockMoment(step);
    case 'bpf-policy':
      return step.isAllowed && step.origin?.for ? { mark: 'policy', title: `Allowed by ${step.origin.for}` } : null;
    case 'bpf-verdict':
      return bpfMoment(step);
    case 'conntrack':
      return conntrackMoment(step);
    case 'route':
      return routeMoment(view, step, at);
    case 'bridged-dnat':
      return { mark: 'device', title: 'Bridge changes the MAC' };
    case 'encap':
      return { mark: 'encap', title: `Encapsulated to ${step.dst}` };
    case 'decap':
      return { mark: 'decap', title: `Unwrapped by ${step.dev}` };
    case 'fragment':
      return { mark: 'device', title: `Cut into ${step.pieces} fragments` };
    case 'deliver':
      return deliverMoment(step);
    case 'drop':
      return dropMoment(view, step, at);
    default:
      return null;
  }
}

type NameStep = Of<'name-query' | 'name-answer' | 'name-silence' | 'name-result' | 'name-server'>;

/** What a name server knows by itself is told by its answer; that it asks another one is news. */
function nameMoment(step: NameStep): Moment {
  switch (step.kind) {
    case 'name-query':
      return { mark: 'lookup', title: `Asks for ${step.query.replace(/\.$/, '')}` };
    case 'name-answer':
      return { mark: 'lookup', title: answerTitle(step.messages) };
    case 'name-silence':
      return { mark: 'drop', title: step.errno === undefined ? `No answer for ${step.waitedMs / 1000} s` : 'Refused' };
    case 'name-result':
      // Where there is an address, the answer has told it.
      return step.error === null ? null : { mark: 'lookup', title: 'No address' };
    case 'name-server':
      return serverMoment(step);
  }
}

function serverMoment({ program, part, frame }: Of<'name-server'>): Moment {
  if (part === 'cache') return { mark: 'lookup', title: `${program}: from its cache` };
  const dns = dnsIn(frame);
  return part === 'forward' && dns && !isAnswer(dns) ? { mark: 'lookup', title: `${program}: asks elsewhere` } : null;
}

function answerTitle(messages: readonly DnsMessage[]): string {
  const found = messages.flatMap(({ answers }) => answers.flatMap((one) => ('address' in one ? [one.address] : [])));
  if (found.length > 0) return `Answer: ${found[0]}${found.length > 1 ? ` and ${found.length - 1} more` : ''}`;
  const [other] = messages.flatMap(({ answers }) => answers);
  if (other) return `Answer: ${other.type} ${recordData(other)}`;
  const failed = messages.find(({ rcode }) => rcode !== 'NOERROR')?.rcode;
  return failed === undefined ? 'Answer: no address' : `Answer: ${failed}`;
}

/** Entering a machine by a device, or crossing the wire; where a packet is delivered, the delivery is the moment. */
function deviceMoment(view: PacketView, step: Of<'dev'>, at: number): Moment {
  if (step.dir !== 'in') return null;
  const earlier = view.steps.slice(0, at).findLast((s) => s.kind === 'dev');
  if (!earlier || earlier.ns === step.ns) return null;
  if (isUnderlay(step.ns)) return { mark: 'device', title: 'Crosses the node network' };
  const arrives = view.steps.some((s) => s.kind === 'deliver' && s.ns === step.ns && s.to !== 'tunnel');
  // An envelope is opened where it was sent to; a router on the way only passes it on.
  const isItsEnd = view.steps.some((s) => s.ns === step.ns && (s.kind === 'encap' || s.kind === 'decap'));
  if ((step.outer && isItsEnd) || arrives) return null;
  return { mark: 'device', title: `Enters ${shortNs(step.ns)}: ${step.dev}` };
}

function natMoment(step: Of<'nat'>): Moment {
  const { before, after } = step;
  const ports = portsOf(after.l4);
  if (step.cause === 'icmp-error') return { mark: 'conntrack', title: `Error rewritten: ${after.src}` };
  if (step.manip === 'dst') {
    const to = socketText(after.dst, ports?.dport);
    if (step.cause === 'rule') return { mark: 'dnat', title: `DNAT to ${to}` };
    return { mark: 'conntrack', title: `Conntrack: to ${to}` };
  }
  if (step.cause === 'rule') {
    const title = before.src === after.src ? `SNAT: new port ${ports?.sport ?? ''}` : `Masquerade as ${after.src}`;
    return { mark: 'snat', title };
  }
  return { mark: 'conntrack', title: `Conntrack: from ${socketText(after.src, ports?.sport)}` };
}

/** IPVS rewrites every packet of a connection: only requests are led somewhere, answers get their address back. */
function ipvsMoment({ role, before, after, server }: Of<'ipvs'>): Moment {
  if (server.forward === 'route') return { mark: 'route', title: `Chooses ${server.ip}` };
  if (isIcmp(before.l4)) return { mark: 'conntrack', title: `IPVS: error rewritten: ${after.src}` };
  if (role === 'request') return { mark: 'dnat', title: `IPVS to ${endpointText(server)}` };
  return { mark: 'conntrack', title: `IPVS: from ${socketText(after.src, portsOf(after.l4)?.sport)}` };
}

function bpfNatMoment({ cause, after }: Of<'bpf-nat'>): Moment {
  const ports = portsOf(after.l4);
  const [from, to] = [socketText(after.src, ports?.sport), socketText(after.dst, ports?.dport)];
  if (cause === 'service') return { mark: 'dnat', title: `eBPF: to ${to}` };
  if (cause === 'snat') return { mark: 'snat', title: `eBPF: as ${after.src}` };
  return { mark: 'conntrack', title: cause === 'reverse-snat' ? `eBPF: to ${to}` : `eBPF: from ${from}` };
}

function bpfSockMoment({ call, after }: Of<'bpf-sock'>): Moment {
  if (!after) return { mark: 'drop', title: 'The call fails' };
  const address = socketText(after.ip, after.port);
  if (call === 'recvmsg4') return { mark: 'conntrack', title: `Told: from ${address}` };
  return { mark: 'dnat', title: `Connects to ${address}` };
}

/** Where a program leads the packet; that it lets it go on is no news. */
function bpfMoment({ verdict, program, to }: Of<'bpf-verdict'>): Moment {
  if (verdict === 'pass') return null;
  if (verdict === 'reply') return { mark: 'device', title: `${program}: sent back` };
  if (verdict === 'proxy') return { mark: 'drop', title: 'The proxy refuses the request' };
  const where = to ? `${to.dev}${verdict === 'redirect-peer' ? ` of ${shortNs(to.ns)}` : ''}` : '';
  return { mark: 'route', title: `${program}: to ${where}` };
}

const isAllowed = ({ origin }: Pick<Rule, 'origin'>): boolean => origin?.decides === 'allows';

function ruleMoment(step: Of<'rule'>): Moment {
  const target = step.rule.target?.kind;
  if (step.effect === 'drop')
    return { mark: 'drop', title: `${target === 'REJECT' ? 'REJECT' : 'DROP'} in ${step.chain}` };
  if (isAllowed(step.rule)) return { mark: 'policy', title: `Allowed by ${step.rule.origin?.for}` };
  return null;
}

function nftRuleMoment({ rule, chain, effect }: Of<'nft-rule'>): Moment {
  if (effect === 'drop') return { mark: 'drop', title: `${ruleRejects(rule) ? 'REJECT' : 'DROP'} in ${chain}` };
  if (isAllowed(rule)) return { mark: 'policy', title: `Allowed by ${rule.origin?.for}` };
  return null;
}

function conntrackMoment(step: Of<'conntrack'>): Moment {
  if (step.state === 'INVALID') return { mark: 'conntrack', title: 'Conntrack: INVALID' };
  if (step.state === 'RELATED') return { mark: 'conntrack', title: 'Conntrack: RELATED error' };
  return null;
}

/** A machine that sends by itself into a tunnel, or to a Service: its own routing matters. A pod just hands everything to its node. */
const isMadeAndRouted = (view: PacketView, ns: NsId): boolean =>
  view.steps.some((s) => s.ns === ns && (s.kind === 'encap' || s.kind === 'nat'));

/** A sender's own first hop is no news; nor is the routing of a tunnel's outer packet. */
function routeMoment(view: PacketView, step: Of<'route'>, at: number): Moment {
  if (step.outer) return null;
  // A decision that ends the packet is told by its drop.
  if (!['local', 'forward', 'output', 'broadcast'].includes(step.decision)) return null;
  if (view.steps[0]?.ns === step.ns && !isMadeAndRouted(view, step.ns)) return null;
  const again = view.steps
    .slice(at + 1)
    .find((s) => s.kind === 'route' && s.ns === step.ns && !s.outer && s.direction === step.direction);
  if (again && sameMachine(view, at, again)) return null;
  const arrives = view.steps.some((s) => s.kind === 'deliver' && s.ns === step.ns && s.to !== 'tunnel');
  if (step.decision === 'local' && arrives) return null;
  if (step.decision === 'local') return { mark: 'route', title: `Route: for ${shortNs(step.ns)} itself` };
  const way = [
    step.nextHop !== undefined && step.nextHop !== step.dst ? `via ${step.nextHop}` : '',
    step.dev ? `dev ${step.dev}` : '',
  ]
    .filter(Boolean)
    .join(' ');
  return { mark: 'route', title: `Route: ${way}` };
}

/** No device in between: the same visit of the same machine routed twice, and the second decision holds. */
function sameMachine(view: PacketView, at: number, again: Step): boolean {
  return !view.steps.slice(at, view.steps.indexOf(again)).some((s) => s.kind === 'dev');
}

/** An empty port ends the packet; a stray ICMP message or ARP question just does not concern this machine. */
function nobodyMoment(step: Of<'deliver'>): Moment {
  const packet = innerPacket(step.frame);
  if (!packet || !portsOf(packet.l4)) return { mark: 'deliver', title: 'Nobody waits for it' };
  const isStray = 'flags' in packet.l4 && packet.l4.flags !== 'S';
  return { mark: 'drop', title: isStray ? 'No such connection' : 'Nobody listens' };
}

function deliverMoment(step: Of<'deliver'>): Moment {
  if (step.to === 'tunnel') return null;
  if (step.to === 'nobody') return nobodyMoment(step);
  const program = step.socket?.program ?? /^(.+?)(?:'s | learns)/.exec(step.what)?.[1];
  return { mark: 'deliver', title: program === undefined ? `Arrives: ${step.what}` : `Arrives at ${program}` };
}

/** The rule, the policy or the empty port that ended the packet is the moment; the drop itself comes right after it. */
function dropMoment(view: PacketView, step: Of<'drop'>, at: number): Moment {
  const cause = view.steps[at - 1];
  const isTold = cause !== undefined && cause.ns === step.ns && beatOfStep(view, cause, at - 1)?.mark === 'drop';
  return isTold
    ? null
    : { mark: 'drop', title: inWordsOf(step.frame, DROP_TITLES[step.reason] ?? `Dropped: ${step.reason}`) };
}

const DROP_TITLES: Readonly<Partial<Record<Of<'drop'>['reason'], string>>> = {
  NETFILTER_DROP: 'Dropped by a rule',
  CT_CLASH: 'Clash in conntrack',
  TC_INGRESS: 'Dropped by a program',
  TC_EGRESS: 'Dropped by a program',
  SOCK_REJECTED: 'The call fails',
  DEV_DOWN: 'Device is down',
  NO_CARRIER: 'Link is down',
  OTHERHOST: 'Not for this machine',
  BRIDGE_NO_EGRESS_PORT: 'No bridge port',
  BRIDGE_NOT_HAIRPIN: 'Hairpin is off',
  IP_INNOROUTES: 'No route',
  IP_OUTNOROUTES: 'No route',
  IP_RPFILTER: 'Reverse path check',
  IP_MARTIAN: 'Impossible address',
  IP_FORWARDING_OFF: 'Forwarding is off',
  IP_BLACKHOLE: 'Blackhole route',
  TTL_EXPIRED: 'TTL used up',
  RX_TOO_BIG: 'Too big for the receiver',
  PKT_TOO_BIG: 'Too big, may not fragment',
  NEIGH_FAILED: 'Nobody answers ARP',
  VXLAN_NO_REMOTE: 'No FDB entry',
  VXLAN_INVALID_HDR: 'Wrong VXLAN header',
  NO_SOCKET: 'Nobody listens',
  UNEXPECTED_SEGMENT: 'Unexpected segment',
  NAT_FAILED: 'NAT failed',
  IPVS_NO_SERVER: 'No real server',
  IPVS_SERVER_GONE: 'Real server is gone',
  HOPS_MAX: 'Too many hops',
};
