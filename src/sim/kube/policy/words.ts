/** Sentences about reasons. Every word that the oracle says to a person is written here. */
import type { CiliumEntity } from '../cilium-policy-objects.ts';
import type { LabelSelectorObject } from '../policy-objects.ts';
import type { Explanation, PolicyExplanation, RuleExplanation, SideExplanation } from './explain.ts';
import { type Mismatch, type MissingFact, portText, selectorText } from './reasons.ts';
import {
  type Direction,
  isolates,
  PEER_FIELDS,
  type PodsPeer,
  type UniformPeer,
  type UniformPolicy,
  type UniformRule,
} from './uniform.ts';
import type { Basis } from './verdict.ts';

/** `app=db`, `every pod`, `app=db in namespaces with team=a`. The policy's own namespace goes without saying. */
export function podsText({ namespaces, pods }: Pick<PodsPeer, 'namespaces' | 'pods'>): string {
  const labels = selectorText(pods);
  const which = labels === '' ? 'every pod' : labels;
  if (namespaces === undefined) return which;
  return `${which} of ${namespacesText(namespaces)}`;
}

/** `namespace shop`, `namespaces with team=a`. */
function namespacesText(selector: LabelSelectorObject): string {
  const of = selectorText(selector);
  const [, name] = /^kubernetes\.io\/metadata\.name=([^,]+)$/.exec(of) ?? [];
  if (name !== undefined) return `namespace ${name}`;
  return of === '' ? 'every namespace' : `namespaces with ${of}`;
}

export function peerText(peer: UniformPeer): string {
  switch (peer.kind) {
    case 'pods':
      return podsText(peer);
    case 'net':
      return `${peer.net.text}${peer.except.length > 0 ? ` except ${peer.except.map(({ text }) => text).join(', ')}` : ''}`;
    case 'nodes': {
      const of = selectorText(peer.nodes);
      return of === '' ? 'every node' : `nodes with ${of}`;
    }
    case 'domains':
      return peer.names.join(', ');
    case 'entity':
      return ENTITY_TEXT[peer.entity];
  }
}

const ENTITY_TEXT: Readonly<Record<CiliumEntity, string>> = {
  all: 'everybody',
  world: 'the world outside',
  cluster: 'everybody in the cluster',
  host: 'its own node',
  'remote-node': 'other nodes',
  'kube-apiserver': 'the API server',
  init: 'pods without an identity yet',
  ingress: "Cilium's Ingress",
  unmanaged: 'pods that Cilium does not manage',
  health: "Cilium's health checks",
  none: 'nobody',
};

/** `this pod has role=web`, as an answer to what was wanted. */
export function mismatchText(mismatch: Mismatch): string {
  switch (mismatch.kind) {
    case 'label': {
      const { of, wants, key, has } = mismatch;
      const owner = { pod: 'this pod', namespace: 'its namespace', node: 'this node' }[of];
      const fact = has === undefined ? `has no label ${key}` : `has ${key}=${has === '' ? '""' : has}`;
      return `wants ${of === 'pod' ? '' : `${of}s with `}${wants}; ${owner} ${fact}`;
    }
    case 'namespace':
      return `wants pods of namespace ${mismatch.wants}; this pod is in ${mismatch.has}`;
    case 'not-a-pod':
      return mismatch.isHostNetwork
        ? 'wants pods; this is a node, or a pod on its network, which no selector finds'
        : 'wants pods; this is none';
    case 'outside-net':
      return `wants addresses in ${mismatch.net}; this is ${mismatch.address}`;
    case 'excepted':
      return `leaves ${mismatch.except} out of ${mismatch.net}; this is ${mismatch.address}`;
    case 'other-family':
      return `wants addresses in ${mismatch.net}; ${mismatch.address} is of the other family`;
    case 'net-finds-no-pods':
      return `wants addresses in ${mismatch.net}; here a network finds neither pods nor nodes`;
    case 'not-a-node':
      return 'wants nodes; this is none';
    case 'entity':
      return `wants ${ENTITY_TEXT[mismatch.wants]}; this is not`;
    case 'protocol':
      return `wants ${mismatch.wants}; this is ${mismatch.has}`;
    case 'port':
      return `wants ${mismatch.wants}; this goes to port ${mismatch.has}`;
    case 'port-name':
      return `wants port ${mismatch.name}; the destination declares no such port`;
    case 'port-name-elsewhere':
      return `wants port ${mismatch.name}, which is ${mismatch.is.join(' and ')} there; this goes to port ${mismatch.has}`;
    case 'no-ports':
      return 'wants ports; this packet has none';
  }
}

export function missingText(missing: MissingFact): string {
  switch (missing.kind) {
    case 'address':
      return `the address of ${missing.pod} is not known yet`;
    case 'domain':
      return `nobody has asked DNS yet which addresses ${missing.names.join(', ')} has`;
  }
}

export const BASIS_TEXT: Readonly<Record<Basis, string>> = {
  policy: 'policies decide',
  'not-isolated': 'no policy selects the pod for this direction: everything may pass',
  outside: 'this end is outside the cluster: policies are about pods',
  'host-network': "this end is on a node's network: policies are about pods on the pod network",
  self: 'a pod cannot be kept from itself',
  'own-node': 'a pod cannot be kept from its own node, so that kubelet can probe it',
  undefined: 'the specification does not say what happens to what has no ports; most implementations treat it so',
  'unknown-end': 'there is no such end',
};

/** `#2`, or `allow-dns`. */
const ruleName = ({ name, index }: RuleExplanation): string => name ?? `#${index + 1}`;

/** Why a rule does not admit a packet: `its from: wants role=api; this pod has role=web`. */
export function ruleText(rule: RuleExplanation, direction: Direction): string {
  if (rule.isMatch) {
    const does = { accept: 'admits it', deny: 'denies it', pass: 'passes it on to the next tier' }[rule.action];
    return rule.isDecisive
      ? does
      : `would ${does.replace('admits', 'admit').replace('denies', 'deny').replace('passes', 'pass')}, but it is decided before`;
  }
  const parts = [
    ...(rule.isPeerFound
      ? []
      : rule.peers
          .filter((peer) => peer.length > 0)
          .map((peer) => `its ${PEER_FIELDS[direction]}: ${peer.map(mismatchText).join(' and ')}`)),
    ...rule.missing.map((one) => `cannot tell: ${missingText(one)}`),
    ...(rule.ports.length > 0 ? [`its ports: ${rule.ports.map(mismatchText).join(', or ')}`] : []),
  ];
  return parts.length === 0 ? 'does not match' : parts.join('; or ');
}

/** What a policy selects, before a comma: `selects app=db`. */
export const selectsText = ({ subject }: UniformPolicy): string => `selects ${podsText(subject)}`;

/** One line for a policy: `NetworkPolicy shop/db selects app=db, but its from: wants role=api; this pod has role=web`. */
export function policyText(policy: PolicyExplanation, direction: Direction): string {
  const { ref, word, rules, notSelected = [] } = policy;
  if (word === 'not applicable' && policy.notSelected !== undefined) {
    if (notSelected.length === 0) return `${ref} says nothing of ${direction}`;
    return `${ref} does not select this pod: it ${notSelected.map(mismatchText).join(' and ')}`;
  }
  const selects = `${ref} ${selectsText(policy.policy)}`;
  const decisive = rules.find(({ isDecisive }) => isDecisive) ?? rules.find(({ isMatch }) => isMatch);
  if (decisive) return `${selects}, and rule ${ruleName(decisive)} ${ruleText(decisive, direction)}`;
  if (rules.length === 0) return `${selects}, and has no ${direction} rules: nothing may pass`;
  const [only] = rules;
  if (rules.length === 1 && only) return `${selects}, but ${ruleText(only, direction)}`;
  return `${selects}, but ${rules.map((rule) => `rule ${ruleName(rule)}: ${ruleText(rule, direction)}`).join('. ')}`;
}

/** One end of a packet, line by line: what decides first. */
export function sideText({ basis, direction, policies, isAllowed }: SideExplanation): readonly string[] {
  if (basis !== 'policy' && basis !== 'undefined') return [BASIS_TEXT[basis]];
  const shown = policies.filter((one) => one.notSelected === undefined);
  const lines = shown.map((one) => policyText(one, direction));
  const decides = shown.some(
    ({ rules, policy }) =>
      isolates(policy, direction) || rules.some(({ isDecisive, action }) => isDecisive && action !== 'pass'),
  );
  return decides || !isAllowed ? lines : [...lines, 'no rule decides: everything else may pass'];
}

/** A rule as one reads it: `from role=api or every pod of every namespace, TCP 80`. */
export function ruleSummary({ peers, ports }: UniformRule, direction: Direction): string {
  const whom = peers === undefined ? 'everybody' : peers.map(peerText).join(' or ');
  return `${PEER_FIELDS[direction]} ${whom}, ${ports === undefined ? 'every port' : ports.map(portText).join(', ')}`;
}

export const explanationText = ({ verdict, egress, ingress }: Explanation): readonly string[] => [
  `${verdict.isAllowed ? 'allowed' : 'denied'}`,
  ...sideText(egress).map((line) => `egress: ${line}`),
  ...sideText(ingress).map((line) => `ingress: ${line}`),
];
