import { type DnsMessage, dnsBytes, UDP_BYTES_MAX } from '../../wire/dns.ts';

/** What a query says that its sender takes in one datagram; less than 512 counts as 512 (RFC 6891 section 6.2.3). */
const sizeFor = ({ edns }: DnsMessage): number => Math.max(UDP_BYTES_MAX, edns?.udpBytes ?? 0);

/** miekg/dns `Msg.Truncate`: as it is where it fits, else compressed, else without its last records and marked as cut. TCP takes all. */
export function truncate(query: DnsMessage, answer: DnsMessage, proto: 'udp' | 'tcp'): DnsMessage {
  const max = proto === 'tcp' ? 65_535 : sizeFor(query);
  if (dnsBytes(answer) <= max) return answer;
  let cut: DnsMessage = { ...answer, compressed: true };
  while (dnsBytes(cut) > max && cut.additional.length > 0)
    cut = { ...cut, additional: cut.additional.slice(0, -1), truncated: true };
  while (dnsBytes(cut) > max && cut.authority.length > 0)
    cut = { ...cut, authority: cut.authority.slice(0, -1), truncated: true };
  while (dnsBytes(cut) > max && cut.answers.length > 0)
    cut = { ...cut, answers: cut.answers.slice(0, -1), truncated: true };
  return cut;
}
