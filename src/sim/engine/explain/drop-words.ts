/** What each reason means, in words. The kernel's own names are in `enum skb_drop_reason` (include/net/dropreason-core.h). */
import type { DropReason, Step } from '../../linux/step.ts';
import type { Names } from './names.ts';
import { innerPacket } from './packet-words.ts';

type Drop = Extract<Step, { kind: 'drop' }>;

interface Words {
  readonly title: string;
  /** `{here}` the place, `{dst}` the destination, `{detail}` what the kernel model says. */
  readonly sentence: string;
}

const WORDS: Readonly<Record<DropReason, Words>> = {
  CT_CLASH: {
    title: 'Clash in connection tracking',
    sentence: 'Connection tracking on {here} could not enter the packet: {detail}.',
  },
  NETFILTER_DROP: { title: 'Dropped by a rule', sentence: 'A rule on {here} ended the packet here.' },
  DEV_DOWN: { title: 'Device is down', sentence: 'The device is down on {here}: {detail}.' },
  NO_CARRIER: {
    title: 'Link is down',
    sentence: 'The other end of the link is down, so {here} cannot send: {detail}.',
  },
  OTHERHOST: {
    title: 'Not for this machine',
    sentence: 'The frame is addressed to another MAC address, so {here} ignores it.',
  },
  BRIDGE_NO_EGRESS_PORT: {
    title: 'No bridge port',
    sentence: 'The bridge on {here} has no port to send the frame to.',
  },
  BRIDGE_NOT_HAIRPIN: {
    title: 'Hairpin is off',
    sentence:
      'The frame would have to leave by the port it came in by, and a bridge does not do that unless the port is in hairpin mode.',
  },
  TC_INGRESS: {
    title: 'Dropped by a program',
    sentence: 'An eBPF program on {here} ended the packet as it came in: {detail}. No rule and no route were asked.',
  },
  TC_EGRESS: {
    title: 'Dropped by a program',
    sentence: 'An eBPF program on {here} ended the packet on its way out: {detail}.',
  },
  SOCK_REJECTED: {
    title: 'The call fails',
    sentence: 'No packet was ever sent: {detail}.',
  },
  IP_INNOROUTES: { title: 'No route', sentence: '{here} has no route to {dst}.' },
  IP_OUTNOROUTES: { title: 'No route', sentence: '{here} has no route to {dst}.' },
  IP_RPFILTER: {
    title: 'Reverse path check failed',
    sentence:
      'Reverse path filtering (rp_filter) on {here}: an answer to this source would leave by another device, so the source is not believed.',
  },
  IP_MARTIAN: {
    title: 'Impossible address',
    sentence: 'An address like this may not arrive from outside, so {here} ignores the packet.',
  },
  IP_FORWARDING_OFF: {
    title: 'Forwarding is off',
    sentence: 'The packet is for somebody else, and {here} is not allowed to forward: net.ipv4.ip_forward is 0.',
  },
  IP_BLACKHOLE: {
    title: 'Blackhole route',
    sentence: 'A blackhole route of {here} covers {dst}: the packet is thrown away without an answer.',
  },
  TTL_EXPIRED: {
    title: 'TTL used up',
    sentence:
      '{here} may not forward the packet: its TTL would become 0. The sender gets an ICMP "time exceeded", which is how traceroute works.',
  },
  RX_TOO_BIG: {
    title: 'Too big for the receiver',
    sentence: 'The other end of the link has a smaller MTU, so it ignores the frame, and nobody is told: {detail}.',
  },
  PKT_TOO_BIG: {
    title: 'Too big for the link',
    sentence: 'The packet is larger than the MTU of the way out, and its sender forbade fragments (DF): {detail}.',
  },
  NEIGH_FAILED: {
    title: 'Nobody answers ARP',
    sentence: 'Nobody told {here} the MAC address of the next hop: {detail}.',
  },
  VXLAN_NO_REMOTE: {
    title: 'No FDB entry',
    sentence: 'The tunnel device of {here} does not know behind which node the next hop lives: {detail}.',
  },
  IP_NOPROTO: { title: 'Unknown protocol', sentence: 'Nobody on {here} takes packets of this protocol: {detail}.' },
  VXLAN_INVALID_HDR: { title: 'Wrong VXLAN header', sentence: 'No tunnel device of {here} has this VNI: {detail}.' },
  NO_SOCKET: { title: 'Nobody listens', sentence: 'No program of {here} listens on that port.' },
  UNEXPECTED_SEGMENT: {
    title: 'Unexpected segment',
    sentence: 'The program on {here} did not expect this segment from this address: {detail}.',
  },
  NAT_FAILED: { title: 'NAT failed', sentence: '{here} could not translate the packet: {detail}.' },
  IPVS_NO_SERVER: {
    title: 'No real server',
    sentence:
      'IPVS on {here} has a virtual server for {dst}, but no real server behind it takes new connections, so it answers with ICMP port unreachable. No REJECT rule is involved, as there would be in the other modes of kube-proxy.',
  },
  IPVS_SERVER_GONE: {
    title: 'Real server is gone',
    sentence:
      'The real server that this connection was sent to is gone from IPVS on {here}, and conntrack still leads there: the packet is dropped, and the next attempt goes to another real server.',
  },
  HOPS_MAX: { title: 'Too many hops', sentence: 'The packet goes round in circles; the simulation stops here.' },
};

export const dropTitle = (reason: DropReason): string => WORDS[reason].title;

export function dropSentence(step: Drop, names: Names): string {
  const packet = innerPacket(step.frame);
  const detail = step.detail.replace(/\.$/, '');
  return WORDS[step.reason].sentence
    .replace('{here}', names.ns(step.ns))
    .replace('{dst}', packet ? names.ipLong(packet.dst) : 'the destination')
    .replace(': {detail}', detail === '' ? '' : `: ${detail}`);
}
