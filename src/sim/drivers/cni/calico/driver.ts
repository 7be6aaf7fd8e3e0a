import { once } from '../../../base/once.ts';
import { type Cluster, type ClusterNode, podNs } from '../../../kube/cluster.ts';
import { type Family, familiesOf, podCIDRsOf } from '../../../kube/families.ts';
import { type Cidr, familyOf } from '../../../wire/ip.ts';
import type { CniDriver, CniOptions, Fragment, NodePlan, Written } from '../../contract.ts';
import { CALICO_PORTMAP, calicoNode, calicoPod, hostVeth } from '../../parts/calico-plugin.ts';
import { forwardingOn } from '../../parts/family-words.ts';
import type { FelixConfig } from '../../parts/felix/config.ts';
import { FELIX_ENFORCES, felixIpsets, felixRules } from '../../parts/felix/felix.ts';
import { perFamily } from '../../parts/per-family.ts';
import { portmapFragment } from '../../parts/portmap.ts';
import { addCalico } from './add.ts';
import * as facts from './facts.ts';
import { calicoIpam } from './ipam.ts';
import { ipipFragment } from './ipip.ts';
import { type CalicoMode, MODES, modeIn, modeOf, overheadOf } from './modes.ts';
import { blockRoutes } from './routes.ts';
import { calicoTools } from './tools.ts';
import { vxlanFragment } from './vxlan.ts';

/** calico.yaml, and the default IPPool of the operator. */
const DEFAULTS: ReadonlyMap<string, string> = new Map([
  ['ipip', 'calico.yaml'],
  ['vxlan-crosssubnet', 'the Tigera operator'],
]);

const OVERLAY_NAMES = { none: null, ipip: 'IP-in-IP', vxlan: 'VXLAN' } as const;

function overlayWords({ overlay, crossSubnetOnly }: CalicoMode): string | null {
  const name = OVERLAY_NAMES[overlay];
  return name && (crossSubnetOnly ? `${name} between subnets` : name);
}

export const CALICO: CniDriver = {
  id: 'calico',
  label: 'Calico',
  about: 'No bridge: each node routes every packet of its pods, and Felix checks each one against policy.',
  modes: MODES,
  evidence: 'kernel-verified',
  factsFrom: 'v3.31 (iptables dataplane)',
  profile: {
    policy: 'Felix',
    encryption: 'WireGuard',
    state: 'maintained',
    stateNote: 'here with its iptables dataplane; nftables and eBPF exist',
  },
  enforcesPolicies: () => FELIX_ENFORCES,
  overlay: (mode) => overlayWords(modeOf(mode)),
  defaultOf: (mode) => DEFAULTS.get(mode) ?? null,
  ipam: (mode) => calicoIpam((family) => modeIn(modeOf(mode), family).overlay !== 'none'),
  hostPorts: () => 'portmap',
  refusesFamilies,
  refuses: refuseSmallPool,
  writesAgain,
  tools: (cluster, node, mode) => calicoTools(cluster, node, modeOf(mode)),
  plan: planCalico,
  add: addCalico,
  agent: () => ({ label: 'calico-node', signs: ['felix', 'bird'] }),
};

function refusesFamilies(families: readonly Family[], mode: string): string | null {
  if (modeOf(mode).overlay !== 'ipip' || families.includes(4)) return null;
  return 'IP-in-IP of Calico carries IPv4 alone, and a pool of IPv6 cannot ask for it. Choose BGP or VXLAN.';
}

/** libcalico-go/lib/validator/v3 refuses an IPPool that is smaller than one of its blocks. */
function refuseSmallPool(cluster: Cluster): string | null {
  const blockOf = (net: Cidr): number => facts.BLOCK_PREFIXES[net.family];
  const small = podCIDRsOf(cluster).find((net) => net.prefix > blockOf(net));
  if (!small) return null;
  return `Calico gives pod addresses to nodes in blocks of /${blockOf(small)}, and the pod network ${small.text} is smaller than one block. Use a larger pod network.`;
}

/** Felix compares what stands with what it wants every `IptablesRefreshInterval` (180 s) and `IpsetsRefreshInterval` (90 s). */
function writesAgain(_mode: string, written: Written): string | null {
  if (written.kind === 'iptables' && /"cali:[\w-]+"/.test(written.line))
    return 'Felix looks every 180 seconds and writes it again.';
  if (written.kind === 'ipset' && /^cali[46]0/.test(written.set))
    return 'Felix looks every 90 seconds and writes it again.';
  return null;
}

function planCalico(cluster: Cluster, node: ClusterNode, modeId: string, options: CniOptions): NodePlan {
  const mode = modeOf(modeId);
  const overhead = overheadOf(mode, familiesOf(cluster));
  const mtuBytes = options.podMtuBytes ?? cluster.nodeNetwork.mtuBytes - overhead;
  return perFamily(cluster, node, (seen, own) =>
    planOne(seen, own, modeIn(mode, familyOf(own.ip)), { ...options, podMtuBytes: mtuBytes }),
  );
}

function planOne(
  cluster: Cluster,
  node: ClusterNode,
  mode: CalicoMode,
  { podMtuBytes: mtuBytes, besideIpvs }: CniOptions & { readonly podMtuBytes: number },
): NodePlan {
  const pods = cluster.pods.filter((pod) => pod.node === node.name);
  const peers = cluster.nodes.filter((peer) => peer !== node);
  const tunnel = tunnelOf(cluster, node, peers, mode);
  const wiring = calicoNode(pods, mtuBytes);
  const felix = { ...felixConfig(cluster, node, peers, mode), besideIpvs: besideIpvs ?? false };
  const hostPorts = portmapFragment(pods, CALICO_PORTMAP);
  const rules = once(() => [...felixRules(cluster, pods, hostVeth, felix), ...(hostPorts.iptables ?? [])]);
  return {
    node: {
      devices: [...(tunnel.devices ?? []), ...(wiring.devices ?? [])],
      addresses: tunnel.addresses ?? [],
      routes: [...blockRoutes(cluster, node, peers, mode), ...(wiring.routes ?? [])],
      neighbours: tunnel.neighbours ?? [],
      fdb: tunnel.fdb ?? [],
      // kubeadm refuses a node that does not forward; Felix writes it again.
      sysctl: { ...forwardingOn(cluster.podCIDR), ...wiring.sysctl, ...hostPorts.sysctl },
      // A node's rules are written when somebody looks: its pods are often visited without them.
      get iptables() {
        return rules();
      },
      ipsets: felixIpsets(cluster, node, pods, felix),
    },
    pods: new Map(pods.map((pod) => [podNs(pod), calicoPod(node, pod, mtuBytes, 'calico-ipam')])),
  };
}

function tunnelOf(cluster: Cluster, node: ClusterNode, peers: readonly ClusterNode[], mode: CalicoMode): Fragment {
  if (mode.overlay === 'none') return {};
  return mode.overlay === 'vxlan' ? vxlanFragment(cluster, node, peers) : ipipFragment(cluster, node);
}

function felixConfig(
  cluster: Cluster,
  node: ClusterNode,
  peers: readonly ClusterNode[],
  mode: CalicoMode,
): Omit<FelixConfig, 'besideIpvs'> {
  const use = (overlay: CalicoMode['overlay'], device: string) => ({
    on: mode.overlay === overlay,
    ...(node.tunnelIp === undefined ? {} : { device }),
  });
  return {
    pools: [cluster.podCIDR],
    // calico.yaml: CALICO_IPV6POOL_NAT_OUTGOING is false where nobody says otherwise, the one of IPv4 is true.
    masqPools: cluster.podCIDR.family === 4 ? [cluster.podCIDR] : [],
    hostIp: node.ip,
    peers: peers.map(({ ip }) => ip),
    ipip: use('ipip', facts.IPIP_DEVICE),
    vxlan: use('vxlan', facts.VXLAN_DEVICES[cluster.podCIDR.family]),
  };
}
