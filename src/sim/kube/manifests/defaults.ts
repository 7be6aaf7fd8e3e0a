/** What the API server fills in before it validates (pkg/apis/core/v1/defaults.go), and kubectl's default namespace. */
import { AFFINITY_TIMEOUT_SECONDS } from '../objects.ts';
import type {
  ControllerManifest,
  MetaManifest,
  PodManifest,
  PodSpec,
  ServiceManifest,
  ServicePort,
  ServiceSpec,
} from '../validate/manifest-types.ts';

export const withNamespace = <T extends { readonly metadata?: MetaManifest | undefined }>(manifest: T): T => ({
  ...manifest,
  metadata: { ...manifest.metadata, namespace: manifest.metadata?.namespace || 'default' },
});

export function defaultService(manifest: ServiceManifest): ServiceManifest {
  return { ...withNamespace(manifest), spec: defaultServiceSpec(manifest.spec ?? {}) };
}

function defaultServiceSpec(spec: ServiceSpec): ServiceSpec {
  const { clusterIP = '', clusterIPs = [], allocateLoadBalancerNodePorts, internalTrafficPolicy } = spec;
  const type = spec.type || 'ClusterIP';
  const sessionAffinity = spec.sessionAffinity || 'None';
  const timeoutSeconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_TIMEOUT_SECONDS;
  return {
    ...spec,
    type,
    sessionAffinity,
    sessionAffinityConfig: sessionAffinity === 'ClientIP' ? { clientIP: { timeoutSeconds } } : undefined,
    ports: spec.ports?.map(defaultServicePort),
    clusterIPs: clusterIPs.length === 0 && clusterIP !== '' ? [clusterIP] : clusterIPs,
    allocateLoadBalancerNodePorts: allocateLoadBalancerNodePorts ?? (type === 'LoadBalancer' ? true : undefined),
    internalTrafficPolicy: internalTrafficPolicy ?? (type === 'ExternalName' ? undefined : 'Cluster'),
  };
}

const defaultServicePort = (port: ServicePort): ServicePort => ({
  ...port,
  protocol: port.protocol || 'TCP',
  targetPort: port.targetPort || port.port,
});

export const defaultPod = (pod: PodManifest): PodManifest => ({
  ...withNamespace(pod),
  spec: defaultHostPorts(defaultPodSpec(pod.spec ?? {})),
});

/** Of a pod, not of a template (gate DefaultHostNetworkHostPortsInPodTemplates): on the host's network a port is the host's. */
function defaultHostPorts(spec: PodSpec): PodSpec {
  if (spec.hostNetwork !== true) return spec;
  const withHostPort = (containers: PodSpec['containers']) =>
    containers?.map((container) => ({
      ...container,
      ports: container.ports?.map((port) => ({ ...port, hostPort: port.hostPort || port.containerPort })),
    }));
  return {
    ...spec,
    containers: withHostPort(spec.containers),
    initContainers: withHostPort(spec.initContainers),
  };
}

export function defaultController(manifest: ControllerManifest): ControllerManifest {
  const template = { ...manifest.spec?.template, spec: defaultPodSpec(manifest.spec?.template?.spec ?? {}) };
  return { ...withNamespace(manifest), spec: { ...manifest.spec, template } };
}

function defaultPodSpec(spec: PodSpec): PodSpec {
  const complete = (containers: PodSpec['containers']) =>
    containers?.map((container) => ({
      ...container,
      imagePullPolicy: container.imagePullPolicy || pullPolicyOf(container.image),
      terminationMessagePolicy: container.terminationMessagePolicy || 'File',
      ports: container.ports?.map((port) => ({ ...port, protocol: port.protocol || 'TCP' })),
    }));
  return {
    ...spec,
    restartPolicy: spec.restartPolicy || 'Always',
    dnsPolicy: spec.dnsPolicy || 'ClusterFirst',
    containers: complete(spec.containers),
    initContainers: complete(spec.initContainers),
  };
}

/** `SetDefaults_Container`: what may change behind its tag is pulled each time. */
function pullPolicyOf(image = ''): string {
  const tag = /:([^/:@]+)(?:@.*)?$/.exec(image)?.[1] ?? (image.includes('@') ? '' : 'latest');
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}
