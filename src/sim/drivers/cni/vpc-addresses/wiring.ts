/** What the plugin leaves for each pod: cmd/routed-eni-cni-plugin/driver/driver.go `SetupPodNetwork`, v1.23.0. */
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type ClusterNode, type ClusterPod, podNs } from '../../../kube/cluster.ts';
import type { Device, Route } from '../../../linux/config.ts';
import type { Origin } from '../../../linux/origin.ts';
import { ANY_NET, ip } from '../../../wire/ip.ts';
import type { Mac } from '../../../wire/mac.ts';
import type { Fragment } from '../../contract.ts';
import { hostNet } from '../../parts/rules.ts';
import { stableMac } from '../../parts/stable-mac.ts';
import { IPAMD, PLUGIN, POD_GATEWAY } from './facts.ts';

const POD_DEVICE = 'eth0';
const GATEWAY = ip(POD_GATEWAY);
const NAME_HASH_LETTERS = 11;

/** pkg/networkutils/names.go: a prefix and the start of a SHA-1. */
export const nameFor = (prefix: string, { namespace, name }: ClusterPod): string =>
  `${prefix}${bytesToHex(sha1(utf8ToBytes(`${namespace}.${name}`))).slice(0, NAME_HASH_LETTERS)}`;

export const hostVeth = (pod: ClusterPod): string => pod.veth ?? nameFor('eni', pod);

/** The plugin draws it, because it is also what the pod is told about its gateway. */
const hostMac = (pod: ClusterPod): Mac => stableMac(`${pod.node}/${hostVeth(pod)}`);

const originFor = (pod: ClusterPod, why: string, by = PLUGIN): Origin => ({ by, for: `Pod ${podNs(pod)}`, why });

/** The node's side: a cable for each pod and a route to it, no bridge and no address. */
export function vpcNode(pods: readonly ClusterPod[], mtuBytes: number): Fragment {
  return {
    devices: pods.map(
      (pod): Device => ({
        kind: 'veth',
        name: hostVeth(pod),
        mac: hostMac(pod),
        mtuBytes,
        up: true,
        peer: { ns: podNs(pod), dev: POD_DEVICE },
        origin: originFor(pod, "the node's end of the pod's cable; despite its name it is no network card of the VPC"),
      }),
    ),
    routes: pods.map(
      (pod): Route => ({
        dst: hostNet(pod.ip),
        type: 'unicast',
        dev: hostVeth(pod),
        table: 'main',
        scope: 'link',
        origin: originFor(pod, 'the pod is at the other end of this cable'),
      }),
    ),
  };
}

/** The pod's side: one address, and a gateway that no machine has, whose MAC is written down. */
export function vpcPod(node: ClusterNode, pod: ClusterPod, mtuBytes: number): Fragment {
  const route = { type: 'unicast', dev: POD_DEVICE, table: 'main' } as const;
  return {
    devices: [
      {
        kind: 'veth',
        name: POD_DEVICE,
        mac: stableMac(`${podNs(pod)}/${POD_DEVICE}`),
        mtuBytes,
        up: true,
        peer: { ns: node.name, dev: hostVeth(pod) },
        origin: originFor(pod, "the pod's end of its cable"),
      },
    ],
    addresses: [
      {
        dev: POD_DEVICE,
        ip: pod.ip,
        prefix: 32,
        scope: 'global',
        origin: originFor(
          pod,
          `a secondary address of the network card of ${node.name}, from the subnet of the VPC`,
          IPAMD,
        ),
      },
    ],
    routes: [
      { ...route, dst: ANY_NET, via: GATEWAY, scope: 'global', origin: originFor(pod, 'everything goes to the node') },
      {
        ...route,
        dst: hostNet(GATEWAY),
        scope: 'link',
        origin: originFor(pod, 'the gateway is at the other end of the cable'),
      },
    ],
    neighbours: [
      {
        dev: POD_DEVICE,
        ip: GATEWAY,
        mac: hostMac(pod),
        origin: originFor(
          pod,
          "no machine has this address, so nobody would answer ARP: it is the node's end of the cable",
        ),
      },
    ],
  };
}
