/** Addresses as the 32-bit words that the kernel hashes and compares. */
import { type Ip, ipWords } from '../../wire/ip.ts';

/** IPv6 is folded to one word by exclusive or (`addr_fold` in ip_vs_{sh,dh,mh}.c). */
export const foldAddress = (address: Ip): number => ipWords(address).reduce((fold, word) => (fold ^ word) >>> 0, 0);

/** By number, IPv4 before IPv6. */
export function compareAddresses(a: Ip, b: Ip): number {
  const [left, right] = [ipWords(a), ipWords(b)];
  if (left.length !== right.length) return left.length - right.length;
  for (const [i, word] of left.entries()) {
    const difference = word - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
