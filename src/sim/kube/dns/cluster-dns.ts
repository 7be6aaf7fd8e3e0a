/**
 * The cluster's name service as kubeadm installs it (cmd/kubeadm/app/phases/addons/dns/manifests.go, v1.36; read 2026-11): objects that
 * stand in every cluster beside what a person applies. A person's own object of the same name takes the place of one of these.
 */
import { cidrNth, type Ip } from '../../wire/ip.ts';
import type { Cluster } from '../cluster.ts';
import { indexOf } from '../cluster-index.ts';
import type { KubeObject, ServiceObject, WorkloadObject } from '../objects.ts';

export const DNS_NAMESPACE = 'kube-system';
/** `networking.dnsDomain` of kubeadm, `clusterDomain` of kubelet. */
export const CLUSTER_DOMAIN = 'cluster.local.';
/** kubeadm's GetDNSIP: the 10th address of the Service range. */
export const DNS_IP_OFFSET = 10;

export const DNS_SERVICE = 'kube-dns';
/** Of the pods of CoreDNS. */
export const DNS_SELECTOR = { 'k8s-app': 'kube-dns' };

/**
 * SIMPLIFIED: the two ports of its probes are left out. They would only be noise on every list of ports.
 */
const DEPLOYMENT: WorkloadObject = {
  kind: 'Deployment',
  namespace: DNS_NAMESPACE,
  name: 'coredns',
  replicas: 2,
  labels: DNS_SELECTOR,
  containers: [
    {
      name: 'coredns',
      ports: [
        { name: 'dns', containerPort: 53, protocol: 'UDP' },
        { name: 'dns-tcp', containerPort: 53 },
        { name: 'metrics', containerPort: 9153 },
      ],
    },
  ],
  dnsPolicy: 'Default',
};

const SERVICE: ServiceObject = {
  kind: 'Service',
  namespace: DNS_NAMESPACE,
  name: DNS_SERVICE,
  selector: DNS_SELECTOR,
  ports: [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53 },
    { name: 'metrics', port: 9153 },
  ],
};

export const SYSTEM_OBJECTS: readonly KubeObject[] = [DEPLOYMENT, SERVICE];

/** What kubelet tells pods (`clusterDNS`): the address of kube-dns, also where that Service is missing. */
export function clusterDnsIp(cluster: Cluster): Ip {
  const address = indexOf(cluster).service(`${DNS_NAMESPACE}/${SERVICE.name}`)?.clusterIP;
  return address && address !== 'None' ? address : cidrNth(cluster.serviceCIDR, DNS_IP_OFFSET);
}

/** The process in a container, told by its name. SIMPLIFIED: images are not kept. */
export const isCoreDns = (program: string): boolean => program === 'coredns';
