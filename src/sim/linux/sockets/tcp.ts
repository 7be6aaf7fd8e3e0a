/**
 * TCP as far as a hop list shows it: handshake, one request, one response, close, reset, and the SYN's retransmissions.
 * SIMPLIFIED: no windows, no loss recovery after the handshake, acknowledgements are not delayed.
 */
import { type DnsMessage, dnsBytes, isAnswer } from '../../wire/dns.ts';
import { headerBytes, type Tcp } from '../../wire/frame.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import type { Device, Listener } from '../config.ts';
import { after, drop, type Kernel, tell } from '../kernel.ts';
import { type LocalPacket, makeLocal, makeOnLink } from '../local.ts';
import { opposite } from '../netfilter/conntrack.ts';
import type { Netns } from '../netns.ts';
import { routeOutput } from '../routing/route-output.ts';
import { serve } from '../servers/serve.ts';
import { ipOf, type Skb } from '../skb.ts';
import type { StepBody } from '../step.ts';
import { findListener, findSocket, flowKeyOf, lastStep, type Socket } from './socket.ts';

/** With MSS, SACK, timestamps and window scale in a SYN; timestamps later; none in a reset that answers nobody's socket. */
const SYN_HEADER_BYTES = 40;
const HEADER_BYTES = 32;
const RESET_HEADER_BYTES = 20;
/** Without options. */
const TCP_BYTES = 20;
/** No IP packet is longer, whatever the MTU of loopback (`IP_MAX_MTU`, `IP6_MAX_MTU`). */
const IP_BYTES_MAX = { 4: 65_535, 6: 65_575 } as const;
const NS_PER_S = 1_000_000_000;
/** Before a DNS message (RFC 1035 section 4.2.2). */
const LENGTH_BYTES = 2;
/**
 * A SYN is sent again after 1 s each for the first times (`tcp_syn_linear_timeouts` = 4, Linux 6.5), then the wait doubles;
 * Linux gives up after `tcp_syn_retries` = 6.
 */
const SYN_LINEAR_TIMEOUTS = 4;
const SYN_RETRIES_MAX = 6;

/** Sends the SYN, and sends it again until something comes back. */
export function connect(k: Kernel, ns: Netns, socket: Socket): void {
  ns.memory.sockets.push(socket);
  sendSyn(k, ns, socket);
}

function sendSyn(k: Kernel, ns: Netns, socket: Socket): void {
  if (socket.phase !== 'SYN_SENT') return;
  if (socket.attempt > 0 && isQueued(ns, socket)) return retry(k, ns, socket);
  const again = socket.attempt > 0 ? ' (again: nothing came back)' : '';
  const first = socket.attempt === 0 ? socket.calls?.told : undefined;
  send(k, ns, socket, { flags: 'S', seq: 0, ack: 0, mss: mssOf(ns, socket) }, `TCP SYN${again}`, first);
  socket.seq = 1;
  retry(k, ns, socket);
}

/** A SYN that still waits for ARP in this very host is not sent twice (`skb_still_in_host_queue`). */
function isQueued(ns: Netns, socket: Socket): boolean {
  const mine = (skb: Skb): boolean =>
    skb.payload.kind === 'ip' &&
    'sport' in skb.payload.l4 &&
    skb.payload.l4.sport === socket.local.port &&
    skb.iif === undefined;
  return [...ns.memory.neighbours.values()].some((n) => n.queue.some(mine));
}

function retry(k: Kernel, ns: Netns, socket: Socket): void {
  if (socket.attempt >= SYN_RETRIES_MAX) return;
  const doublings = Math.max(0, socket.attempt - SYN_LINEAR_TIMEOUTS);
  after(k, 2 ** doublings * NS_PER_S, () => {
    socket.attempt += 1;
    sendSyn(k, ns, socket);
  });
}

interface Segment {
  readonly flags: string;
  readonly seq?: number;
  readonly ack?: number;
  readonly mss?: number;
  readonly dataBytes?: number;
  readonly note?: string;
  readonly rest?: string;
  readonly dns?: DnsMessage;
}

/** Sends one segment of a connection. */
export function send(
  k: Kernel,
  ns: Netns,
  socket: Socket,
  segment: Segment,
  what: string,
  prelude?: readonly StepBody[],
): void {
  const dataBytes = segment.dataBytes ?? 0;
  const l4: Tcp = {
    proto: 'tcp',
    sport: socket.local.port,
    dport: socket.remote.port,
    flags: segment.flags,
    seq: segment.seq ?? socket.seq,
    ack: segment.ack ?? socket.ack,
    dataBytes,
    ...(segment.mss === undefined ? {} : { mss: segment.mss }),
    ...(segment.note === undefined ? {} : { note: segment.note }),
    ...(segment.rest === undefined ? {} : { rest: segment.rest }),
    ...(segment.dns === undefined ? {} : { dns: segment.dns }),
  };
  const header = segment.flags.includes('S') ? SYN_HEADER_BYTES : HEADER_BYTES;
  const { ttl, df } = socket.options;
  const packet = {
    to: socket.remote.ip,
    from: socket.local.ip,
    l4,
    len: headerBytes(socket.remote.ip) + header + dataBytes,
    df: df !== 'dont',
    ttl,
    by: socket.program,
    what,
    flowKey: flowKeyOf(ns, socket),
    prelude,
  };
  const skb = makeLocal(k, ns, packet);
  if (skb) k.ops.localOut(k, ns, skb);
}

/** MSS = MTU of the way out less IP and TCP header (RFC 6691): 40 bytes, of IPv6 60; a route may say less than its device. */
function mssOf(ns: Netns, socket: Socket): number {
  const found = routeOutput(ns, socket.remote.ip);
  const dev = found.route.dev === undefined ? undefined : ns.devices.get(found.route.dev);
  const most = IP_BYTES_MAX[familyOf(socket.remote.ip)];
  const mtu = Math.min(dev?.mtuBytes ?? 1500, found.route.route?.mtuBytes ?? most);
  return Math.min(mtu, most) - headerBytes(socket.remote.ip) - TCP_BYTES;
}

export function tcpReceive(k: Kernel, ns: Netns, skb: Skb, tcp: Tcp): void {
  const packet = ipOf(skb);
  const socket = findSocket(ns, 'tcp', {
    srcIp: packet.src,
    srcPort: tcp.sport,
    dstIp: packet.dst,
    dstPort: tcp.dport,
  });
  if (socket) return segmentArrives(k, ns, skb, tcp, socket);
  const listener = tcp.flags === 'S' ? findListener(ns, 'tcp', packet.dst, tcp.dport) : undefined;
  if (!listener) return refuse(k, ns, skb, tcp);
  tell(k, ns, skb, {
    kind: 'deliver',
    to: 'socket',
    socket: listener,
    what: `${listener.program} listens on TCP port ${listener.port}`,
  });
  const child: Socket = {
    proto: 'tcp',
    local: { ip: packet.dst, port: tcp.dport },
    remote: { ip: packet.src, port: tcp.sport },
    phase: 'SYN_RECV',
    seq: 0,
    ack: 1,
    attempt: 0,
    options: {},
    program: listener.program,
    listener,
    notify: () => undefined,
  };
  ns.memory.sockets.push(child);
  send(k, ns, child, { flags: 'SA', mss: mssOf(ns, child) }, 'TCP SYN-ACK');
  child.seq = 1;
}

/** Nobody has this connection: answer with RST, unless it is itself one (RFC 9293 section 3.10.7.1). */
function refuse(k: Kernel, ns: Netns, skb: Skb, tcp: Tcp): void {
  const packet = ipOf(skb);
  const isSyn = tcp.flags === 'S';
  tell(k, ns, skb, {
    kind: 'deliver',
    to: 'nobody',
    socket: null,
    what: isSyn ? `nobody listens on TCP port ${tcp.dport}` : 'no connection has these addresses and ports',
  });
  if (!tcp.flags.includes('R')) sendReset(k, ns, skb);
  const reason = isSyn ? 'NO_SOCKET' : 'UNEXPECTED_SEGMENT';
  const detail = isSyn
    ? `nobody listens on TCP port ${tcp.dport} of ${packet.dst}`
    : `no socket knows a connection with ${packet.src}:${tcp.sport}`;
  drop(k, ns, skb, reason, detail, { kind: 'listener', text: `${ns.id}: no TCP socket for port ${tcp.dport}` });
}

/** A reset for a segment. `port`: the one of a bridge by which it must go. */
function sendReset(k: Kernel, ns: Netns, about: Skb, port?: Device): void {
  const packet = ipOf(about);
  const tcp = packet.l4;
  if (tcp.proto !== 'tcp' || !('flags' in tcp)) return;
  const acked = tcp.flags.includes('A');
  const l4: Tcp = {
    proto: 'tcp',
    sport: tcp.dport,
    dport: tcp.sport,
    flags: acked ? 'R' : 'RA',
    seq: acked ? tcp.ack : 0,
    ack: acked ? 0 : tcp.seq + 1,
    dataBytes: 0,
  };
  const answer = {
    to: packet.src,
    from: packet.dst,
    l4,
    len: headerBytes(packet.src) + RESET_HEADER_BYTES,
    df: true,
    by: 'kernel',
    what: 'TCP RST',
    answers: about.id,
  };
  if (port) return resetByPort(k, ns, port, about, answer);
  const reset = makeLocal(k, ns, answer);
  if (!reset) return;
  if (about.ct?.entry && !about.dst) reset.ct = { ...about.ct, dir: opposite(about.ct.dir) };
  k.ops.localOut(k, ns, reset);
}

/** What `REJECT --reject-with tcp-reset` sends. */
export function rejectWithReset(k: Kernel, ns: Netns, about: Skb): void {
  sendReset(k, ns, about, about.physIn === undefined ? undefined : ns.devices.get(about.physIn));
}

/**
 * The answer to a frame that a bridge lent goes straight out of the port that it came by, from the MAC that it was for (`nf_send_reset`,
 * `nf_send_reset6`): no hook sees it.
 */
function resetByPort(
  k: Kernel,
  ns: Netns,
  port: Device,
  about: Skb,
  answer: LocalPacket & { readonly from: Ip },
): void {
  const reset = makeOnLink(k, ns, port.name, answer);
  reset.smac = about.dmac;
  reset.dmac = about.smac;
  k.ops.send(k, ns, port, reset);
}

function segmentArrives(k: Kernel, ns: Netns, skb: Skb, tcp: Tcp, socket: Socket): void {
  tell(k, ns, skb, { kind: 'deliver', to: 'socket', socket: socket.listener, what: `${socket.program}'s connection` });
  if (tcp.flags.includes('R')) {
    const errno = socket.phase === 'SYN_SENT' ? 'ECONNREFUSED' : 'ECONNRESET';
    socket.phase = 'CLOSED';
    return socket.notify({ kind: 'error', errno, step: lastStep(k) });
  }
  if (socket.phase === 'SYN_SENT') return synAckArrives(k, ns, tcp, socket);
  if (socket.phase === 'SYN_RECV' && tcp.flags === 'S')
    return send(k, ns, socket, { flags: 'SA', seq: 0, mss: mssOf(ns, socket) }, 'TCP SYN-ACK (again)');
  if (socket.phase === 'SYN_RECV') socket.phase = 'ESTABLISHED';
  socket.ack = tcp.seq + tcp.dataBytes + (tcp.flags.includes('F') ? 1 : 0);
  if (tcp.dataBytes > 0) return dataArrives(k, ns, skb, tcp, socket);
  if (tcp.flags.includes('F')) finArrives(k, ns, socket);
}

function synAckArrives(k: Kernel, ns: Netns, tcp: Tcp, socket: Socket): void {
  if (tcp.flags !== 'SA') return;
  socket.phase = 'ESTABLISHED';
  socket.ack = 1;
  const step = lastStep(k);
  send(k, ns, socket, { flags: 'A' }, 'TCP ACK');
  socket.notify({ kind: 'connected', step });
}

function dataArrives(k: Kernel, ns: Netns, skb: Skb, tcp: Tcp, socket: Socket): void {
  const step = lastStep(k);
  send(k, ns, socket, { flags: 'A' }, 'TCP ACK');
  const { listener } = socket;
  if (listener?.server) {
    const client = { query: tcp.dns, proto: 'tcp', from: ipOf(skb).src } as const;
    return serve(k, ns, listener, client, (dns) => sendDns(k, ns, socket, dns));
  }
  if (socket.listener) {
    const { note, rest } = answerTo(tcp.note, socket.listener);
    return sendData(k, ns, socket, note.length + (rest?.length ?? 0), note, rest);
  }
  const { src, ttl } = ipOf(skb);
  socket.notify({ kind: 'data', bytes: tcp.dataBytes, from: src, ttl, step, dns: tcp.dns });
}

interface Message {
  readonly note: string;
  readonly rest?: string;
}

/** `GET /path HTTP/1.1` is answered as the program does; anything else is not HTTP. */
function answerTo(request: string | undefined, { http }: Listener): Message {
  const path = /^GET (\S+) /.exec(request ?? '')?.[1];
  if (path === undefined) return { note: 'response' };
  const answer = http?.[path] ?? http?.['*'];
  if (!answer) return { note: 'HTTP/1.1 200 OK' };
  const { status, headers, body } = answer;
  return { note: `HTTP/1.1 ${status}`, rest: [...headers, '', body].join('\n') };
}

export function sendData(k: Kernel, ns: Netns, socket: Socket, bytes: number, note: string, rest?: string): void {
  const segment = { flags: 'PA', dataBytes: bytes, note, ...(rest === undefined ? {} : { rest }) };
  send(k, ns, socket, segment, `TCP data: ${note}`);
  socket.seq += bytes;
}

/** A message with its length before it. */
export function sendDns(k: Kernel, ns: Netns, socket: Socket, dns: DnsMessage): void {
  const dataBytes = dnsBytes(dns) + LENGTH_BYTES;
  send(k, ns, socket, { flags: 'PA', dataBytes, dns }, `TCP data: DNS ${isAnswer(dns) ? 'answer' : 'query'}`);
  socket.seq += dataBytes;
}

/** The client closes first; the server answers with its own FIN. */
export function close(k: Kernel, ns: Netns, socket: Socket): void {
  socket.phase = 'CLOSING';
  send(k, ns, socket, { flags: 'FA' }, 'TCP FIN');
  socket.seq += 1;
}

function finArrives(k: Kernel, ns: Netns, socket: Socket): void {
  if (socket.phase === 'CLOSING') {
    socket.phase = 'CLOSED';
    const step = lastStep(k);
    send(k, ns, socket, { flags: 'A' }, 'TCP ACK');
    return socket.notify({ kind: 'closed', step });
  }
  close(k, ns, socket);
}
