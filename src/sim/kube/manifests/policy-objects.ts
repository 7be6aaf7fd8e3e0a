/** Policies that were found valid, as the document keeps them. */
import type { CiliumPolicyObject } from '../cilium-policy-objects.ts';
import type { PolicyKind, PolicyObject } from '../policy-objects.ts';
import { normalisePolicy } from '../policy-spelling.ts';
import type { AdminPolicyManifest } from '../validate/admin-policy.ts';
import type { CiliumPolicyManifest, CiliumRuleManifest } from '../validate/cilium-policy.ts';
import type { NetworkPolicyManifest } from '../validate/network-policy.ts';
import { LEFT_OUT_FIELDS } from './cilium-kinds.ts';

// Validation has seen each word and number: the casts say what it checked.
export const toNetworkPolicy = ({ metadata = {}, spec = {} }: NetworkPolicyManifest): PolicyObject =>
  normalisePolicy({
    kind: 'NetworkPolicy',
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    spec,
  } as PolicyObject);

export const toAdminPolicy = (kind: PolicyKind, { metadata = {}, spec = {} }: AdminPolicyManifest): PolicyObject =>
  normalisePolicy({ kind, name: metadata.name ?? '', spec } as PolicyObject);

/** Null where nothing is left of it: policies for nodes are not modelled. */
export function toCiliumPolicy(
  kind: CiliumPolicyObject['kind'],
  { metadata = {}, spec, specs }: CiliumPolicyManifest,
): PolicyObject | null {
  const rules = specs?.filter(isForPods).map(readable);
  const rule = spec && isForPods(spec) ? readable(spec) : undefined;
  if (rule === undefined && (rules ?? []).length === 0) return null;
  return normalisePolicy({
    kind,
    ...(kind === 'CiliumNetworkPolicy' ? { namespace: metadata.namespace ?? '' } : {}),
    name: metadata.name ?? '',
    ...(rule ? { spec: rule } : {}),
    ...(rules ? { specs: rules } : {}),
  } as PolicyObject);
}

const isForPods = ({ nodeSelector }: CiliumRuleManifest): boolean => nodeSelector === undefined;

/** Without its unknown part a rule would match too much: it becomes an empty one, which matches nothing. */
function readable(rule: CiliumRuleManifest): CiliumRuleManifest {
  const emptied = <Traffic extends object>(list: readonly Traffic[]) => list.map((one) => (isReadable(one) ? one : {}));
  const { ingress, ingressDeny, egress, egressDeny } = rule;
  return {
    ...rule,
    ...(ingress ? { ingress: emptied(ingress) } : {}),
    ...(ingressDeny ? { ingressDeny: emptied(ingressDeny) } : {}),
    ...(egress ? { egress: emptied(egress) } : {}),
    ...(egressDeny ? { egressDeny: emptied(egressDeny) } : {}),
  };
}

function isReadable(traffic: object): boolean {
  const { fromCIDRSet = [], toCIDRSet = [] } = traffic as {
    readonly fromCIDRSet?: readonly object[];
    readonly toCIDRSet?: readonly object[];
  };
  const hasGroup = [...fromCIDRSet, ...toCIDRSet].some((one) => 'cidrGroupRef' in one || 'cidrGroupSelector' in one);
  return !hasGroup && !LEFT_OUT_FIELDS.some((field) => field in traffic);
}
