/** Who is who and where: ipcache, the endpoints of the node, and their policies (pkg/ipcache, pkg/maps/lxcmap, pkg/maps/policymap). */
import { once } from '../../../base/once.ts';
import { type Cluster, type ClusterNode, type ClusterPod, podNs } from '../../../kube/cluster.ts';
import type { BpfEntry, BpfMap } from '../../../linux/bpf/map.ts';
import type { Origin } from '../../../linux/origin.ts';
import type { Ip } from '../../../wire/ip.ts';
import * as at from './addresses.ts';
import * as facts from './facts.ts';
import { endpointIds, identityOf } from './identities.ts';
import { ENDPOINTS, IPCACHE, NO_TUNNEL, POLICY } from './maps.ts';
import { policyEntries } from './policies.ts';
import { cidrIdentities } from './policy-identities.ts';
import { policySuffix } from './programs/policy-map.ts';

const AGENT = 'cilium-agent';

function lazyMap(name: string, make: () => readonly BpfEntry[]): BpfMap {
  const entries = once(make);
  return {
    name,
    get entries() {
      return entries();
    },
  };
}

/** Each address of the cluster, and the world for the rest. */
function ipcache(cluster: Cluster, node: ClusterNode): BpfEntry[] {
  const entry = (base: Ip, prefix: number, identity: number, tunnel: Ip, origin: Origin): BpfEntry => ({
    key: { base, prefix },
    value: { identity, tunnel, flags: tunnel === NO_TUNNEL ? '<none>' : 'hastunnel' },
    origin,
  });
  const nodes = new Map(cluster.nodes.map((each) => [each.name, each]));
  const ofNodes = cluster.nodes.flatMap((each) => {
    const isHere = each.name === node.name;
    const origin = { by: AGENT, for: `Node ${each.name}`, why: `an address of ${each.name} itself` };
    const remote = each.role === 'control-plane' ? facts.KUBE_APISERVER : facts.REMOTE_NODE;
    return [
      entry(each.ip, 32, isHere ? facts.HOST : remote, NO_TUNNEL, origin),
      entry(at.routerIp(each), 32, isHere ? facts.HOST : facts.REMOTE_NODE, isHere ? NO_TUNNEL : each.ip, origin),
    ];
  });
  const ofPods = cluster.pods.map((pod) => {
    const origin = { by: AGENT, for: `Pod ${podNs(pod)}`, why: 'learned from its CiliumEndpoint' };
    const host = pod.node === node.name ? NO_TUNNEL : (nodes.get(pod.node)?.ip ?? NO_TUNNEL);
    return entry(pod.ip, 32, identityOf(cluster, pod), host, origin);
  });
  const world = { by: AGENT, why: 'whoever is not known is the world' };
  const known = [...ofNodes, ...ofPods];
  const taken = new Set(known.map(({ key }) => `${key.base}/${key.prefix}`));
  const ofNets = [...cidrIdentities(cluster).values()]
    .filter(({ net }) => !taken.has(net.text))
    .map(({ net: { base, prefix }, identity }) => {
      const origin = { by: AGENT, why: 'a network that a policy names' };
      return entry(base, prefix, identity, NO_TUNNEL, origin);
    });
  return [entry(NO_TUNNEL, 0, facts.WORLD, NO_TUNNEL, world), ...ofNets, ...known];
}

/** Loopback is 1, the network card 2; then in the order in which the devices are made. */
const FIRST_POD_IFINDEX = 6;

function endpoints(cluster: Cluster, node: ClusterNode, pods: readonly ClusterPod[]): BpfEntry[] {
  const ids = endpointIds(pods);
  const own = [node.ip, at.routerIp(node)].map((ip): BpfEntry => {
    const value = { id: 0, identity: facts.HOST, ifindex: 0, dev: '', mac: '', nodeMac: '', host: true };
    return {
      key: { ip },
      value,
      origin: { by: AGENT, for: `Node ${node.name}`, why: 'an address of the node itself' },
    };
  });
  const ofPods = pods.map(
    (pod, i): BpfEntry => ({
      key: { ip: pod.ip },
      value: {
        id: ids.get(podNs(pod)) ?? 0,
        identity: identityOf(cluster, pod),
        ifindex: FIRST_POD_IFINDEX + 2 * i,
        dev: at.lxcOf(pod),
        mac: at.podMac(pod),
        nodeMac: at.lxcMac(pod),
        host: false,
      },
      origin: { by: AGENT, for: `Pod ${podNs(pod)}`, why: 'the plugin reported it when the pod was made' },
    }),
  );
  return [...ofPods, ...own];
}

export function endpointMaps(cluster: Cluster, node: ClusterNode, pods: readonly ClusterPod[]): readonly BpfMap[] {
  const ids = endpointIds(pods);
  return [
    lazyMap(IPCACHE.name, () => ipcache(cluster, node)),
    lazyMap(ENDPOINTS.name, () => endpoints(cluster, node, pods)),
    ...pods.map((pod) =>
      lazyMap(`${POLICY.name}_${policySuffix(ids.get(podNs(pod)) ?? 0)}`, () => policyEntries(cluster, pod)),
    ),
  ];
}
