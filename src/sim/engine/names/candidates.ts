/** Which absolute names a resolver makes of a name, in which order (resolv/res_query.c `__res_context_search`, glibc 2.42). */
import { absoluteName } from '../../wire/dns.ts';
import type { ResolverOptions } from './resolver-options.ts';

export interface Candidate {
  readonly query: string;
  /** The entry of the search list behind it; null: the name as it is. */
  readonly domain: string | null;
}

export const dotsIn = (name: string): number => name.split('.').length - 1;

/** A dot at the end: nothing is searched. As many dots as `ndots`: first as it is. Fewer: the search list first. */
export function candidatesOf(name: string, { search, ndots }: ResolverOptions): readonly Candidate[] {
  const asIs: Candidate = { query: absoluteName(name), domain: null };
  if (name.endsWith('.')) return [asIs];
  const searched = search.map((domain): Candidate => {
    const suffix = domain.replace(/^\.|\.$/g, '');
    return { query: absoluteName(suffix === '' ? name : `${name}.${suffix}`), domain };
  });
  if (dotsIn(name) >= ndots) return [asIs, ...searched];
  // The root on the search list is the name as it is.
  return search.some((domain) => domain === '.' || domain === '') ? searched : [...searched, asIs];
}
