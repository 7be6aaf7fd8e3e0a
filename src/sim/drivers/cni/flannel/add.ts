/** CNI ADD with Flannel: the plugin `flannel` only translates what flanneld wrote into a call of `bridge` (flannel-io/cni-plugin v1.6). */
import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import { podCIDRsOf } from '../../../kube/families.ts';
import { type Cidr, cidrNth } from '../../../wire/ip.ts';
import type { CniOptions, Json, PluginCall, PodAdd } from '../../contract.ts';
import { bridgeCalls } from '../../parts/bridge-plugin.ts';
import { type PluginInput, portmapCall, rangesJson } from '../../parts/plugin-calls.ts';
import { bridgeConfig, NETWORK } from './config.ts';

const CNI_VERSION = '0.3.1';

/** kube-flannel.yml, v0.26: ConfigMap kube-flannel-cfg, cni-conf.json. */
const FLANNEL_CONF = { type: 'flannel', delegate: { hairpinMode: true, isDefaultGateway: true } };
const PORTMAP_CONF = { type: 'portmap', capabilities: { portMappings: true } };

export function addFlannel(
  cluster: Cluster,
  node: ClusterNode,
  pod: ClusterPod,
  mode: string,
  options: CniOptions,
): PodAdd {
  const config = bridgeConfig(cluster, mode, options);
  const input: PluginInput = {
    cniVersion: CNI_VERSION,
    name: NETWORK,
    type: 'bridge',
    hairpinMode: config.hairpin,
    ipMasq: false,
    isDefaultGateway: true,
    isGateway: true,
    mtu: config.mtuBytes,
    ipam: {
      type: 'host-local',
      ranges: rangesJson(node),
      routes: config.routes.map(({ text }) => ({ dst: text })),
    },
  };
  const delegated = bridgeCalls(node, pod, config, input, 'flannel');
  const result = delegated[0]?.stdout ?? null;
  return {
    conf: {
      path: '/etc/cni/net.d/10-flannel.conflist',
      json: { name: NETWORK, cniVersion: CNI_VERSION, plugins: [FLANNEL_CONF, PORTMAP_CONF] },
    },
    calls: [
      flannelCall(cluster, node, config.mtuBytes, result),
      ...delegated,
      portmapCall(pod, { cniVersion: CNI_VERSION, name: NETWORK, ...PORTMAP_CONF }, result),
    ],
    afterwards: [
      {
        by: 'flanneld',
        where: 'other nodes',
        how: `Nothing is sent: since ${node.name} joined, they know from its Node object (podCIDR and the flannel.alpha.coreos.com annotations) that all of ${textsOf(podCIDRsOf(node))} is behind it${
          mode === 'vxlan'
            ? `, through its VTEP ${podCIDRsOf(node)
                .map(({ base }) => base)
                .join(' and ')}`
            : ''
        }.`,
      },
    ],
  };
}

const textsOf = (nets: readonly Cidr[]): string => nets.map(({ text }) => text).join(' and ');

function flannelCall(cluster: Cluster, node: ClusterNode, mtuBytes: number, stdout: Json): PluginCall {
  // pkg/subnet/subnet.go `WriteSubnetFile`.
  const nets = podCIDRsOf(node).map((net) => {
    const prefix = net.family === 4 ? 'FLANNEL' : 'FLANNEL_IPV6';
    const network =
      (cluster.podCIDRs ?? [cluster.podCIDR]).find(({ family }) => family === net.family) ?? cluster.podCIDR;
    return `${prefix}_NETWORK=${network.text}, ${prefix}_SUBNET=${cidrNth(net, 1)}/${net.prefix}`;
  });
  const env = `${nets.join(', ')}, FLANNEL_MTU=${mtuBytes}, FLANNEL_IPMASQ=true`;
  return {
    plugin: 'flannel',
    caller: 'containerd',
    does: `It reads /run/flannel/subnet.env, which flanneld wrote (${env}), and runs bridge with a configuration made of that.`,
    stdin: { name: NETWORK, cniVersion: CNI_VERSION, ...FLANNEL_CONF },
    stdout,
  };
}
