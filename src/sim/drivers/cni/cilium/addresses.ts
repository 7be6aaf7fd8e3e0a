/** Names and addresses that the agent and the CNI plugin choose (pkg/datapath/connector, pkg/ipam). */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type ClusterNode, type ClusterPod, podNs } from '../../../kube/cluster.ts';
import { cidrNth, type Ip } from '../../../wire/ip.ts';
import type { Mac } from '../../../wire/mac.ts';
import { stableMac } from '../../parts/stable-mac.ts';
import { HOST_DEVICE, NET_DEVICE } from './facts.ts';

const digest = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));

/** `lxc` and 12 digits of SHA-256 of `<container id>:eth0` (connector.Endpoint2IfName). */
export const lxcName = (containerId: string): string => `lxc${digest(`${containerId}:eth0`).slice(0, 12)}`;

/** SIMPLIFIED: the runtime draws container ids at random; here they follow from the pod's name. */
export const lxcOf = (pod: ClusterPod): string => pod.veth ?? lxcName(digest(podNs(pod)));

/** SIMPLIFIED: a random free address of the node's range in life, here the first one, which no pod gets. */
export const routerIp = (node: ClusterNode): Ip => cidrNth(node.podCIDR, 1);

export const lxcMac = (pod: ClusterPod): Mac => stableMac(`${pod.node}/${lxcOf(pod)}`);
export const podMac = (pod: ClusterPod): Mac => stableMac(`${podNs(pod)}/eth0`);
export const hostMac = (node: ClusterNode): Mac => stableMac(`${node.name}/${HOST_DEVICE}`);
export const netMac = (node: ClusterNode): Mac => stableMac(`${node.name}/${NET_DEVICE}`);
export const tunnelMac = (node: ClusterNode, dev: string): Mac => stableMac(`${node.name}/${dev}`);
