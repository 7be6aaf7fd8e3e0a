/** ICMP that arrives: errors find the socket whose packet they quote, echo replies the ping that asked (net/ipv4/icmp.c, RFC 1122 4.2.3.9). */
import { type Icmp, icmpName, isIcmpError } from '../../wire/frame.ts';
import { type Kernel, tell } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import { ipOf, type Skb } from '../skb.ts';
import { type Errno, findSocket, lastStep, type Socket } from './socket.ts';

/** `icmp_err_convert` (net/ipv4/icmp.c), by code of destination-unreachable. */
const UNREACHABLE_ERRNO: Readonly<Record<number, Errno>> = {
  0: 'ENETUNREACH',
  1: 'EHOSTUNREACH',
  2: 'ENOPROTOOPT',
  3: 'ECONNREFUSED',
  4: 'EMSGSIZE',
  9: 'ENETUNREACH',
  10: 'EHOSTUNREACH',
  13: 'EHOSTUNREACH',
};

export function icmpToSocket(k: Kernel, ns: Netns, skb: Skb, icmp: Icmp): void {
  const packet = ipOf(skb);
  if (!isIcmpError(icmp)) {
    const socket =
      findSocket(ns, 'icmp', { srcIp: packet.src, srcPort: icmp.id, dstIp: packet.dst, dstPort: icmp.id }) ??
      pingSocket(ns, icmp.id);
    tell(k, ns, skb, {
      kind: 'deliver',
      to: socket ? 'socket' : 'nobody',
      socket: null,
      what: socket ? `${socket.program}'s socket` : 'an echo reply that nobody asked for',
    });
    return socket?.notify({
      kind: 'data',
      bytes: icmp.dataBytes,
      from: packet.src,
      ttl: packet.ttl,
      step: lastStep(k),
    });
  }
  const socket = quotedSocket(ns, icmp);
  if (icmp.type === 3 && icmp.code === 4 && icmp.mtu !== undefined) ns.memory.pathMtu.set(icmp.quoted.dst, icmp.mtu);
  tell(k, ns, skb, {
    kind: 'deliver',
    to: socket ? 'socket' : 'nobody',
    socket: null,
    what: socket ? `${socket.program} learns: ${icmpName(icmp)}` : 'no socket sent what it quotes',
  });
  if (!socket) return;
  const errno = icmp.type === 11 ? 'EHOSTUNREACH' : (UNREACHABLE_ERRNO[icmp.code] ?? 'EHOSTUNREACH');
  if (socket.phase === 'SYN_SENT' && errno !== 'EMSGSIZE') socket.phase = 'CLOSED';
  const told = { name: icmpName(icmp), from: packet.src, ...(icmp.mtu === undefined ? {} : { mtu: icmp.mtu }) };
  socket.notify({ kind: 'error', errno, step: lastStep(k), icmp: told });
}

function pingSocket(ns: Netns, id: number): Socket | undefined {
  return ns.memory.sockets.find((s) => s.proto === 'icmp' && s.local.port === id);
}

/** The quoted packet is one that we sent: its source is our end. */
function quotedSocket(ns: Netns, icmp: Icmp & { quoted: ReturnType<typeof ipOf> }): Socket | undefined {
  const { quoted } = icmp;
  const { l4 } = quoted;
  if (l4.proto === 'icmp') return 'id' in l4 ? pingSocket(ns, l4.id) : undefined;
  if (!('sport' in l4)) return undefined;
  return findSocket(ns, l4.proto, { srcIp: quoted.dst, srcPort: l4.dport, dstIp: quoted.src, dstPort: l4.sport });
}
