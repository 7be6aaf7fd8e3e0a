/** How tools print the objects that take part in a trace: one place that knows which printer prints what. */
import type { FdbEntry, Listener, Neighbour } from '../../linux/config.ts';
import { printRule } from '../../linux/netfilter/iptables/print.ts';
import { printRule as printNftRule } from '../../linux/netfilter/nftables/print.ts';
import { printFdbEntry } from '../../linux/print/bridge-fdb.ts';
import { printConntrack } from '../../linux/print/conntrack.ts';
import { printFrame, printPacket } from '../../linux/print/frame.ts';
import { printNeighbour } from '../../linux/print/ip-neigh.ts';
import { printRoute } from '../../linux/print/ip-route.ts';
import type { Frame, IpPacket } from '../../wire/frame.ts';
import { isFrame } from './packet-words.ts';

export const ruleLine = printRule;
export const nftRuleLine = printNftRule;
export const routeLine = printRoute;
export const conntrackLine = printConntrack;
export const neighbourLine = (entry: Neighbour): string => printNeighbour(entry);
export const fdbLine = (entry: FdbEntry): string => printFdbEntry(entry);
export const frameLine = (frame: Frame | IpPacket): string => (isFrame(frame) ? printFrame(frame) : printPacket(frame));

/** As `ss -lntu` prints it, without the counters. */
export const listenerLine = ({ proto, port, ip, program }: Listener): string =>
  `${proto}   ${proto === 'udp' ? 'UNCONN' : 'LISTEN'}   ${ip ?? '0.0.0.0'}:${port}   users:(("${program}"))`;
