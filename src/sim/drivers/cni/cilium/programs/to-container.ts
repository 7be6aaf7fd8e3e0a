/** What enters a pod (bpf_lxc.c): `cil_lxc_policy`, called by whoever has a packet for it, and `cil_to_container` on the cable itself. */
import { PASS, type TcContext, type TcProgram, type TcVerdict } from '../../../../linux/bpf/program.ts';
import { HOST, LOOPBACK, MARK_HOST, MARK_IDENTITY, MARK_MASK, UNKNOWN } from '../facts.ts';
import { reverseService } from './balance.ts';
import { deliveryOf, type EndpointConf, endpointConf } from './conf.ts';
import { create, loopbackEntry, type Tracked, track } from './conntrack.ts';
import { type Flow, flowOf } from './flow.ts';
import { identityOfMark, whoIs } from './forward.ts';
import { learnNames } from './learn-names.ts';
import { judge } from './policy-map.ts';

/** Translates answers back, asks the policy for everything else (ipv4_policy). Null: the packet may enter. */
function enter(ctx: TcContext, conf: EndpointConf, source: number, fromTunnel: boolean): TcVerdict | null {
  const flow = flowOf(ctx);
  const ct = track(ctx, flow, 'ingress');
  if (ct.status === 'reply' || ct.status === 'related') {
    learnNames(ctx, conf, source, flow);
    if (ct.value && ct.value.revNat > 0) reverseService(ctx, ct.value.revNat, ct.value.loopback);
  } else {
    const loopback = isLoopback(ctx, flow, ct);
    const asked = { direction: 'ingress', src: source, dst: conf.identity, flow, ct } as const;
    const denied = loopback ? null : judge(ctx, conf, asked);
    if (denied) return denied;
    if (ct.status === 'new') create(ctx, flow, 'IN', { source, fromTunnel, loopback });
  }
  ctx.notify({ point: 'to-endpoint', src: source, dst: conf.identity, ct: ct.status });
  return null;
}

/** A pod may always talk to itself. */
function isLoopback(ctx: TcContext, flow: Flow, ct: Tracked): boolean {
  if (ct.status === 'established') return ct.value?.loopback === true;
  return flow.src === LOOPBACK && loopbackEntry(ctx, flow) !== null;
}

export const LXC_POLICY: TcProgram = {
  id: 'cil_lxc_policy',
  hook: 'tc',
  about: "asks the pod's own policy and delivers",
  run(ctx) {
    const conf = endpointConf(ctx.conf);
    const { source, fromTunnel, usePeer } = deliveryOf(ctx.conf);
    const stopped = enter(ctx, conf, source, fromTunnel);
    if (stopped) return stopped;
    return usePeer ? { kind: 'redirect-peer', dev: conf.dev } : { kind: 'redirect', dev: conf.dev };
  },
};

/** Attached only with endpoint routes, where the kernel itself routes to the cable. */
export const TO_CONTAINER: TcProgram = {
  id: 'cil_to_container',
  hook: 'tc',
  about: "asks the pod's own policy for what the node's IP stack sends it",
  run(ctx) {
    const conf = endpointConf(ctx.conf);
    return enter(ctx, conf, sourceOf(ctx), false) ?? PASS;
  },
};

/** The mark says who sent it, if the sender is on this node; else the source address does. */
function sourceOf(ctx: TcContext): number {
  const magic = ctx.mark & MARK_MASK;
  if (magic === MARK_IDENTITY) return identityOfMark(ctx.mark);
  const marked = magic === MARK_HOST ? HOST : UNKNOWN;
  const { identity } = whoIs(ctx, ctx.packet.src);
  return identity === HOST ? marked : identity;
}
