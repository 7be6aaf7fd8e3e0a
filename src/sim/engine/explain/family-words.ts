/** IPv6 has other words for a few things: sentences are written in those of IPv4, and are put into those of IPv6 here. */
import type { Frame, IpPacket } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import { packetOf } from './packet-words.ts';

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/(^|[.:] )TTL\b/g, '$1Hop limit'],
  [/\bTTL\b/g, 'hop limit'],
  [/\bARP\b/g, 'NDP'],
  [/\bICMP\b/g, 'ICMPv6'],
  [/net\.ipv4\.ip_forward\b/g, 'net.ipv6.conf.all.forwarding'],
  [/\bbridge-nf-call-iptables\b/g, 'bridge-nf-call-ip6tables'],
  [/its sender forbade fragments \(DF\)/g, 'no router cuts an IPv6 packet'],
];

/** Of the outermost packet: an envelope of IPv4 keeps its TTL, whatever is inside. */
export function inWordsOf(frame: Frame | IpPacket, text: string): string {
  const packet = packetOf(frame);
  if (!packet || familyOf(packet.dst) === 4) return text;
  return WORDS.reduce((words, [word, other]) => words.replace(word, other), text);
}
