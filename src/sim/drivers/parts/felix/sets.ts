/** The ipsets that Felix's fixed rules ask: felix/dataplane/linux/{masq_mgr,hostip_mgr,ipip_mgr,vxlan_mgr}.go, v3.31. */

import type { Family } from '../../../kube/families.ts';
import type { IpSet, IpSetType } from '../../../linux/config.ts';
import { LOOPBACK_NET } from '../../../wire/ip.ts';
import { LOOPBACK_6 } from '../../../wire/ip6.ts';
import { BY } from './chain.ts';
import { type FelixConfig, familyOfRules, setsOf } from './config.ts';

export function felixSets(config: FelixConfig, own: readonly string[]): IpSet[] {
  const { pools, masqPools, hostIp, peers, ipip, vxlan } = config;
  const family = familyOfRules(config);
  const names = setsOf(family);
  const set = (name: string, type: IpSetType, members: readonly string[], why: string): IpSet => ({
    name,
    type,
    family,
    members,
    origin: { by: BY, why },
  });
  const texts = (nets: FelixConfig['pools']): string[] => nets.map(({ text }) => text);
  return [
    set(names.pools, 'hash:net', texts(pools), 'all IPPools: between them nothing is masqueraded'),
    set(names.masqPools, 'hash:net', texts(masqPools), 'the IPPools with natOutgoing'),
    set(names.thisHost, 'hash:ip', own, 'the addresses of this node'),
    set(names.dscp, 'hash:net', [], 'pods that ask for a DSCP value; none does'),
    // Felix lists the node itself among the hosts, and does not list it among the VXLAN sources.
    ...(ipip.on ? [set(names.hosts, 'hash:net', [hostIp, ...peers], 'nodes that may send IP-in-IP packets')] : []),
    ...(vxlan.on ? [set(names.vxlanHosts, 'hash:net', peers, 'nodes that may send VXLAN packets')] : []),
  ];
}

export const LOOPBACK_IPS: Readonly<Record<Family, string>> = {
  4: LOOPBACK_NET.base.replace(/0$/, '1'),
  6: LOOPBACK_6,
};
