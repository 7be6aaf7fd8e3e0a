/** Calls of plugins that several CNIs chain or delegate to: host-local, ptp, portmap (containernetworking/plugins v1.9.1). */
import { type ClusterNode, type ClusterPod, podNs } from '../../kube/cluster.ts';
import { ipIn, ipsOf, podCIDRsOf } from '../../kube/families.ts';
import { type Cidr, cidrNth } from '../../wire/ip.ts';
import type { Json, PluginCall } from '../contract.ts';
import { anyNet } from './family-words.ts';
import { netnsPath } from './sandbox.ts';
import { stableMac } from './stable-mac.ts';

const textOf = (nets: readonly Cidr[]): string => nets.map(({ text }) => text).join(' and of ');

/** The configuration that a plugin reads, with what the runtime adds. */
export interface PluginInput {
  readonly cniVersion: string;
  readonly name: string;
  readonly type: string;
  readonly [key: string]: Json;
}

/** `ips` of a result, one of each family: the first address of the node's pod network is the gateway. CNI 1.0.0 dropped `version`. */
export function addressesJson(
  cniVersion: string,
  node: ClusterNode,
  pod: ClusterPod,
): readonly { readonly [key: string]: Json }[] {
  return podCIDRsOf(node).flatMap((net) => {
    const address = ipIn(pod, net.family);
    if (address === undefined) return [];
    const version = cniVersion.startsWith('0.') ? { version: String(net.family) } : {};
    return [{ ...version, address: `${address}/${net.prefix}`, gateway: cidrNth(net, 1) }];
  });
}

/** `ranges` of host-local: one set for each family. */
export const rangesJson = (node: ClusterNode): Json => podCIDRsOf(node).map(({ text }) => [{ subnet: text }]);

/** `routes` of host-local: everything, in each family. */
export const defaultRoutes = (node: ClusterNode): readonly string[] => podCIDRsOf(node).map((net) => anyNet(net).text);

/** It reads the configuration of its caller, and gives the routes of the `ipam` section back as they are. */
export function hostLocalCall(
  node: ClusterNode,
  pod: ClusterPod,
  input: PluginInput,
  caller: string,
  routes: readonly string[],
): PluginCall {
  const { cniVersion } = input;
  const files = ipsOf(pod).map((ip) => `/var/lib/cni/networks/${input.name}/${ip}`);
  return {
    plugin: 'host-local',
    caller,
    does: `It takes the next free address of ${textOf(podCIDRsOf(node))} and writes it down as a file: ${files.join(', ')}.`,
    stdin: input,
    isIpam: true,
    stdout: {
      cniVersion,
      ips: addressesJson(cniVersion, node, pod),
      ...(routes.length > 0 ? { routes: routes.map((dst) => ({ dst })) } : {}),
      dns: {},
    },
  };
}

/** `ptp` and the `host-local` that it runs, for one pod. */
export function ptpCalls(
  node: ClusterNode,
  pod: ClusterPod,
  hostEnd: string,
  input: PluginInput,
  routes: readonly string[],
): readonly PluginCall[] {
  const { cniVersion } = input;
  return [
    {
      plugin: 'ptp',
      caller: 'containerd',
      does: `It asks for an address and lays a cable from the pod to the node, with no bridge: the node's end has the gateway's address, and a route to this one pod.`,
      stdin: input,
      stdout: {
        cniVersion,
        interfaces: [
          { name: hostEnd, mac: stableMac(`${pod.node}/${hostEnd}`) },
          { name: 'eth0', mac: stableMac(`${podNs(pod)}/eth0`), sandbox: netnsPath(pod) },
        ],
        ips: addressesJson(cniVersion, node, pod).map((one) => ({ ...one, interface: 1 })),
        routes: routes.map((dst) => ({ dst })),
        dns: {},
      },
    },
    hostLocalCall(node, pod, input, 'ptp', routes),
  ];
}

/** `runtimeConfig` is there where the pod has host ports (go-cni, PortMapping). */
export function portmapCall({ hostPorts = [] }: ClusterPod, input: PluginInput, prevResult: Json): PluginCall {
  const portMappings = hostPorts.map(({ proto, hostPort, containerPort, hostIP = '' }) => {
    return { hostPort, containerPort, protocol: proto, hostIP };
  });
  const has = portMappings.length > 0;
  return {
    plugin: 'portmap',
    caller: 'containerd',
    does: has
      ? 'It writes rules that translate each hostPort of this node to the pod, and hands on the result of the plugins before it.'
      : 'The pod asks for no hostPort, so it only hands on the result of the plugins before it.',
    stdin: { ...input, ...(has ? { runtimeConfig: { portMappings } } : {}), prevResult },
    stdout: prevResult,
  };
}
