/** The smallest change that would let the packet through, for each reason that no special sentence covers. */
import type { DropReason } from '../../linux/step.ts';
import { isFault } from './names.ts';
import { innerPacket } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import type { Case } from './verdict-case.ts';

type Drop = StepOf<'drop'>;

export function remedyOf(c: Case, drop: Drop): string | null {
  const place = c.names.ns(drop.ns);
  const culprit = drop.culprit;
  if (culprit && isFault(culprit.origin)) return `Undo your change on ${place}: ${culprit.text}`;
  return REMEDIES[drop.reason]?.(c, drop, place) ?? null;
}

const named = (drop: Drop): string => (drop.culprit && drop.culprit.kind !== 'none' ? ` (${drop.culprit.text})` : '');

const REMEDIES: Readonly<Partial<Record<DropReason, (c: Case, drop: Drop, place: string) => string>>> = {
  DEV_DOWN: (_c, drop, place) => `Set the device up on ${place}${named(drop)}: ip link set DEVICE up`,
  NO_CARRIER: (_c, drop, place) => `Set the other end of the link up, seen from ${place}${named(drop)}.`,
  BRIDGE_NOT_HAIRPIN: (_c, drop, place) =>
    `Turn hairpin mode on for the pod's bridge port on ${place}${named(drop)}: bridge link set dev PORT hairpin on`,
  IP_INNOROUTES: (c, drop, place) => noRoute(c, drop, place),
  IP_OUTNOROUTES: (c, drop, place) => noRoute(c, drop, place),
  IP_RPFILTER: (_c, _drop, place) =>
    `Send from an address that ${place} would answer by the same device, or set rp_filter to 0 there.`,
  IP_FORWARDING_OFF: (_c, _drop, place) => `Turn forwarding on: sysctl -w net.ipv4.ip_forward=1   # on ${place}`,
  IP_BLACKHOLE: (_c, drop, place) =>
    `Send to an address that exists, or remove the blackhole route of ${place}${named(drop)}.`,
  NEIGH_FAILED: (_c, drop, place) =>
    `Check that a machine with the next hop's address is on ${place}'s link and up${named(drop)}.`,
  VXLAN_NO_REMOTE: (_c, drop, place) =>
    `Write the missing entry on ${place}: bridge fdb add MAC dev DEVICE dst NODE${named(drop)}`,
  PKT_TOO_BIG: () => 'Send less, or allow fragments (no DF).',
  TTL_EXPIRED: () => 'Send with a larger TTL.',
};

function noRoute(c: Case, drop: Drop, place: string): string {
  const dst = innerPacket(drop.frame)?.dst;
  const owner = dst && c.names.nodeOfPodRange(dst);
  return `Give ${place} a route to ${owner ? owner.podCIDR.text : (dst ?? 'the destination')}.`;
}
