/**
 * Rules of Kubernetes policies as Calico's own: `K8sNetworkPolicyToCalico`, `K8sAdminNetworkPolicyToCalico` and
 * `K8sBaselineAdminNetworkPolicyToCalico` of libcalico-go/lib/backend/k8s/conversion/conversion.go, v3.31. A rule of the API becomes one
 * for each protocol and, because a rule has one selector, for each peer.
 */
import {
  type ClusterPolicy,
  isNamedPort,
  type NamedPolicyPort,
  type PolicyDirection,
  type PolicyPeer,
  type PolicyPort,
  type PolicyProtocol,
  type PolicyRule,
} from '../../../kube/cluster-policy.ts';
import type { Cidr, Ip } from '../../../wire/ip.ts';
import { ruleWords } from '../policy-words.ts';
import { peerSelector } from './selector.ts';

export interface CalicoRule {
  readonly action: 'allow' | 'deny' | 'pass';
  /** Absent: every protocol, those without ports, too. */
  readonly protocol?: PolicyProtocol;
  readonly nets: readonly Cidr[];
  readonly notNets: readonly Cidr[];
  /** The pods on the other side, by a selector in its normal form. */
  readonly selector?: { readonly text: string; readonly reads: string; readonly ips: readonly Ip[] };
  /** Empty, like `named`: every port. */
  readonly ports: readonly PortRange[];
  readonly named: readonly NamedPolicyPort[];
  readonly comment?: string;
  readonly why: string;
}

export interface PortRange {
  readonly from: number;
  readonly to: number;
}

type Converted = Partial<Record<PolicyDirection, readonly CalicoRule[] | undefined>>;
const converted = new WeakMap<ClusterPolicy, Converted>();

/** Absent: the policy says nothing about this direction. A node asks for every pod that the policy selects. */
export function calicoRules(policy: ClusterPolicy, direction: PolicyDirection): readonly CalicoRule[] | undefined {
  const known: Converted = converted.get(policy) ?? {};
  if (direction in known) return known[direction];
  const rules = convertAll(policy, direction);
  converted.set(policy, { ...known, [direction]: rules });
  return rules;
}

/** The tiers of the admin policies let pass, so there only rules count. */
function convertAll(policy: ClusterPolicy, direction: PolicyDirection): readonly CalicoRule[] | undefined {
  const rules = policy[direction]?.flatMap((rule, i) => convert(policy, rule, ruleWords(rule, i, direction)));
  return policy.tier !== undefined && rules?.length === 0 ? undefined : rules;
}

function convert(policy: ClusterPolicy, rule: PolicyRule, why: string): CalicoRule[] {
  const action = rule.action === 'Deny' ? 'deny' : rule.action === 'Pass' ? 'pass' : 'allow';
  const peers = rule.peers && rule.peers.length > 0 ? rule.peers : [null];
  // "none of supported fields in 'To' is set": what cannot be read allows nothing, and a rule that was to deny denies all.
  if (peers.some((peer) => peer?.kind === 'nodes' || peer?.kind === 'domains')) {
    const closed = 'Calico cannot read a peer of its rule, and denies everything instead';
    return action === 'allow' ? [] : [{ action: 'deny', nets: [], notNets: [], ports: [], named: [], why: closed }];
  }
  const comment = rule.name === undefined ? {} : { comment: `name=${rule.name}` };
  return byProtocol(rule.ports, policy.tier !== undefined).flatMap((ports) =>
    peers.map((peer): CalicoRule => ({ action, ...ports, ...peerFields(peer, policy), ...comment, why })),
  );
}

type PeerFields = Pick<CalicoRule, 'nets' | 'notNets' | 'selector'>;

function peerFields(peer: PolicyPeer | null, { namespace }: ClusterPolicy): PeerFields {
  switch (peer?.kind) {
    case 'net':
      return { nets: [peer.cidr], notNets: peer.except };
    case 'nets':
      return { nets: peer.cidrs, notNets: [] };
    case 'pods': {
      const text = peer.selection === undefined ? peer.selector : peerSelector(peer.selection, namespace);
      return { nets: [], notNets: [], selector: { text, reads: peer.selector, ips: peer.ips } };
    }
    default:
      return { nets: [], notNets: [] };
  }
}

type PortFields = Pick<CalicoRule, 'protocol' | 'ports' | 'named'>;
const EVERYTHING: readonly PortFields[] = [{ ports: [], named: [] }];

/** One entry for each protocol, by name. */
function byProtocol(ports: readonly PolicyPort[] = [], isAdmin: boolean): readonly PortFields[] {
  // `k8sAdminPolicyPortToCalicoFields` does not read names yet: the rule of an admin policy that names a port speaks of all of them.
  if (ports.length === 0 || (isAdmin && ports.some(isNamedPort))) return EVERYTHING;
  const protocols = [...new Set(ports.map(({ protocol = 'tcp' }) => protocol))].sort();
  return protocols.map((protocol) => {
    const own = ports.filter((port) => (port.protocol ?? 'tcp') === protocol);
    const isEveryPort = own.some((port) => !isNamedPort(port) && port.from === undefined);
    if (isEveryPort) return { protocol, ports: [], named: [] };
    const ranges = own.flatMap((port): PortRange[] =>
      isNamedPort(port) || port.from === undefined ? [] : [{ from: port.from, to: port.to ?? port.from }],
    );
    return { protocol, ports: simplify(ranges), named: own.filter(isNamedPort) };
  });
}

/** `SimplifyPorts`: ranges in order that touch are one. */
function simplify(ranges: readonly PortRange[]): readonly PortRange[] {
  const merged: PortRange[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to + 1) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else merged.push({ from, to });
  }
  return merged;
}
