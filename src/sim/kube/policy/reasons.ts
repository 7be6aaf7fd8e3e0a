/** Why a selector, a peer or a port does not fit, as facts. `words.ts` puts them into sentences. */

import { cidrHas, familyOf, type Ip } from '../../wire/ip.ts';
import type { CiliumEntity } from '../cilium-policy-objects.ts';
import { expressionHolds, type Selector } from '../label-selector.ts';
import type { Labels, PolicyPod } from './input.ts';
import type { PolicyModel, ResolvedEnd } from './model.ts';
import type { PolicyProtocol } from './port-sets.ts';
import type { NetPeer, PodsPeer, UniformPeer, UniformPort } from './uniform.ts';

/** Whose labels a selector looks at. */
export type LabelOwner = 'pod' | 'namespace' | 'node';

export type Mismatch =
  | {
      readonly kind: 'label';
      readonly of: LabelOwner;
      /** As a selector is written: `role=api`, `tier in (a, b)`, `!old`. */
      readonly wants: string;
      readonly key: string;
      /** Absent: it has no such label. */
      readonly has?: string;
    }
  | { readonly kind: 'namespace'; readonly wants: string; readonly has: string }
  /** The peer is about pods on the pod network. */
  | { readonly kind: 'not-a-pod'; readonly isHostNetwork: boolean }
  | { readonly kind: 'outside-net'; readonly net: string; readonly address: Ip }
  | { readonly kind: 'excepted'; readonly net: string; readonly except: string; readonly address: Ip }
  | { readonly kind: 'other-family'; readonly net: string; readonly address: Ip }
  /** This implementation knows pods and nodes by their identity only. */
  | { readonly kind: 'net-finds-no-pods'; readonly net: string }
  | { readonly kind: 'not-a-node' }
  | { readonly kind: 'entity'; readonly wants: CiliumEntity }
  | { readonly kind: 'protocol'; readonly wants: string; readonly has: PolicyProtocol }
  | { readonly kind: 'port'; readonly wants: string; readonly has: number }
  /** The destination has no port of this name and protocol. */
  | { readonly kind: 'port-name'; readonly name: string }
  | {
      readonly kind: 'port-name-elsewhere';
      readonly name: string;
      readonly is: readonly number[];
      readonly has: number;
    }
  /** It names ports, and the packet has none. */
  | { readonly kind: 'no-ports' };

/** A fact without which nobody can tell. */
export type MissingFact =
  | { readonly kind: 'address'; readonly pod: string }
  | { readonly kind: 'domain'; readonly names: readonly string[] };

export const expressionText = ({
  key = '',
  operator,
  values = [],
}: NonNullable<Selector['matchExpressions']>[number]): string => {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.map((value) => (value === '' ? '""' : value)).join(', ')})`;
};

const labelText = (key: string, value: string): string => `${key}=${value === '' ? '""' : value}`;

/** As kubectl writes it; empty for an empty selector. */
export const selectorText = ({ matchLabels = {}, matchExpressions = [] }: Selector): string =>
  [
    ...Object.entries(matchLabels).map(([key, value]) => labelText(key, value)),
    ...matchExpressions.map(expressionText),
  ].join(', ');

/** Every requirement that does not hold. */
export function labelMismatches(selector: Selector, labels: Labels, of: LabelOwner): readonly Mismatch[] {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const has = (key: string) => (Object.hasOwn(labels, key) ? { has: labels[key] ?? '' } : {});
  return [
    ...Object.entries(matchLabels)
      .filter(([key, value]) => !Object.hasOwn(labels, key) || labels[key] !== value)
      .map(([key, value]) => ({ kind: 'label' as const, of, wants: labelText(key, value), key, ...has(key) })),
    ...matchExpressions
      .filter((expression) => !expressionHolds(expression, labels))
      .map((expression) => {
        const { key = '' } = expression;
        return { kind: 'label' as const, of, wants: expressionText(expression), key, ...has(key) };
      }),
  ];
}

export function podMismatches(
  { namespace, namespaces, pods }: PodsPeer,
  pod: PolicyPod,
  model: PolicyModel,
): readonly Mismatch[] {
  if (namespace !== undefined && namespace !== pod.namespace)
    return [{ kind: 'namespace', wants: namespace, has: pod.namespace }];
  return [
    ...(namespaces ? labelMismatches(namespaces, model.ends.labelsOf(pod.namespace), 'namespace') : []),
    ...labelMismatches(pods, pod.labels, 'pod'),
  ];
}

/** Why a peer does not find an end, or what would have to be known; both empty where it does find it. */
export interface PeerFinding {
  readonly mismatches: readonly Mismatch[];
  readonly missing?: MissingFact;
}

const FOUND: PeerFinding = { mismatches: [] };

export function peerFinding(
  peer: UniformPeer,
  other: ResolvedEnd,
  address: Ip | undefined,
  model: PolicyModel,
): PeerFinding {
  switch (peer.kind) {
    case 'pods':
      if (other.pod === undefined)
        return { mismatches: [{ kind: 'not-a-pod', isHostNetwork: other.onNode !== undefined }] };
      return { mismatches: podMismatches(peer, other.pod, model) };
    case 'net':
      return netFinding(peer, other, address, model);
    case 'entity':
      return { mismatches: [{ kind: 'entity', wants: peer.entity }] };
    case 'nodes': {
      const end = model.ends.all[other.end];
      if (end?.kind !== 'node') return { mismatches: [{ kind: 'not-a-node' }] };
      return { mismatches: labelMismatches(peer.nodes, end.node.labels, 'node') };
    }
    case 'domains':
      // A name stands for what lies outside: no policy of the API finds pods by it.
      return other.pod || other.onNode !== undefined
        ? { mismatches: [{ kind: 'not-a-pod', isHostNetwork: false }] }
        : { mismatches: [], missing: { kind: 'domain', names: peer.names } };
  }
}

function netFinding(
  { net, except, isOutside }: NetPeer,
  other: ResolvedEnd,
  address: Ip | undefined,
  model: PolicyModel,
): PeerFinding {
  if ((other.pod && !model.profile.ipBlockFindsPods) || (isOutside && (other.pod ?? other.onNode) !== undefined))
    return { mismatches: [{ kind: 'net-finds-no-pods', net: net.text }] };
  if (address === undefined) {
    const pod = other.pod ? `${other.pod.namespace}/${other.pod.name}` : '';
    return { mismatches: [], missing: { kind: 'address', pod } };
  }
  if (familyOf(address) !== net.family) return { mismatches: [{ kind: 'other-family', net: net.text, address }] };
  if (!cidrHas(net, address)) return { mismatches: [{ kind: 'outside-net', net: net.text, address }] };
  const hole = except.find((one) => cidrHas(one, address));
  return hole ? { mismatches: [{ kind: 'excepted', net: net.text, except: hole.text, address }] } : FOUND;
}

export const portText = (port: UniformPort): string => {
  if ('name' in port) return port.protocol === undefined ? port.name : `${port.protocol} ${port.name}`;
  if (port.from === 1 && port.to === 65_535) return `${port.protocol}`;
  return `${port.protocol} ${port.from}${port.to === port.from ? '' : `-${port.to}`}`;
};

/** Why no port of a rule fits; empty where one does. */
export function portMismatches(
  ports: readonly UniformPort[] | undefined,
  protocol: PolicyProtocol,
  number: number,
  destination: ResolvedEnd,
): readonly Mismatch[] {
  if (ports === undefined) return [];
  if (protocol === 'OTHER') return [{ kind: 'no-ports' }];
  const found = ports.map((port) => portMismatch(port, protocol, number, destination));
  return found.includes(null) ? [] : found.filter((one) => one !== null);
}

function portMismatch(
  port: UniformPort,
  protocol: PolicyProtocol,
  number: number,
  { pod }: ResolvedEnd,
): Mismatch | null {
  if (!('name' in port)) {
    if (port.protocol !== protocol) return { kind: 'protocol', wants: portText(port), has: protocol };
    return port.from <= number && number <= port.to ? null : { kind: 'port', wants: portText(port), has: number };
  }
  if (port.protocol !== undefined && port.protocol !== protocol)
    return { kind: 'protocol', wants: portText(port), has: protocol };
  const is = (pod?.ports ?? [])
    .filter((one) => one.name === port.name && one.protocol === protocol)
    .map((one) => one.port);
  if (is.length === 0) return { kind: 'port-name', name: port.name };
  return is.includes(number) ? null : { kind: 'port-name-elsewhere', name: port.name, is, has: number };
}
