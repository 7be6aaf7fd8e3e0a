import type { CtSnapshot, CtTuple } from '../step.ts';

/** IANA protocol numbers, as the second column. */
const NUMBERS: Readonly<Record<CtSnapshot['proto'], number>> = { tcp: 6, udp: 17, sctp: 132, icmp: 1, ipencap: 4 };
const NAME_COLUMN = 8;

/** A line of `conntrack -L` (conntrack-tools 1.4), without timeout and use count, which the model does not keep. */
export function printConntrack(entry: CtSnapshot): string {
  const { proto, original, reply, state, seenReply, assured, mark } = entry;
  return [
    `${(proto === 'ipencap' ? 'unknown' : proto).padEnd(NAME_COLUMN)} ${NUMBERS[proto]}`,
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
  return proto === 'icmp'
    ? `${ends} type=${dport >>> 8} code=${dport & 255} id=${sport}`
    : `${ends} sport=${sport} dport=${dport}`;
}
