/** How a pod is named and how it resolves names (pkg/apis/core/validation/validation.go `validatePodDNSConfig`, v1.34). */
import { parseIp } from '../../wire/ip.ts';
import { type FieldError, invalid, type Path, required } from './field-error.ts';
import type { PodSpec } from './manifest-types.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';
import { NOT_AN_ADDRESS } from './service-ips.ts';

const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARS_MAX = 2048;

export function validatePodNames(spec: PodSpec, path: Path): readonly FieldError[] {
  const { hostname = '', subdomain = '', dnsPolicy, dnsConfig } = spec;
  const label = (field: string, value: string): readonly FieldError[] =>
    value === '' ? [] : dnsLabel(value).map((why) => invalid([...path, field], value, why));
  const at: Path = [...path, 'dnsConfig'];
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  const noServer = `must provide at least one DNS nameserver when \`dnsPolicy\` is None`;
  const chars = searches.join(' ').length;
  return [
    ...label('hostname', hostname),
    ...label('subdomain', subdomain),
    ...(dnsPolicy === 'None' && !dnsConfig ? [required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')] : []),
    ...(dnsPolicy === 'None' && dnsConfig && nameservers.length === 0
      ? [required([...at, 'nameservers'], noServer)]
      : []),
    ...(nameservers.length > NAMESERVERS_MAX
      ? [
          invalid(
            [...at, 'nameservers'],
            { list: nameservers },
            `must not have more than ${NAMESERVERS_MAX} nameservers`,
          ),
        ]
      : []),
    ...nameservers.flatMap((text, i) =>
      parseIp(text).ok ? [] : [invalid([...at, 'nameservers', i], text, NOT_AN_ADDRESS)],
    ),
    ...(searches.length > SEARCHES_MAX
      ? [invalid([...at, 'searches'], { list: searches }, `must not have more than ${SEARCHES_MAX} search paths`)]
      : []),
    ...(chars > SEARCH_CHARS_MAX
      ? [
          invalid(
            [...at, 'searches'],
            { list: searches },
            `must not have more than ${SEARCH_CHARS_MAX} characters (including spaces) in the search list`,
          ),
        ]
      : []),
    ...searches.flatMap((text, i) =>
      text === '.'
        ? []
        : dnsSubdomain(text.replace(/\.$/, '')).map((why) => invalid([...at, 'searches', i], text, why)),
    ),
    ...options.flatMap(({ name = '' }, i) =>
      name === '' ? [required([...at, 'options', i], 'must not be empty')] : [],
    ),
  ];
}
