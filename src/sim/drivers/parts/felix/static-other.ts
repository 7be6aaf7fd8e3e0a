/** The fixed part of Felix's raw, mangle and nat tables: felix/rules/static.go, nat.go and dscp.go, v3.31. */
import type { RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import { type FelixRule, felixAppends, felixChain, felixInserts } from './chain.ts';
import { type FelixConfig, familyOfRules, type SetNames, setsOf, VXLAN_PORT, WORKLOADS } from './config.ts';
import { ACCEPTED, ALL_BITS, clear, isClear, isSet, SCRATCH_0, set } from './marks.ts';

const ACCEPT = '--jump ACCEPT';
const RETURN = '--jump RETURN';
const FORGET = 'marks that others left could mislead the next rules';
const NO_HOST_ENDPOINTS = 'policy of host endpoints would be asked here; this cluster has none';
const HOST_ENDPOINT_ACCEPTED = 'Host endpoint policy accepted packet.';

const to = (chain: string, why: string): FelixRule => ({ action: `--jump ${chain}`, why });

const NOTRACK: FelixRule = {
  match: `-p udp --dport ${VXLAN_PORT}`,
  action: '--jump NOTRACK',
  why: 'each direction of a VXLAN tunnel uses another source port, so conntrack would only collect unanswered flows',
};

export function rawOps({ vxlan }: FelixConfig): RuleOp[] {
  const notrack = vxlan.on ? [NOTRACK] : [];
  const accepted: FelixRule = { match: isSet(ACCEPTED), action: ACCEPT, why: 'untracked policy let it pass' };
  return [
    ...felixChain('raw', 'cali-rpf-skip', []),
    ...felixChain('raw', 'cali-from-host-endpoint', []),
    ...felixChain('raw', 'cali-to-host-endpoint', []),
    ...felixChain('raw', 'cali-PREROUTING', [
      { action: clear(ALL_BITS), why: FORGET },
      ...notrack,
      { match: `--in-interface ${WORKLOADS}`, action: set(SCRATCH_0), why: 'it came from a pod of this node' },
      {
        match: isSet(SCRATCH_0),
        action: '--jump cali-rpf-skip',
        why: 'pods that may send from foreign addresses would be listed here; none may',
      },
      {
        match: `${isSet(SCRATCH_0)} -m rpfilter --invert --validmark`,
        action: '--jump DROP',
        why: 'a pod may send from its own address only',
      },
      { match: isClear(SCRATCH_0), action: '--jump cali-from-host-endpoint', why: NO_HOST_ENDPOINTS },
      accepted,
    ]),
    ...felixChain('raw', 'cali-OUTPUT', [
      { action: clear(ALL_BITS), why: FORGET },
      to('cali-to-host-endpoint', NO_HOST_ENDPOINTS),
      ...notrack,
      accepted,
    ]),
    ...felixInserts('raw', 'PREROUTING', [to('cali-PREROUTING', 'pods that pretend to be others are stopped first')]),
    ...felixInserts('raw', 'OUTPUT', [to('cali-OUTPUT', 'what must not be tracked is said before conntrack looks')]),
  ];
}

export function mangleOps(config: Pick<FelixConfig, 'hostIp'>): RuleOp[] {
  const sets = setsOf(familyOfRules(config));
  return [
    ...felixChain('mangle', 'cali-from-host-endpoint', []),
    ...felixChain('mangle', 'cali-to-host-endpoint', []),
    ...felixChain('mangle', 'cali-egress-dscp', []),
    ...felixChain('mangle', 'cali-PREROUTING', [
      { match: '-m conntrack --ctstate RELATED,ESTABLISHED', action: ACCEPT, why: 'its flow was let in already' },
      { match: isSet(ACCEPTED), action: ACCEPT, why: 'untracked policy let it pass' },
      to('cali-from-host-endpoint', NO_HOST_ENDPOINTS),
      {
        match: isSet(ACCEPTED),
        action: ACCEPT,
        comment: HOST_ENDPOINT_ACCEPTED,
        why: 'policy before DNAT let it pass',
      },
    ]),
    ...felixChain('mangle', 'cali-POSTROUTING', [
      {
        match: `-m set --match-set ${sets.dscp} src -m set ! --match-set ${sets.pools} dst -m set ! --match-set ${sets.thisHost} dst`,
        action: '--jump cali-egress-dscp',
        comment: 'set dscp for traffic leaving cluster.',
        why: 'pods may ask for a DSCP value outside of the cluster; none does',
      },
      { match: isSet(ACCEPTED), action: RETURN, why: 'it was forwarded, so policy of host endpoints is done with it' },
      { action: clear(ALL_BITS), why: FORGET },
      { match: '-m conntrack --ctstate DNAT', action: '--jump cali-to-host-endpoint', why: NO_HOST_ENDPOINTS },
      { match: isSet(ACCEPTED), action: RETURN, comment: HOST_ENDPOINT_ACCEPTED, why: 'policy let it pass' },
    ]),
    ...felixInserts('mangle', 'PREROUTING', [to('cali-PREROUTING', 'policy of host endpoints before DNAT')]),
    ...felixInserts('mangle', 'POSTROUTING', [to('cali-POSTROUTING', 'policy of host endpoints after DNAT')]),
  ];
}

export function natOps(config: FelixConfig): RuleOp[] {
  const { ipip, vxlan, masqPools } = config;
  const tunnels = [ipip, vxlan].flatMap(({ on, device }) => (on && device !== undefined ? [device] : []));
  const fip = (what: string): string => `floating addresses would be ${what} here; this cluster has none`;
  return [
    ...felixChain('nat', 'cali-fip-dnat', []),
    ...felixChain('nat', 'cali-fip-snat', []),
    ...felixChain('nat', 'cali-nat-outgoing', masqPools.length > 0 ? [natOutgoing(setsOf(familyOfRules(config)))] : []),
    ...felixChain('nat', 'cali-PREROUTING', [to('cali-fip-dnat', fip('translated'))]),
    ...felixChain('nat', 'cali-OUTPUT', [to('cali-fip-dnat', fip('translated'))]),
    ...felixChain('nat', 'cali-POSTROUTING', [
      to('cali-fip-snat', fip('put back')),
      to('cali-nat-outgoing', 'pods that leave the pools need an address of the node'),
      ...tunnels.map(fromWrongAddress),
    ]),
    ...felixInserts('nat', 'PREROUTING', [to('cali-PREROUTING', 'floating addresses')]),
    ...felixInserts('nat', 'OUTPUT', [to('cali-OUTPUT', 'floating addresses')]),
    ...felixAppends('nat', 'POSTROUTING', [
      to('cali-POSTROUTING', 'after kube-proxy, whose mark must be cleared before a packet is put into a tunnel'),
    ]),
  ];
}

const natOutgoing = ({ pools, masqPools }: SetNames): FelixRule => ({
  match: `-m set --match-set ${masqPools} src -m set ! --match-set ${pools} dst`,
  action: '--jump MASQUERADE --random-fully',
  why: 'nobody outside of the pools knows a way back to a pod (natOutgoing)',
});

/** A Service address is translated after the source was chosen: then the source is not the tunnel's. */
const fromWrongAddress = (device: string): FelixRule => ({
  match: `--out-interface ${device} -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL`,
  action: '--jump MASQUERADE --random-fully',
  why: `answers come back through the tunnel only to the address of ${device}`,
});
