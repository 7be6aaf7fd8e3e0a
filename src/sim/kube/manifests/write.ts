/** Objects to YAML that kubectl accepts and `readManifests` reads back as the same objects. */
import { stringify } from 'yaml';
import type { ContainerObject, KubeObject, ServiceObject, WorkloadObject } from '../objects.ts';
import { isCiliumPolicy, isPolicy, type PolicyObject } from '../policy-objects.ts';
import { MODELLED } from './kinds.ts';
import { READY_ANNOTATION, TOPOLOGY_ANNOTATION } from './to-object.ts';

/** The API server demands an image, and images are not kept. */
const IMAGE = 'image-is-not-kept';

type Yaml = { readonly [key: string]: unknown };

/** One document for each object, in order. Fields that say the default are left out. */
export function writeManifests(objects: readonly KubeObject[]): string {
  // YAML 1.1 as kubectl reads it: a label `yes` or `1.0` must be written in quotes.
  return objects
    .map((object) => stringify(defined(toManifest(object)), { version: '1.1', lineWidth: 0 }))
    .join('---\n');
}

function toManifest(object: KubeObject): Yaml {
  const { kind, name } = object;
  const apiVersion = MODELLED.get(kind)?.apiVersion;
  if (object.kind === 'Namespace') return { apiVersion, kind, metadata: { name, labels: object.labels } };
  if (isPolicy(object)) return policyManifest(object, apiVersion);
  const metadata = { namespace: object.namespace, name };
  if (object.kind === 'Service')
    return { apiVersion, kind, metadata: { ...metadata, ...serviceMeta(object) }, spec: serviceSpec(object) };
  if (object.kind === 'Pod')
    return { apiVersion, kind, metadata: { ...metadata, ...podMeta(object) }, spec: podSpec(object) };
  return { apiVersion, kind, metadata, spec: controllerSpec(object) };
}

/** kubectl before 1.34 asked for a podSelector, so it is always written. */
function policyManifest(object: PolicyObject, apiVersion: string | undefined): Yaml {
  const { kind, name } = object;
  if (isCiliumPolicy(object)) {
    const { kind: _, name: __, ...rest } = object;
    const { namespace, ...specs } = { namespace: undefined, ...rest };
    return { apiVersion, kind, metadata: { namespace, name }, ...specs };
  }
  if (object.kind !== 'NetworkPolicy') return { apiVersion, kind, metadata: { name }, spec: object.spec };
  const { podSelector = {}, ...spec } = object.spec;
  return { apiVersion, kind, metadata: { namespace: object.namespace, name }, spec: { podSelector, ...spec } };
}

const serviceMeta = ({ topologyMode }: ServiceObject): Yaml =>
  topologyMode === undefined ? {} : { annotations: { [TOPOLOGY_ANNOTATION]: topologyMode } };

function serviceSpec({ kind: _, namespace: __, name: ___, topologyMode: ____, ...service }: ServiceObject): Yaml {
  const { sessionAffinityTimeoutSeconds: timeoutSeconds, ...spec } = service;
  return {
    ...spec,
    ports: service.ports.length === 0 ? undefined : service.ports,
    sessionAffinityConfig: timeoutSeconds === undefined ? undefined : { clientIP: { timeoutSeconds } },
  };
}

function controllerSpec(workload: WorkloadObject): Yaml {
  const { kind, replicas, labels } = workload;
  const isJob = kind === 'Job';
  return {
    replicas: isJob || kind === 'DaemonSet' ? undefined : replicas,
    parallelism: isJob ? replicas : undefined,
    serviceName: kind === 'StatefulSet' ? workload.subdomain : undefined,
    // A Job selects its pods by labels that it adds itself.
    selector: isJob ? undefined : { matchLabels: labels },
    template: {
      metadata: podMeta(workload),
      spec: { ...podSpec(workload), restartPolicy: isJob ? 'Never' : undefined },
    },
  };
}

function podMeta({ labels, ready }: WorkloadObject): Yaml {
  const isEmpty = Object.keys(labels).length === 0;
  return {
    labels: isEmpty ? undefined : labels,
    annotations: ready === false ? { [READY_ANNOTATION]: 'false' } : undefined,
  };
}

const podSpec = (workload: WorkloadObject): Yaml => ({
  nodeName: workload.nodeName,
  hostNetwork: workload.hostNetwork,
  dnsPolicy: workload.dnsPolicy,
  dnsConfig: workload.dnsConfig,
  hostname: workload.hostname,
  // A StatefulSet says it as its serviceName.
  subdomain: workload.kind === 'StatefulSet' ? undefined : workload.subdomain,
  initContainers: workload.initContainers?.map(writeContainer),
  containers: workload.containers.map(writeContainer),
});

const writeContainer = ({ name, restartPolicy, ports }: ContainerObject): Yaml => ({
  name,
  image: IMAGE,
  restartPolicy,
  ports: ports.length === 0 ? undefined : ports,
});

/** Without unset fields, and without shared parts: equal objects twice would be written as anchor and alias. */
const defined = (manifest: Yaml): unknown => JSON.parse(JSON.stringify(manifest));
