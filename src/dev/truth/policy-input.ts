/** Recorded policy cases (reference/netpol.md section 0) to what the oracle takes. Policies go through the importer, as a person's do. */

import { readManifests } from '../../sim/kube/manifests/parse.ts';
import type { PolicyInput, PolicyPod, PolicyPodPort } from '../../sim/kube/policy/input.ts';
import { isPolicy, type PolicyObject } from '../../sim/kube/policy-objects.ts';
import { normalisePolicy } from '../../sim/kube/policy-spelling.ts';
import { ip } from '../../sim/wire/ip.ts';

export interface RecordedObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>> | null;
    readonly ownerReferences?: readonly { readonly kind?: string; readonly name: string }[];
  };
  readonly spec?: Readonly<Record<string, unknown>> | null;
  readonly status?: { readonly podIP?: string; readonly podIPs?: readonly { readonly ip: string }[] };
}

export interface RecordedModel {
  readonly namespaces: readonly { readonly name: string; readonly labels?: Readonly<Record<string, string>> }[];
  readonly pods: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>> | null;
    readonly ip?: string;
    readonly ports?: readonly {
      readonly name?: string;
      readonly port: number;
      readonly protocol: PolicyPodPort['protocol'];
    }[];
  }[];
  readonly nodes?: readonly {
    readonly name: string;
    readonly addresses: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  }[];
  readonly services?: readonly RecordedService[];
}

export interface RecordedService {
  readonly name: string;
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly {
    readonly port: number;
    readonly targetPort?: number | string;
    readonly protocol?: string;
  }[];
}

const POLICY_KINDS = ['NetworkPolicy', 'AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'];

/**
 * What the importer makes of the policies among some objects. Unit tests of others hold some that no API server ever saw: it would have
 * refused their names, or a selector that is missing. Those are taken as they are.
 */
export function readPolicies(resources: readonly RecordedObject[]): readonly PolicyObject[] {
  return resources
    .filter(({ kind = '' }) => POLICY_KINDS.includes(kind))
    .flatMap((object) => {
      const { namespace, ...metadata } = object.metadata ?? {};
      const item = object.kind === 'NetworkPolicy' ? object : { ...object, metadata };
      const { objects, errors } = readManifests(JSON.stringify(item));
      return errors.length === 0 ? objects.filter(isPolicy) : [asItIs(object)];
    });
}

function asItIs(object: RecordedObject): PolicyObject {
  const text = JSON.stringify(object.spec ?? {}, (field, value) =>
    field === 'pods' ? { namespaceSelector: {}, podSelector: {}, ...value } : value,
  );
  const { name = '' } = object.metadata ?? {};
  return normalisePolicy({
    kind: object.kind,
    namespace: namespaceOf(object),
    name,
    spec: JSON.parse(text),
  } as PolicyObject);
}

export function inputOfModel(model: RecordedModel, policies: readonly RecordedObject[]): PolicyInput {
  return {
    namespaces: model.namespaces.map(({ name, labels = {} }) => ({ name, labels })),
    pods: model.pods.map(({ namespace, name, labels, ip: address, ports }) => ({
      namespace,
      name,
      labels: labels ?? {},
      ips: address === undefined ? [] : [ip(address)],
      ports: ports ?? [],
    })),
    nodes: (model.nodes ?? []).map(({ name, addresses, labels = {} }) => ({ name, ips: addresses.map(ip), labels })),
    policies: readPolicies(policies),
  };
}

export interface Workload {
  /** `shop/web[Deployment]`. */
  readonly name: string;
  readonly pod: PolicyPod;
}

const namespaceOf = ({ metadata }: RecordedObject): string => metadata?.namespace || 'default';

/** Pods of one owner are folded into it: the first one stands for all. */
export function workloadsOf(resources: readonly RecordedObject[]): readonly Workload[] {
  const found = new Map<string, Workload>();
  for (const object of resources) {
    const pod = podOf(object);
    if (pod === null) continue;
    const owner = object.metadata?.ownerReferences?.[0];
    const name = owner
      ? `${pod.namespace}/${owner.name}[${owner.kind ?? 'Pod'}]`
      : `${pod.namespace}/${pod.name}[${object.kind}]`;
    if (!found.has(name)) found.set(name, { name, pod });
  }
  return [...found.values()];
}

interface RecordedPodSpec {
  readonly hostNetwork?: boolean;
  readonly containers?: readonly {
    readonly ports?:
      | readonly {
          readonly name?: string;
          readonly containerPort: number;
          readonly protocol?: PolicyPodPort['protocol'];
        }[]
      | null;
  }[];
}

const WORKLOADS = ['Deployment', 'StatefulSet', 'ReplicaSet', 'DaemonSet', 'Job', 'ReplicationController', 'CronJob'];

interface Templated {
  readonly template?: RecordedObject;
  readonly jobTemplate?: RecordedObject;
}

/** A pod is its own; a CronJob has that of its Job. */
function templateOf(object: RecordedObject): RecordedObject {
  if (object.kind === 'Pod') return object;
  const { template, jobTemplate } = (object.spec ?? {}) as Templated;
  return template ?? (jobTemplate ? templateOf(jobTemplate) : {});
}

function podOf(object: RecordedObject): PolicyPod | null {
  const { kind = '', metadata = {}, status } = object;
  if (kind !== 'Pod' && !WORKLOADS.includes(kind)) return null;
  const template = templateOf(object);
  const { containers = [] } = (template.spec ?? {}) as RecordedPodSpec;
  const address = status?.podIPs?.[0]?.ip ?? status?.podIP;
  return {
    namespace: namespaceOf(object),
    name: metadata.name ?? '',
    labels: template.metadata?.labels ?? {},
    ips: address ? [ip(address)] : [],
    ports: containers.flatMap(({ ports }) =>
      (ports ?? []).map(({ name, containerPort, protocol = 'TCP' }) => ({
        ...(name ? { name } : {}),
        port: containerPort,
        protocol,
      })),
    ),
  };
}

export function inputOfResources(resources: readonly RecordedObject[], pods: readonly PolicyPod[]): PolicyInput {
  const namespaces = resources
    .filter(({ kind }) => kind === 'Namespace')
    .map(({ metadata }) => ({ name: metadata?.name ?? '', labels: metadata?.labels ?? {} }));
  return { namespaces, pods, nodes: [], policies: readPolicies(resources) };
}
