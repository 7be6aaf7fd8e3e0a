/** CNI ADD with Cilium (plugins/cilium-cni/cmd/cmd.go, daemon/cmd/cni; v1.19): one plugin, which asks the agent for everything. */
import type { Cluster, ClusterNode, ClusterPod } from '../../../kube/cluster.ts';
import { hostLocal, type MakeIpam } from '../../../kube/ipam.ts';
import type { CniOptions, PodAdd } from '../../contract.ts';
import { netnsPath } from '../../parts/sandbox.ts';
import * as at from './addresses.ts';
import { identityOf } from './identities.ts';
import { settingsOf } from './modes.ts';
import { routeMtu } from './wiring.ts';

const CNI_VERSION = '0.3.1';
const NAME = 'cilium';
const PLUGIN = { type: 'cilium-cni', 'enable-debug': false, 'log-file': '/var/run/cilium/cilium-cni.log' };

/** client.NewDefaultClientWithTimeout and its hint (pkg/client/client.go). */
export const AGENT_DOWN =
  'unable to connect to Cilium agent: failed to create cilium agent client after 30.000000 seconds timeout: Get "http://localhost/v1/config": dial unix /var/run/cilium/cilium.sock: connect: no such file or directory\nIs the agent running?';

/** The agent gives out the addresses of its node's range; its answer when there is none (pkg/ipam, `range is full`). */
export const ciliumIpam: MakeIpam = (input) => ({
  ...hostLocal(input),
  exhausted: () => 'unable to allocate IP via local cilium agent: [POST /ipam][502] postIpamFailure  "range is full"',
});

export function addCilium(
  cluster: Cluster,
  node: ClusterNode,
  pod: ClusterPod,
  mode: string,
  options: CniOptions,
): PodAdd {
  const router = at.routerIp(node);
  const mtu = options.podMtuBytes ?? routeMtu(cluster, settingsOf(mode));
  return {
    conf: {
      path: '/etc/cni/net.d/05-cilium.conflist',
      json: { cniVersion: CNI_VERSION, name: NAME, plugins: [PLUGIN] },
    },
    calls: [
      {
        plugin: 'cilium-cni',
        caller: 'containerd',
        signs: 'cilium-agent',
        does: `It asks the agent on this node, over /var/run/cilium/cilium.sock, for an address; lays a cable that ends in ${at.lxcOf(pod)} on the node; and reports the pod to the agent as an endpoint. It returns when the agent has loaded the pod's programs.`,
        stdin: { name: NAME, cniVersion: CNI_VERSION, ...PLUGIN },
        isIpam: true,
        stdout: {
          cniVersion: CNI_VERSION,
          interfaces: [
            { name: at.lxcOf(pod), mac: at.lxcMac(pod) },
            { name: 'eth0', mac: at.podMac(pod), sandbox: netnsPath(pod) },
          ],
          ips: [{ version: '4', interface: 1, address: `${pod.ip}/32`, gateway: router }],
          routes: [{ dst: `${router}/32` }, { dst: '0.0.0.0/0', gw: router, mtu }],
          dns: {},
        },
      },
    ],
    afterwards: [
      {
        by: 'cilium-agent',
        where: 'this node',
        how: `The agent looks up who the pod is: its labels have identity ${identityOf(cluster, pod)}. It attaches the pod's programs to ${at.lxcOf(pod)} and writes the pod into the maps that they ask.`,
      },
      {
        by: 'cilium-agent',
        where: 'other nodes',
        how: `The agent publishes a CiliumEndpoint with address and identity. The agents of all other nodes watch those objects, and each writes the pod into its ipcache: which identity ${pod.ip} has, and which node it is on. They need no new route.`,
      },
    ],
  };
}
