/** UDP: one datagram there, one back. */
import { headerBytes, type Udp } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import { IP6_MTU_MIN } from '../../wire/ip6.ts';
import { runSockHook } from '../bpf/sock.ts';
import { type Kernel, tell } from '../kernel.ts';
import { type LocalPacket, makeLocal, refuseLocal } from '../local.ts';
import type { Netns } from '../netns.ts';
import { routeOutput } from '../routing/route-output.ts';
import { ipOf, type Skb } from '../skb.ts';
import { findListener, findSocket, flowKeyOf, lastStep, type Socket } from './socket.ts';

const UDP_BYTES = 8;
const ANSWER = 'pong';

/** Sends the program's datagram; oversize with DF demanded fails at once, and no packet exists. */
export function sendDatagram(k: Kernel, ns: Netns, socket: Socket, dataBytes: number, note: string): void {
  if (!ns.memory.sockets.includes(socket)) ns.memory.sockets.push(socket);
  const len = headerBytes(socket.remote.ip) + UDP_BYTES + dataBytes;
  const mtu = mtuTowards(ns, socket.remote.ip);
  const l4: Udp = { proto: 'udp', sport: socket.local.port, dport: socket.remote.port, dataBytes, note };
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
    what: 'UDP datagram',
    flowKey: flowKeyOf(ns, socket),
    prelude: socket.calls?.told,
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
    socket.notify({ kind: 'data', bytes: udp.dataBytes, from, ttl: packet.ttl, step: lastStep(k) });
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
  const l4: Udp = { proto: 'udp', sport: udp.dport, dport: udp.sport, dataBytes: ANSWER.length, note: ANSWER };
  const answer = makeLocal(k, ns, {
    to: packet.src,
    from: packet.dst,
    l4,
    len: headerBytes(packet.src) + UDP_BYTES + ANSWER.length,
    df: true,
    by: listener.program,
    what: 'UDP answer',
    answers: skb.id,
  });
  if (answer) k.ops.localOut(k, ns, answer);
  return true;
}
