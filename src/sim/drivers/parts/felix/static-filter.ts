/** The fixed part of Felix's filter table: felix/rules/static.go, v3.31. */
import { type Family, familyName } from '../../../kube/families.ts';
import type { RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import { type FelixRule, felixAppends, felixChain, felixInserts } from './chain.ts';
import { type FelixConfig, familyOfRules, IPIP_PROTOCOL, setsOf, VXLAN_PORT, WORKLOADS } from './config.ts';
import { IPVS_INPUT, IPVS_OUTPUT } from './ipvs.ts';
import { ACCEPTED, ALL_BITS, clear, isClear, isSet, set } from './marks.ts';

const ACCEPT = '--jump ACCEPT';
const FORGET = 'marks that others left could mislead the next rules';
const NO_HOST_ENDPOINTS = 'policy of host endpoints would be asked here; this cluster has none';

export function filterOps(config: FelixConfig): RuleOp[] {
  return [
    ...felixChain('filter', 'cali-from-hep-forward', []),
    ...felixChain('filter', 'cali-to-hep-forward', []),
    ...felixChain('filter', 'cali-from-host-endpoint', []),
    ...felixChain('filter', 'cali-to-host-endpoint', []),
    ...felixChain('filter', 'cali-cidr-block', []),
    ...felixChain('filter', 'cali-FORWARD', FORWARD),
    ...felixChain('filter', 'cali-INPUT', input(config)),
    ...felixChain('filter', 'cali-wl-to-host', workloadToHost(familyOfRules(config))),
    ...felixChain('filter', 'cali-OUTPUT', output(config)),
    ...felixInserts('filter', 'FORWARD', [to('cali-FORWARD', 'whatever is passed on to or from a pod meets policy')]),
    ...felixInserts('filter', 'INPUT', [to('cali-INPUT', 'tunnels end here, and pods call their node')]),
    ...felixInserts('filter', 'OUTPUT', [to('cali-OUTPUT', 'tunnels begin here, and the node calls its pods')]),
    ...felixAppends('filter', 'FORWARD', FORWARD_END),
  ];
}

const to = (chain: string, why: string): FelixRule => ({ action: `--jump ${chain}`, why });

/** Chains that allow return: a packet between two pods of one node meets the sender's policy and the receiver's. */
const FORWARD: readonly FelixRule[] = [
  { action: clear(ALL_BITS & ~ACCEPTED), why: FORGET },
  { match: isClear(ACCEPTED), action: '--jump cali-from-hep-forward', why: NO_HOST_ENDPOINTS },
  {
    match: `--in-interface ${WORKLOADS}`,
    action: '--jump cali-from-wl-dispatch',
    why: 'what a pod of this node sends meets its egress policy',
  },
  {
    match: `--out-interface ${WORKLOADS}`,
    action: '--jump cali-to-wl-dispatch',
    why: 'what goes to a pod of this node meets its ingress policy',
  },
  { action: '--jump cali-to-hep-forward', why: NO_HOST_ENDPOINTS },
  { action: '--jump cali-cidr-block', why: 'Service addresses that are advertised by BGP must not loop; none are' },
];

/** Behind the chains of kube-proxy and of everybody else. */
const FORWARD_END: readonly FelixRule[] = [
  {
    match: isSet(ACCEPTED),
    action: ACCEPT,
    comment: 'Policy explicitly accepted packet.',
    why: 'policy let it pass, whatever the policy of the chain FORWARD is',
  },
  { action: set(ACCEPTED), why: 'it tells mangle POSTROUTING that the packet was forwarded, not made here' },
];

function input(config: FelixConfig): readonly FelixRule[] {
  const { ipip, vxlan, besideIpvs } = config;
  const family = familyOfRules(config);
  return [
    ...(ipip.on ? IPIP_INPUT : []),
    ...(vxlan.on ? vxlanInput(family) : []),
    ...(besideIpvs ? IPVS_INPUT : []),
    {
      match: `--in-interface ${WORKLOADS}`,
      action: '--goto cali-wl-to-host',
      why: 'what a pod sends to its own node meets its egress policy',
    },
    { match: isSet(ACCEPTED), action: ACCEPT, why: 'an earlier table let it pass already' },
    { action: clear(ALL_BITS), why: FORGET },
    { action: '--jump cali-from-host-endpoint', why: NO_HOST_ENDPOINTS },
    {
      match: isSet(ACCEPTED),
      action: ACCEPT,
      comment: 'Host endpoint policy accepted packet.',
      why: 'policy of a host endpoint let it pass',
    },
  ];
}

const IPIP_INPUT: readonly FelixRule[] = [
  {
    match: `-p ${IPIP_PROTOCOL} -m set --match-set ${setsOf(4).hosts} src -m addrtype --dst-type LOCAL`,
    action: ACCEPT,
    comment: 'Allow IPIP packets from Calico hosts',
    why: 'the other nodes send the packets of their pods so',
  },
  {
    match: `-p ${IPIP_PROTOCOL}`,
    action: '--jump DROP',
    comment: 'Drop IPIP packets from non-Calico hosts',
    why: 'a stranger could slip a packet past policy in such an envelope',
  },
];

const vxlanInput = (family: Family): readonly FelixRule[] => [
  {
    match: `-p 17 -m multiport --destination-ports ${VXLAN_PORT} -m set --match-set ${setsOf(family).vxlanHosts} src -m addrtype --dst-type LOCAL`,
    action: ACCEPT,
    comment: `Allow ${familyName(family)} VXLAN packets from allowed hosts`,
    why: 'the other nodes send the packets of their pods so',
  },
  {
    match: `-p 17 -m multiport --destination-ports ${VXLAN_PORT} -m addrtype --dst-type LOCAL`,
    action: '--jump DROP',
    comment: `Drop ${familyName(family)} VXLAN packets from non-allowed hosts`,
    why: 'a stranger could slip a packet past policy in such an envelope',
  },
];

/** `ICMPv6Filter` (felix/rules/static.go): multicast listeners, router solicitations, neighbours. */
const NEIGHBOUR_DISCOVERY: readonly FelixRule[] = [130, 131, 132, 133, 135, 136].map((type) => ({
  match: `-p 58 -m icmp6 --icmpv6-type ${type}`,
  action: ACCEPT,
  why: 'without it a pod would not find the node at the end of its cable',
}));

/** Felix's own default is DROP; Calico's manifests and its operator say ACCEPT. */
const workloadToHost = (family: Family): readonly FelixRule[] => [
  ...(family === 6 ? NEIGHBOUR_DISCOVERY : []),
  { action: '--jump cali-from-wl-dispatch', why: 'the egress policy of the pod that sent it' },
  {
    action: ACCEPT,
    comment: 'Configured DefaultEndpointToHostAction',
    why: 'pods may call their own node (DefaultEndpointToHostAction is Accept)',
  },
];

function output(config: FelixConfig): readonly FelixRule[] {
  const { ipip, vxlan, besideIpvs } = config;
  const family = familyOfRules(config);
  const toIpip: FelixRule = {
    match: `-p ${IPIP_PROTOCOL} -m set --match-set ${setsOf(4).hosts} dst -m addrtype --src-type LOCAL`,
    action: ACCEPT,
    comment: 'Allow IPIP packets to other Calico hosts',
    why: 'the packets of pods leave for other nodes so',
  };
  const toVxlan: FelixRule = {
    match: `-p 17 -m multiport --destination-ports ${VXLAN_PORT} -m addrtype --src-type LOCAL -m set --match-set ${setsOf(family).vxlanHosts} dst`,
    action: ACCEPT,
    comment: `Allow ${familyName(family)} VXLAN packets to other allowed hosts`,
    why: 'the packets of pods leave for other nodes so',
  };
  return [
    { match: isSet(ACCEPTED), action: ACCEPT, why: 'an earlier table let it pass already' },
    ...(besideIpvs ? [IPVS_OUTPUT] : []),
    {
      match: `--out-interface ${WORKLOADS}`,
      action: '--jump RETURN',
      why: 'a node may always call its own pods, as kubelet does for probes: ingress policy is not asked',
    },
    ...(ipip.on ? [toIpip] : []),
    ...(vxlan.on ? [toVxlan] : []),
    { action: clear(ALL_BITS), why: FORGET },
    { match: '-m conntrack ! --ctstate DNAT', action: '--jump cali-to-host-endpoint', why: NO_HOST_ENDPOINTS },
    {
      match: isSet(ACCEPTED),
      action: ACCEPT,
      comment: 'Host endpoint policy accepted packet.',
      why: 'policy of a host endpoint let it pass',
    },
  ];
}
