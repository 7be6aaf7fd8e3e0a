/**
 * ICMP that arrives: errors find the socket whose packet they quote, echo replies the ping that asked (net/ipv4/icmp.c, net/ipv6/icmp.c,
 * RFC 1122 4.2.3.9). A ping's socket counts as `icmp` in both families.
 */
import { type Icmp, icmpName, isIcmp, isIcmpError } from '../../wire/frame.ts';
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

/** `icmpv6_err_convert` (net/ipv6/icmp.c), likewise. */
const UNREACHABLE_ERRNO_6: Readonly<Record<number, Errno>> = {
  0: 'ENETUNREACH',
  1: 'EACCES',
  2: 'EHOSTUNREACH',
  3: 'EHOSTUNREACH',
  4: 'ECONNREFUSED',
};

function errnoOf({ proto, type, code }: Icmp): Errno {
  if (proto === 'icmp') return type === 11 ? 'EHOSTUNREACH' : (UNREACHABLE_ERRNO[code] ?? 'EHOSTUNREACH');
  if (type === 2) return 'EMSGSIZE';
  return type === 1 ? (UNREACHABLE_ERRNO_6[code] ?? 'EHOSTUNREACH') : 'EHOSTUNREACH';
}

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
  if (icmp.mtu !== undefined) ns.memory.pathMtu.set(icmp.quoted.dst, icmp.mtu);
  tell(k, ns, skb, {
    kind: 'deliver',
    to: socket ? 'socket' : 'nobody',
    socket: null,
    what: socket ? `${socket.program} learns: ${icmpName(icmp)}` : 'no socket sent what it quotes',
  });
  if (!socket) return;
  const errno = errnoOf(icmp);
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
  if (isIcmp(l4)) return pingSocket(ns, l4.id);
  if (!('sport' in l4)) return undefined;
  return findSocket(ns, l4.proto, { srcIp: quoted.dst, srcPort: l4.dport, dstIp: quoted.src, dstPort: l4.sport });
}
