/**
 * What the schemas of the three CRDs of policy.networking.k8s.io demand (apis/v1alpha1 and v1alpha2 of network-policy-api at 0eec1b0), in
 * the words of kube-openapi (pkg/validation/errors/schema.go) and of apiextensions-apiserver's CEL rules.
 */
import { parseCidr } from '../../wire/ip.ts';
import type { CiliumPolicyObject } from '../cilium-policy-objects.ts';
import type { PolicyKind } from '../policy-objects.ts';
import { type FieldError, invalid, type Path, pathText, required, tooMany, unsupported } from './field-error.ts';
import type { LabelSelector, MetaManifest } from './manifest-types.ts';
import { validateMeta } from './meta.ts';
import { dnsSubdomain } from './names.ts';
import { validateSelector } from './selector.ts';

export type AdminKind = Exclude<PolicyKind, 'NetworkPolicy' | CiliumPolicyObject['kind']>;

export interface AdminPolicyManifest {
  readonly metadata?: MetaManifest | undefined;
  readonly spec?: AdminSpecManifest | undefined;
}

interface AdminSpecManifest {
  readonly tier?: string | undefined;
  readonly priority?: number | undefined;
  readonly subject?: PeerManifest | undefined;
  readonly ingress?: readonly RuleManifest[] | undefined;
  readonly egress?: readonly RuleManifest[] | undefined;
}

interface RuleManifest {
  readonly name?: string | undefined;
  readonly action?: string | undefined;
  readonly from?: readonly PeerManifest[] | undefined;
  readonly to?: readonly PeerManifest[] | undefined;
  readonly ports?: readonly PortManifest[] | undefined;
  readonly protocols?: readonly ProtocolManifest[] | undefined;
}

interface PeerManifest {
  readonly namespaces?: LabelSelector | undefined;
  readonly pods?: { readonly namespaceSelector?: LabelSelector; readonly podSelector?: LabelSelector } | undefined;
  readonly nodes?: LabelSelector | undefined;
  readonly networks?: readonly string[] | undefined;
  readonly domainNames?: readonly string[] | undefined;
}

interface RangeManifest {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

interface PortManifest {
  readonly portNumber?: { readonly protocol?: string; readonly port?: number } | undefined;
  readonly namedPort?: string | undefined;
  readonly portRange?: RangeManifest | undefined;
}

interface ProtocolManifest {
  readonly tcp?: DestinationManifest | undefined;
  readonly udp?: DestinationManifest | undefined;
  readonly sctp?: DestinationManifest | undefined;
  readonly destinationNamedPort?: string | undefined;
}

interface DestinationManifest {
  readonly destinationPort?: { readonly number?: number; readonly range?: RangeManifest } | undefined;
}

interface Schema {
  readonly rulesMax: number;
  readonly itemsMax: number;
  readonly actions: readonly string[];
  /** Egress peers without pods. */
  readonly outside: string;
}

const OUTSIDE = 'networks/nodes/domainNames';
const SCHEMAS: Readonly<Record<AdminKind, Schema>> = {
  AdminNetworkPolicy: { rulesMax: 100, itemsMax: 100, actions: ['Allow', 'Deny', 'Pass'], outside: OUTSIDE },
  BaselineAdminNetworkPolicy: { rulesMax: 100, itemsMax: 100, actions: ['Allow', 'Deny'], outside: 'networks/nodes' },
  ClusterNetworkPolicy: { rulesMax: 25, itemsMax: 25, actions: ['Accept', 'Deny', 'Pass'], outside: OUTSIDE },
};
const PRIORITY_MAX = 1000;
const NAME_LENGTH_MAX = 100;
const NETWORKS_MAX = 25;
const CIDR_LENGTH_MAX = 43;
/** As upstream has it, with its `A-z`. */
const DOMAIN_NAME =
  '^(\\*\\.)?([a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\\.)+[a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\\.?$';
const domainName = new RegExp(DOMAIN_NAME);

export function validateAdminPolicy(
  kind: AdminKind,
  { metadata = {}, spec }: AdminPolicyManifest,
): readonly FieldError[] {
  const errors = [...validateMeta(metadata, dnsSubdomain, false)];
  if (kind === 'BaselineAdminNetworkPolicy' && metadata.name !== 'default') {
    const what = 'Only one baseline admin network policy with metadata.name="default" can be created in the cluster';
    errors.push({ path: ['metadata', 'name'], text: `<nil>: Invalid value: "object": ${what}` });
  }
  if (spec === undefined) return [...errors, required(['spec'])];
  const schema = SCHEMAS[kind];
  if (kind === 'ClusterNetworkPolicy') errors.push(...oneOfWords(spec.tier, ['Admin', 'Baseline'], ['spec', 'tier']));
  if (kind !== 'BaselineAdminNetworkPolicy')
    errors.push(...inRange(spec.priority, 0, PRIORITY_MAX, ['spec', 'priority']));
  return [
    ...errors,
    ...(spec.subject ? validatePeer(spec.subject, ['spec', 'subject']) : [required(['spec', 'subject'])]),
    ...validateRules(spec.ingress ?? [], 'from', schema, ['spec', 'ingress']),
    ...validateRules(spec.egress ?? [], 'to', schema, ['spec', 'egress']),
  ];
}

/** `spec.ingress[0].from in body should have at least 1 items`. */
const inBody = (path: Path, value: number | string, says: string): FieldError =>
  invalid(path, value, `${pathText(path)} in body ${says}`);

function inRange(value: number | undefined, min: number, max: number, path: Path): readonly FieldError[] {
  if (value === undefined) return [required(path)];
  if (value < min) return [inBody(path, value, `should be greater than or equal to ${min}`)];
  return value > max ? [inBody(path, value, `should be less than or equal to ${max}`)] : [];
}

function oneOfWords(value: string | undefined, words: readonly string[], path: Path): readonly FieldError[] {
  if (value === undefined) return [required(path)];
  return words.includes(value) ? [] : [unsupported(path, value, words)];
}

function counted(items: readonly unknown[], min: number, max: number, path: Path): readonly FieldError[] {
  if (items.length < min) return [inBody(path, items.length, `should have at least ${min} items`)];
  return items.length > max ? [tooMany(path, items.length, max)] : [];
}

/** A union: exactly one field of it is set. */
function oneField(value: object, path: Path): readonly FieldError[] {
  const count = Object.values(value).filter((field) => field !== undefined).length;
  if (count === 0) return [inBody(path, 0, 'should have at least 1 properties')];
  return count > 1 ? [tooMany(path, count, 1)] : [];
}

function validateRules(
  rules: readonly RuleManifest[],
  peers: 'from' | 'to',
  { rulesMax, itemsMax, actions, outside }: Schema,
  path: Path,
): readonly FieldError[] {
  const errors = [...counted(rules, 0, rulesMax, path)];
  for (const [index, rule] of rules.entries()) {
    const at = (field: string): Path => [...path, index, field];
    const list = rule[peers];
    if ((rule.name ?? '').length > NAME_LENGTH_MAX)
      errors.push({
        path: at('name'),
        text: `${pathText(at('name'))}: Too long: may not be more than ${NAME_LENGTH_MAX} bytes`,
      });
    errors.push(...oneOfWords(rule.action, actions, at('action')));
    if (list === undefined) errors.push(required(at(peers)));
    else errors.push(...counted(list, 1, itemsMax, at(peers)));
    errors.push(...(list ?? []).flatMap((peer, at2) => validatePeer(peer, [...at(peers), at2])));
    if (rule.ports) errors.push(...counted(rule.ports, 1, itemsMax, at('ports')));
    errors.push(...(rule.ports ?? []).flatMap((port, at2) => validatePort(port, [...at('ports'), at2])));
    if (rule.protocols) errors.push(...counted(rule.protocols, 1, itemsMax, at('protocols')));
    errors.push(...(rule.protocols ?? []).flatMap((one, at2) => validateProtocol(one, [...at('protocols'), at2])));
    errors.push(...validateNamed(rule, outside, [...path, index]));
  }
  return errors;
}

/** A name can only be looked up in a pod. */
function validateNamed(
  { to = [], ports = [], protocols = [] }: RuleManifest,
  outside: string,
  path: Path,
): readonly FieldError[] {
  const leavesPods = to.some(({ networks, nodes, domainNames }) => networks ?? nodes ?? domainNames);
  const isNamed =
    ports.some(({ namedPort }) => namedPort !== undefined) ||
    protocols.some(({ destinationNamedPort }) => destinationNamedPort !== undefined);
  if (!leavesPods || !isNamed) return [];
  const why = `${outside} peer cannot be set with namedPorts since there are no namedPorts for ${outside}`;
  return [invalid(path, 'object', why)];
}

/**
 * A schema knows nothing of operators: the API server stores a selector that no implementation can read. It is refused here, in the
 * words that a NetworkPolicy would get.
 */
function validateSelectors({ namespaces, nodes, pods }: PeerManifest, path: Path): readonly FieldError[] {
  const { namespaceSelector, podSelector } = pods ?? {};
  return [
    ...(namespaces ? validateSelector(namespaces, [...path, 'namespaces']) : []),
    ...(nodes ? validateSelector(nodes, [...path, 'nodes']) : []),
    ...(namespaceSelector ? validateSelector(namespaceSelector, [...path, 'pods', 'namespaceSelector']) : []),
    ...(podSelector ? validateSelector(podSelector, [...path, 'pods', 'podSelector']) : []),
  ];
}

function validatePeer(peer: PeerManifest, path: Path): readonly FieldError[] {
  const { pods, networks, domainNames } = peer;
  const errors = [...oneField(peer, path), ...validateSelectors(peer, path)];
  for (const field of ['namespaceSelector', 'podSelector'] as const)
    if (pods && pods[field] === undefined) errors.push(required([...path, 'pods', field]));
  for (const [field, list] of Object.entries({ networks, domainNames }))
    if (list !== undefined) errors.push(...counted(list, 1, NETWORKS_MAX, [...path, field]));
  for (const [index, text] of (networks ?? []).entries()) {
    const at = [...path, 'networks', index];
    if (text.length > CIDR_LENGTH_MAX)
      errors.push({ path: at, text: `${pathText(at)}: Too long: may not be more than ${CIDR_LENGTH_MAX} bytes` });
    else if (!text.includes('/') || !parseCidr(text).ok) errors.push(invalid(at, text, 'Invalid CIDR format provided'));
  }
  for (const [index, text] of (domainNames ?? []).entries()) {
    const at = [...path, 'domainNames', index];
    if (!domainName.test(text)) errors.push(inBody(at, text, `should match '${DOMAIN_NAME}'`));
  }
  return errors;
}

const portInRange = (port: number | undefined, path: Path): readonly FieldError[] => inRange(port, 1, 65_535, path);

const validateRange = ({ start, end }: RangeManifest, path: Path): readonly FieldError[] => [
  ...portInRange(start, [...path, 'start']),
  ...portInRange(end, [...path, 'end']),
];

function validatePort(port: PortManifest, path: Path): readonly FieldError[] {
  const { portNumber, portRange } = port;
  return [
    ...oneField(port, path),
    ...(portNumber ? portInRange(portNumber.port, [...path, 'portNumber', 'port']) : []),
    ...(portRange ? validateRange(portRange, [...path, 'portRange']) : []),
  ];
}

function validateProtocol(protocol: ProtocolManifest, path: Path): readonly FieldError[] {
  const errors = [...oneField(protocol, path)];
  for (const name of ['tcp', 'udp', 'sctp'] as const) {
    const of = protocol[name];
    if (of === undefined) continue;
    errors.push(...oneField(of, [...path, name]));
    const at = [...path, name, 'destinationPort'];
    if (!of.destinationPort) continue;
    const { number, range } = of.destinationPort;
    errors.push(...oneField(of.destinationPort, at));
    if (number !== undefined) errors.push(...portInRange(number, [...at, 'number']));
    if (range === undefined) continue;
    errors.push(...validateRange(range, [...at, 'range']));
    if (range.start !== undefined && range.end !== undefined && range.start >= range.end)
      errors.push(invalid([...at, 'range'], 'object', 'Start port must be less than End port'));
  }
  return errors;
}
