/**
 * What is most likely a mistake in a policy that the API server accepts: each finding with the object, the field, and what it means for
 * the pods that there are.
 */
import { isCiliumPolicy, type KubernetesPolicyObject, type PolicyObject } from '../policy-objects.ts';
import { bitsOf, hasBit } from './bitset.ts';
import { podRef } from './ends.ts';
import type { PolicyPod } from './input.ts';
import { lintDns } from './lint-dns.ts';
import type { LintFinding, LintKind, LintSurroundings } from './lint-finding.ts';
import { lintNetworkPolicy } from './lint-network-policy.ts';
import type { PolicyModel } from './model.ts';
import type { LookedUp } from './program.ts';
import { DIRECTIONS, type Direction, PEER_FIELDS, type UniformPort } from './uniform.ts';
import { podsText } from './words.ts';

/** Of all policies that are switched on, in their order. */
export function lint(model: PolicyModel, surroundings: LintSurroundings = {}): readonly LintFinding[] {
  const on = model.policies.filter(model.isOn);
  return on.flatMap((policy): readonly LintFinding[] => [
    ...lintSubject(model, policy),
    ...DIRECTIONS.flatMap((direction) => lintRules(model, policy, direction)),
    ...lintDns(model, policy),
    ...lintOrder(policy, on),
    ...(policy.policy.object.kind === 'NetworkPolicy'
      ? lintNetworkPolicy(model, policy.policy.object, surroundings)
      : []),
    ...lintEnforcement(policy, surroundings),
  ]);
}

const found = (
  kind: LintKind,
  { policy }: LookedUp,
  path: readonly (string | number)[],
  text: string,
): LintFinding => ({ kind, ref: policy.ref, path: ['spec', ...path], text });

const subjectPath = (object: PolicyObject): readonly string[] => [
  isCiliumPolicy(object) ? 'endpointSelector' : object.kind === 'NetworkPolicy' ? 'podSelector' : 'subject',
];

function lintSubject(model: PolicyModel, one: LookedUp): readonly LintFinding[] {
  const { object, subject } = one.policy;
  const path = subjectPath(object);
  const where = subject.namespace === undefined ? '' : ` in namespace ${subject.namespace}`;
  const onHost = model.input.pods.filter((pod) => pod.hostNetwork && selects(model, one, pod));
  const lost = onHost.map(podRef).join(', ');
  return [
    ...(bitsOf(one.subjects).length > 0
      ? []
      : [
          found(
            'selects-nothing',
            one,
            path,
            `selects ${podsText(subject)}${where}, and there is none: it has no effect`,
          ),
        ]),
    ...(onHost.length === 0
      ? []
      : [
          found(
            'host-network',
            one,
            path,
            `${lost} would be selected, but is on its node's network, where policies do not reach`,
          ),
        ]),
  ];
}

/** As if it were on the pod network. */
function selects(model: PolicyModel, { policy: { subject } }: LookedUp, pod: PolicyPod): boolean {
  if (subject.namespace !== undefined && subject.namespace !== pod.namespace) return false;
  return model.ends.holds(subject.namespaces ?? {}, pod.namespace, subject.pods, pod.labels);
}

/** Where the peers and ports of a rule stand: ClusterNetworkPolicies call the latter `protocols`. */
function lintRules(model: PolicyModel, one: LookedUp, direction: Direction): readonly LintFinding[] {
  const { object } = one.policy;
  if (isCiliumPolicy(object)) return [];
  const portsField = object.kind === 'ClusterNetworkPolicy' ? 'protocols' : 'ports';
  return one[direction].flatMap(({ rule, peers }, index) => [
    ...(rule.peers ?? []).flatMap((peer, at): readonly LintFinding[] => {
      const written = writtenAt(object, direction, index)[at] ?? at;
      const path = [direction, index, PEER_FIELDS[direction], written];
      if (peer.kind === 'domains')
        return [
          found(
            'domain-names',
            one,
            path,
            `which addresses ${peer.names.join(', ')} has is not known here: the rule is taken to match nothing`,
          ),
        ];
      if (peer.kind !== 'pods' || !model.ends.findsNobody(peer)) return [];
      const where = peer.namespace === undefined ? '' : ` in namespace ${peer.namespace}`;
      return [found('finds-nobody', one, path, `wants ${podsText(peer)}${where}, and there is none`)];
    }),
    ...(rule.ports ?? []).flatMap((port, at) =>
      lintPort(model, one, port, [direction, index, portsField, at], direction === 'ingress' ? one.subjects : peers),
    ),
  ]);
}

/** Where the peers of a rule stand in the object: a list of networks is several peers. */
function writtenAt({ spec }: KubernetesPolicyObject, direction: Direction, rule: number): readonly number[] {
  const written = spec[direction]?.[rule] as
    | { readonly from?: readonly object[]; readonly to?: readonly object[] }
    | undefined;
  return (written?.[PEER_FIELDS[direction]] ?? []).flatMap((peer, at) =>
    'networks' in peer && Array.isArray(peer.networks) ? peer.networks.map(() => at) : [at],
  );
}

function lintPort(
  model: PolicyModel,
  one: LookedUp,
  port: UniformPort,
  path: readonly (string | number)[],
  destinations: LookedUp['subjects'] | undefined,
): readonly LintFinding[] {
  if (!('name' in port)) {
    const { protocol, from, to } = port;
    return from <= to
      ? []
      : [found('empty-range', one, path, `${protocol} ${from} to ${to} ends before it begins: it matches nothing`)];
  }
  if (declaredBy(model, port, (end) => destinations === undefined || hasBit(destinations, end))) return [];
  const of = port.protocol === undefined ? '' : ` of ${port.protocol}`;
  return [
    found('unknown-port', one, path, `no pod that it is about declares a port ${port.name}${of}: it matches nothing`),
  ];
}

function declaredBy(model: PolicyModel, port: UniformPort, isMeant: (end: number) => boolean): boolean {
  return model.ends.all.some(
    (end, at) =>
      end.kind === 'pods' &&
      isMeant(at) &&
      end.named.some(
        (one) => 'name' in port && one.name === port.name && (port.protocol ?? one.protocol) === one.protocol,
      ),
  );
}

function lintOrder(one: LookedUp, all: readonly LookedUp[]): readonly LintFinding[] {
  const { tier, priority, ref } = one.policy;
  if (tier === 'NetworkPolicy') return [];
  const twin = all.find(({ policy }) => policy.tier === tier && policy.priority === priority && policy.ref !== ref);
  if (twin === undefined) return [];
  return [
    found(
      'same-priority',
      one,
      ['priority'],
      `${twin.policy.ref} has the same priority: which of the two is asked first is undefined`,
    ),
  ];
}

function lintEnforcement(one: LookedUp, { cni }: LintSurroundings): readonly LintFinding[] {
  if (cni === undefined || cni.enforces) return [];
  return [found('not-enforced', one, [], `${cni.name} stores policies and enforces none: this one has no effect`)];
}
