/** `cil_from_container` (bpf_lxc.c): what leaves a pod, seen on the node's end of its cable. */
import { PASS, type TcContext, type TcProgram, type TcVerdict } from '../../../../linux/bpf/program.ts';
import { LOOPBACK } from '../facts.ts';
import { ENDPOINTS, type IpcacheValue, NO_TUNNEL } from '../maps.ts';
import { chooseBackend, findService, refuse } from './balance.ts';
import { dropFor, type EndpointConf, endpointConf } from './conf.ts';
import { create, serviceEntry, type Tracked, track } from './conntrack.ts';
import { type Flow, flowOf, isServiceProto, withEnds } from './flow.ts';
import { deliverHere, encapsulate, hop, identityMark, routeOut, whoIs } from './forward.ts';
import { judge } from './policy-map.ts';

interface Balanced {
  readonly revNat: number;
  readonly backend: number;
  /** The pod asked a Service, and the Service chose the pod itself. */
  readonly loopback: boolean;
}

const UNBALANCED: Balanced = { revNat: 0, backend: 0, loopback: false };

/** Without socket load balancing each packet to a Service is translated here (__per_packet_lb_svc_xlate_4). */
function balance(ctx: TcContext, conf: EndpointConf): Balanced | TcVerdict {
  const flow = flowOf(ctx);
  if (conf.kubeProxyReplacement || !isServiceProto(flow)) return UNBALANCED;
  const found = findService(ctx, flow.dst, flow.dport, flow.proto, true);
  if (!found) return UNBALANCED;
  const known = serviceEntry(ctx, flow);
  const isKnown = known?.revNat === found.value.revNat;
  const chosen = chooseBackend(ctx, found, conf.ip, isKnown ? known.backend : 0);
  if (!chosen) return refuse(ctx.packet);
  const { revNat } = found.value;
  if (!isKnown) create(ctx, flow, 'SVC', { revNat, backend: chosen.id });
  const loopback = chosen.address === conf.ip;
  const src = loopback ? { src: LOOPBACK } : {};
  ctx.nat('service', withEnds(ctx.packet, { dst: chosen.address, dport: chosen.port, ...src }));
  return { revNat, backend: chosen.id, loopback };
}

function run(ctx: TcContext): TcVerdict {
  const conf = endpointConf(ctx.conf);
  if (ctx.packet.src !== conf.ip) return dropFor('INVALID_SOURCE');
  const balanced = balance(ctx, conf);
  if ('kind' in balanced) return balanced;
  const to = whoIs(ctx, ctx.packet.dst);
  const flow = flowOf(ctx);
  const ct = track(ctx, flow, 'egress');
  const isAsking = ct.status === 'new' || ct.status === 'established';
  const asked = { direction: 'egress', src: conf.identity, dst: to.identity, flow, ct } as const;
  const denied = isAsking && !balanced.loopback ? judge(ctx, conf, asked) : null;
  if (denied) return denied;
  const isStale = ct.status === 'established' && ct.value?.revNat !== balanced.revNat;
  if (ct.status === 'new' || isStale) create(ctx, flow, 'OUT', { source: conf.identity, ...balanced });
  return onwards(ctx, conf, { to, flow, ct, isHairpin: balanced.loopback || ct.value?.loopback === true });
}

interface Judged {
  readonly to: IpcacheValue;
  readonly flow: Flow;
  readonly ct: Tracked;
  readonly isHairpin: boolean;
}

function onwards(ctx: TcContext, conf: EndpointConf, { to, ct, isHairpin }: Judged): TcVerdict {
  if (!conf.endpointRoutes || isHairpin || conf.bpfHostRouting) {
    // The answer to a looped packet is for an address that nobody has: it goes back to its own sender.
    const address = ct.status === 'reply' && isHairpin ? ctx.packet.src : ctx.packet.dst;
    const endpoint = ctx.lookup(ENDPOINTS, { ip: address });
    if (endpoint?.host) return toStack(ctx, conf, to, ct);
    if (endpoint)
      return deliverHere(ctx, conf, endpoint, { source: conf.identity, fromHost: false, fromTunnel: false });
  }
  if (conf.tunnel !== '' && to.tunnel !== NO_TUNNEL) return encapsulate(ctx, conf, to, conf.identity, ct.status);
  if (!conf.bpfHostRouting) return toStack(ctx, conf, to, ct);
  ctx.notify({ point: 'to-network', src: conf.identity, dst: to.identity, ct: ct.status });
  return routeOut(ctx);
}

/** Up to the node's IP stack; the mark tells who sent it. */
function toStack(ctx: TcContext, conf: EndpointConf, to: IpcacheValue, ct: Tracked): TcVerdict {
  if (!conf.endpointRoutes) {
    const stopped = hop(ctx, null, conf.mac);
    if (stopped) return stopped;
  }
  ctx.setMark(identityMark(conf.identity));
  ctx.notify({ point: 'to-stack', src: conf.identity, dst: to.identity, ct: ct.status });
  return PASS;
}

export const FROM_CONTAINER: TcProgram = {
  id: 'cil_from_container',
  hook: 'tc',
  about: 'decides on everything that leaves a pod',
  run,
  // Any address but the pod's own: earlier gateways too (tail_handle_arp).
  answersArp: (conf, target) => endpointConf(conf).ip !== target,
};
