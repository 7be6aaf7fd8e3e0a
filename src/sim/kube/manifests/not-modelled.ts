/** What is read and then left aside, with what that means. */
const ACCESS = 'who may call the API does not change the path of a packet';
const STORAGE = 'storage does not change the path of a packet';
const CONFIGURATION = 'what programs read from it is not known here';
const NO_WAY_IN = 'read, but no controller for it is modelled yet: it opens no way in';
const BY_HAND = 'endpoints come from selectors; those written by hand are not used yet';
const NOT_STARTED = 'its pods are not started here';

/** What it means that a kind is only read. */
const CONSEQUENCES: ReadonlyMap<string, string> = new Map([
  ...['Ingress', 'IngressClass', 'Gateway', 'GatewayClass', 'HTTPRoute', 'GRPCRoute'].map(
    (kind) => [kind, NO_WAY_IN] as const,
  ),
  ...['Endpoints', 'EndpointSlice'].map((kind) => [kind, BY_HAND] as const),
  ...['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'].map(
    (kind) => [kind, ACCESS] as const,
  ),
  ...['ConfigMap', 'Secret'].map((kind) => [kind, CONFIGURATION] as const),
  ...['PersistentVolume', 'PersistentVolumeClaim', 'StorageClass'].map((kind) => [kind, STORAGE] as const),
  ...['CronJob', 'ReplicationController'].map((kind) => [kind, NOT_STARTED] as const),
  ['HorizontalPodAutoscaler', 'the number of replicas stays as it is written'],
  ['PodDisruptionBudget', 'nothing evicts pods here'],
  ['Node', 'nodes come from the size of the cluster'],
  ['CustomResourceDefinition', 'objects of the kinds that it defines have no effect here'],
]);

export const consequenceOf = (kind: string): string =>
  CONSEQUENCES.get(kind) ?? 'this kind is not modelled: it has no effect here';

const CLUSTER_SCOPED =
  /^(Cluster|PersistentVolume$|StorageClass|IngressClass|GatewayClass|CustomResource|Node$|PriorityClass)/;

/** A known kind stands in `default` when it names no namespace; of an unknown one nobody can tell. */
export const isKnownNamespaced = (kind: string): boolean => CONSEQUENCES.has(kind) && !CLUSTER_SCOPED.test(kind);

/** Something in the text that has no effect, or another effect than in a real cluster. */
export interface NotModelled {
  readonly kind: string;
  /** `shop/deny-all`; empty for a summary of a whole kind. */
  readonly name: string;
  readonly line: number;
  /** `spec.hostNetwork: the pod gets ...`, or a clause about the whole object. */
  readonly text: string;
}

/** Fields without meaning for a packet, by kind. */
export interface IdleFields {
  readonly kind: string;
  readonly line: number;
  readonly fields: ReadonlySet<string>;
}

/** `12 Deployments: env, image, resources do not change a packet's path`: one line for each kind. */
export function summariseIdle(objects: readonly IdleFields[]): readonly NotModelled[] {
  const byKind = new Map<string, IdleFields[]>();
  for (const object of objects) {
    if (object.fields.size > 0) byKind.set(object.kind, [...(byKind.get(object.kind) ?? []), object]);
  }
  return [...byKind].map(([kind, group]) => {
    const fields = [...new Set(group.flatMap((object) => [...object.fields]))].sort();
    const [verb, who] = [
      fields.length === 1 ? 'does' : 'do',
      `${group.length} ${kind}${group.length === 1 ? '' : 's'}`,
    ];
    const line = Math.min(...group.map((object) => object.line));
    return { kind, name: '', line, text: `${who}: ${fields.join(', ')} ${verb} not change a packet's path` };
  });
}
