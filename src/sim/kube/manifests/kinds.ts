/** Every field of the modelled kinds (Kubernetes 1.34), and what becomes of it. A field that is not here does not exist. */
import type { KubeObject } from '../objects.ts';
import { CILIUM_RULE } from './cilium-kinds.ts';
import { AFFINITY_SHAPE, TOLERATION } from './placement-kinds.ts';
import { ADMIN_SPEC, BASELINE_SPEC, CLUSTER_SPEC, NETWORK_POLICY_SPEC, SELECTOR } from './policy-kinds.ts';
import { ANY, BOOL, INT, INT_OR_STRING, list, MAP, type Shape, STRING, type Struct, struct, word } from './shape.ts';

export interface ModelledKind {
  readonly apiVersion: string;
  readonly shape: Struct;
  /** It has no namespace. */
  readonly isClusterScoped?: true;
  /** Its definition is an object itself, with a schema. */
  readonly isCustom?: true;
}

export const META = struct('ObjectMeta', {
  kept: { name: STRING, namespace: STRING, labels: MAP },
  idleTyped: { annotations: MAP, generateName: STRING },
  idle: 'clusterName creationTimestamp deletionGracePeriodSeconds deletionTimestamp finalizers generation managedFields ownerReferences resourceVersion selfLink uid',
});

const CONTAINER_PORT = struct('ContainerPort', {
  kept: { containerPort: INT, hostIP: STRING, hostPort: INT, name: STRING, protocol: word('Protocol') },
});

/** `own`: fields that are kept of one sort of container only. */
const containerStruct = (own: Readonly<Record<string, Shape>> = {}): Struct =>
  struct('Container', {
    kept: { name: STRING, ports: list(CONTAINER_PORT), ...own },
    idleTyped: {
      image: STRING,
      imagePullPolicy: word('PullPolicy'),
      terminationMessagePolicy: word('TerminationMessagePolicy'),
      ...('restartPolicy' in own ? {} : { restartPolicy: word('ContainerRestartPolicy') }),
    },
    idle: 'args command env envFrom lifecycle livenessProbe readinessProbe resizePolicy resources restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath tty volumeDevices volumeMounts workingDir',
  });

const CONTAINER = containerStruct();
const INIT_CONTAINER = containerStruct({ restartPolicy: word('ContainerRestartPolicy') });
const PLACEMENT = 'pods are spread evenly; only nodeName chooses a node';

const DNS_CONFIG = struct('PodDNSConfig', {
  kept: {
    nameservers: list(STRING),
    searches: list(STRING),
    options: list(struct('PodDNSConfigOption', { kept: { name: STRING, value: STRING } })),
  },
});

const POD_SPEC = struct('PodSpec', {
  kept: {
    containers: list(CONTAINER),
    hostNetwork: BOOL,
    nodeName: STRING,
    dnsPolicy: word('DNSPolicy'),
    dnsConfig: DNS_CONFIG,
    hostname: STRING,
    subdomain: STRING,
  },
  idleTyped: { restartPolicy: word('RestartPolicy') },
  idle: 'activeDeadlineSeconds automountServiceAccountToken enableServiceLinks hostIPC hostPID hostUsers hostnameOverride imagePullSecrets os overhead preemptionPolicy priority priorityClassName resourceClaims resources runtimeClassName securityContext serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace terminationGracePeriodSeconds volumes workloadRef',
  matters: {
    initContainers: {
      consequence: 'they are started in their order and have their ports, but rules that they write are not there',
      shape: list(INIT_CONTAINER),
    },
    ephemeralContainers: 'they are not started',
    hostAliases: 'names are resolved without /etc/hosts',
    readinessGates: 'the pod is ready without them',
    schedulingGates: 'the pod is scheduled at once',
    affinity: { consequence: PLACEMENT, shape: AFFINITY_SHAPE },
    nodeSelector: PLACEMENT,
    tolerations: { consequence: 'no node is tainted', shape: list(TOLERATION) },
    topologySpreadConstraints: PLACEMENT,
    schedulerName: { consequence: PLACEMENT, unless: 'default-scheduler' },
  },
});

const TEMPLATE = struct('PodTemplateSpec', { kept: { metadata: META, spec: POD_SPEC } });

const SERVICE_PORT = struct('ServicePort', {
  kept: { name: STRING, nodePort: INT, port: INT, protocol: word('Protocol'), targetPort: INT_OR_STRING },
  idleTyped: { appProtocol: STRING },
});

const AFFINITY = struct('SessionAffinityConfig', {
  kept: { clientIP: struct('ClientIPConfig', { kept: { timeoutSeconds: INT } }) },
});

const SERVICE_SPEC = struct('ServiceSpec', {
  kept: {
    type: word('ServiceType'),
    clusterIP: STRING,
    clusterIPs: list(STRING),
    ipFamilies: list(word('IPFamily')),
    ipFamilyPolicy: word('IPFamilyPolicy'),
    healthCheckNodePort: INT,
    externalName: STRING,
    selector: MAP,
    ports: list(SERVICE_PORT),
    externalTrafficPolicy: word('ServiceExternalTrafficPolicy'),
    internalTrafficPolicy: word('ServiceInternalTrafficPolicy'),
    sessionAffinity: word('ServiceAffinity'),
    sessionAffinityConfig: AFFINITY,
    externalIPs: list(STRING),
    loadBalancerSourceRanges: list(STRING),
    publishNotReadyAddresses: BOOL,
    trafficDistribution: STRING,
    allocateLoadBalancerNodePorts: BOOL,
    loadBalancerClass: STRING,
    loadBalancerIP: STRING,
  },
});

const object = (spec: Shape): Struct =>
  struct('TypeMeta', { kept: { apiVersion: STRING, kind: STRING, metadata: META, spec }, idleTyped: { status: ANY } });

/** Something that makes pods: `idle` are its own fields, `matters` those that change how many pods there are or how they are called. */
const controller = (
  go: string,
  kept: Readonly<Record<string, Shape>>,
  idle: string,
  matters: Readonly<Record<string, string>> = {},
): Struct => object(struct(go, { kept: { template: TEMPLATE, selector: SELECTOR, ...kept }, idle, matters }));

const admin = (version: string, spec: Struct): ModelledKind => ({
  apiVersion: `policy.networking.k8s.io/${version}`,
  shape: object(spec),
  isClusterScoped: true,
  isCustom: true,
});

const CILIUM_POLICY = struct('CiliumNetworkPolicy', {
  kept: { apiVersion: STRING, kind: STRING, metadata: META, spec: CILIUM_RULE, specs: list(CILIUM_RULE) },
  idleTyped: { status: ANY },
});

export const MODELLED: ReadonlyMap<KubeObject['kind'], ModelledKind> = new Map([
  [
    'Namespace',
    { apiVersion: 'v1', shape: object(struct('NamespaceSpec', { idle: 'finalizers' })), isClusterScoped: true },
  ],
  ['Pod', { apiVersion: 'v1', shape: object(POD_SPEC) }],
  ['Service', { apiVersion: 'v1', shape: object(SERVICE_SPEC) }],
  [
    'Deployment',
    {
      apiVersion: 'apps/v1',
      shape: controller(
        'DeploymentSpec',
        { replicas: INT },
        'minReadySeconds paused progressDeadlineSeconds revisionHistoryLimit strategy',
      ),
    },
  ],
  ['ReplicaSet', { apiVersion: 'apps/v1', shape: controller('ReplicaSetSpec', { replicas: INT }, 'minReadySeconds') }],
  [
    'StatefulSet',
    {
      apiVersion: 'apps/v1',
      shape: controller(
        'StatefulSetSpec',
        { replicas: INT, serviceName: STRING },
        'minReadySeconds persistentVolumeClaimRetentionPolicy podManagementPolicy revisionHistoryLimit updateStrategy volumeClaimTemplates',
        { ordinals: 'pods are numbered from 0' },
      ),
    },
  ],
  [
    'DaemonSet',
    {
      apiVersion: 'apps/v1',
      shape: controller('DaemonSetSpec', {}, 'minReadySeconds revisionHistoryLimit updateStrategy'),
    },
  ],
  [
    'Job',
    {
      apiVersion: 'batch/v1',
      shape: controller(
        'JobSpec',
        { parallelism: INT, completions: INT },
        'activeDeadlineSeconds backoffLimit backoffLimitPerIndex completionMode managedBy manualSelector maxFailedIndexes podFailurePolicy podReplacementPolicy successPolicy ttlSecondsAfterFinished',
        { suspend: 'its pods run all the same' },
      ),
    },
  ],
  ['NetworkPolicy', { apiVersion: 'networking.k8s.io/v1', shape: object(NETWORK_POLICY_SPEC) }],
  ['AdminNetworkPolicy', admin('v1alpha1', ADMIN_SPEC)],
  ['BaselineAdminNetworkPolicy', admin('v1alpha1', BASELINE_SPEC)],
  ['ClusterNetworkPolicy', admin('v1alpha2', CLUSTER_SPEC)],
  ['CiliumNetworkPolicy', { apiVersion: 'cilium.io/v2', shape: CILIUM_POLICY }],
  ['CiliumClusterwideNetworkPolicy', { apiVersion: 'cilium.io/v2', shape: CILIUM_POLICY, isClusterScoped: true }],
]);
