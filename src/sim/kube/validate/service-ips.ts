import { cidr, cidrHas, familyOf, type Ip, parseCidr, parseIp } from '../../wire/ip.ts';
import { duplicate, type FieldError, invalid, type Path, required, unsupported } from './field-error.ts';
import type { ServiceSpec } from './manifest-types.ts';

export const NOT_AN_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const FAMILIES = ['IPv4', 'IPv6'];
const FAMILY_POLICIES = ['SingleStack', 'PreferDualStack', 'RequireDualStack'];

/** Ranges that nobody outside the node can use, in the API server's order (ValidateNonSpecialIP). */
const SPECIAL: readonly (readonly [string, readonly string[]])[] = [
  ['may not be in the loopback range (127.0.0.0/8, ::1/128)', ['127.0.0.0/8', '::1/128']],
  ['may not be in the link-local range (169.254.0.0/16, fe80::/10)', ['169.254.0.0/16', 'fe80::/10']],
  ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)', ['224.0.0.0/24', 'ff02::/16']],
];
const UNSPECIFIED = ['0.0.0.0', '::'];
const special = SPECIAL.map(([detail, texts]) => ({ detail, ranges: texts.map(cidr) }));

export const isCidr = (text: string): boolean => text.includes('/') && parseCidr(text).ok;

/** An external IP: an address that packets can come to. */
export function validateAddress(text: string, path: Path): readonly FieldError[] {
  const address = parseIp(text);
  if (!address.ok) return [invalid(path, text, NOT_AN_ADDRESS)];
  return specialRanges(address.value).map((detail) => invalid(path, text, detail));
}

/** Why nobody could reach an address from elsewhere; none for an ordinary one. */
export function specialRanges(address: Ip): readonly string[] {
  if (UNSPECIFIED.includes(address)) return [`may not be unspecified (${address})`];
  return special.filter(({ ranges }) => ranges.some((range) => cidrHas(range, address))).map(({ detail }) => detail);
}

/** ValidateServiceClusterIPsRelatedFields: `clusterIP` is the first of `clusterIPs`, at most one of each family. */
export function validateClusterIPs(of: ServiceSpec): readonly FieldError[] {
  if (of.type === 'ExternalName') return [];
  const { clusterIPs = [], ipFamilies = [] } = of;
  const path = ['spec', 'clusterIPs'];
  const errors = [...validatePrimary(of, path), ...validateFamilies(of)];
  const wrong = clusterIPs.flatMap((text, index): readonly FieldError[] => {
    if (index === 0 && text === 'None')
      return clusterIPs.length > 1
        ? [invalid(path, { list: clusterIPs }, "'None' must be the first and only value")]
        : [];
    return parseIp(text).ok ? [] : [invalid([...path, index], text, NOT_AN_ADDRESS)];
  });
  errors.push(...wrong);
  if (clusterIPs.length > 2) errors.push(invalid(path, { list: clusterIPs }, 'may only hold up to 2 values'));
  if (wrong.length > 0 || clusterIPs[0] === 'None') return errors;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyName)).size < FAMILIES.length)
    errors.push(invalid(path, { list: clusterIPs }, 'may specify no more than one IP for each IP family'));
  for (const [index, text] of clusterIPs.entries()) {
    const family = ipFamilies[index];
    if (family === undefined || !FAMILIES.includes(family) || family === familyName(text)) continue;
    errors.push(
      invalid([...path, index], text, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``),
    );
  }
  return errors;
}

const familyName = (text: string): string => (familyOf(text as Ip) === 4 ? 'IPv4' : 'IPv6');

function validatePrimary({ clusterIP = '', clusterIPs = [] }: ServiceSpec, path: Path): readonly FieldError[] {
  if (clusterIP === '')
    return clusterIPs.length === 0
      ? []
      : [invalid(path, { list: clusterIPs }, 'must be empty when `clusterIP` is not specified')];
  if (clusterIPs.length === 0) return [required(path)];
  return clusterIPs[0] === clusterIP ? [] : [invalid(path, { list: clusterIPs }, 'first value must match `clusterIP`')];
}

function validateFamilies({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, family] of ipFamilies.entries()) {
    const path = ['spec', 'ipFamilies', index];
    if (!FAMILIES.includes(family)) errors.push(unsupported(path, family, FAMILIES));
    if (ipFamilies.indexOf(family) < index) errors.push(duplicate(path, family));
  }
  if (ipFamilyPolicy !== undefined && !FAMILY_POLICIES.includes(ipFamilyPolicy))
    errors.push(unsupported(['spec', 'ipFamilyPolicy'], ipFamilyPolicy, FAMILY_POLICIES));
  return errors;
}
