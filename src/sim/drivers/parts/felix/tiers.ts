/**
 * In which order policies are asked: tiers (libcalico-go/lib/clientv3/client.go), within one by order and name
 * (felix/calc/policy_sorter.go), and neighbours with one selector behind one chain (felix/dataplane/linux/endpoint_mgr.go
 * `groupPolicies`), v3.31.
 */
import { sha3_224 } from '@noble/hashes/sha3.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { toBase64url } from '../../../base/base64url.ts';
import type { ClusterPolicy, ClusterPolicyKind, PolicyDirection } from '../../../kube/cluster-policy.ts';
import { CHAIN_NAME_MAX, limitedName } from './chain.ts';
import { subjectSelector } from './selector.ts';

/** ClusterNetworkPolicy came with v3.32, in place of the other two. */
export const KNOWN_KINDS: readonly ClusterPolicyKind[] = [
  'NetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
];

/** At its end, `default` drops what none of its policies let pass; the others leave it to the next. */
const TIERS = [
  { name: 'adminnetworkpolicy', of: 'Admin', drops: false },
  { name: 'default', of: undefined, drops: true },
  { name: 'baselineadminnetworkpolicy', of: 'Baseline', drops: false },
] as const;

export interface Tier {
  readonly name: string;
  readonly drops: boolean;
  readonly groups: readonly PolicyGroup[];
}

/** Policies that are asked one after the other; a single one is asked without a chain of the group's own. */
export interface PolicyGroup {
  readonly chain: string;
  readonly policies: readonly ClusterPolicy[];
}

/** As Calico calls it: tier and kind are a part of the name. */
export function calicoName({ kind, namespace, name }: ClusterPolicy): string {
  if (kind === 'AdminNetworkPolicy') return `kanp.adminnetworkpolicy.${name}`;
  if (kind === 'BaselineAdminNetworkPolicy') return `kbanp.baselineadminnetworkpolicy.${name}`;
  return `${namespace}/knp.default.${name}`;
}

const tierName = ({ tier }: ClusterPolicy): string => TIERS.find(({ of }) => of === tier)?.name ?? 'default';

const chainNames = new WeakMap<ClusterPolicy, Readonly<Record<PolicyDirection, string>>>();

/** `cali-pi-…`. */
export function policyChain(direction: PolicyDirection, policy: ClusterPolicy): string {
  const name = `${tierName(policy)}/${calicoName(policy)}`;
  const names = chainNames.get(policy) ?? {
    ingress: limitedName('cali-pi-', name),
    egress: limitedName('cali-po-', name),
  };
  chainNames.set(policy, names);
  return names[direction];
}

/** Of the policies that concern one pod in one direction. */
export function tiersOf(policies: readonly ClusterPolicy[], direction: PolicyDirection): readonly Tier[] {
  return TIERS.flatMap(({ name, of, drops }) => {
    const own = policies.filter(({ tier }) => tier === of).sort(inOrder);
    return own.length === 0 ? [] : [{ name, drops, groups: groupsOf(name, own, direction) }];
  });
}

/** NetworkPolicies have all the same order. */
const inOrder = (a: ClusterPolicy, b: ClusterPolicy): number =>
  (a.priority ?? 0) - (b.priority ?? 0) || (calicoName(a) < calicoName(b) ? -1 : 1);

const selectors = new WeakMap<ClusterPolicy, string>();

function selectorOf(policy: ClusterPolicy): string {
  const selector = selectors.get(policy) ?? subjectSelector(policy);
  selectors.set(policy, selector);
  return selector;
}

function groupsOf(tier: string, policies: readonly ClusterPolicy[], direction: PolicyDirection): PolicyGroup[] {
  const groups: { selector: string; policies: ClusterPolicy[] }[] = [];
  for (const policy of policies) {
    const selector = selectorOf(policy);
    const last = groups.at(-1);
    if (last?.selector === selector) last.policies.push(policy);
    else groups.push({ selector, policies: [policy] });
  }
  return groups.map((group) => ({
    chain:
      group.policies.length === 1 && group.policies[0]
        ? policyChain(direction, group.policies[0])
        : groupChain(tier, group.selector, group.policies.map(calicoName), direction),
    policies: group.policies,
  }));
}

const GROUPS_MAX = 10_000;
const groupNames = new Map<string, string>();

function groupChain(tier: string, selector: string, names: readonly string[], direction: PolicyDirection): string {
  const way = direction === 'ingress' ? 'inbound' : 'outbound';
  const lines = [tier, selector, way, String(names.length), ...names];
  const text = lines.map((line) => `${line}\n`).join('');
  const known = groupNames.get(text);
  if (known) return known;
  const id = toBase64url(sha3_224(utf8ToBytes(text)));
  const name = `${direction === 'ingress' ? 'cali-gi-' : 'cali-go-'}${id}`.slice(0, CHAIN_NAME_MAX);
  // Every pod of a node asks for the same few.
  if (groupNames.size >= GROUPS_MAX) groupNames.clear();
  groupNames.set(text, name);
  return name;
}
