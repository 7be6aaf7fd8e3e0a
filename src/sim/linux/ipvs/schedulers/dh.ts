/**
 * Destination hashing (net/netfilter/ipvs/ip_vs_dh.c): 256 buckets, filled in turn, picked by the address that the client calls. Behind one
 * virtual address that is always the same real server: dh is made for caches in front of many addresses.
 */
import { foldAddress } from '../address.ts';
import { hash32 } from '../hash.ts';
import { type Scheduler, takesNew } from './scheduler.ts';

/** CONFIG_IP_VS_DH_TAB_BITS. */
const TAB_BITS = 8;

export const dh: Scheduler = ({ virtual, servers }) => {
  const chosen = servers[hash32(foldAddress(virtual.ip), TAB_BITS) % servers.length];
  return chosen && takesNew(chosen) ? chosen : null;
};
