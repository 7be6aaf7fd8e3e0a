/** What differs between the two directions of a policy, so that one form serves both. */
import type {
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
  PolicyType,
} from '../../sim/kube/policy-objects.ts';

export interface Rule {
  readonly peers: readonly NetworkPolicyPeer[];
  readonly ports: readonly NetworkPolicyPort[];
}

export interface DirectionFields {
  readonly type: PolicyType;
  readonly list: 'ingress' | 'egress';
  readonly peers: 'from' | 'to';
  readonly nothing: string;
  readonly anybody: string;
  readonly unconcerned: string;
  rulesOf(spec: NetworkPolicySpec): readonly Rule[];
  toSpec(rules: readonly Rule[]): Partial<NetworkPolicySpec>;
}

const given = <Field extends string, Item>(field: Field, items: readonly Item[]) =>
  items.length === 0 ? {} : ({ [field]: items } as { readonly [F in Field]: readonly Item[] });

export const INGRESS: DirectionFields = {
  type: 'Ingress',
  list: 'ingress',
  peers: 'from',
  nothing: 'No rule: nothing may come in.',
  anybody: 'From anywhere, outside the cluster too.',
  unconcerned: 'what comes in is as other policies say',
  rulesOf: ({ ingress = [] }) => ingress.map(({ from = [], ports = [] }) => ({ peers: from, ports })),
  toSpec: (rules) => ({
    ingress: rules.map(({ peers, ports }) => ({ ...given('from', peers), ...given('ports', ports) })),
  }),
};

export const EGRESS: DirectionFields = {
  type: 'Egress',
  list: 'egress',
  peers: 'to',
  nothing: 'No rule: nothing may leave, DNS queries neither.',
  anybody: 'To anywhere, outside the cluster too.',
  unconcerned: 'what leaves is as other policies say',
  rulesOf: ({ egress = [] }) => egress.map(({ to = [], ports = [] }) => ({ peers: to, ports })),
  toSpec: (rules) => ({
    egress: rules.map(({ peers, ports }) => ({ ...given('to', peers), ...given('ports', ports) })),
  }),
};
