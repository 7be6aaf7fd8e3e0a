/** Ports, requests and names in Cilium's policies: the schemas of the CRDs, and pkg/policy/api/rule_validation.go, 1.19. */
import { CILIUM_PROTOCOLS } from '../cilium-policy-objects.ts';
import { type FieldError, invalid, type Path, pathText, tooMany, unsupportedAsListed } from './field-error.ts';

export interface PortRuleManifest {
  readonly ports?: readonly PortManifest[] | undefined;
  readonly rules?: L7Manifest | undefined;
}

interface PortManifest {
  readonly port?: string | undefined;
  readonly endPort?: number | undefined;
  readonly protocol?: string | undefined;
}

interface L7Manifest {
  readonly http?: readonly { readonly method?: string; readonly path?: string }[] | undefined;
  readonly dns?: readonly NameManifest[] | undefined;
}

export interface NameManifest {
  readonly matchName?: string | undefined;
  readonly matchPattern?: string | undefined;
}

const PORTS_MAX = 40;
const PORT_MAX = 65_535;
const PROTOCOLS: readonly string[] = CILIUM_PROTOCOLS;
const PORT =
  '^(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$';
const NAME = '^([-a-zA-Z0-9_]+[.]?)+$';
const PATTERN = '^([-a-zA-Z0-9_*]+[.]?)+$';
const NAME_LENGTH_MAX = 255;
/** An IANA service name (pkg/iana): letters, digits and single dashes, at least one letter. */
const isServiceName = (port: string): boolean =>
  port.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/i.test(port) && /[a-z]/i.test(port);

const refused = (path: Path, text: string): FieldError => invalid(path, { go: '"object"' }, text);

export const validatePortRules = (
  list: readonly PortRuleManifest[],
  isIngress: boolean,
  path: Path,
): readonly FieldError[] => list.flatMap((one, index) => validatePortRule(one, isIngress, [...path, index]));

function validatePortRule({ ports = [], rules = {} }: PortRuleManifest, isIngress: boolean, path: Path) {
  const at = [...path, 'rules'];
  const { http = [], dns = [] } = rules;
  const hasRules = http.length > 0 || dns.length > 0;
  const errors: FieldError[] = ports.length > PORTS_MAX ? [tooMany([...path, 'ports'], ports.length, PORTS_MAX)] : [];
  for (const [index, port] of ports.entries()) {
    const where = [...path, 'ports', index];
    errors.push(...validatePort(port, where));
    const protocol = (port.protocol ?? '') || 'ANY';
    if (http.length > 0 && protocol !== 'TCP')
      errors.push(refused(where, `L7 rules can only apply to TCP (not ${protocol}) except for DNS rules`));
    if (hasRules && Number(port.port) === 0) errors.push(refused(where, 'L7 rules can not be used when a port is 0'));
    if (dns.length > 0 && (port.endPort ?? 0) > Number(port.port))
      errors.push(refused(where, 'DNS rules do not support port ranges'));
  }
  if (dns.length > 0 && isIngress) errors.push(refused(at, 'DNS rules are not allowed on ingress'));
  if (dns.length > 0 && ports.length === 0) errors.push(refused(at, 'Port 53 must be specified for DNS rules'));
  if (http.length > 0 && dns.length > 0)
    errors.push(refused(at, 'multiple L7 protocol rule types specified in single rule'));
  errors.push(...validateNames(dns, [...at, 'dns']));
  for (const [index, { method, path: of }] of http.entries())
    for (const [field, text] of [
      ['method', method],
      ['path', of],
    ] as const)
      if (text !== undefined) errors.push(...validateExpression(text, [...at, 'http', index, field]));
  return errors;
}

function validatePort({ port = '', endPort, protocol }: PortManifest, path: Path): readonly FieldError[] {
  const at = [...path, 'port'];
  const errors: FieldError[] = [];
  if (port === '') errors.push(refused(at, 'Port must be specified'));
  else if (!isServiceName(port) && !(/^\d+$/.test(port) && Number(port) <= PORT_MAX))
    errors.push(invalid(at, port, `${pathText(at)} in body should match '${PORT}'`));
  if (endPort !== undefined && (endPort < 0 || endPort > PORT_MAX)) {
    const says = endPort < 0 ? 'should be greater than or equal to 0' : `should be less than or equal to ${PORT_MAX}`;
    errors.push(invalid([...path, 'endPort'], endPort, `${pathText([...path, 'endPort'])} in body ${says}`));
  }
  if (protocol !== undefined && protocol !== '' && !PROTOCOLS.includes(protocol))
    errors.push(unsupportedAsListed([...path, 'protocol'], protocol, PROTOCOLS));
  return errors;
}

/** Go's expressions and those of a browser agree on what people write; look-behind and the like Go does not know at all. */
function validateExpression(text: string, path: Path): readonly FieldError[] {
  try {
    new RegExp(text);
    return [];
  } catch {
    return [invalid(path, text, `error parsing regexp: ${JSON.stringify(text)}`)];
  }
}

export const validateNames = (names: readonly NameManifest[], path: Path): readonly FieldError[] =>
  names.flatMap((name, index) => {
    const at = [...path, index];
    const { matchName = '', matchPattern = '' } = name;
    if ((matchName === '') === (matchPattern === ''))
      return [refused(at, `${pathText(at)} in body must validate one and only one schema (oneOf)`)];
    return matchName === ''
      ? validateText(matchPattern, PATTERN, [...at, 'matchPattern'])
      : validateText(matchName, NAME, [...at, 'matchName']);
  });

function validateText(text: string, pattern: string, path: Path): readonly FieldError[] {
  if (text.length > NAME_LENGTH_MAX)
    return [{ path, text: `${pathText(path)}: Too long: may not be more than ${NAME_LENGTH_MAX} bytes` }];
  // The schema's own expression takes exponential time on bad names: this one means the same.
  const isGood = (pattern === NAME ? /^[-\w.]+$/ : /^[-\w.*]+$/).test(text) && !/^\.|\.\./.test(text);
  return isGood ? [] : [invalid(path, text, `${pathText(path)} in body should match '${pattern}'`)];
}
