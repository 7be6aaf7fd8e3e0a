/** Services for clients outside the cluster (lib/nodeport.h), for what comes in by the node's network card or by the tunnel. */
import type { TcContext, TcVerdict } from '../../../../linux/bpf/program.ts';
import { MARK_SNAT_DONE, WORLD } from '../facts.ts';
import { ENDPOINTS, NO_TUNNEL } from '../maps.ts';
import { chooseBackend, type Found, findService, refuse, reverseService } from './balance.ts';
import { dropFor, type NodeConf } from './conf.ts';
import { create, nodePortEntry, serviceEntry, track } from './conntrack.ts';
import { type Flow, flowOf, isServiceProto, withEnds } from './flow.ts';
import { encapsulate, routeOut, whoIs } from './forward.ts';
import { translateBack, translateSource } from './snat.ts';

/** Null: the packet is none of its business any more, or now has a backend of this node as its destination. */
export function nodePort(ctx: TcContext, conf: NodeConf): TcVerdict | null {
  const flow = flowOf(ctx);
  const found = isServiceProto(flow) ? findService(ctx, flow.dst, flow.dport, flow.proto, false) : null;
  return found ? request(ctx, conf, flow, found) : answer(ctx, conf);
}

function request(ctx: TcContext, conf: NodeConf, flow: Flow, found: Found): TcVerdict | null {
  const { revNat, routable } = found.value;
  if (!routable) return dropFor('IS_CLUSTER_IP');
  const known = serviceEntry(ctx, flow);
  const isKnown = known?.revNat === revNat;
  const chosen = chooseBackend(ctx, found, flow.src, isKnown ? known.backend : 0);
  if (!chosen) return refuse(ctx.packet);
  if (!isKnown) create(ctx, flow, 'SVC', { revNat, backend: chosen.id });
  ctx.nat('service', withEnds(ctx.packet, { dst: chosen.address, dport: chosen.port }));
  const translated = flowOf(ctx);
  const ct = track(ctx, translated, 'egress');
  if (ct.status === 'new' || ct.value?.revNat !== revNat)
    create(ctx, translated, 'OUT', { revNat, source: WORLD, nodePort: true, backend: chosen.id });
  return ctx.lookup(ENDPOINTS, { ip: chosen.address }) ? null : toOtherNode(ctx, conf);
}

/** The backend must answer this node, which alone knows the connection: it gets this node's address as the client's. */
function toOtherNode(ctx: TcContext, conf: NodeConf): TcVerdict {
  const to = whoIs(ctx, ctx.packet.dst);
  const isTunnelled = conf.tunnel !== '' && to.tunnel !== NO_TUNNEL;
  // In the tunnel it is the address on cilium_host (IPV4_GATEWAY), else that of the network card (IPV4_DIRECT_ROUTING).
  translateSource(ctx, isTunnelled ? conf.routerIp : conf.nodeIp);
  ctx.setMark(MARK_SNAT_DONE);
  return isTunnelled ? encapsulate(ctx, conf, to, WORLD, 'new') : routeOut(ctx);
}

/** Maybe the answer of a backend on another node, or to a masqueraded pod. */
function answer(ctx: TcContext, conf: NodeConf): TcVerdict | null {
  if (!translateBack(ctx)) return null;
  const entry = nodePortEntry(ctx, flowOf(ctx));
  if (!entry) return null;
  reverseService(ctx, entry.revNat);
  ctx.setMark(MARK_SNAT_DONE);
  const client = whoIs(ctx, ctx.packet.dst);
  if (conf.tunnel !== '' && client.tunnel !== NO_TUNNEL) return encapsulate(ctx, conf, client, WORLD, 'reply');
  ctx.notify({ point: 'to-network', src: WORLD, dst: client.identity, ct: 'reply' });
  return routeOut(ctx);
}
