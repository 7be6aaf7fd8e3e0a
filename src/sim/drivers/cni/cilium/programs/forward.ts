/** Ways on for a packet: into an endpoint of this node, into the tunnel, out by the kernel's routes (lib/local_delivery.h, encap.h, fib.h, l3.h). */
import type { TcContext, TcVerdict } from '../../../../linux/bpf/program.ts';
import type { Ip } from '../../../../wire/ip.ts';
import type { Mac } from '../../../../wire/mac.ts';
import { CALL_POLICY, CIDR_IDENTITY_MIN, HOST, MARK_IDENTITY, REMOTE_NODE, TUNNEL_TTL, WORLD } from '../facts.ts';
import { type EndpointValue, IPCACHE, type IpcacheValue, NO_TUNNEL } from '../maps.ts';
import { type Delivery, dropFor, type NodeConf } from './conf.ts';
import type { Tracked } from './conntrack.ts';

/** The source identity in the packet mark: 16 bits above the magic, 8 below it (set_identity_mark). */
export const identityMark = (identity: number): number =>
  (((identity & 0xffff) << 16) | ((identity & 0xff0000) >>> 16) | MARK_IDENTITY) >>> 0;

export const identityOfMark = (mark: number): number => (((mark & 0xff) << 16) | (mark >>> 16)) >>> 0;

/** Where an address is and who has it. Everything that is nobody's is the world (`0.0.0.0/0`). */
export const whoIs = (ctx: TcContext, address: Ip): IpcacheValue =>
  ctx.longest(IPCACHE, address) ?? { identity: 2, tunnel: NO_TUNNEL, flags: '<none>' };

/** One hop (ipv4_l3): TTL and MACs. A TTL that is used up ends the packet without a word. */
export function hop(ctx: TcContext, smac: Mac | null, dmac: Mac | null): TcVerdict | null {
  if (!ctx.lowerTtl()) return dropFor('TTL_EXCEEDED');
  ctx.setMacs(smac, dmac);
  return null;
}

/** To an endpoint of this node: its own program has the last word, by a tail call. */
export function deliverHere(
  ctx: TcContext,
  conf: NodeConf,
  to: EndpointValue,
  from: Omit<Delivery, 'usePeer'>,
): TcVerdict {
  const stopped = hop(ctx, to.nodeMac as Mac, to.mac as Mac);
  if (stopped) return stopped;
  const usePeer = conf.bpfHostRouting && !from.fromHost;
  if (conf.endpointRoutes && !usePeer) {
    ctx.setMark(identityMark(from.source));
    return { kind: 'redirect', dev: to.dev };
  }
  return ctx.tailCall(CALL_POLICY, to.id, { ...from, usePeer }) ?? dropFor('EP_NOT_READY');
}

/** Into the tunnel. What the node itself sends is known to the other side as a remote node (encap_with_nodeid). */
export function encapsulate(
  ctx: TcContext,
  conf: NodeConf,
  to: IpcacheValue,
  source: number,
  ct: Tracked['status'] | 'unknown',
): TcVerdict {
  // An identity that counts on this node only says nothing to another one.
  const id = source === HOST ? REMOTE_NODE : source >= CIDR_IDENTITY_MIN ? WORLD : source;
  ctx.setTunnel({ id, remote: to.tunnel, ttl: TUNNEL_TTL });
  ctx.notify({ point: 'to-overlay', src: id, dst: to.identity, ct });
  return { kind: 'redirect', dev: conf.tunnel };
}

/** Out as the kernel's routing tables say, without its IP stack (fib_redirect_v4). */
export function routeOut(ctx: TcContext): TcVerdict {
  const route = ctx.fib(ctx.packet.dst);
  if (route.type !== 'unicast' || route.dev === undefined) return dropFor('NO_FIB');
  const stopped = hop(ctx, null, null);
  return stopped ?? { kind: 'redirect-neigh', dev: route.dev, nextHop: route.nextHop };
}
