/**
 * What IPVS does with a packet at a hook (net/netfilter/ipvs/ip_vs_core.c `ip_vs_in_hook`, `ip_vs_out_hook`). It hooks in between the iptables
 * tables (`ip_vs_ops4`): at LOCAL_IN after filter and before nat (98 replies, 99 requests), at LOCAL_OUT after nat and before filter
 * (-99 replies, -98 requests), at FORWARD after filter (100 replies; errors about requests at 99). A packet that it translated carries
 * its connection and is left alone from then on.
 */
import type { Icmp, IpPacket } from '../../wire/frame.ts';
import { isIcmpError, isLaterFragment } from '../../wire/frame.ts';
import {
  destinationOf,
  hasPorts,
  type IpvsConnection,
  type IpvsConnections,
  type PortPacket,
  sourceOf,
} from './connection.ts';
import { schedule } from './schedule.ts';
import { findReal, findVirtual, type IpPort, type IpvsSysctl, type RealServer, type VirtualServer } from './table.ts';

export interface IpvsContext {
  readonly connections: IpvsConnections;
  readonly table: readonly VirtualServer[];
  readonly sysctl: IpvsSysctl;
  readonly nowNs: number;
  /** The packet's conntrack entry is confirmed: it cannot be led to another real server (`ip_vs_conn_uses_old_conntrack`). */
  readonly hasOldConntrack: boolean;
  /** Made in this namespace, or come over loopback. */
  readonly isLocal: boolean;
}

export type IpvsVerdict =
  /** Nothing to do with IPVS, or not any more. */
  | { readonly kind: 'pass' }
  /** Goes to the real server (or, as a reply, on to the client) as `after`. */
  | {
      readonly kind: 'translate';
      readonly after: IpPacket;
      readonly connection: IpvsConnection;
      /** Who chose the real server, for this packet or for the first one of its connection. */
      readonly by: 'scheduler' | 'template' | 'connection';
    }
  /** A virtual server without a real server that takes connections: ICMP port unreachable, and dropped (`ip_vs_leave`). */
  | { readonly kind: 'unreachable'; readonly virtual: VirtualServer }
  /** The real server is gone (or ended the connection) and conntrack still leads to it: the next attempt is scheduled anew. */
  | { readonly kind: 'drop'; readonly connection: IpvsConnection };

const PASS: IpvsVerdict = { kind: 'pass' };
/** Active FTP: its data connections are not scheduled. */
const FTP_DATA_PORT = 20;
/** Destination unreachable, source quench, time exceeded: the errors that are about another packet. Of IPv6 all errors are. */
const RELATED_TYPES: readonly number[] = [3, 4, 11];

/** A packet that may be for a virtual server: LOCAL_IN and LOCAL_OUT; errors also at FORWARD. */
export function ipvsRequest(packet: IpPacket, at: IpvsContext): IpvsVerdict {
  const error = relatedError(packet);
  if (error) return errorFromClient(packet, error, at);
  if (!hasPorts(packet)) return PASS;
  at.connections.expire(at.nowNs);
  const found = at.connections.ofRequest(packet.l4.proto, sourceOf(packet), destinationOf(packet));
  if (found) {
    const isOver = hasEnded(found, packet, at);
    if (isOver === null) return { kind: 'drop', connection: found };
    if (!isOver) return follow(found, packet, at, 'connection');
    at.connections.remove(found);
    if (at.hasOldConntrack) return { kind: 'drop', connection: found };
  }
  return begin(packet, at);
}

/** True: the connection makes room for a new one. Null: it stays, and has nowhere to go. */
function hasEnded(found: IpvsConnection, packet: PortPacket, at: IpvsContext): boolean | null {
  const real = realOf(found, at.table);
  const endsWithServer = at.sysctl['ipv4.vs.expire_nodest_conn'] === 1;
  if (!real) return endsWithServer ? true : null;
  if (packet.l4.proto !== 'tcp' || !packet.l4.flags.includes('S')) return false;
  if (endsWithServer && real.weight === 0) return true;
  const isReused = found.template === null && (found.state === 'TIME_WAIT' || found.state === 'CLOSE');
  return isReused && at.sysctl['ipv4.vs.conn_reuse_mode'] !== 0;
}

function realOf(connection: IpvsConnection, table: readonly VirtualServer[]): RealServer | undefined {
  const virtual = findVirtual(table, connection.proto, connection.virtual);
  return virtual && findReal(virtual, connection.server);
}

/** Only a SYN begins a TCP connection, only INIT an SCTP association (`tcp_conn_schedule`, `sctp_conn_schedule`). */
function begin(packet: PortPacket, at: IpvsContext): IpvsVerdict {
  const { l4 } = packet;
  if (l4.proto === 'tcp' && !l4.flags.includes('S')) return PASS;
  if (l4.proto === 'sctp' && l4.chunk !== 'INIT') return PASS;
  const virtual = findVirtual(at.table, l4.proto, destinationOf(packet));
  if (!virtual || l4.sport === FTP_DATA_PORT || isOwnReply(packet, at)) return PASS;
  const scheduled = schedule(at.connections, virtual, packet, at.sysctl, at.nowNs);
  return scheduled ? follow(scheduled.connection, packet, at, scheduled.by) : { kind: 'unreachable', virtual };
}

/** The answer of a real server in this namespace is no request to another virtual server. */
const isOwnReply = (packet: PortPacket, { isLocal, connections }: IpvsContext): boolean =>
  isLocal && connections.ofRequest(packet.l4.proto, destinationOf(packet), sourceOf(packet)) !== undefined;

function follow(
  connection: IpvsConnection,
  packet: PortPacket,
  { connections, nowNs, table }: IpvsContext,
  by: 'scheduler' | 'template' | 'connection',
): IpvsVerdict {
  connections.see(connection, packet, 'request', nowNs);
  const isRouted = realOf(connection, table)?.forward === 'route';
  return { kind: 'translate', after: isRouted ? packet : withDestination(packet, connection.server), connection, by };
}

/** A packet that may be a real server's answer: LOCAL_IN, LOCAL_OUT and FORWARD, before requests are looked at. */
export function ipvsReply(packet: IpPacket, { connections, nowNs }: IpvsContext): IpvsVerdict {
  const error = relatedError(packet);
  if (error) return errorFromServer(packet, error, connections);
  if (!hasPorts(packet)) return PASS;
  connections.expire(nowNs);
  const connection = connections.ofReply(packet.l4.proto, sourceOf(packet), destinationOf(packet));
  if (!connection) return PASS;
  connections.see(connection, packet, 'reply', nowNs);
  return { kind: 'translate', after: withSource(packet, connection.virtual), connection, by: 'connection' };
}

type IcmpError = Icmp & { readonly quoted: IpPacket };

function relatedError({ l4 }: IpPacket): IcmpError | null {
  if (isLaterFragment(l4) || !isIcmpError(l4)) return null;
  return l4.proto === 'ipv6-icmp' || RELATED_TYPES.includes(l4.type) ? l4 : null;
}

/** The client's side complains about an answer, which it knows as the virtual server's (`ip_vs_in_icmp`). */
function errorFromClient(packet: IpPacket, icmp: IcmpError, { connections }: IpvsContext): IpvsVerdict {
  const { quoted } = icmp;
  if (!hasPorts(quoted)) return PASS;
  const connection = connections.ofRequest(quoted.l4.proto, destinationOf(quoted), sourceOf(quoted));
  if (!connection) return PASS;
  const l4 = { ...icmp, quoted: withSource(quoted, connection.server) };
  return { kind: 'translate', after: { ...packet, dst: connection.server.ip, l4 }, connection, by: 'connection' };
}

/** The real server's side complains about a request, which the client sent to the virtual server (`ip_vs_nat_icmp`). */
function errorFromServer(packet: IpPacket, icmp: IcmpError, connections: IpvsConnections): IpvsVerdict {
  const { quoted } = icmp;
  if (!hasPorts(quoted)) return PASS;
  const connection = connections.ofReply(quoted.l4.proto, destinationOf(quoted), sourceOf(quoted));
  if (!connection) return PASS;
  const l4 = { ...icmp, quoted: withDestination(quoted, connection.virtual) };
  return { kind: 'translate', after: { ...packet, src: connection.virtual.ip, l4 }, connection, by: 'connection' };
}

const withDestination = (packet: PortPacket, { ip, port }: IpPort): IpPacket => ({
  ...packet,
  dst: ip,
  l4: { ...packet.l4, dport: port },
});

const withSource = (packet: PortPacket, { ip, port }: IpPort): IpPacket => ({
  ...packet,
  src: ip,
  l4: { ...packet.l4, sport: port },
});
