import type { CtSnapshot, CtTuple } from '../step.ts';

/** Names of conntrack-tools and IANA's numbers: the first two columns. */
const COLUMNS: Readonly<Record<CtSnapshot['proto'], readonly [name: string, number: number]>> = {
  tcp: ['tcp', 6],
  udp: ['udp', 17],
  sctp: ['sctp', 132],
  icmp: ['icmp', 1],
  'ipv6-icmp': ['icmpv6', 58],
  ipencap: ['unknown', 4],
};
const NAME_COLUMN = 8;

/** A line of `conntrack -L`, of IPv6 `conntrack -L -f ipv6` (conntrack-tools 1.4), without timeout and use count, which the model does not keep. */
export function printConntrack(entry: CtSnapshot): string {
  const [name, number] = COLUMNS[entry.proto];
  const { proto, original, reply, state, seenReply, assured, mark } = entry;
  return [
    `${name.padEnd(NAME_COLUMN)} ${number}`,
    ...(state === undefined ? [] : [state]),
    printTuple(proto, original),
    ...(seenReply ? [] : ['[UNREPLIED]']),
    printTuple(proto, reply),
    ...(assured ? ['[ASSURED]'] : []),
    `mark=${mark}`,
  ].join(' ');
}

/** For ICMP the second port holds type and code, as in the kernel's tuple: `type << 8 | code`. */
function printTuple(proto: CtSnapshot['proto'], { src, dst, sport, dport }: CtTuple): string {
  const ends = `src=${src} dst=${dst}`;
  if (proto === 'ipencap') return ends;
  return proto === 'icmp' || proto === 'ipv6-icmp'
    ? `${ends} type=${dport >>> 8} code=${dport & 255} id=${sport}`
    : `${ends} sport=${sport} dport=${dport}`;
}
