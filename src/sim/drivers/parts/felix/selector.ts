/**
 * Kubernetes selectors in the normal form of Calico's, which names what Felix makes of them: libcalico-go/lib/backend/k8s/conversion
 * (`k8sSelectorToCalico`), lib/backend/syncersv1/updateprocessors and lib/selector/parser, v3.31.
 */
import type { ClusterPolicy, LabelSelection, PodSelection } from '../../../kube/cluster-policy.ts';

const KUBERNETES = 'projectcalico.org/orchestrator == "k8s"';
const ANY_NAMESPACE = 'has(projectcalico.org/namespace)';
/** Every endpoint there is. */
export const ALL = 'all()';

/** Labels of a namespace reach its pods under this prefix. */
const OF_NAMESPACE = 'pcns.';

const and = (terms: readonly string[]): string => (terms.length === 1 ? (terms[0] ?? '') : `(${terms.join(' && ')})`);

const quoted = (value: string): string => (value.includes('"') ? `'${value}'` : `"${value}"`);

function terms({ matchLabels = {}, matchExpressions = [] }: LabelSelection, prefix: string): string[] {
  const labels = Object.keys(matchLabels).sort();
  return [
    ...labels.map((key) => `${prefix}${key} == ${quoted(matchLabels[key] ?? '')}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      const label = prefix + key;
      if (operator === 'Exists') return `has(${label})`;
      if (operator === 'DoesNotExist') return `!has(${label})`;
      const set = [...new Set(values)].sort().map(quoted).join(', ');
      return `${label} ${operator === 'In' ? 'in' : 'not in'} {${set}}`;
    }),
  ];
}

/** Host endpoints have labels, too, and are not meant. */
const podTerm = (pods: LabelSelection = {}): string => and([KUBERNETES, ...terms(pods, '')]);

function namespaceTerm(namespaces: LabelSelection): string {
  const all = terms(namespaces, OF_NAMESPACE);
  return all.length === 0 ? ANY_NAMESPACE : and(all);
}

const inNamespace = (namespace: string): string => `projectcalico.org/namespace == ${quoted(namespace)}`;

/** Of a peer, in a policy of a namespace or in one of none. */
export function peerSelector({ namespaces, pods }: PodSelection, namespace: string): string {
  const where = namespaces === undefined ? inNamespace(namespace) : namespaceTerm(namespaces);
  // A peer of an admin policy that names namespaces alone says nothing of pods.
  if (namespace === '' && pods === undefined) return where;
  return and([where, podTerm(pods)]);
}

/** Of the pods that a policy is for. */
export function subjectSelector({ namespace, subject, pods }: ClusterPolicy): string {
  if (subject === undefined) return pods.join(' ');
  const where = subject.namespaces === undefined ? inNamespace(namespace) : namespaceTerm(subject.namespaces);
  return and([podTerm(subject.pods), where]);
}
