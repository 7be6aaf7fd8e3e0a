/** UDP: one datagram there, one back. */
import { type DnsMessage, dnsBytes } from '../../wire/dns.ts';
import { headerBytes, type Udp } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import { IP6_MTU_MIN } from '../../wire/ip6.ts';
import { runSockHook } from '../bpf/sock.ts';
import type { Listener } from '../config.ts';
import { type Kernel, tell } from '../kernel.ts';
import { type LocalPacket, makeLocal, refuseLocal } from '../local.ts';
import type { Netns } from '../netns.ts';
import { routeOutput } from '../routing/route-output.ts';
import { serve } from '../servers/serve.ts';
import { ipOf, type Skb } from '../skb.ts';
import type { StepBody } from '../step.ts';
import { findListener, findSocket, flowKeyOf, lastStep, type Socket } from './socket.ts';

const UDP_BYTES = 8;
const ANSWER = 'pong';

/** What a datagram says. */
export type Payload = Pick<Udp, 'dataBytes' | 'note' | 'dns'>;

export const dnsPayload = (dns: DnsMessage): Payload => ({ dataBytes: dnsBytes(dns), dns });

/**
 * Sends the program's datagram; oversize with DF demanded fails at once, and no packet exists. `told`: what the program did before it
 * called.
 */
export function sendDatagram(
  k: Kernel,
  ns: Netns,
  socket: Socket,
  payload: Payload,
  told: readonly StepBody[] = [],
): void {
  if (!ns.memory.sockets.includes(socket)) ns.memory.sockets.push(socket);
  const { dataBytes } = payload;
  const calls = socket.seq === 0 ? (socket.calls?.told ?? []) : [];
  socket.seq += 1;
  const len = headerBytes(socket.remote.ip) + UDP_BYTES + dataBytes;
  const mtu = mtuTowards(ns, socket.remote.ip);
  const l4: Udp = { proto: 'udp', sport: socket.local.port, dport: socket.remote.port, ...payload };
  const df = socket.options.df === 'do' || (socket.options.df !== 'dont' && len <= mtu);
  const { ttl } = socket.options;
  const packet = {
    to: socket.remote.ip,
    from: socket.local.ip,
    l4,
    len,
    df,
    ttl,
    by: socket.program,
    what: payload.dns ? 'DNS query' : 'UDP datagram',
    flowKey: flowKeyOf(ns, socket),
    prelude: [...told, ...calls],
  };
  if (df && len > mtu) return tooLong(k, ns, socket, packet, mtu);
  const skb = makeLocal(k, ns, packet);
  if (skb) k.ops.localOut(k, ns, skb);
}

/** EMSGSIZE: the program demanded DF, and the packet does not fit. Nothing leaves. */
export function tooLong(k: Kernel, ns: Netns, socket: Socket, packet: LocalPacket, mtu: number): void {
  const why = familyOf(packet.to) === 6 ? 'bytes that may not be cut' : 'bytes with DF set';
  refuseLocal(k, ns, packet, 'PKT_TOO_BIG', `${packet.len} ${why} do not fit MTU ${mtu}`, {
    kind: 'device',
    text: `mtu ${mtu}`,
  });
  socket.notify({ kind: 'error', errno: 'EMSGSIZE', step: lastStep(k) });
}

/** The MTU that a socket knows for a destination: its device's, the route's, or what ICMP taught. */
export function mtuTowards(ns: Netns, dst: Socket['remote']['ip']): number {
  const { route } = routeOutput(ns, dst);
  const dev = route.dev === undefined ? undefined : ns.devices.get(route.dev);
  const deviceMtu = dev?.mtuBytes ?? 1500;
  const mtu = Math.min(deviceMtu, route.route?.mtuBytes ?? deviceMtu, ns.memory.pathMtu.get(dst) ?? deviceMtu);
  return familyOf(dst) === 6 ? Math.max(mtu, IP6_MTU_MIN) : mtu;
}

/** Who the program is told the answer is from: a program at recvmsg4 may put back the address that was asked. */
function senderOf(k: Kernel, ns: Netns, skb: Skb, socket: Socket): Socket['remote']['ip'] {
  const { src, l4 } = ipOf(skb);
  if (!socket.calls || !('sport' in l4)) return src;
  const address = { ip: src, port: l4.sport };
  const { told, address: seen } = runSockHook(k, ns, 'recvmsg4', {
    proto: 'udp',
    address,
    cookie: socket.calls.cookie,
  });
  for (const body of told) tell(k, ns, skb, body);
  return seen?.ip ?? src;
}

/** False: nobody listens. */
export function udpReceive(k: Kernel, ns: Netns, skb: Skb, udp: Udp): boolean {
  const packet = ipOf(skb);
  const socket = findSocket(ns, 'udp', {
    srcIp: packet.src,
    srcPort: udp.sport,
    dstIp: packet.dst,
    dstPort: udp.dport,
  });
  if (socket) {
    tell(k, ns, skb, { kind: 'deliver', to: 'socket', socket: null, what: `${socket.program}'s socket` });
    const from = senderOf(k, ns, skb, socket);
    socket.notify({ kind: 'data', bytes: udp.dataBytes, from, ttl: packet.ttl, step: lastStep(k), dns: udp.dns });
    return true;
  }
  const listener = findListener(ns, 'udp', packet.dst, udp.dport);
  if (!listener) return false;
  tell(k, ns, skb, {
    kind: 'deliver',
    to: 'socket',
    socket: listener,
    what: `${listener.program} listens on UDP port ${listener.port}`,
  });
  const answer = (payload: Payload): void => answerDatagram(k, ns, skb, udp, listener, payload);
  if (listener.server)
    serve(k, ns, listener, { query: udp.dns, proto: 'udp', from: packet.src }, (dns) => answer(dnsPayload(dns)));
  else answer({ dataBytes: ANSWER.length, note: ANSWER });
  return true;
}

function answerDatagram(k: Kernel, ns: Netns, skb: Skb, udp: Udp, by: Listener, payload: Payload): void {
  const { src, dst } = ipOf(skb);
  const l4: Udp = { proto: 'udp', sport: udp.dport, dport: udp.sport, ...payload };
  const len = headerBytes(src) + UDP_BYTES + payload.dataBytes;
  const answer = makeLocal(k, ns, {
    to: src,
    from: dst,
    l4,
    len,
    df: len <= mtuTowards(ns, src),
    by: by.program,
    what: payload.dns ? 'DNS answer' : 'UDP answer',
    answers: skb.id,
  });
  if (answer) k.ops.localOut(k, ns, answer);
}
