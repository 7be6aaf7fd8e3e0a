/** Which IPv6 address a packet made here is from (RFC 6724 section 5; `ipv6_get_saddr_eval` in net/ipv6/addrconf.c). */
import { cidr, cidrHas, commonBits, type Ip, ipWords } from '../../wire/ip.ts';
import { isLinkLocal, isScoped, LOOPBACK_6 } from '../../wire/ip6.ts';
import type { Address } from '../config.ts';
import type { Netns } from '../netns.ts';

/** The labels of net/ipv6/addrlabel.c, the longest prefixes first: an address likes a partner with its own label. */
const LABELS = (
  [
    ['::1/128', 0],
    ['::ffff:0:0/96', 4],
    ['::/96', 3],
    ['2001::/32', 6],
    ['2001:10::/28', 7],
    ['2002::/16', 2],
    ['fc00::/7', 5],
    ['::/0', 1],
  ] as const
).map(([net, label]) => ({ net: cidr(net), label }));

const labelOf = (address: Ip): number | undefined => LABELS.find(({ net }) => cidrHas(net, address))?.label;

/** RFC 4291 section 2.7: link-local, or global. Loopback counts as link-local (RFC 6724 section 3.4). */
const scopeOf = (address: Ip): number => (isScoped(address) || address === LOOPBACK_6 ? 2 : 14);

/**
 * The address for a packet to `dst` by `dev`: the first of the best. SIMPLIFIED: none is deprecated, temporary, optimistic or a home address.
 */
export function selectAddress6({ addresses6 }: Netns, dev: string, dst: Ip): Ip | undefined {
  const known = chosen.get(addresses6) ?? new Map<string, Ip | undefined>();
  chosen.set(addresses6, known);
  const key = `${dev} ${dst}`;
  if (!known.has(key)) known.set(key, choose(addresses6, dev, dst));
  return known.get(key);
}

/** It follows from the addresses alone, and with IPVS there is one for every Service. */
const chosen = new WeakMap<readonly Address[], Map<string, Ip | undefined>>();

function choose(addresses: readonly Address[], dev: string, dst: Ip): Ip | undefined {
  const candidates = isScoped(dst) ? addresses.filter((a) => a.dev === dev) : addresses;
  let best: { readonly ip: Ip; readonly score: readonly number[] } | undefined;
  for (const address of candidates) {
    const score = scoreOf(address, dev, dst);
    if (!best || isMore(score, best.score)) best = { ip: address.ip, score };
  }
  return best?.ip;
}

/** Rules 1, 2, 5, 6 and 8, in that order. */
function scoreOf({ ip, dev: own, prefix }: Address, dev: string, dst: Ip): readonly number[] {
  const [scope, wanted] = [scopeOf(ip), scopeOf(dst)];
  return [
    ip === dst ? 1 : 0,
    scope >= wanted ? -scope : scope - 128,
    own === dev ? 1 : 0,
    labelOf(ip) === labelOf(dst) ? 1 : 0,
    Math.min(commonBits(ipWords(ip), ipWords(dst)), prefix),
  ];
}

function isMore(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0);
}

/** The link-local address of a device (`ipv6_get_lladdr`). */
export const linkLocalOn = (ns: Netns, dev: string): Ip | undefined =>
  ns.addresses6.find((a) => a.dev === dev && isLinkLocal(a.ip))?.ip;
