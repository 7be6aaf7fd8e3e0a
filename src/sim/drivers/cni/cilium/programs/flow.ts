/** Addresses and ports of a packet, as maps are asked for them (lib/conntrack.h, lib/ipv4.h), and packets with other ones. */
import type { TcContext } from '../../../../linux/bpf/program.ts';
import { type IpPacket, isIcmp, isIcmpError, isLaterFragment, type L4 } from '../../../../wire/frame.ts';
import type { Ip } from '../../../../wire/ip.ts';
import { FRAGMENTS, type FragmentKey, type Proto } from '../maps.ts';

export interface Flow {
  readonly proto: Proto;
  readonly src: Ip;
  readonly sport: number;
  readonly dst: Ip;
  readonly dport: number;
  /** An ICMP error: it goes against the packet that it quotes, and belongs to that packet's flow. */
  readonly isError: boolean;
}

const protoOf = (l4: L4): Proto => (l4.proto === 'tcp' ? 'TCP' : l4.proto === 'udp' ? 'UDP' : 'ICMP');

export const reversed = <F extends Pick<Flow, 'src' | 'sport' | 'dst' | 'dport'>>(flow: F): F => ({
  ...flow,
  src: flow.dst,
  sport: flow.dport,
  dst: flow.src,
  dport: flow.sport,
});

/** The flow of a packet. Of a datagram that was cut only the first piece has ports: the others find them in a map. */
export function flowOf(ctx: TcContext, packet: IpPacket = ctx.packet): Flow {
  const { src, dst, l4 } = packet;
  const flow = { proto: protoOf(l4), src, dst, isError: false };
  if (isLaterFragment(l4)) {
    const ports = ctx.lookup(FRAGMENTS, fragmentKey(packet));
    return { ...flow, sport: ports?.sport ?? 0, dport: ports?.dport ?? 0 };
  }
  if (isIcmpError(l4)) return { ...reversed(flowOf(ctx, l4.quoted)), isError: true };
  // An echo request has its identifier as source port, the answer as destination port.
  if (isIcmp(l4)) return { ...flow, sport: l4.type === 0 ? 0 : l4.id, dport: l4.type === 0 ? l4.id : 0 };
  // Another protocol has no ports (lb4_extract_tuple leaves it alone).
  if (l4.proto === 'ipencap') return { ...flow, sport: 0, dport: 0 };
  if (packet.mf) ctx.update(FRAGMENTS, fragmentKey(packet), { sport: l4.sport, dport: l4.dport });
  return { ...flow, sport: l4.sport, dport: l4.dport };
}

const fragmentKey = ({ src, dst, id, l4 }: IpPacket): FragmentKey => ({ src, dst, id, proto: protoOf(l4) });

/** Services are for TCP and UDP; ping never meets one (lb4_extract_tuple). */
export const isServiceProto = ({ proto, isError }: Flow): boolean => proto !== 'ICMP' && !isError;

export interface Ends {
  readonly src?: Ip;
  readonly sport?: number;
  readonly dst?: Ip;
  readonly dport?: number;
}

/** The packet with other ends; an ICMP error and what it quotes are rewritten together. */
export function withEnds(packet: IpPacket, ends: Ends): IpPacket {
  const { l4 } = packet;
  const src = ends.src ?? packet.src;
  const dst = ends.dst ?? packet.dst;
  if (isIcmpError(l4)) {
    const { src: qsrc, sport, dst: qdst, dport } = reversedEnds(ends);
    const quoted = withEnds(l4.quoted, {
      ...(qsrc === undefined ? {} : { src: qsrc }),
      ...(qdst === undefined ? {} : { dst: qdst }),
      ...(sport === undefined ? {} : { sport }),
      ...(dport === undefined ? {} : { dport }),
    });
    return { ...packet, src, dst, l4: { ...l4, quoted } };
  }
  return { ...packet, src, dst, l4: withPorts(l4, ends) };
}

const reversedEnds = ({ src, sport, dst, dport }: Ends) => ({ src: dst, sport: dport, dst: src, dport: sport });

function withPorts(l4: L4, { sport, dport }: Ends): L4 {
  if (isLaterFragment(l4) || l4.proto === 'ipencap') return l4;
  if (isIcmp(l4)) {
    const id = l4.type === 0 ? dport : sport;
    return id === undefined || id === 0 ? l4 : { ...l4, id };
  }
  return { ...l4, sport: sport ?? l4.sport, dport: dport ?? l4.dport };
}
