/**
 * What the chained plugin `portmap` writes for pods with host ports: its iptables backend (containernetworking/plugins,
 * plugins/meta/portmap/portmap_iptables.go, v1.9.1; the nftables backend is taken where there is no iptables). The rules as iptables
 * lists them, and whom a server sees, were compared with Linux 6.18: `portmap.test.ts`.
 *
 * A host port is a DNAT on that one node. Nobody opens a socket, and nobody looks whether the port is free.
 */
import { sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type ClusterHostPort, type ClusterPod, podNs } from '../../kube/cluster.ts';
import type { Match, Rule, RuleOp } from '../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../linux/origin.ts';
import { type Cidr, familyOf, ip } from '../../wire/ip.ts';
import type { Fragment } from '../contract.ts';
import { append, comment, dstType, hostNet, insert, jump, markIs, newChain } from './rules.ts';
import { sandboxId } from './sandbox-id.ts';

export interface PortmapConfig {
  /** `name` of the network configuration (conflist). */
  readonly network: string;
  /** The pod's address with the prefix that the plugin before it returned: packets from there are hairpins. */
  readonly podNet: (pod: ClusterPod) => Cidr;
  /** The node's device that its route to the pod leaves by, where 127.0.0.1 must be let through. */
  readonly hostDevice: (pod: ClusterPod) => string;
}

const BY = 'portmap (CNI plugin)';
export const DNAT_CHAIN = 'CNI-HOSTPORT-DNAT';
const SET_MARK_CHAIN = 'CNI-HOSTPORT-SETMARK';
const MASQ_CHAIN = 'CNI-HOSTPORT-MASQ';
/** Bit 13: "Kubernetes uses 14 and 15, Calico uses 20-31" (main.go, DefaultMarkBit). */
const MARK = 0x2000;
/** pkg/utils `maxChainLength`. */
const CHAIN_LENGTH = 28;
/** `multiport` takes no more. */
const MULTIPORT_MAX = 15;
/** utils.go, trimComment. */
const COMMENT_MAX = 255;
const LOCALHOST = hostNet(ip('127.0.0.1'));

/** The chain of one pod (pkg/utils, MustFormatChainNameWithPrefix). */
export function hostPortChain(network: string, containerId: string): string {
  return `CNI-DN-${bytesToHex(sha512(utf8ToBytes(network + containerId)))}`.slice(0, CHAIN_LENGTH);
}

/** For the pods of one node, in the order in which they were added. It runs after the CNI's own rules stand. */
export function portmapFragment(
  pods: readonly ClusterPod[],
  config: PortmapConfig,
): Pick<Fragment, 'iptables' | 'sysctl'> {
  const mapped = pods.filter(({ hostPorts = [] }) => hostPorts.length > 0);
  if (mapped.length === 0) return {};
  const isSix = mapped.some(({ ip: own }) => familyOf(own) === 6);
  const iptables = [...sharedChains(), ...mapped.flatMap((pod) => podRules(pod, config))];
  // The trick with 127.0.0.1 is of IPv4 alone.
  if (isSix) return { iptables };
  return {
    iptables,
    sysctl: Object.assign({}, ...mapped.map((pod) => ({ [`ipv4.conf.${config.hostDevice(pod)}.route_localnet`]: 1 }))),
  };
}

const origin = (why: string): Origin => ({ by: BY, why });

/** Made for the first pod with a host port, and left standing. */
function sharedChains(): RuleOp[] {
  const rule = (matches: readonly Match[], target: Rule['target'], why: string): Rule => ({
    matches,
    target,
    origin: origin(why),
  });
  const toPods = rule([dstType('LOCAL')], jump(DNAT_CHAIN), 'an address of this node may have a host port');
  const mark = { kind: 'MARK', value: MARK, mask: MARK } as const;
  return [
    newChain('nat', SET_MARK_CHAIN),
    append(
      'nat',
      SET_MARK_CHAIN,
      rule([comment('CNI portfwd masquerade mark')], mark, 'the answer must come back through this node'),
    ),
    newChain('nat', MASQ_CHAIN),
    append('nat', MASQ_CHAIN, rule([markIs(MARK)], { kind: 'MASQUERADE' }, 'it was marked at its host port')),
    insert(
      'nat',
      'POSTROUTING',
      rule(
        [comment('CNI portfwd requiring masquerade')],
        jump(MASQ_CHAIN),
        'what was marked at a host port is masqueraded',
      ),
    ),
    newChain('nat', DNAT_CHAIN),
    append('nat', 'PREROUTING', toPods),
    append('nat', 'OUTPUT', toPods),
  ];
}

/** Older pods' entries come first. No two pods of a node have one port for one address: the scheduler sees to that. */
function podRules(pod: ClusterPod, { network, podNet }: PortmapConfig): RuleOp[] {
  const id = sandboxId(pod);
  const chain = hostPortChain(network, id);
  const { hostPorts = [] } = pod;
  const note = comment(trim(`dnat name: "${network}" id: "${id}"`));
  const entry = (proto: ClusterHostPort['proto'], ports: readonly number[]): RuleOp =>
    append('nat', DNAT_CHAIN, {
      proto: { value: proto },
      matches: [note, { kind: 'multiport', side: 'dports', ports: ports.map((from) => ({ from, to: from })) }],
      target: jump(chain),
      origin: { by: BY, for: `Pod ${podNs(pod)}`, why: `${nounOf(ports)} of Pod ${podNs(pod)}` },
    });
  const entries = (['sctp', 'tcp', 'udp'] as const).flatMap((proto) => {
    const ports = hostPorts.filter((one) => one.proto === proto).map(({ hostPort }) => hostPort);
    return inParts(ports, MULTIPORT_MAX).map((part) => entry(proto, part));
  });
  return [
    newChain('nat', chain),
    ...ofFamily(pod).flatMap((one) => portRules(pod, chain, podNet(pod), one)),
    ...entries,
  ];
}

/** A host port for one address of the node is of the family of that address (`fillDnatRules`). */
const ofFamily = ({ ip: own, hostPorts = [] }: ClusterPod): readonly ClusterHostPort[] =>
  hostPorts.filter(({ hostIP }) => hostIP === undefined || familyOf(hostIP) === familyOf(own));

/** Marks for those who would get an answer past the node or with the wrong address, then the translation. */
function portRules(pod: ClusterPod, chain: string, podNet: Cidr, port: ClusterHostPort): RuleOp[] {
  const { proto, hostPort, containerPort, hostIP } = port;
  const owner = `Pod ${podNs(pod)}`;
  const rule = (src: Cidr | null, target: Rule['target'], why: string): RuleOp =>
    append('nat', chain, {
      ...(src ? { src: { value: src } } : {}),
      ...(hostIP ? { dst: { value: hostNet(hostIP) } } : {}),
      proto: { value: proto },
      matches: [{ kind: proto, dport: { value: { from: hostPort, to: hostPort } } }],
      target,
      origin: { by: BY, for: owner, why },
    });
  const setMark = jump(SET_MARK_CHAIN);
  return [
    rule(
      podNet,
      setMark,
      'a pod of this node asks: without masquerading the answer would not come back through the node',
    ),
    ...(familyOf(pod.ip) === 4
      ? [rule(LOCALHOST, setMark, 'the node asks at 127.0.0.1, an address that means another machine in the pod')]
      : []),
    rule(null, { kind: 'DNAT', to: pod.ip, port: containerPort }, `hostPort ${hostPort} of ${owner}`),
  ];
}

const nounOf = (ports: readonly number[]): string => `hostPort${ports.length === 1 ? '' : 's'} ${ports.join(', ')}`;

const trim = (text: string): string => (text.length <= COMMENT_MAX ? text : `${text.slice(0, COMMENT_MAX - 2)}...`);

function inParts<T>(items: readonly T[], most: number): T[][] {
  const parts: T[][] = [];
  for (let at = 0; at < items.length; at += most) parts.push(items.slice(at, at + most));
  return parts;
}
