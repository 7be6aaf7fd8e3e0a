/**
 * What `ipMasq: true` makes the `bridge` and `ptp` plugins write for each pod (containernetworking/plugins,
 * pkg/ip/ipmasq_iptables_linux.go, v1.9.1; the same rules since v0.8.7; order and text as v1.1.1 wrote them on Linux 6.18).
 */
import { sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type ClusterPod, podNs } from '../../kube/cluster.ts';
import type { Rule, RuleOp } from '../../linux/netfilter/iptables/rule.ts';
import type { Cidr } from '../../wire/ip.ts';
import { multicastNet } from './family-words.ts';
import { ACCEPT, append, comment, hostNet, jump, newChain } from './rules.ts';
import { sandboxId } from './sandbox-id.ts';

const CHAIN_PREFIX = 'CNI-';
/** pkg/utils `maxChainLength`. */
const CHAIN_LENGTH = 28;

/** The chain of one pod in the network of a plugin configuration: a hash of both names. */
export function ipMasqChain(network: string, containerId: string): string {
  const hash = bytesToHex(sha512(utf8ToBytes(network + containerId)));
  return `${CHAIN_PREFIX}${hash}`.slice(0, CHAIN_LENGTH);
}

/** The rules of one pod, whose node's pod network is all that keeps the pod's address: pods of other nodes are outside of it. */
export function ipMasqRules(by: string, network: string, pod: ClusterPod, subnet: Cidr): RuleOp[] {
  const id = sandboxId(pod);
  const chain = ipMasqChain(network, id);
  const rule = (fields: Pick<Rule, 'src' | 'dst' | 'target'>, why: string): Rule => ({
    ...fields,
    matches: [comment(`name: "${network}" id: "${id}"`)],
    origin: { by, for: `Pod ${podNs(pod)}`, why },
  });
  return [
    newChain('nat', chain),
    append(
      'nat',
      chain,
      rule({ dst: { value: subnet }, target: ACCEPT }, "to a pod of the same node's pod network: the address stays"),
    ),
    append(
      'nat',
      chain,
      rule(
        { dst: { value: multicastNet(subnet), invert: true }, target: { kind: 'MASQUERADE' } },
        `all that leaves ${subnet.text} gets the node's address, even what goes to pods of other nodes`,
      ),
    ),
    append('nat', 'POSTROUTING', rule({ src: { value: hostNet(pod.ip) }, target: jump(chain) }, 'ipMasq is on')),
  ];
}
