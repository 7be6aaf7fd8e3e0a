/** Cilium's own connection table (lib/conntrack.h): the kernel's conntrack knows nothing of it. */
import type { TcContext } from '../../../../linux/bpf/program.ts';
import { CT, type CtKey, type CtValue } from '../maps.ts';
import { type Flow, reversed } from './flow.ts';

export interface Tracked {
  readonly status: 'new' | 'established' | 'reply' | 'related';
  readonly value: CtValue | null;
}

const keyFor = ({ proto, src, sport, dst, dport }: Flow, direction: CtKey['direction']): CtKey => ({
  proto,
  direction,
  src,
  sport,
  dst,
  dport,
});

/**
 * `egress`: the packet leaves an endpoint. It is a reply if the endpoint was asked (an entry IN), else it belongs to what the endpoint
 * itself opened (an entry OUT). `ingress` is the mirror of it.
 */
export function track(ctx: TcContext, flow: Flow, way: 'egress' | 'ingress'): Tracked {
  const [own, others] = way === 'egress' ? (['OUT', 'IN'] as const) : (['IN', 'OUT'] as const);
  const answered = keyFor(reversed(flow), others);
  if (ctx.peek(CT, answered)) {
    const value = ctx.lookup(CT, answered);
    return { status: flow.isError ? 'related' : 'reply', value };
  }
  const value = ctx.lookup(CT, keyFor(flow, own));
  return { status: value ? 'established' : 'new', value };
}

const PLAIN: CtValue = { revNat: 0, source: 0, backend: 0, loopback: false, nodePort: false, fromTunnel: false };

/** An error opens nothing. */
export function create(ctx: TcContext, flow: Flow, direction: CtKey['direction'], value: Partial<CtValue>): void {
  if (!flow.isError) ctx.update(CT, keyFor(flow, direction), { ...PLAIN, ...value });
}

/** Is this packet the answer of a backend to somebody who came by a Service of this node (ct_has_nodeport_egress_entry4)? */
export function nodePortEntry(ctx: TcContext, flow: Flow): CtValue | null {
  const key = keyFor(reversed(flow), 'OUT');
  return ctx.peek(CT, key)?.nodePort ? ctx.lookup(CT, key) : null;
}

/** Which backend this client of the Service was given before. */
export const serviceEntry = (ctx: TcContext, flow: Flow): CtValue | null => ctx.lookup(CT, keyFor(flow, 'SVC'));

/** Did the endpoint open a connection to itself by a Service (ct_has_loopback_egress_entry4)? */
export const loopbackEntry = (ctx: TcContext, flow: Flow): CtValue | null => {
  const value = ctx.peek(CT, keyFor(flow, 'OUT'));
  return value?.loopback ? value : null;
};

/** Is the packet an answer to what came from elsewhere (ct_is_reply4)? */
export const isReply = (ctx: TcContext, flow: Flow): boolean => ctx.peek(CT, keyFor(reversed(flow), 'IN')) !== null;
