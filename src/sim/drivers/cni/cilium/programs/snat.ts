/** Source address translation (lib/nat.h): `cilium_snat_v4_external`, for masquerading and for Services with a backend elsewhere. */
import type { TcContext } from '../../../../linux/bpf/program.ts';
import { cidrHas, type Ip } from '../../../../wire/ip.ts';
import { KUBE_APISERVER, REMOTE_NODE, SNAT_PORT_MAX, SNAT_PORT_MIN } from '../facts.ts';
import { ENDPOINTS, type NatKey, SNAT } from '../maps.ts';
import type { NodeConf } from './conf.ts';
import { isReply } from './conntrack.ts';
import { type Flow, flowOf, reversed, withEnds } from './flow.ts';
import { whoIs } from './forward.ts';

/** Tries before the program gives up (SNAT_COLLISION_RETRIES). */
const TRIES_MAX = 32;

const keyFor = ({ proto, src, sport, dst, dport }: Flow, direction: NatKey['direction']): NatKey => ({
  proto,
  direction,
  src,
  sport,
  dst,
  dport,
});

/** Gives the packet another source; the first packet of a connection makes the two entries. */
export function translateSource(ctx: TcContext, to: Ip): void {
  const flow = flowOf(ctx);
  if (flow.isError) return;
  const known = ctx.lookup(SNAT, keyFor(flow, 'OUT'));
  const sport = known?.port ?? freePort(ctx, flow, to);
  if (!known) {
    ctx.update(SNAT, keyFor(flow, 'OUT'), { to, port: sport });
    ctx.update(SNAT, keyFor(reversed({ ...flow, src: to, sport }), 'IN'), { to: flow.src, port: flow.sport });
  }
  ctx.nat('snat', withEnds(ctx.packet, { src: to, sport }));
}

/** The client's own port if it is in the range and nobody has it, else one after it. An echo keeps its identifier. */
function freePort(ctx: TcContext, flow: Flow, to: Ip): number {
  if (flow.proto === 'ICMP') return flow.sport;
  const size = SNAT_PORT_MAX - SNAT_PORT_MIN + 1;
  const first = flow.sport >= SNAT_PORT_MIN ? flow.sport : SNAT_PORT_MIN + (flow.sport % size);
  for (let i = 0; i < TRIES_MAX; i++) {
    const port = SNAT_PORT_MIN + ((first - SNAT_PORT_MIN + i) % size);
    if (!ctx.peek(SNAT, keyFor(reversed({ ...flow, src: to, sport: port }), 'IN'))) return port;
  }
  return first;
}

/** An answer to a translated connection gets its destination back. False: it is none. */
export function translateBack(ctx: TcContext): boolean {
  const key = keyFor(flowOf(ctx), 'IN');
  if (!ctx.peek(SNAT, key)) return false;
  const found = ctx.lookup(SNAT, key);
  if (found) ctx.nat('reverse-snat', withEnds(ctx.packet, { dst: found.to, dport: found.port }));
  return found !== null;
}

/** Does this packet of a pod leave the cluster, so that nobody would know a way back to it (snat_v4_needs_masquerade)? */
export function needsMasquerade(ctx: TcContext, conf: NodeConf): boolean {
  const { src, dst } = ctx.packet;
  const sender = ctx.peek(ENDPOINTS, { ip: src });
  if (!sender || sender.host || isReply(ctx, flowOf(ctx))) return false;
  const { excludedBase: base, excludedPrefix: prefix } = conf;
  if (cidrHas({ text: `${base}/${prefix}`, base, prefix, family: 4 }, dst)) return false;
  const { identity } = whoIs(ctx, dst);
  const isNode = identity === REMOTE_NODE || identity === KUBE_APISERVER;
  // Other nodes know the way to pods, except where only the tunnel leads there.
  return !isNode || conf.tunnel !== '';
}
