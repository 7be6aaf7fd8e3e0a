/**
 * Kubernetes objects as the document keeps them: only the fields that are modelled, spelled as the API spells them. What a manifest
 * holds beyond them is listed to the person on import.
 */
import type { PolicyObject } from './policy-objects.ts';

export type KubeObject = WorkloadObject | ServiceObject | NamespaceObject | PolicyObject;

export type WorkloadKind = 'Pod' | 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'ReplicaSet' | 'Job';

/** A Pod, or something that makes pods from a template. */
export interface WorkloadObject {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  /** Absent for a Pod, a DaemonSet (one per node) and where the default of 1 holds. */
  readonly replicas?: number;
  /** Labels of the pods. */
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly ContainerObject[];
  /** Started one after the other before `containers`. */
  readonly initContainers?: readonly ContainerObject[];
  /** Its programs run in the node's own network namespace. */
  readonly hostNetwork?: boolean;
  readonly nodeName?: string;
  /** False: the readiness probe fails. Default true. */
  readonly ready?: boolean;
  /** How its resolver is set up; `ClusterFirst` unless said. */
  readonly dnsPolicy?: DnsPolicy;
  readonly dnsConfig?: DnsConfigObject;
  /** With a headless Service named `subdomain` the pod has the name `hostname.subdomain.namespace.svc`. */
  readonly hostname?: string;
  readonly subdomain?: string;
}

export type DnsPolicy = 'ClusterFirst' | 'ClusterFirstWithHostNet' | 'Default' | 'None';

/** Added to what the policy gives. */
export interface DnsConfigObject {
  readonly nameservers?: readonly string[];
  readonly searches?: readonly string[];
  readonly options?: readonly { readonly name: string; readonly value?: string }[];
}

export interface ContainerObject {
  readonly name: string;
  /** Of an init container only: a sidecar, which goes on running beside the containers. */
  readonly restartPolicy?: 'Always';
  readonly ports: readonly ContainerPortObject[];
}

export interface ContainerPortObject {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  /** A port of the node that leads to it. On the host's network it is the port itself. */
  readonly hostPort?: number;
  /** The address of the node that the host port is for; absent: all of them. */
  readonly hostIP?: string;
}

export interface ServiceObject {
  readonly kind: 'Service';
  readonly namespace: string;
  readonly name: string;
  readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly clusterIP?: string;
  /** Where there are two; the first is `clusterIP`. */
  readonly clusterIPs?: readonly string[];
  readonly ipFamilyPolicy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[];
  readonly externalName?: string;
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports: readonly ServicePortObject[];
  readonly externalTrafficPolicy?: 'Cluster' | 'Local';
  readonly internalTrafficPolicy?: 'Cluster' | 'Local';
  readonly sessionAffinity?: 'None' | 'ClientIP';
  readonly sessionAffinityTimeoutSeconds?: number;
  readonly externalIPs?: readonly string[];
  readonly loadBalancerSourceRanges?: readonly string[];
  /** Whose load balancer is wanted; absent: that of whoever serves the cluster by default. */
  readonly loadBalancerClass?: string;
  /** Deprecated since 1.24: the address that is wished for. */
  readonly loadBalancerIP?: string;
  /** False: only node ports that are named are given. */
  readonly allocateLoadBalancerNodePorts?: boolean;
  readonly healthCheckNodePort?: number;
  readonly publishNotReadyAddresses?: boolean;
  readonly trafficDistribution?: 'PreferClose' | 'PreferSameZone' | 'PreferSameNode';
  /** The annotation `service.kubernetes.io/topology-mode`, where its value switches something on. */
  readonly topologyMode?: 'Auto';
}

/** API default of `sessionAffinityConfig.clientIP.timeoutSeconds`: three hours. */
export const AFFINITY_TIMEOUT_SECONDS = 10_800;

export interface ServicePortObject {
  readonly name?: string;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  readonly targetPort?: number | string;
  readonly nodePort?: number;
}

export interface NamespaceObject {
  readonly kind: 'Namespace';
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}
