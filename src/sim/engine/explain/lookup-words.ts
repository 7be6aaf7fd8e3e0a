import type { TraceLookup } from '../trace.ts';

/** `Looks up api.shop: 4 queries, answered 10.96.13.7`. */
export function lookupTitle({ name, queries, addresses, tookMs }: TraceLookup): string {
  const [first, ...others] = addresses;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  const end = first === undefined ? 'no address' : `answered ${first}${more}`;
  const took = tookMs > 0 ? `, after ${tookMs / 1000} s` : '';
  return `Looks up ${name}: ${queries} ${queries === 1 ? 'query' : 'queries'}, ${end}${took}`;
}
