/**
 * Cilium's label selectors (`endpointSelector`, `fromEndpoints`, `toEndpoints`): labels carry a source (`k8s:app`, `any:app`, or just
 * `app`), and what is known of a pod's namespace is a label of the pod. pkg/k8s/apis/cilium.io/utils `getEndpointSelector`, 1.19.
 */
import { CILIUM_ENTITIES, type CiliumEntity } from '../cilium-policy-objects.ts';
import { expressionHolds } from '../label-selector.ts';
import type { LabelSelectorObject, SelectorExpression } from '../policy-objects.ts';
import type { EntityPeer, PodsPeer } from './uniform.ts';

const NAMESPACE = 'io.kubernetes.pod.namespace';
const NAMESPACE_LABEL = 'io.cilium.k8s.namespace.labels.';
const NAME_OF_NAMESPACE = 'kubernetes.io/metadata.name';
/** What every pod here has: one cluster, and no service accounts of one's own. */
const FIXED = {
  'io.cilium.k8s.policy.cluster': 'default',
  'io.cilium.k8s.policy.serviceaccount': 'default',
};

/** Labels that differ from pod to pod or from rollout to rollout say nothing about who a pod is (pkg/labelsfilter, 1.19). */
const NOT_SECURITY =
  /^(pod-template-hash|controller-revision-hash|pod-template-generation|statefulset\.kubernetes\.io\/|apps\.kubernetes\.io\/|batch\.kubernetes\.io\/|job-name|controller-uid)/;

/** A label that is no part of an identity is as good as missing. */
export const isSecurityLabel = (key: string): boolean => !NOT_SECURITY.test(key);

export const NOBODY: PodsPeer = { kind: 'pods', pods: { matchExpressions: [{ key: '', operator: 'In', values: [] }] } };

interface Requirement extends SelectorExpression {
  readonly source: string;
}

function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelectorObject): readonly Requirement[] {
  const written: readonly SelectorExpression[] = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, operator: 'In' as const, values: [value] })),
    ...matchExpressions,
  ];
  return written.map(({ key, ...rest }) => {
    const [, source = 'any', name = key] = /^([a-z0-9]+):(.*)$/.exec(key) ?? [];
    return { key: name, source, ...rest };
  });
}

/** One value of one label reads better as a label. */
function selectorOf(all: readonly SelectorExpression[]): LabelSelectorObject {
  const isLabel = ({ operator, values = [] }: SelectorExpression, at: number): boolean =>
    operator === 'In' && values.length === 1 && all.findIndex(({ key }) => key === all[at]?.key) === at;
  const labels = all.filter(isLabel).map(({ key, values = [] }) => [key, values[0] ?? ''] as const);
  const others = all.filter((one, at) => !isLabel(one, at));
  return {
    ...(labels.length > 0 ? { matchLabels: Object.fromEntries(labels) } : {}),
    ...(others.length > 0 ? { matchExpressions: others } : {}),
  };
}

/** `home`: the policy's own namespace, which is meant where the selector names none; absent for a clusterwide policy. */
export function ciliumPeer(selector: LabelSelectorObject, home?: string): PodsPeer | EntityPeer {
  const all = requirementsOf(selector);
  const reserved = all.filter(({ source }) => source === 'reserved');
  if (reserved.length > 0) return entityPeer(reserved, all);
  const pods: SelectorExpression[] = [];
  const namespaces: SelectorExpression[] = [];
  for (const { source, ...one } of all) {
    const { key } = one;
    if (source !== 'k8s' && source !== 'any') pods.push({ ...one, key: `${source}:${key}` });
    else if (key === NAMESPACE) namespaces.push({ ...one, key: NAME_OF_NAMESPACE });
    else if (key.startsWith(NAMESPACE_LABEL)) namespaces.push({ ...one, key: key.slice(NAMESPACE_LABEL.length) });
    else if (key in FIXED || !isSecurityLabel(key)) {
      if (!expressionHolds(one, FIXED)) return NOBODY;
    } else pods.push(one);
  }
  if (namespaces.length > 0) return { kind: 'pods', namespaces: selectorOf(namespaces), pods: selectorOf(pods) };
  const where = home === undefined ? { namespaces: {} } : { namespace: home };
  return { kind: 'pods', ...where, pods: selectorOf(pods) };
}

/** The subject of a namespaced policy never leaves its namespace, whatever it says (`ParseToCiliumRule`). */
export function ciliumSubject(selector: LabelSelectorObject, home?: string): PodsPeer {
  const found = ciliumPeer(selector, home);
  if (found.kind === 'entity') return NOBODY;
  if (home === undefined || found.namespace !== undefined || found === NOBODY) return found;
  const { matchExpressions = [], ...labels } = found.namespaces ?? {};
  const isHere = { key: NAME_OF_NAMESPACE, operator: 'In' as const, values: [home] };
  return { ...found, namespaces: { ...labels, matchExpressions: [...matchExpressions, isHere] } };
}

/** `reserved:host` names somebody who is no pod; together with labels of pods it names nobody. */
function entityPeer(reserved: readonly Requirement[], all: readonly Requirement[]): PodsPeer | EntityPeer {
  const [only] = reserved;
  const isNamed = only?.operator === 'Exists' || (only?.operator === 'In' && only.values?.includes('') === true);
  const entity = CILIUM_ENTITIES.find((one): one is CiliumEntity => one === only?.key);
  return all.length === 1 && isNamed && entity !== undefined ? { kind: 'entity', entity } : NOBODY;
}
