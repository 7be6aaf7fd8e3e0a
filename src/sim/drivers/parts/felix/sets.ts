/** The ipsets that Felix's fixed rules ask: felix/dataplane/linux/{masq_mgr,hostip_mgr,ipip_mgr,vxlan_mgr}.go, v3.31. */
import type { IpSet, IpSetType } from '../../../linux/config.ts';
import { LOOPBACK_NET } from '../../../wire/ip.ts';
import { BY } from './chain.ts';
import { type FelixConfig, SETS } from './config.ts';

export function felixSets(
  { pools, masqPools, hostIp, peers, ipip, vxlan }: FelixConfig,
  own: readonly string[],
): IpSet[] {
  const set = (name: string, type: IpSetType, members: readonly string[], why: string): IpSet => ({
    name,
    type,
    family: 4,
    members,
    origin: { by: BY, why },
  });
  const texts = (nets: FelixConfig['pools']): string[] => nets.map(({ text }) => text);
  return [
    set(SETS.pools, 'hash:net', texts(pools), 'all IPPools: between them nothing is masqueraded'),
    set(SETS.masqPools, 'hash:net', texts(masqPools), 'the IPPools with natOutgoing'),
    set(SETS.thisHost, 'hash:ip', own, 'the addresses of this node'),
    set(SETS.dscp, 'hash:net', [], 'pods that ask for a DSCP value; none does'),
    // Felix lists the node itself among the hosts, and does not list it among the VXLAN sources.
    ...(ipip.on ? [set(SETS.hosts, 'hash:net', [hostIp, ...peers], 'nodes that may send IP-in-IP packets')] : []),
    ...(vxlan.on ? [set(SETS.vxlanHosts, 'hash:net', peers, 'nodes that may send VXLAN packets')] : []),
  ];
}

export const LOOPBACK_IP = LOOPBACK_NET.base.replace(/0$/, '1');
