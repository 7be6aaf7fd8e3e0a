/** Networks in Cilium's policies (pkg/policy/api/rule_validation.go, 1.19). */
import { type Cidr, cidrHas, parseCidr, parseIp } from '../../wire/ip.ts';
import { type FieldError, invalid, type Path } from './field-error.ts';

export interface CidrSetManifest {
  readonly cidr?: string | undefined;
  readonly except?: readonly string[] | undefined;
}

function netOf(text: string): Cidr | null {
  const parsed = text.includes('/') ? parseCidr(text) : null;
  return parsed?.ok ? parsed.value : null;
}

/** An address alone is a network of one. */
export const validateCidrs = (cidrs: readonly string[], path: Path): readonly FieldError[] =>
  cidrs.flatMap((text, index) => {
    const at = [...path, index];
    if (text === '') return [invalid(at, text, 'IP must be specified')];
    return netOf(text) || parseIp(text).ok ? [] : [invalid(at, text, unparsed('ParseAddr', text))];
  });

const unparsed = (call: string, text: string): string =>
  `unable to parse CIDR: ${call}(${JSON.stringify(text)}): unable to parse IP`;

/** Here the prefix is needed. */
export const validateCidrSet = (list: readonly CidrSetManifest[], path: Path): readonly FieldError[] =>
  list.flatMap((one, index) => {
    const at = [...path, index];
    // Groups of networks are not looked into.
    if ('cidrGroupRef' in one || 'cidrGroupSelector' in one) return [];
    const { cidr = '', except = [] } = one;
    const net = netOf(cidr);
    if (net === null)
      return [invalid([...at, 'cidr'], cidr, `Unable to parse CIDRRule ${JSON.stringify(cidr)}: no such network`)];
    return except.flatMap((text, hole) => {
      const part = netOf(text);
      const where = [...at, 'except', hole];
      if (part === null) return [invalid(where, text, `netip.ParsePrefix(${JSON.stringify(text)}): no such network`)];
      const isInside = part.family === net.family && cidrHas(net, part.base);
      const words = `allow CIDR prefix ${cidr} does not contain exclude CIDR prefix ${text}`;
      return isInside ? [] : [invalid(where, text, words)];
    });
  });
