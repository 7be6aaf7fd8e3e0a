/**
 * Kubernetes objects as tuples; a text between them is the namespace of those that follow (`default` before the first).
 *
 *   workload   [kind code, unless Deployment; name, replicas, ports, rest]
 *   Service    [6, name, ports, type code, rest]
 *   Namespace  [7, name, labels]
 *   policy     [8 NetworkPolicy, 9 AdminNetworkPolicy, 10 BaselineAdminNetworkPolicy, 11 ClusterNetworkPolicy; name, spec]
 *              [12 CiliumNetworkPolicy, 13 CiliumClusterwideNetworkPolicy; name, spec, specs]: 0 where there is none
 *
 * Left out is what convention says: labels and selector {app: name}, one container of the workload's name, one replica. One port
 * stands for a list of one. Part of the format of published links: codes may be added, never changed.
 */

import { same } from '../../base/same.ts';
import type {
  ContainerObject,
  KubeObject,
  NamespaceObject,
  ServiceObject,
  WorkloadObject,
} from '../../kube/objects.ts';
import { isCiliumPolicy, isPolicy, type PolicyObject } from '../../kube/policy-objects.ts';
import { packContainerPort, packServicePort, unpackContainerPort, unpackServicePort } from './ports.ts';
import { fillTuple, type Json, listIn, optional, recordIn, trimTuple, wordAt } from './tuple.ts';

const kinds = [
  'Deployment',
  'Pod',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'Service',
  'Namespace',
  'NetworkPolicy',
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
  'CiliumNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
] as const;
const SERVICE = kinds.indexOf('Service');
const NAMESPACE = kinds.indexOf('Namespace');
const NETWORK_POLICY = kinds.indexOf('NetworkPolicy');
const CILIUM_POLICY = kinds.indexOf('CiliumNetworkPolicy');
const types = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const;
const FIRST_NAMESPACE = 'default';

const workloadDefaults: readonly Json[] = ['', 1, [], {}];
const serviceDefaults: readonly Json[] = ['', 80, 0, {}];
const namespaceDefaults: readonly Json[] = ['', {}];
const policyDefaults: readonly Json[] = ['', {}];
const ciliumDefaults: readonly Json[] = ['', 0, 0];

/** Objects are normalised. */
export function packObjects(objects: readonly KubeObject[]): Json[] {
  let present = FIRST_NAMESPACE;
  return objects.flatMap((object): Json[] => {
    const code = kinds.indexOf(object.kind);
    if (object.kind === 'Namespace') return [[code, ...packNamespace(object)]];
    if (isPolicy(object) && !('namespace' in object)) return [[code, ...packPolicy(object)]];
    const change = object.namespace === present ? [] : [object.namespace];
    present = object.namespace;
    if (object.kind === 'Service') return [...change, [code, ...packService(object)]];
    if (isPolicy(object)) return [...change, [code, ...packPolicy(object)]];
    return [...change, [...(code === 0 ? [] : [code]), ...packWorkload(object)]];
  });
}

export function unpackObjects(packed: unknown): unknown[] {
  let namespace: string = FIRST_NAMESPACE;
  return listIn(packed).flatMap((item) => {
    if (typeof item !== 'string') return [unpackObject(item, namespace)];
    namespace = item;
    return [];
  });
}

function unpackObject(item: unknown, namespace: string): unknown {
  const tuple = listIn(item);
  const [code, ...rest] = typeof tuple[0] === 'number' ? tuple : [0, ...tuple];
  if (code === NAMESPACE) return unpackNamespace(rest);
  if (code === SERVICE) return { kind: 'Service', namespace, ...unpackService(rest) };
  if (typeof code === 'number' && code >= NETWORK_POLICY) return unpackPolicy(code, namespace, rest);
  return { kind: wordAt(kinds, code), namespace, ...unpackWorkload(rest) };
}

function packNamespace({ name, labels }: NamespaceObject): Json[] {
  return trimTuple([name, labels ?? {}], namespaceDefaults);
}

function unpackNamespace(tuple: unknown): unknown {
  const [name, labels] = fillTuple(tuple, namespaceDefaults);
  return { kind: 'Namespace', name, ...optional('labels', same(labels, {}) ? undefined : labels) };
}

/** The API's own spelling: the dictionary knows its words. */
function packPolicy(policy: PolicyObject): Json[] {
  const { name, spec = 0 } = policy;
  if (!isCiliumPolicy(policy)) return trimTuple([name, spec as unknown as Json], policyDefaults);
  return trimTuple([name, spec as unknown as Json, (policy.specs ?? 0) as unknown as Json], ciliumDefaults);
}

function unpackPolicy(code: number, namespace: string, tuple: unknown): unknown {
  if (code >= CILIUM_POLICY) {
    const [name, spec, specs] = fillTuple(tuple, ciliumDefaults);
    const written = { ...optional('spec', spec || undefined), ...optional('specs', specs || undefined) };
    return { kind: wordAt(kinds, code), ...(code === CILIUM_POLICY ? { namespace } : {}), name, ...written };
  }
  const [name, spec] = fillTuple(tuple, policyDefaults);
  return { kind: wordAt(kinds, code), ...(code === NETWORK_POLICY ? { namespace } : {}), name, spec };
}

function packWorkload(workload: WorkloadObject): Json[] {
  const { name, replicas, labels, containers, initContainers, hostNetwork, nodeName, ready } = workload;
  const [first, ...others] = containers;
  const own = first && first.name === name && others.length === 0 ? first : null;
  const rest: Record<string, Json> = {};
  if (!same(labels, { app: name })) rest.l = labels;
  if (!own) rest.c = containers.map(packContainer);
  if (initContainers !== undefined) rest.i = initContainers.map(packContainer);
  if (hostNetwork === true) rest.h = 1;
  if (nodeName !== undefined) rest.n = nodeName;
  for (const [letter, field] of Object.entries(nameLetters)) {
    const value = workload[field];
    if (value !== undefined) rest[letter] = value as unknown as Json;
  }
  if (ready === false) rest.r = 0;
  return trimTuple([name, replicas ?? 1, packPorts(own, packContainerPort), rest], workloadDefaults);
}

/** How pods are named and how they resolve names. */
const nameLetters = {
  d: 'dnsPolicy',
  g: 'dnsConfig',
  t: 'hostname',
  s: 'subdomain',
} as const satisfies Readonly<Record<string, keyof WorkloadObject>>;

function packPorts<Port>(of: { readonly ports: readonly Port[] } | null, pack: (port: Port) => Json): Json {
  const packed = of?.ports.map(pack) ?? [];
  const [only] = packed;
  return packed.length === 1 && only !== undefined ? only : packed;
}

const unpackPorts = (packed: unknown, unpack: (port: unknown) => unknown): unknown[] =>
  (Array.isArray(packed) ? packed : [packed]).map(unpack);

function unpackWorkload(tuple: unknown): Readonly<Record<string, unknown>> {
  const [name, replicas, ports, rest] = fillTuple(tuple, workloadDefaults);
  const {
    l: labels,
    c: containers,
    i: initContainers,
    h: hostNetwork,
    n: nodeName,
    r: ready,
    ...others
  } = recordIn(rest);
  const names = Object.entries(nameLetters).map(([letter, field]) => optional(field, others[letter]));
  return {
    name,
    ...optional('replicas', replicas === 1 ? undefined : replicas),
    labels: labels ?? { app: name },
    containers:
      containers === undefined
        ? [{ name, ports: unpackPorts(ports, unpackContainerPort) }]
        : unpackContainers(containers),
    ...optional('initContainers', initContainers === undefined ? undefined : unpackContainers(initContainers)),
    ...optional('hostNetwork', hostNetwork === 1 ? true : hostNetwork),
    ...optional('nodeName', nodeName),
    ...Object.assign({}, ...names),
    ...optional('ready', ready === 0 ? false : ready),
  };
}

/** Before the name of a sidecar. The decoder allows no such sign in a name. */
const SIDECAR = '+';

function packContainer({ name, restartPolicy, ports }: ContainerObject): Json[] {
  return [restartPolicy === 'Always' ? SIDECAR + name : name, ...ports.map(packContainerPort)];
}

function unpackContainers(packed: unknown): unknown[] {
  return listIn(packed).map((container) => {
    const [word, ...ports] = listIn(container);
    const isSidecar = typeof word === 'string' && word.startsWith(SIDECAR);
    return {
      name: isSidecar ? word.slice(SIDECAR.length) : word,
      ...optional('restartPolicy', isSidecar ? 'Always' : undefined),
      ports: ports.map(unpackContainerPort),
    };
  });
}

/** Fields of a Service by their letter, in the order in which they are written. */
const serviceLetters = {
  i: 'clusterIP',
  x: 'externalName',
  e: 'externalTrafficPolicy',
  n: 'internalTrafficPolicy',
  a: 'sessionAffinity',
  t: 'sessionAffinityTimeoutSeconds',
  o: 'externalIPs',
  r: 'loadBalancerSourceRanges',
  p: 'publishNotReadyAddresses',
  d: 'trafficDistribution',
  m: 'topologyMode',
  c: 'clusterIPs',
  y: 'ipFamilyPolicy',
  f: 'ipFamilies',
  k: 'loadBalancerClass',
  b: 'loadBalancerIP',
  l: 'allocateLoadBalancerNodePorts',
  h: 'healthCheckNodePort',
} as const satisfies Readonly<Record<string, keyof ServiceObject>>;

function packService(service: ServiceObject): Json[] {
  const { name, selector, type } = service;
  const rest: Record<string, Json> = {};
  if (!same(selector, { app: name })) rest.s = selector ?? 0;
  for (const [letter, field] of Object.entries(serviceLetters)) {
    const value = service[field];
    if (value !== undefined) rest[letter] = value;
  }
  const typeCode = type === undefined ? 0 : types.indexOf(type);
  return trimTuple([name, packPorts(service, packServicePort), typeCode, rest], serviceDefaults);
}

function unpackService(tuple: unknown): Readonly<Record<string, unknown>> {
  const [name, ports, type, packedRest] = fillTuple(tuple, serviceDefaults);
  const { s: selector = { app: name }, ...rest } = recordIn(packedRest);
  const fields = Object.entries(rest).map(([letter, value]) => [fieldOf(letter), value]);
  return {
    name,
    ...optional('type', type === 0 ? undefined : wordAt(types, type)),
    ...optional('selector', selector === 0 ? undefined : selector),
    ports: unpackPorts(ports, unpackServicePort),
    ...Object.fromEntries(fields),
  };
}

const fieldOf = (letter: string): string =>
  new Map<string, string>(Object.entries(serviceLetters)).get(letter) ?? letter;
