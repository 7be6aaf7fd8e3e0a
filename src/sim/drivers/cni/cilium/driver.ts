import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import { cidrHas } from '../../../wire/ip.ts';
import type { CniDriver, CniOptions, NodePlan } from '../../contract.ts';
import { ipv4Only } from '../../parts/ipv4-only.ts';
import { AGENT_DOWN, addCilium, ciliumIpam } from './add.ts';
import { nodeAttachments, podAttachments } from './attachments.ts';
import { endpointMaps } from './endpoint-maps.ts';
import { healthListeners } from './health-server.ts';
import { HUBBLE } from './hubble.ts';
import { CILIUM_MAPS } from './maps.ts';
import { CILIUM_MODES, settingsOf } from './modes.ts';
import { CILIUM_ENFORCES } from './policies.ts';
import { CILIUM_PROGRAMS } from './programs/programs.ts';
import { ciliumRules, nodeSet } from './rules.ts';
import { serviceMaps } from './services.ts';
import { ciliumTools } from './tools.ts';
import { nodeWiring, podWiring } from './wiring.ts';

const OVERLAYS = { vxlan: 'VXLAN', geneve: 'Geneve', native: null } as const;

export const CILIUM: CniDriver = {
  id: 'cilium',
  label: 'Cilium',
  about:
    'Programs (eBPF) on every cable decide: no bridge, identities instead of addresses, and if wanted no kube-proxy and no iptables on the way.',
  modes: CILIUM_MODES,
  evidence: 'modelled',
  factsFrom: 'v1.19 (bpf/, pkg/datapath, pkg/loadbalancer)',
  profile: {
    policy: 'its eBPF programs',
    encryption: 'WireGuard or IPsec',
    state: 'maintained',
    stateNote: 'a graduated project of the CNCF since October 2023',
  },
  enforcesPolicies: () => CILIUM_ENFORCES,
  overlay: (mode) => OVERLAYS[settingsOf(mode).routing],
  defaultOf: (mode) => (mode === 'vxlan' ? 'its Helm chart' : null),
  bpf: { programs: CILIUM_PROGRAMS, maps: CILIUM_MAPS },
  flowLog: HUBBLE,
  tools: ciliumTools,
  replacesProxy: (mode) => settingsOf(mode).kubeProxyReplacement,
  ipam: () => ciliumIpam,
  idleBeside,
  // Without it an administrator has to chain portmap (cni.chainingMode).
  hostPorts: (mode) => (settingsOf(mode).kubeProxyReplacement ? 'own' : 'nobody'),
  refusesFamilies: ipv4Only(
    'Cilium itself serves both families (ipv6.enabled), but its programs and maps for IPv6 are not modelled yet.',
  ),
  refuses: (cluster, mode) => refuseNodeLocalDns(cluster) ?? refuseNative(cluster, mode),
  plan: planCilium,
  add: addCilium,
  agent: () => ({ label: 'cilium-agent', signs: ['cilium-agent'], addError: AGENT_DOWN }),
};

function idleBeside(mode: string, proxyRuns: boolean): { readonly what: string; readonly why: string } | null {
  const { kubeProxyReplacement } = settingsOf(mode);
  if (kubeProxyReplacement && proxyRuns)
    return {
      what: 'kube-proxy',
      why: 'Cilium replaces it in this mode. Its rules stand on every node, and no packet for a Service matches them: sockets and eth0 have translated it before',
    };
  if (!kubeProxyReplacement && !proxyRuns)
    return {
      what: 'NodePorts, external IPs, and clusterIPs that nodes ask for',
      why: 'this mode of Cilium leaves them to kube-proxy, and none runs. Only clusterIPs that pods ask for work',
    };
  return null;
}

/**
 * docs.cilium.io, Local Redirect Policy (introduction, read 2026-11-20): this is how packets of pods for a Service are redirected to a pod of their own
 * node. In every mode here a program at the pod
 * has translated the address of kube-dns before the node looks for it among its own.
 */
function refuseNodeLocalDns({ nodeLocalDns }: Cluster): string | null {
  if (!nodeLocalDns) return null;
  return 'With Cilium NodeLocal DNSCache needs a CiliumLocalRedirectPolicy, which is not modelled: without it Cilium sends questions for kube-dns past the cache. Switch the cache off, or choose another CNI.';
}

/** autoDirectNodeRoutes: a route via a node that is not on the segment would be refused by the kernel. */
function refuseNative(cluster: Cluster, mode: string): string | null {
  if (settingsOf(mode).routing !== 'native') return null;
  const { cidr } = cluster.nodeNetwork;
  const far = cluster.nodes.find((node) => !cidrHas(cidr, node.ip));
  if (!far) return null;
  return `Native routing with autoDirectNodeRoutes needs all nodes on one Ethernet segment, and ${far.name} (${far.ip}) is not in ${cidr.text}. Use VXLAN or Geneve.`;
}

function planCilium(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan {
  const settings = settingsOf(mode);
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const onSockets = podAttachments(cluster, node, settings);
  return {
    node: {
      ...nodeWiring(cluster, node, pods, settings),
      iptables: ciliumRules(cluster, node, settings),
      ipsets: nodeSet(cluster, settings),
      bpf: {
        attachments: nodeAttachments(cluster, node, pods, settings),
        maps: [...serviceMaps(cluster, node, settings), ...endpointMaps(cluster, node, pods)],
      },
    },
    ...(settings.kubeProxyReplacement && { daemon: { listeners: healthListeners(cluster.services, node) } }),
    pods: new Map(
      pods.map((pod) => [
        podNs(pod),
        { ...podWiring(cluster, node, pod, settings, options), bpf: { attachments: onSockets } },
      ]),
    ),
  };
}
