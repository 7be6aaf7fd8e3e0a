/** CNI ADD with the AWS VPC CNI: cmd/routed-eni-cni-plugin/cni.go, cmd/aws-vpc-cni/main.go `generateJSON`, misc/10-aws.conflist; v1.23.0. */
import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import type { CniOptions, Json, PluginCall, PodAdd } from '../../contract.ts';
import { portmapCall } from '../../parts/plugin-calls.ts';
import { netnsPath } from '../../parts/sandbox.ts';
import { IPAMD, NETWORK, POD_GATEWAY } from './facts.ts';
import { mtuOf } from './mtu.ts';
import { hostVeth, nameFor } from './wiring.ts';

const CNI_VERSION = '0.4.0';
/** unix.RT_TABLE_MAIN: of the primary card. The plugin hides the number in a field for MAC addresses, for when the pod goes. */
const MAIN_TABLE = 254;

/** gRPC, when nobody listens on the socket (cmd/routed-eni-cni-plugin/cni.go `ipamdSocketPath`). */
export const IPAMD_DOWN =
  'add cmd: Error received from AddNetwork gRPC call: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /var/run/aws-node/ipamd.sock: connect: connection refused"';

export function addVpc(
  cluster: Cluster,
  node: ClusterNode,
  pod: ClusterPod,
  _mode: string,
  options: CniOptions,
): PodAdd {
  const [aws, egress, portmap] = pluginsOf(String(mtuOf(cluster, options)));
  const input = { cniVersion: CNI_VERSION, ...aws, name: NETWORK };
  const result = resultOf(pod);
  return {
    conf: {
      path: '/etc/cni/net.d/10-aws.conflist',
      json: { cniVersion: CNI_VERSION, name: NETWORK, disableCheck: true, plugins: [aws, egress, portmap] },
    },
    calls: [
      {
        plugin: 'aws-cni',
        caller: 'containerd',
        does: `It asks ipamd for an address, lays a cable that ends in ${hostVeth(pod)} on the node, writes a route to the pod, and gives the pod the gateway ${POD_GATEWAY} with its MAC written down.`,
        stdin: input,
        stdout: result,
      },
      ipamdCall(node, pod),
      {
        plugin: 'egress-cni',
        caller: 'containerd',
        does: 'It is for IPv6 out of IPv4 pods, and not enabled: it hands on the result.',
        stdin: { cniVersion: CNI_VERSION, ...egress, name: NETWORK, prevResult: result },
        stdout: result,
      },
      portmapCall(pod, { cniVersion: CNI_VERSION, name: NETWORK, ...portmap }, result),
    ],
    afterwards: [
      {
        by: IPAMD,
        where: 'other nodes',
        how: `Nobody tells the other nodes anything: EC2 was asked for ${pod.ip}, so the VPC itself knows it as an address of the network card of ${node.name}, and answers ARP for it.`,
      },
    ],
  };
}

/** rpc/rpc.proto, as far as it says something of this pod. */
function ipamdCall(node: ClusterNode, pod: ClusterPod): PluginCall {
  return {
    plugin: 'ipamd',
    caller: 'aws-cni',
    signs: IPAMD,
    does: `No executable of its own: a gRPC call, AddNetwork, to ipamd on this node (/var/run/aws-node/ipamd.sock). It hands out a free secondary address of the network card of ${node.name}. The node's podCIDR is not looked at.`,
    stdin: { K8S_POD_NAMESPACE: pod.namespace, K8S_POD_NAME: pod.name, NetworkName: NETWORK, IfName: 'eth0' },
    isIpam: true,
    stdout: { Success: true, IPAllocationMetadata: [{ IPv4Addr: pod.ip, DeviceNumber: 0, RouteTableId: MAIN_TABLE }] },
  };
}

/** The template with its defaults filled in; `egress-cni` is there for IPv6 and not enabled. */
function pluginsOf(mtu: string) {
  const log = { pluginLogFile: '/var/log/aws-routed-eni/plugin.log', pluginLogLevel: 'Debug' };
  return [
    {
      name: NETWORK,
      type: 'aws-cni',
      vethPrefix: 'eni',
      mtu,
      podSGEnforcingMode: 'strict',
      ...log,
      capabilities: { 'io.kubernetes.cri.pod-annotations': true },
    },
    {
      name: 'egress-cni',
      type: 'egress-cni',
      mtu,
      enabled: 'false',
      randomizeSNAT: 'prng',
      nodeIP: '',
      ipam: {
        type: 'host-local',
        ranges: [[{ subnet: 'fd00::ac:00/118' }]],
        routes: [{ dst: '::/0' }],
        dataDir: '/run/cni/v4pd/egress-v6-ipam',
      },
      ...log,
      pluginLogFile: '/var/log/aws-routed-eni/egress-v6-plugin.log',
    },
    { type: 'portmap', capabilities: { portMappings: true }, snat: true },
  ] as const;
}

/** The last interface does not exist: it keeps, for older versions, on which card the address is. */
function resultOf(pod: ClusterPod): Json {
  return {
    cniVersion: CNI_VERSION,
    interfaces: [
      { name: hostVeth(pod) },
      { name: 'eth0', mac: String(MAIN_TABLE), sandbox: netnsPath(pod) },
      { name: nameFor('dummy', pod), mac: '0', sandbox: '0' },
    ],
    ips: [{ version: '4', interface: 1, address: `${pod.ip}/32` }],
    dns: {},
  };
}
