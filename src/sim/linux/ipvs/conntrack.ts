/**
 * IPVS and conntrack see the same packets (net/netfilter/ipvs/ip_vs_nfct.c). With `vs.conntrack=1` the entry learns from the first packet where
 * answers will come from; it does not count as DNATed, so nat never translates the destination: IPVS does that for every packet.
 */
import { type CtRef, UNTRACKED } from '../netfilter/conntrack.ts';
import type { IpvsConnection } from './connection.ts';
import type { IpvsSysctl } from './table.ts';

/** What a translated request carries on (`ip_vs_update_conntrack`, or `ip_vs_notrack` without `vs.conntrack`). */
export function trackRequest(ref: CtRef | null, { server }: IpvsConnection, sysctl: IpvsSysctl): CtRef | null {
  if (sysctl['ipv4.vs.conntrack'] === 0) return UNTRACKED;
  const entry = ref?.entry;
  if (entry && !entry.confirmed && ref.dir === 'original')
    entry.reply = { ...entry.reply, src: server.ip, sport: server.port };
  return ref;
}

/** What a translated reply carries on: the entry of its request already knows it. */
export const trackReply = (ref: CtRef | null, sysctl: IpvsSysctl): CtRef | null =>
  sysctl['ipv4.vs.conntrack'] === 0 ? UNTRACKED : ref;
