/**
 * One spelling for each meaning: a field that says what the API server would default to is left out, so that equal clusters are
 * equal values. Defaults are those of the Kubernetes API (core/v1, apps/v1).
 */

import { same } from '../base/same.ts';
import type {
  ContainerObject,
  ContainerPortObject,
  KubeObject,
  NamespaceObject,
  ServiceObject,
  WorkloadObject,
} from '../kube/objects.ts';
import { isPolicy } from '../kube/policy-objects.ts';
import { normalisePolicy } from '../kube/policy-spelling.ts';
import type { Probe, ProbeOptions } from './probe.ts';
import type { ClusterSize } from './scenario.ts';

const CLIENT_IP_TIMEOUT_SECONDS = 10_800;

/** Idempotent. */
export function normaliseObject(object: KubeObject): KubeObject {
  if (object.kind === 'Service') return normaliseService(object);
  if (object.kind === 'Namespace') return normaliseNamespace(object);
  if (isPolicy(object)) return normalisePolicy(object);
  return normaliseWorkload(object);
}

/** Only the size, of whatever has one. A zone of a node that is not there says nothing. */
export function sizeOf(of: ClusterSize): ClusterSize {
  const { nodes, podCIDR, nodeMask, serviceCIDR, nodeNetwork, mtuBytes } = of;
  const zones = (of.zones ?? []).slice(0, nodes);
  const last = zones.findLastIndex((zone) => zone !== '');
  const named = zones.slice(0, last + 1);
  const { farSubnet, ipv6, nodeLocalDns } = of;
  return without<ClusterSize>(
    { nodes, podCIDR, nodeMask, serviceCIDR, nodeNetwork, mtuBytes, zones: named, farSubnet, ipv6, nodeLocalDns },
    { zones: [] },
  );
}

export function normaliseProbe(probe: Probe): Probe {
  const options = probe.options && without<ProbeOptions>(probe.options, { handshakeOnly: false });
  return without<Probe>({ ...probe, to: normaliseTo(probe), options }, { options: {} });
}

/**
 * Machines that are no pods do not know names of Services: where only the start was changed to one, the address is meant, as in links
 * from a time when a lookup was no packets. Who types a name there has it looked up (`name`).
 */
function normaliseTo({ from, to }: Probe): Probe['to'] {
  if (from.kind === 'pod' || to.kind !== 'service' || to.via !== 'name') return to;
  return { ...to, via: 'clusterIP' };
}

function normaliseWorkload(workload: WorkloadObject): WorkloadObject {
  // A Pod is one, a DaemonSet has one on each node.
  const replicas = workload.kind === 'Pod' || workload.kind === 'DaemonSet' ? undefined : workload.replicas;
  return without(
    {
      ...workload,
      replicas,
      containers: workload.containers.map((one) => normaliseContainer(one, workload.hostNetwork)),
      initContainers: workload.initContainers?.map((one) => normaliseContainer(one, workload.hostNetwork)),
    },
    {
      replicas: 1,
      initContainers: [],
      hostNetwork: false,
      ready: true,
      nodeName: '',
      dnsPolicy: 'ClusterFirst',
      dnsConfig: {},
      hostname: '',
      subdomain: '',
    },
  );
}

function normaliseContainer(container: ContainerObject, hostNetwork = false): ContainerObject {
  return {
    ...container,
    ports: container.ports.map((port) => {
      // On the host's network the port is the node's own; a host address without a host port says nothing.
      const hostPort = hostNetwork && port.hostPort === port.containerPort ? undefined : port.hostPort;
      const hostIP = hostPort === undefined ? undefined : port.hostIP;
      return without<ContainerPortObject>({ ...port, hostPort, hostIP }, { name: '', protocol: 'TCP' });
    }),
  };
}

function normaliseService(service: ServiceObject): ServiceObject {
  const hasAffinity = service.sessionAffinity === 'ClientIP';
  const ports = service.ports.map((port) => without(port, { name: '', protocol: 'TCP', targetPort: port.port }));
  const timeout = hasAffinity ? service.sessionAffinityTimeoutSeconds : undefined;
  const { clusterIP, clusterIPs = [], selector = {} } = service;
  // What nobody selects for and has no address is of both families by default.
  const isFree = clusterIP === 'None' && Object.keys(selector).length === 0;
  return without(
    {
      ...service,
      ports,
      clusterIPs: clusterIPs.length > 1 ? clusterIPs : undefined,
      sessionAffinityTimeoutSeconds: timeout,
    },
    {
      ipFamilyPolicy: isFree ? 'RequireDualStack' : 'SingleStack',
      ipFamilies: [],
      healthCheckNodePort: 0,
      type: 'ClusterIP',
      clusterIP: '',
      externalName: '',
      selector: {},
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      sessionAffinityTimeoutSeconds: CLIENT_IP_TIMEOUT_SECONDS,
      externalIPs: [],
      loadBalancerSourceRanges: [],
      allocateLoadBalancerNodePorts: true,
      loadBalancerIP: '',
      publishNotReadyAddresses: false,
    },
  );
}

function normaliseNamespace(namespace: NamespaceObject): NamespaceObject {
  return without(namespace, { labels: {} });
}

/** The object without the fields that are undefined or say the default. */
function without<T extends object>(
  object: { readonly [Field in keyof T]: T[Field] | undefined },
  defaults: { readonly [Field in keyof T]?: unknown },
): T {
  const said = Object.entries(object).filter(
    ([field, value]) =>
      value !== undefined && !(Object.hasOwn(defaults, field) && same(value, defaults[field as keyof T])),
  );
  return Object.fromEntries(said) as T;
}
