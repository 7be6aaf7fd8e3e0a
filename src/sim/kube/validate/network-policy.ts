/** What the API server checks in a NetworkPolicy: pkg/apis/networking/validation/validation.go, v1.28, in its order. */
import { cidrHas, parseCidr } from '../../wire/ip.ts';
import { withoutZeros } from '../policy-spelling.ts';
import { type FieldError, forbidden, invalid, type Path, required, unsupportedAsListed } from './field-error.ts';
import type { LabelSelector, MetaManifest } from './manifest-types.ts';
import { validateMeta } from './meta.ts';
import { dnsSubdomain, portName, portNumber } from './names.ts';
import { validateSelector } from './selector.ts';

export interface NetworkPolicyManifest {
  readonly metadata?: MetaManifest | undefined;
  readonly spec?: NetworkPolicySpecManifest | undefined;
}

interface NetworkPolicySpecManifest {
  readonly podSelector?: LabelSelector | undefined;
  readonly policyTypes?: readonly string[] | undefined;
  readonly ingress?: readonly RuleManifest[] | undefined;
  readonly egress?: readonly RuleManifest[] | undefined;
}

interface RuleManifest {
  readonly from?: readonly PeerManifest[] | undefined;
  readonly to?: readonly PeerManifest[] | undefined;
  readonly ports?: readonly PortManifest[] | undefined;
}

interface PeerManifest {
  readonly podSelector?: LabelSelector | undefined;
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly ipBlock?: IpBlockManifest | undefined;
}

interface IpBlockManifest {
  readonly cidr?: string | undefined;
  readonly except?: readonly string[] | undefined;
}

interface PortManifest {
  readonly protocol?: string | undefined;
  readonly port?: number | string | undefined;
  readonly endPort?: number | undefined;
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const POLICY_TYPES = ['Ingress', 'Egress'];
const NOT_A_CIDR = 'not a valid CIDR';

export function validateNetworkPolicy({ metadata, spec = {} }: NetworkPolicyManifest): readonly FieldError[] {
  const { podSelector = {}, ingress = [], egress = [], policyTypes = [] } = spec;
  const rules = (field: 'ingress' | 'egress', peers: 'from' | 'to') => (rule: RuleManifest, index: number) =>
    validateRule(rule, peers, ['spec', field, index]);
  return [
    ...validateMeta(metadata ?? {}, dnsSubdomain, true),
    ...validateSelector(podSelector, ['spec', 'podSelector']),
    ...ingress.flatMap(rules('ingress', 'from')),
    ...egress.flatMap(rules('egress', 'to')),
    ...validatePolicyTypes(policyTypes, ['spec', 'policyTypes']),
  ];
}

function validatePolicyTypes(types: readonly string[], path: Path): readonly FieldError[] {
  if (types.length > POLICY_TYPES.length) {
    const go = `[]networking.PolicyType{${types.map((type) => JSON.stringify(type)).join(', ')}}`;
    return [invalid(path, { go }, 'may not specify more than two policyTypes')];
  }
  return types.flatMap((type, index) =>
    POLICY_TYPES.includes(type) ? [] : [unsupportedAsListed([...path, index], type, POLICY_TYPES)],
  );
}

const validateRule = (rule: RuleManifest, peers: 'from' | 'to', path: Path): readonly FieldError[] => [
  ...(rule.ports ?? []).flatMap((port, index) => validatePort(port, [...path, 'ports', index])),
  ...(rule[peers] ?? []).flatMap((peer, index) => validatePeer(peer, [...path, peers, index])),
];

function validatePort({ protocol, port, endPort }: PortManifest, path: Path): readonly FieldError[] {
  const [portAt, endAt] = [
    [...path, 'port'],
    [...path, 'endPort'],
  ];
  const errors: FieldError[] = [];
  if (protocol !== undefined && !PROTOCOLS.includes(protocol))
    errors.push(unsupportedAsListed([...path, 'protocol'], protocol, PROTOCOLS));
  const refuseEnd = (why: string): void => {
    if (endPort !== undefined) errors.push(invalid(endAt, endPort, why));
  };
  if (port === undefined) refuseEnd('may not be specified when `port` is not specified');
  else if (typeof port === 'number') {
    errors.push(...portNumber(port).map((why) => invalid(portAt, port, why)));
    // The value that it shows is the port's.
    if (endPort !== undefined && endPort < port)
      errors.push(invalid(endAt, port, 'must be greater than or equal to `port`'));
    if (endPort !== undefined) errors.push(...portNumber(endPort).map((why) => invalid(endAt, endPort, why)));
  } else {
    refuseEnd('may not be specified when `port` is non-numeric');
    errors.push(...portName(port).map((why) => invalid(portAt, port, why)));
  }
  return errors;
}

function validatePeer(peer: PeerManifest, path: Path): readonly FieldError[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  const selects = podSelector !== undefined || namespaceSelector !== undefined;
  return [
    ...(podSelector ? validateSelector(podSelector, [...path, 'podSelector']) : []),
    ...(namespaceSelector ? validateSelector(namespaceSelector, [...path, 'namespaceSelector']) : []),
    ...(ipBlock ? validateIpBlock(ipBlock, [...path, 'ipBlock']) : []),
    ...(!selects && ipBlock === undefined ? [required(path, 'must specify a peer')] : []),
    ...(selects && ipBlock !== undefined ? [forbidden(path, 'may not specify both ipBlock and another peer')] : []),
  ];
}

function validateIpBlock({ cidr = '', except = [] }: IpBlockManifest, path: Path): readonly FieldError[] {
  if (cidr === '') return [required([...path, 'cidr'])];
  const net = parseLegacyCidr(cidr);
  if (net === null) return [invalid([...path, 'cidr'], cidr, NOT_A_CIDR)];
  return except.flatMap((text, index) => {
    const at = [...path, 'except', index];
    const part = parseLegacyCidr(text);
    if (part === null) return [invalid(at, text, NOT_A_CIDR)];
    const isInside = part.family === net.family && cidrHas(net, part.base) && part.prefix > net.prefix;
    return isInside ? [] : [invalid(at, text, 'must be a strict subset of `cidr`')];
  });
}

/** ParseCIDRSloppy: this field goes on accepting leading zeros, as decimals (`010.0.0.0/8`). */
function parseLegacyCidr(text: string) {
  if (!text.includes('/')) return null;
  const parsed = parseCidr(withoutZeros(text));
  return parsed.ok ? parsed.value : null;
}
