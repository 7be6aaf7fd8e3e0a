/** A manifest that was found valid, as the document keeps it: only modelled fields, and only where they differ from the default. */
import {
  AFFINITY_TIMEOUT_SECONDS,
  type ContainerObject,
  type ContainerPortObject,
  type KubeObject,
  type NamespaceObject,
  type ServiceObject,
  type ServicePortObject,
  type WorkloadObject,
} from '../objects.ts';
import type { ControllerKind } from '../validate/controller.ts';
import type {
  Container,
  ControllerManifest,
  MetaManifest,
  PodManifest,
  PodSpec,
  ServiceManifest,
  ServicePort,
  ServiceSpec,
} from '../validate/manifest-types.ts';

/** On a pod or template: its readiness probe fails. The API has no field for what a probe will say. */
export const READY_ANNOTATION = 'hopscope/ready';

/** Read where the older one is not there (reconciler.go `hintsEnabled`, k8s.io/endpointslice v0.35). */
export const TOPOLOGY_ANNOTATION = 'service.kubernetes.io/topology-mode';
const OLDER_TOPOLOGY_ANNOTATION = 'service.kubernetes.io/topology-aware-hints';

export function toNamespace({ name = '', labels = {} }: MetaManifest): KubeObject {
  return said<NamespaceObject>({ kind: 'Namespace', name, labels }, { labels: {} });
}

export function toPod({ metadata = {}, spec = {} }: PodManifest): KubeObject {
  return said<WorkloadObject>(
    {
      kind: 'Pod',
      ...identity(metadata),
      labels: metadata.labels ?? {},
      ...containersOf(spec),
      ...namesOf(spec),
      nodeName: spec.nodeName,
      ready: isReady(metadata),
    },
    { initContainers: [], hostNetwork: false, nodeName: '', ready: true, ...NO_NAMES },
  );
}

export function toWorkload(kind: ControllerKind, { metadata = {}, spec = {} }: ControllerManifest): KubeObject {
  const { metadata: podMeta = {}, spec: podSpec = {} } = spec.template ?? {};
  return said<WorkloadObject>(
    {
      kind,
      ...identity(metadata),
      replicas: kind === 'Job' ? jobPods(spec) : spec.replicas,
      labels: podMeta.labels ?? {},
      ...containersOf(podSpec),
      ...namesOf(kind === 'StatefulSet' ? governed(podSpec, spec) : podSpec),
      nodeName: podSpec.nodeName,
      ready: isReady(podMeta),
    },
    { replicas: 1, initContainers: [], hostNetwork: false, nodeName: '', ready: true, ...NO_NAMES },
  );
}

const NO_NAMES = { dnsPolicy: 'ClusterFirst', dnsConfig: {}, hostname: '', subdomain: '' } as const;

const namesOf = ({ dnsPolicy, dnsConfig, hostname, subdomain }: PodSpec) => ({
  dnsPolicy: dnsPolicy as WorkloadObject['dnsPolicy'],
  dnsConfig: dnsConfig && (JSON.parse(JSON.stringify(dnsConfig)) as NonNullable<WorkloadObject['dnsConfig']>),
  hostname,
  subdomain,
});

/** The controller overwrites both names of its pods (pkg/controller/statefulset, `initIdentity`). */
const governed = (podSpec: PodSpec, { serviceName }: NonNullable<ControllerManifest['spec']>): PodSpec => ({
  ...podSpec,
  hostname: undefined,
  subdomain: serviceName,
});

/** Pods of a Job that run at once, before the first one is done. */
const jobPods = ({ parallelism = 1, completions = parallelism }: NonNullable<ControllerManifest['spec']>): number =>
  Math.min(parallelism, completions);

export function toService({ metadata = {}, spec = {} }: ServiceManifest): KubeObject {
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  return said<ServiceObject>(
    {
      kind: 'Service',
      ...identity(metadata),
      // Validation allowed these words only.
      type: spec.type as ServiceObject['type'],
      clusterIP: spec.clusterIP,
      clusterIPs: (spec.clusterIPs ?? []).length > 1 ? spec.clusterIPs : undefined,
      ipFamilyPolicy: spec.ipFamilyPolicy as ServiceObject['ipFamilyPolicy'],
      ipFamilies: spec.ipFamilies as ServiceObject['ipFamilies'],
      externalName: spec.externalName,
      selector: spec.selector,
      ports: (spec.ports ?? []).map(toServicePort),
      externalTrafficPolicy: spec.externalTrafficPolicy as ServiceObject['externalTrafficPolicy'],
      internalTrafficPolicy: spec.internalTrafficPolicy as ServiceObject['internalTrafficPolicy'],
      sessionAffinity: spec.sessionAffinity as ServiceObject['sessionAffinity'],
      sessionAffinityTimeoutSeconds: seconds,
      externalIPs: spec.externalIPs,
      loadBalancerSourceRanges: spec.loadBalancerSourceRanges,
      loadBalancerClass: spec.loadBalancerClass,
      loadBalancerIP: spec.loadBalancerIP,
      allocateLoadBalancerNodePorts: spec.allocateLoadBalancerNodePorts,
      healthCheckNodePort: spec.healthCheckNodePort,
      publishNotReadyAddresses: spec.publishNotReadyAddresses,
      trafficDistribution: spec.trafficDistribution as ServiceObject['trafficDistribution'],
      topologyMode: topologyModeOf(metadata),
    },
    {
      type: 'ClusterIP',
      clusterIP: '',
      ipFamilyPolicy: isFree(spec) ? 'RequireDualStack' : 'SingleStack',
      ipFamilies: [],
      healthCheckNodePort: 0,
      externalName: '',
      selector: {},
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      sessionAffinityTimeoutSeconds: AFFINITY_TIMEOUT_SECONDS,
      externalIPs: [],
      loadBalancerSourceRanges: [],
      loadBalancerIP: '',
      allocateLoadBalancerNodePorts: true,
      publishNotReadyAddresses: false,
    },
  );
}

/** What nobody selects for and has no address is of both families by default (alloc.go `initIPFamilyFields`, v1.34). */
const isFree = ({ clusterIP, selector = {} }: ServiceSpec): boolean =>
  clusterIP === 'None' && Object.keys(selector).length === 0;

function topologyModeOf({ annotations = {} }: MetaManifest): ServiceObject['topologyMode'] {
  const value = annotations[OLDER_TOPOLOGY_ANNOTATION] ?? annotations[TOPOLOGY_ANNOTATION];
  return value === 'Auto' || value === 'auto' ? 'Auto' : undefined;
}

const identity = ({ namespace = '', name = '' }: MetaManifest) => ({ namespace, name });

const isReady = ({ annotations = {} }: MetaManifest): boolean => annotations[READY_ANNOTATION] !== 'false';

function toServicePort({ name, protocol, port = 0, targetPort, nodePort }: ServicePort): ServicePortObject {
  return said<ServicePortObject>(
    { name, protocol: protocol as ServicePortObject['protocol'], port, targetPort, nodePort },
    { name: '', protocol: 'TCP', targetPort: port, nodePort: 0 },
  );
}

const containersOf = ({ containers = [], initContainers = [], hostNetwork = false }: PodSpec) => ({
  containers: containers.map((container) => toContainer(container, hostNetwork)),
  initContainers: initContainers.map((container) =>
    said<ContainerObject>({ ...toContainer(container, hostNetwork), restartPolicy: restartPolicyOf(container) }, {}),
  ),
  hostNetwork,
});

/** A kubelet from before sidecars, and every other value, runs an init container to its end. */
const restartPolicyOf = ({ restartPolicy }: Container) => (restartPolicy === 'Always' ? restartPolicy : undefined);

function toContainer({ name = '', ports = [] }: Container, hostNetwork: boolean): ContainerObject {
  return {
    name,
    ports: ports.map((port) =>
      said<ContainerPortObject>(
        {
          name: port.name,
          containerPort: port.containerPort ?? 0,
          protocol: port.protocol as ContainerPortObject['protocol'],
          hostPort: port.hostPort,
          hostIP: port.hostPort ? port.hostIP : undefined,
        },
        { name: '', protocol: 'TCP', hostPort: hostNetwork ? port.containerPort : 0, hostIP: '' },
      ),
    ),
  };
}

/** The object without fields that are unset or say the default. */
function said<T extends object>(
  object: { readonly [Field in keyof T]: T[Field] | undefined },
  defaults: { readonly [Field in keyof T]?: unknown },
): T {
  const isDefault = (field: string, value: unknown): boolean =>
    Object.hasOwn(defaults, field) && JSON.stringify(value) === JSON.stringify(defaults[field as keyof T]);
  const kept = Object.entries(object).filter(([field, value]) => value !== undefined && !isDefault(field, value));
  return Object.fromEntries(kept) as T;
}
