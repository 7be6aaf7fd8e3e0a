import ipaddr from 'ipaddr.js';
import type { Brand } from '../base/brand.ts';
import { err, ok, type Result } from '../base/result.ts';

/** An address in canonical text (`10.244.1.2`, `fd00::1`): equal addresses are equal strings. */
export type Ip = Brand<string, 'Ip'>;

/** A network in canonical text plus its numbers. `base` has its host bits cleared. */
export interface Cidr {
  readonly text: string;
  readonly base: Ip;
  readonly prefix: number;
  readonly family: 4 | 6;
}

/** Parses dotted IPv4 (four decimal octets, no leading zeros) or RFC 4291 IPv6. */
export function parseIp(text: string): Result<Ip, string> {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ok(ipaddr.IPv4.parse(text).toString() as Ip);
  if (text.includes(':') && ipaddr.IPv6.isValid(text)) return ok(ipaddr.IPv6.parse(text).toRFC5952String() as Ip);
  return err(`"${text}" is not an IP address`);
}

/** An address that the program itself wrote: a bad one is a bug. */
export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (!parsed.ok) throw new Error(`Broken invariant: ${parsed.error}`);
  return parsed.value;
}

export function familyOf(address: Ip): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

const intCache = new Map<string, number>();
const INT_CACHE_MAX = 200_000;

/** The 32 bits of an IPv4 address as an unsigned number. */
export function ipToInt(address: Ip): number {
  const known = intCache.get(address);
  if (known !== undefined) return known;
  let value = 0;
  for (const part of address.split('.')) value = value * 256 + Number(part);
  if (intCache.size >= INT_CACHE_MAX) intCache.clear();
  intCache.set(address, value);
  return value;
}

export function intToIp(value: number): Ip {
  return `${(value >>> 24) & 255}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ip;
}

/** Parses `10.244.0.0/16`; host bits are cleared as the kernel and iptables do. A bare address is a /32 or /128. */
export function parseCidr(text: string): Result<Cidr, string> {
  const slash = text.indexOf('/');
  const address = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (!address.ok) return err(`"${text}" is not a network: ${address.error}`);
  const family = familyOf(address.value);
  const width = family === 4 ? 32 : 128;
  const suffix = slash < 0 ? String(width) : text.slice(slash + 1);
  const prefix = Number(suffix);
  if (!/^\d{1,3}$/.test(suffix) || prefix > width)
    return err(`"${text}" is not a network: prefix must be 0 to ${width}`);
  const base = networkOf(address.value, prefix);
  return ok({ text: `${base}/${prefix}`, base, prefix, family });
}

export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (!parsed.ok) throw new Error(`Broken invariant: ${parsed.error}`);
  return parsed.value;
}

function networkOf(address: Ip, prefix: number): Ip {
  if (familyOf(address) === 4) return intToIp((ipToInt(address) & maskOf(prefix)) >>> 0);
  return ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefix}`).toRFC5952String() as Ip;
}

function maskOf(prefix: number): number {
  return prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
}

export function cidrHas(net: Cidr, address: Ip): boolean {
  if (net.family === 4) {
    if (net.prefix === 32) return net.base === address;
    if (address.includes(':')) return false;
    return ((ipToInt(address) ^ ipToInt(net.base)) & maskOf(net.prefix)) === 0;
  }
  return address.includes(':') && commonBits(ipWords(address), ipWords(net.base)) >= net.prefix;
}

const wordsCache = new Map<string, readonly number[]>();

/** The 32-bit words of an address, in host order: one of IPv4, four of IPv6. */
export function ipWords(address: Ip): readonly number[] {
  if (familyOf(address) === 4) return [ipToInt(address)];
  const known = wordsCache.get(address);
  if (known) return known;
  const { parts } = ipaddr.IPv6.parse(address);
  const words = [0, 2, 4, 6].map((i) => (((parts[i] ?? 0) << 16) | (parts[i + 1] ?? 0)) >>> 0);
  if (wordsCache.size >= INT_CACHE_MAX) wordsCache.clear();
  wordsCache.set(address, words);
  return words;
}

export function wordsToIp(words: readonly number[]): Ip {
  if (words.length === 1) return intToIp(words[0] ?? 0);
  return new ipaddr.IPv6(words.flatMap((word) => [word >>> 16, word & 0xffff])).toRFC5952String() as Ip;
}

/** How many leading bits two addresses of one family share. */
export function commonBits(a: readonly number[], b: readonly number[]): number {
  let bits = 0;
  for (const [i, word] of a.entries()) {
    const difference = (word ^ (b[i] ?? 0)) >>> 0;
    if (difference !== 0) return bits + Math.clz32(difference);
    bits += 32;
  }
  return bits;
}

export function cidrsOverlap(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && (a.prefix <= b.prefix ? cidrHas(a, b.base) : cidrHas(b, a.base));
}

/** The n-th address of a network, counted from its base (n may be negative: -1 is the last one). */
export function cidrNth(net: Cidr, n: number): Ip {
  if (net.family === 6) return cidrNth6(net, n);
  const size = 2 ** (32 - net.prefix);
  return intToIp(ipToInt(net.base) + (n < 0 ? size + n : n));
}

function cidrNth6({ base, prefix }: Cidr, n: number): Ip {
  const first = ipWords(base).reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
  const value = first + (n < 0 ? (1n << BigInt(128 - prefix)) + BigInt(n) : BigInt(n));
  return wordsToIp([96n, 64n, 32n, 0n].map((shift) => Number((value >> shift) & 0xffffffffn)));
}

export const LOOPBACK_NET: Cidr = cidr('127.0.0.0/8');
export const MULTICAST_NET: Cidr = cidr('224.0.0.0/4');
export const ANY_NET: Cidr = cidr('0.0.0.0/0');
