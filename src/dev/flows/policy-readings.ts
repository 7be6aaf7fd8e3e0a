/**
 * What each implementation makes of policies where it departs from the specification, as a change of the policies: so that the oracle,
 * asked about the changed ones, says what the datapath does. Sources are in the drivers' READMEs; netpol.md 3.16 lists them.
 */

import type { PolicyInput } from '../../sim/kube/policy/input.ts';
import { policyInputOf } from '../../sim/kube/policy/input-of.ts';
import type {
  AdminNetworkPolicyObject,
  NetworkPolicyObject,
  NetworkPolicyPort,
  NetworkPolicySpec,
  PolicyObject,
  PolicyType,
} from '../../sim/kube/policy-objects.ts';
import { isCiliumPolicy, policyTypesOf } from '../../sim/kube/policy-objects.ts';

export { policyInputOf };

/** A reading, by the CNI that has it. `forNodes`: what holds where another node sends. */
export interface Reading {
  readonly read: (input: PolicyInput) => PolicyInput;
  readonly forNodes?: (input: PolicyInput) => PolicyInput;
}

const withPolicies = (input: PolicyInput, policies: readonly PolicyObject[]): PolicyInput => ({ ...input, policies });
const isNetworkPolicy = (policy: PolicyObject): policy is NetworkPolicyObject => policy.kind === 'NetworkPolicy';

const mapSpecs = (
  input: PolicyInput,
  change: (spec: NetworkPolicySpec, of: NetworkPolicyObject) => NetworkPolicySpec,
) =>
  withPolicies(
    input,
    input.policies.map((policy) =>
      isNetworkPolicy(policy) ? { ...policy, spec: change(policy.spec, policy) } : policy,
    ),
  );

type Rules = Pick<NetworkPolicySpec, 'ingress' | 'egress'>;
const rulesOf = ({ ingress, egress }: NetworkPolicySpec): Rules => ({
  ...(ingress ? { ingress } : {}),
  ...(egress ? { egress } : {}),
});

/** v3.31 reads NetworkPolicy and the two older admin kinds. */
function calico(input: PolicyInput): PolicyInput {
  const known = input.policies.filter(({ kind }) => kind !== 'ClusterNetworkPolicy');
  return withPolicies(
    input,
    known.map((policy) => {
      if (policy.kind !== 'AdminNetworkPolicy' && policy.kind !== 'BaselineAdminNetworkPolicy') return policy;
      return { ...policy, spec: readAdmin(policy.spec as AdminNetworkPolicyObject['spec']) } as PolicyObject;
    }),
  );
}

/** A named port means every port; a rule with a peer that it cannot read allows nothing, or denies everything. */
function readAdmin(spec: AdminNetworkPolicyObject['spec']): AdminNetworkPolicyObject['spec'] {
  const withoutNames = <R extends { readonly ports?: readonly { readonly namedPort?: string }[] }>(rule: R): R => {
    const { ports, ...rest } = rule;
    return ports?.some(({ namedPort }) => namedPort !== undefined) ? (rest as R) : rule;
  };
  const { ingress, egress, ...rest } = spec;
  const readable = egress?.flatMap((rule) => {
    if (!rule.to.some(({ nodes, domainNames }) => nodes ?? domainNames)) return [withoutNames(rule)];
    return rule.action === 'Allow' ? [] : [{ action: 'Deny' as const, to: [{ networks: ['0.0.0.0/0'] }] }];
  });
  return {
    ...rest,
    ...(ingress ? { ingress: ingress.map(withoutNames) } : {}),
    ...(readable ? { egress: readable } : {}),
  };
}

/** 1.19 reads NetworkPolicy and its own kinds. Rules close a direction by themselves; networks find no pods. */
function cilium(input: PolicyInput): PolicyInput {
  const networkPolicies = withPolicies(
    input,
    input.policies.filter((policy) => isNetworkPolicy(policy) || isCiliumPolicy(policy)),
  );
  const closed = mapSpecs(networkPolicies, (spec) => ({ ...spec, policyTypes: [...typesWithRules(spec)] }));
  return { ...mapSpecs(closed, (spec) => agreeingNames(spec, input)), profile: { ipBlockFindsPods: false } };
}

function typesWithRules(spec: NetworkPolicySpec): ReadonlySet<PolicyType> {
  return new Set([
    ...policyTypesOf(spec),
    ...((spec.ingress ?? []).length > 0 ? (['Ingress'] as const) : []),
    ...((spec.egress ?? []).length > 0 ? (['Egress'] as const) : []),
  ]);
}

/** A name in an egress rule is one number for the whole cluster, or nothing. */
function agreeingNames(spec: NetworkPolicySpec, { pods }: PolicyInput): NetworkPolicySpec {
  const numberOf = ({ port, protocol = 'TCP' }: NetworkPolicyPort): readonly NetworkPolicyPort[] => {
    const meant = pods.filter(({ hostNetwork }) => !hostNetwork).flatMap(({ ports }) => ports);
    const numbers = new Set(
      meant.filter((one) => one.name === port && one.protocol === protocol).map((one) => one.port),
    );
    return [...numbers].length === 1 ? [...numbers].map((number) => ({ protocol, port: number })) : [];
  };
  const egress = spec.egress?.flatMap((rule) => {
    const ports = rule.ports?.flatMap((port) => (typeof port.port === 'string' ? numberOf(port) : [port]));
    if (ports?.length === 0) return [];
    return [{ ...rule, ...(ports ? { ports } : {}) }];
  });
  return { ...spec, ...(egress ? { egress } : {}) };
}

/** No network finds a node. */
function ciliumNodes(input: PolicyInput): PolicyInput {
  return mapSpecs(cilium(input), ({ ingress, ...spec }) => ({
    ...spec,
    ...(ingress
      ? {
          ingress: ingress.flatMap((rule) => {
            const from = rule.from?.filter(({ ipBlock }) => ipBlock === undefined);
            return from?.length === 0 ? [] : [{ ...rule, ...(from ? { from } : {}) }];
          }),
        }
      : {}),
  }));
}

/** 2.8.1 reads NetworkPolicy without names of ports, and of a range the first port. */
function weave(input: PolicyInput): PolicyInput {
  const policies = input.policies.filter(isNetworkPolicy).filter(({ spec }) => !namesPorts(rulesOf(spec)));
  return mapSpecs(withPolicies(input, policies), (spec) => ({
    ...spec,
    ...(spec.ingress ? { ingress: spec.ingress.map((rule) => withoutRanges(rule)) } : {}),
    ...(spec.egress ? { egress: spec.egress.map((rule) => withoutRanges(rule)) } : {}),
  }));
}

const namesPorts = ({ ingress = [], egress = [] }: Rules): boolean =>
  [...ingress, ...egress].some(({ ports = [] }) => ports.some(({ port }) => typeof port === 'string'));

function withoutRanges<R extends { readonly ports?: readonly NetworkPolicyPort[] }>(rule: R): R {
  return rule.ports ? { ...rule, ports: rule.ports.map(({ endPort: _, ...port }) => port) } : rule;
}

/** Weave heeds rules that `policyTypes` leaves out for pods that another policy isolates: no policies say that, so there are none here. */
export function withoutIdleRules(input: PolicyInput): PolicyInput {
  return mapSpecs(input, (spec) => {
    const types = policyTypesOf(spec);
    const { ingress, egress, ...rest } = spec;
    return {
      ...rest,
      ...(ingress && types.includes('Ingress') ? { ingress } : {}),
      ...(egress && types.includes('Egress') ? { egress } : {}),
    };
  });
}

export const READINGS: Readonly<Record<string, Reading>> = {
  calico: { read: calico },
  canal: { read: calico },
  cilium: { read: cilium, forNodes: ciliumNodes },
  weave: { read: weave },
};
