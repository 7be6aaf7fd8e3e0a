import type { DnsRecord } from '../../../wire/dns.ts';

/** The `loadbalance` plugin, `round_robin`: aliases first, then the rest, then the addresses in any order. */
export function shuffled(records: readonly DnsRecord[], draw: (below: number) => number): readonly DnsRecord[] {
  if (records.length < 2) return records;
  const isAddress = ({ type }: DnsRecord): boolean => type === 'A' || type === 'AAAA';
  const aliases = records.filter(({ type }) => type === 'CNAME');
  const rest = records.filter((record) => record.type !== 'CNAME' && !isAddress(record));
  return [...aliases, ...rest, ...mixed(records.filter(isAddress), draw)];
}

function mixed(records: readonly DnsRecord[], draw: (below: number) => number): readonly DnsRecord[] {
  const left = [...records];
  return records.flatMap(() => left.splice(draw(left.length), 1));
}
