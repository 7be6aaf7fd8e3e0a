/** Which program is where, and what is compiled into it (pkg/datapath/loader). */
import { type Cluster, type ClusterNode, type ClusterPod, podNs } from '../../../kube/cluster.ts';
import type { BpfAttachment, CgroupHook, TcHook } from '../../../linux/bpf/attach.ts';
import type { Origin } from '../../../linux/origin.ts';
import * as at from './addresses.ts';
import * as facts from './facts.ts';
import { endpointIds, identityOf } from './identities.ts';
import type { CiliumSettings } from './modes.ts';
import { nameRules, policiesOn } from './policies.ts';
import type { EndpointConf, NodeConf } from './programs/conf.ts';
import { FROM_CONTAINER } from './programs/from-container.ts';
import { FROM_HOST, FROM_NETDEV, TO_HOST, TO_NETDEV } from './programs/host.ts';
import { FROM_OVERLAY, TO_OVERLAY } from './programs/overlay.ts';
import { CONNECT4, RECVMSG4, SENDMSG4 } from './programs/sock.ts';
import { LXC_POLICY, TO_CONTAINER } from './programs/to-container.ts';
import { tunnelDevice } from './wiring.ts';

function confOf(cluster: Cluster, node: ClusterNode, settings: CiliumSettings): NodeConf {
  // With native routing the whole range is set by hand (ipv4NativeRoutingCIDR); else only this node's pods are spared.
  const excluded = settings.routing === 'native' ? cluster.podCIDR : node.podCIDR;
  return {
    tunnel: tunnelDevice(settings),
    kubeProxyReplacement: settings.kubeProxyReplacement,
    bpfMasquerade: settings.bpfMasquerade,
    bpfHostRouting: settings.bpfHostRouting,
    endpointRoutes: settings.endpointRoutes,
    node: node.name,
    nodeIp: node.ip,
    routerIp: at.routerIp(node),
    hostMac: at.hostMac(node),
    netMac: at.netMac(node),
    excludedBase: excluded.base,
    excludedPrefix: excluded.prefix,
  };
}

const origin = (what: string, why: string): Origin => ({ by: 'cilium-agent', for: what, why });

export function nodeAttachments(
  cluster: Cluster,
  node: ClusterNode,
  pods: readonly ClusterPod[],
  settings: CiliumSettings,
): BpfAttachment[] {
  const conf = confOf(cluster, node, settings);
  const onNode = `Node ${node.name}`;
  const tc = (program: { id: string; about: string }, hook: TcHook, dev: string): BpfAttachment => ({
    program: program.id,
    at: { hook, dev },
    conf,
    origin: origin(onNode, program.about),
  });
  const { HOST_DEVICE, NET_DEVICE, NODE_DEVICE } = facts;
  const ids = endpointIds(pods);
  return [
    tc(FROM_HOST, 'tc egress', HOST_DEVICE),
    tc(TO_HOST, 'tc ingress', HOST_DEVICE),
    tc(TO_HOST, 'tc ingress', NET_DEVICE),
    ...(conf.tunnel === ''
      ? []
      : [tc(FROM_OVERLAY, 'tc ingress', conf.tunnel), tc(TO_OVERLAY, 'tc egress', conf.tunnel)]),
    // Only what needs the network card is attached there (option.AreDevicesRequired).
    ...(conf.kubeProxyReplacement
      ? [tc(FROM_NETDEV, 'tc ingress', NODE_DEVICE), tc(TO_NETDEV, 'tc egress', NODE_DEVICE)]
      : []),
    ...pods.flatMap((pod) => ofEndpoint(cluster, pod, conf, ids.get(podNs(pod)) ?? 0)),
    ...sockAttachments(conf, onNode),
  ];
}

function ofEndpoint(cluster: Cluster, pod: ClusterPod, node: NodeConf, endpoint: number): BpfAttachment[] {
  const dev = at.lxcOf(pod);
  const conf: EndpointConf = {
    ...node,
    endpoint,
    identity: identityOf(cluster, pod),
    ip: pod.ip,
    dev,
    mac: at.lxcMac(pod),
    pod: podNs(pod),
    ingressPolicies: policiesOn(cluster, pod, 'ingress'),
    egressPolicies: policiesOn(cluster, pod, 'egress'),
    names: JSON.stringify(nameRules(cluster, pod)),
  };
  const what = `Pod ${podNs(pod)}`;
  const on = (program: { id: string; about: string }, where: BpfAttachment['at']): BpfAttachment => ({
    program: program.id,
    at: where,
    conf,
    origin: origin(what, program.about),
  });
  return [
    on(FROM_CONTAINER, { hook: 'tc ingress', dev }),
    ...(node.endpointRoutes ? [on(TO_CONTAINER, { hook: 'tc egress', dev })] : []),
    on(LXC_POLICY, { hook: 'tail call', array: facts.CALL_POLICY, index: endpoint }),
  ];
}

/** In the control groups' root: every process of the node and of its pods is below it. */
function sockAttachments(conf: NodeConf, onNode: string): BpfAttachment[] {
  if (!conf.kubeProxyReplacement) return [];
  return [CONNECT4, SENDMSG4, RECVMSG4].map((program) => ({
    program: program.id,
    at: { hook: `cgroup/${program.hook}` as CgroupHook },
    conf,
    origin: origin(onNode, program.about),
  }));
}

/** The same programs see the sockets of a pod. */
export const podAttachments = (cluster: Cluster, node: ClusterNode, settings: CiliumSettings): BpfAttachment[] =>
  sockAttachments(confOf(cluster, node, settings), `Node ${node.name}`);
