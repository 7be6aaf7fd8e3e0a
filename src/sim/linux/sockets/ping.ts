/** ICMP echo requests, as `ping` sends them through a raw socket. */
import { headerBytes, type Icmp } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import { ICMP_HEADER_BYTES } from '../icmp.ts';
import type { Kernel } from '../kernel.ts';
import { makeLocal } from '../local.ts';
import type { Netns } from '../netns.ts';
import type { Socket } from './socket.ts';
import { mtuTowards, tooLong } from './udp.ts';

/** One echo request. `socket.local.port` is the ICMP id. */
export function sendEcho(k: Kernel, ns: Netns, socket: Socket, dataBytes: number, ttl: number | undefined): void {
  if (!ns.memory.sockets.includes(socket)) ns.memory.sockets.push(socket);
  const isV6 = familyOf(socket.remote.ip) === 6;
  const len = headerBytes(socket.remote.ip) + ICMP_HEADER_BYTES + dataBytes;
  const mtu = mtuTowards(ns, socket.remote.ip);
  socket.seq += 1;
  const echo = isV6 ? ({ proto: 'ipv6-icmp', type: 128 } as const) : ({ proto: 'icmp', type: 8 } as const);
  const l4: Icmp = { ...echo, code: 0, id: socket.local.port, seq: socket.seq, dataBytes };
  const df = socket.options.df === 'do' || (socket.options.df !== 'dont' && len <= mtu);
  const packet = {
    to: socket.remote.ip,
    from: socket.local.ip,
    l4,
    len,
    df,
    ttl: ttl ?? socket.options.ttl,
    by: socket.program,
    what: isV6 ? 'ICMPv6 echo request' : 'ICMP echo request',
  };
  if (df && len > mtu) return tooLong(k, ns, socket, packet, mtu);
  const skb = makeLocal(k, ns, packet);
  if (skb) k.ops.localOut(k, ns, skb);
}
