/**
 * The order in which nft 1.0.6 lists elements: by their bytes in memory read as one number (src/mergesort.c). Addresses alone are in
 * network order, ports alone in the machine's; the parts of a concatenation are read backwards, so that port 443 comes after port 80
 * and port 30080 after port 31080. Observed with the real program on a little-endian machine.
 */
import type { NftType } from './ruleset.ts';

/** IP protocol numbers (RFC 5237 registry). */
export const PROTO_NUMBERS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 };

/** Concatenated parts are padded to words. */
const WORD_BYTES = 4;

function addressBytes(text: string): number[] {
  if (!text.includes(':')) return text.split('.').map(Number);
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').flatMap((g) => [Number.parseInt(g, 16) >> 8, Number.parseInt(g, 16) & 255]);
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 16 - before.length - after.length }, () => 0);
  return tail === undefined ? before : [...before, ...zeros, ...after];
}

function partBytes(type: NftType, text: string): number[] {
  if (type === 'inet_proto') return [PROTO_NUMBERS[text] ?? 0];
  if (type === 'inet_service') return [Number(text) >> 8, Number(text) & 255];
  return addressBytes(text);
}

/** Most significant byte first, so that rows compare from the left. */
function sortBytes(type: readonly NftType[], key: string): number[] {
  const [only, ...rest] = type;
  if (only && rest.length === 0) return partBytes(only, key);
  const parts = key.split(' . ');
  const bytes = type.flatMap((each, i) => {
    const own = partBytes(each, parts[i] ?? '');
    const padding = (WORD_BYTES - (own.length % WORD_BYTES)) % WORD_BYTES;
    return [...own, ...Array.from({ length: padding }, () => 0)];
  });
  return bytes.reverse();
}

export function inListOrder<T extends { readonly key: string }>(type: readonly NftType[], elements: Iterable<T>): T[] {
  const rows = Array.from(elements, (element) => ({ element, bytes: sortBytes(type, element.key) }));
  return rows.sort((a, b) => compareBytes(a.bytes, b.bytes)).map(({ element }) => element);
}

function compareBytes(a: readonly number[], b: readonly number[]): number {
  for (const [i, byte] of a.entries()) {
    const other = b[i] ?? 0;
    if (byte !== other) return byte - other;
  }
  return 0;
}
