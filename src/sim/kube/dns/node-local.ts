/**
 * NodeLocal DNSCache: the objects of its manifest (cluster/addons/dns/nodelocaldns/nodelocaldns.yaml, Kubernetes at 028f956d, image
 * k8s-dns-node-cache:1.26.4), and which addresses it serves (kubernetes.io/docs/tasks/administer-cluster/nodelocaldns, website at 0189ae0f).
 * Both read 2026-11-20.
 */
import { type Ip, ip } from '../../wire/ip.ts';
import type { Cluster, NodeLocalDns } from '../cluster.ts';
import { indexOf } from '../cluster-index.ts';
import type { KubeObject } from '../objects.ts';
import { clusterDnsIp, DNS_NAMESPACE, DNS_SELECTOR } from './cluster-dns.ts';

/** What the documents take as its address; any free one would do. */
export const NODE_LOCAL_IP = ip('169.254.20.10');
/** The container, and the program in it. */
export const NODE_CACHE = 'node-cache';
const UPSTREAM_SERVICE = 'kube-dns-upstream';

/** SIMPLIFIED: its ports for metrics and health, and the headless Service for the first, are left out. */
export const NODE_LOCAL_OBJECTS: readonly KubeObject[] = [
  {
    kind: 'DaemonSet',
    namespace: DNS_NAMESPACE,
    name: 'node-local-dns',
    labels: { 'k8s-app': 'node-local-dns' },
    hostNetwork: true,
    dnsPolicy: 'Default',
    containers: [
      {
        name: NODE_CACHE,
        ports: [
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: 53 },
        ],
      },
    ],
  },
  {
    kind: 'Service',
    namespace: DNS_NAMESPACE,
    name: UPSTREAM_SERVICE,
    selector: DNS_SELECTOR,
    ports: [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53 },
    ],
  },
];

/**
 * It takes the address of kube-dns too, so that pods need not know of it. Beside IPVS it cannot: kube-ipvs0 has that address, so kubelet
 * must be told the other one, and it asks kube-dns itself. The documents do not name kube-proxy's nftables mode (kubernetes/dns issue 682, open when it was read); it
 * is set up as for iptables here, and the kernel decides what comes of it.
 */
export function withNodeLocalDns(cluster: Cluster, isWanted: boolean, besideIpvs: boolean): Cluster {
  if (!isWanted) return cluster;
  const kubeDns = clusterDnsIp(cluster);
  const nodeLocalDns: NodeLocalDns = besideIpvs
    ? { ips: [NODE_LOCAL_IP], clusterDns: NODE_LOCAL_IP, upstreams: [kubeDns] }
    : { ips: [NODE_LOCAL_IP, kubeDns], clusterDns: kubeDns, upstreams: upstreamService(cluster) };
  return { ...cluster, nodeLocalDns };
}

/** The server that kubelet writes into the resolv.conf of pods. */
export const kubeletDns = (cluster: Cluster): Ip => cluster.nodeLocalDns?.clusterDns ?? clusterDnsIp(cluster);

/** The pods of CoreDNS by an address that no node has taken. */
function upstreamService(cluster: Cluster): readonly Ip[] {
  const address = indexOf(cluster).service(`${DNS_NAMESPACE}/${UPSTREAM_SERVICE}`)?.clusterIP;
  return address && address !== 'None' ? [address] : [];
}
