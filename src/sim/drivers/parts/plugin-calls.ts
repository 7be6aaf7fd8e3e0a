/** Calls of plugins that several CNIs chain or delegate to: host-local, ptp, portmap (containernetworking/plugins v1.9.1). */
import { type ClusterNode, type ClusterPod, podNs } from '../../kube/cluster.ts';
import { cidrNth } from '../../wire/ip.ts';
import type { Json, PluginCall } from '../contract.ts';
import { netnsPath } from './sandbox.ts';
import { stableMac } from './stable-mac.ts';

/** The configuration that a plugin reads, with what the runtime adds. */
export interface PluginInput {
  readonly cniVersion: string;
  readonly name: string;
  readonly type: string;
  readonly [key: string]: Json;
}

/** One of `ips` in a result: the first address of the node's pod network is the gateway. CNI 1.0.0 dropped `version`. */
export function addressJson(cniVersion: string, node: ClusterNode, pod: ClusterPod): { readonly [key: string]: Json } {
  return {
    ...(cniVersion.startsWith('0.') ? { version: '4' } : {}),
    address: `${pod.ip}/${node.podCIDR.prefix}`,
    gateway: cidrNth(node.podCIDR, 1),
  };
}

/** It reads the configuration of its caller, and gives the routes of the `ipam` section back as they are. */
export function hostLocalCall(
  node: ClusterNode,
  pod: ClusterPod,
  input: PluginInput,
  caller: string,
  routes: readonly string[],
): PluginCall {
  const { cniVersion } = input;
  return {
    plugin: 'host-local',
    caller,
    does: `It takes the next free address of ${node.podCIDR.text} and writes it down as a file: /var/lib/cni/networks/${input.name}/${pod.ip}.`,
    stdin: input,
    isIpam: true,
    stdout: {
      cniVersion,
      ips: [addressJson(cniVersion, node, pod)],
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
        ips: [{ ...addressJson(cniVersion, node, pod), interface: 1 }],
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
