/** Names and patterns of `toFQDNs` and `rules.dns` (pkg/fqdn/matchpattern, 1.19). */

const LABEL = '[-a-z0-9_]';

const absolute = (name: string): string => (name.endsWith('.') ? name : `${name}.`).toLowerCase();

/** `*` is any characters of one label, `**.` in front any labels, `*` alone every name. */
export function nameMatches(pattern: string, name: string): boolean {
  if (pattern === '*') return true;
  const isDeep = pattern.startsWith('**.');
  const text = absolute(isDeep ? pattern.slice(3) : pattern)
    .replaceAll('.', '[.]')
    .replaceAll('*', `${LABEL}*`);
  return new RegExp(`^${isDeep ? `(${LABEL}+[.])+` : ''}${text}$`).test(absolute(name));
}
