/**
 * SCTP as far as a hop list shows it: the four packets that open an association (RFC 9260 section 5.1), one message each way, ABORT.
 * SIMPLIFIED: an association is left open, one address on each side, nothing is sent twice, and the module is loaded everywhere: a kernel
 * without it answers with ICMP protocol unreachable, not with ABORT.
 */
import { headerBytes, type Sctp, type SctpChunk } from '../../wire/frame.ts';
import { drop, type Kernel, tell } from '../kernel.ts';
import { type LocalPacket, makeLocal } from '../local.ts';
import type { Netns } from '../netns.ts';
import { ipOf, type Skb } from '../skb.ts';
import { findListener, findSocket, flowKeyOf, lastStep, type Socket } from './socket.ts';

/** Common header and chunk header (RFC 9260 section 3); what INIT and the cookie carry varies, and is left out. */
const HEADER_BYTES = 16;
const ANSWER = 'pong';

/** `length` counts the fixed part of each chunk (RFC 9260 section 3.3). */
const CHUNK_BYTES: Readonly<Record<SctpChunk, number>> = {
  INIT: 16,
  'INIT ACK': 16,
  'COOKIE ECHO': 0,
  'COOKIE ACK': 0,
  ABORT: 0,
  DATA: 12,
  SACK: 12,
};

/** Sends INIT. */
export function associate(k: Kernel, ns: Netns, socket: Socket): void {
  ns.memory.sockets.push(socket);
  send(k, ns, socket, 'INIT');
}

function send(k: Kernel, ns: Netns, socket: Socket, chunk: SctpChunk, note?: string): void {
  const l4 = chunkOf(socket.local.port, socket.remote.port, chunk, note);
  const { ttl, df } = socket.options;
  transmit(k, ns, l4, {
    to: socket.remote.ip,
    from: socket.local.ip,
    df: df !== 'dont',
    ttl,
    by: socket.program,
    flowKey: flowKeyOf(ns, socket),
  });
}

const chunkOf = (sport: number, dport: number, chunk: SctpChunk, note?: string): Sctp => ({
  proto: 'sctp',
  sport,
  dport,
  chunk,
  dataBytes: note?.length ?? 0,
  ...(note === undefined ? {} : { note }),
});

function transmit(k: Kernel, ns: Netns, l4: Sctp, packet: Omit<LocalPacket, 'l4' | 'len' | 'what'>): void {
  const len = headerBytes(packet.to) + HEADER_BYTES + CHUNK_BYTES[l4.chunk] + l4.dataBytes;
  const skb = makeLocal(k, ns, { ...packet, l4, len, what: `SCTP ${l4.chunk}` });
  if (skb) k.ops.localOut(k, ns, skb);
}

export function sendMessage(k: Kernel, ns: Netns, socket: Socket, note: string): void {
  send(k, ns, socket, 'DATA', note);
}

export function sctpReceive(k: Kernel, ns: Netns, skb: Skb, sctp: Sctp): void {
  const packet = ipOf(skb);
  const ends = { srcIp: packet.src, srcPort: sctp.sport, dstIp: packet.dst, dstPort: sctp.dport };
  const socket = findSocket(ns, 'sctp', ends);
  if (socket) return chunkArrives(k, ns, skb, sctp, socket);
  const listener = sctp.chunk === 'INIT' ? findListener(ns, 'sctp', packet.dst, sctp.dport) : undefined;
  if (!listener) return refuse(k, ns, skb, sctp);
  tell(k, ns, skb, {
    kind: 'deliver',
    to: 'socket',
    socket: listener,
    what: `${listener.program} listens on SCTP port ${listener.port}`,
  });
  const child: Socket = {
    proto: 'sctp',
    local: { ip: packet.dst, port: sctp.dport },
    remote: { ip: packet.src, port: sctp.sport },
    phase: 'SYN_RECV',
    seq: 0,
    ack: 0,
    attempt: 0,
    options: {},
    program: listener.program,
    listener,
    notify: () => undefined,
  };
  ns.memory.sockets.push(child);
  send(k, ns, child, 'INIT ACK');
}

/** Nobody has this association: ABORT, unless that is what came (RFC 9260 section 8.4). */
function refuse(k: Kernel, ns: Netns, skb: Skb, sctp: Sctp): void {
  const packet = ipOf(skb);
  tell(k, ns, skb, {
    kind: 'deliver',
    to: 'nobody',
    socket: null,
    what: `nobody listens on SCTP port ${sctp.dport}`,
  });
  if (sctp.chunk !== 'ABORT')
    transmit(k, ns, chunkOf(sctp.dport, sctp.sport, 'ABORT'), {
      to: packet.src,
      from: packet.dst,
      df: true,
      by: 'kernel',
      answers: skb.id,
    });
  drop(k, ns, skb, 'NO_SOCKET', `nobody listens on SCTP port ${sctp.dport} of ${packet.dst}`, {
    kind: 'listener',
    text: `${ns.id}: no SCTP socket for port ${sctp.dport}`,
  });
}

function chunkArrives(k: Kernel, ns: Netns, skb: Skb, { chunk, dataBytes }: Sctp, socket: Socket): void {
  tell(k, ns, skb, { kind: 'deliver', to: 'socket', socket: socket.listener, what: `${socket.program}'s association` });
  const step = lastStep(k);
  switch (chunk) {
    case 'ABORT': {
      const errno = socket.phase === 'SYN_SENT' ? 'ECONNREFUSED' : 'ECONNRESET';
      socket.phase = 'CLOSED';
      return socket.notify({ kind: 'error', errno, step });
    }
    case 'INIT':
      return send(k, ns, socket, 'INIT ACK');
    case 'INIT ACK':
      return send(k, ns, socket, 'COOKIE ECHO');
    case 'COOKIE ECHO':
      socket.phase = 'ESTABLISHED';
      return send(k, ns, socket, 'COOKIE ACK');
    case 'COOKIE ACK':
      socket.phase = 'ESTABLISHED';
      return socket.notify({ kind: 'connected', step });
    case 'DATA':
      send(k, ns, socket, 'SACK');
      if (socket.listener) return sendMessage(k, ns, socket, ANSWER);
      return socket.notify({ kind: 'data', bytes: dataBytes, from: ipOf(skb).src, ttl: ipOf(skb).ttl, step });
    case 'SACK':
      return;
  }
}
