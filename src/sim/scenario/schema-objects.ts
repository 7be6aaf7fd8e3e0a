/** Kubernetes objects as they come from outside. A field that is not modelled here is refused: it must not be lost in silence. */
import * as v from 'valibot';
import type { KubeObject } from '../kube/objects.ts';
import { ADDRESSES_MAX, CONTAINERS_MAX, PORTS_MAX, REPLICAS_MAX } from './limits.ts';
import {
  cidrText,
  className,
  enumOf,
  hostName,
  integer,
  ipText,
  label,
  labels,
  listOf,
  portName,
  portNumber,
  subdomain,
} from './schema-basics.ts';
import { policies } from './schema-policies.ts';

const protocol = enumOf(['TCP', 'UDP', 'SCTP']);
const trafficPolicy = enumOf(['Cluster', 'Local']);

const containerPorts = listOf(
  v.strictObject({
    name: v.exactOptional(portName),
    containerPort: portNumber,
    protocol: v.exactOptional(protocol),
    hostPort: v.exactOptional(portNumber),
    hostIP: v.exactOptional(ipText),
  }),
  PORTS_MAX,
);

const container = v.strictObject({ name: label, ports: containerPorts });

const initContainer = v.strictObject({
  name: label,
  restartPolicy: v.exactOptional(v.literal('Always')),
  ports: containerPorts,
});

/** Of glibc's options none is longer. */
const optionText = v.pipe(v.string('must be a text'), v.maxLength(64, 'must be a short text'));

const dnsConfig = v.strictObject({
  nameservers: v.exactOptional(listOf(ipText, 3)),
  searches: v.exactOptional(listOf(v.union([v.literal('.'), hostName], 'must be a domain'), 32)),
  options: v.exactOptional(listOf(v.strictObject({ name: optionText, value: v.exactOptional(optionText) }), PORTS_MAX)),
});

const workload = v.strictObject({
  kind: enumOf(['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job']),
  namespace: label,
  name: subdomain,
  replicas: v.exactOptional(integer(0, REPLICAS_MAX)),
  labels,
  containers: listOf(container, CONTAINERS_MAX),
  initContainers: v.exactOptional(listOf(initContainer, CONTAINERS_MAX)),
  hostNetwork: v.exactOptional(v.boolean('must be true or false')),
  nodeName: v.exactOptional(subdomain),
  dnsPolicy: v.exactOptional(enumOf(['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'])),
  dnsConfig: v.exactOptional(dnsConfig),
  hostname: v.exactOptional(label),
  subdomain: v.exactOptional(label),
  ready: v.exactOptional(v.boolean('must be true or false')),
});

const service = v.strictObject({
  kind: v.literal('Service'),
  namespace: label,
  name: label,
  type: v.exactOptional(enumOf(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'])),
  clusterIP: v.exactOptional(v.union([v.literal('None'), ipText], 'must be an IP address or None')),
  clusterIPs: v.exactOptional(listOf(ipText, ADDRESSES_MAX)),
  ipFamilyPolicy: v.exactOptional(enumOf(['SingleStack', 'PreferDualStack', 'RequireDualStack'])),
  ipFamilies: v.exactOptional(listOf(enumOf(['IPv4', 'IPv6']), ADDRESSES_MAX)),
  externalName: v.exactOptional(subdomain),
  selector: v.exactOptional(labels),
  ports: listOf(
    v.strictObject({
      name: v.exactOptional(label),
      protocol: v.exactOptional(protocol),
      port: portNumber,
      targetPort: v.exactOptional(v.union([portNumber, portName], 'must be the number or the name of a port')),
      nodePort: v.exactOptional(portNumber),
    }),
    PORTS_MAX,
  ),
  externalTrafficPolicy: v.exactOptional(trafficPolicy),
  internalTrafficPolicy: v.exactOptional(trafficPolicy),
  sessionAffinity: v.exactOptional(enumOf(['None', 'ClientIP'])),
  sessionAffinityTimeoutSeconds: v.exactOptional(integer(1, 86_400)),
  externalIPs: v.exactOptional(listOf(ipText, ADDRESSES_MAX)),
  loadBalancerSourceRanges: v.exactOptional(listOf(cidrText, ADDRESSES_MAX)),
  loadBalancerClass: v.exactOptional(className),
  loadBalancerIP: v.exactOptional(ipText),
  allocateLoadBalancerNodePorts: v.exactOptional(v.boolean('must be true or false')),
  healthCheckNodePort: v.exactOptional(portNumber),
  publishNotReadyAddresses: v.exactOptional(v.boolean('must be true or false')),
  trafficDistribution: v.exactOptional(enumOf(['PreferClose', 'PreferSameZone', 'PreferSameNode'])),
  topologyMode: v.exactOptional(enumOf(['Auto'])),
});

const namespace = v.strictObject({
  kind: v.literal('Namespace'),
  name: label,
  labels: v.exactOptional(labels),
});

export const kubeObject: v.GenericSchema<unknown, KubeObject> = v.variant(
  'kind',
  [workload, service, namespace, ...policies],
  ({ received }) => `is of a kind that this version does not model: ${received}`,
);
