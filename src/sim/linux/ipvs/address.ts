/** Addresses as the 32-bit words that the kernel hashes and compares. */
import { familyOf, type Ip, ipToInt } from '../../wire/ip.ts';

/** One word for IPv4, four for IPv6, in host order. */
export function wordsOf(address: Ip): number[] {
  if (familyOf(address) === 4) return [ipToInt(address)];
  const [head = '', tail] = address.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right];
  return [0, 2, 4, 6].map((i) => (((groups[i] ?? 0) << 16) | (groups[i + 1] ?? 0)) >>> 0);
}

const groupsOf = (text: string): number[] =>
  text === '' ? [] : text.split(':').map((hex) => Number.parseInt(hex, 16));

/** IPv6 is folded to one word by exclusive or (`addr_fold` in ip_vs_{sh,dh,mh}.c). */
export const foldAddress = (address: Ip): number => wordsOf(address).reduce((fold, word) => (fold ^ word) >>> 0, 0);

/** By number, IPv4 before IPv6. */
export function compareAddresses(a: Ip, b: Ip): number {
  const [left, right] = [wordsOf(a), wordsOf(b)];
  if (left.length !== right.length) return left.length - right.length;
  for (const [i, word] of left.entries()) {
    const difference = word - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
