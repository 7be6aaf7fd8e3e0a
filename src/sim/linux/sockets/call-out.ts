/** A program calls out: eBPF programs at the socket hooks of the node may translate whom it calls, and there must be a route. */
import { familyOf } from '../../wire/ip.ts';
import { runSockHook, type SockOutcome } from '../bpf/sock.ts';
import type { Kernel } from '../kernel.ts';
import { type LocalPacket, neverSent, refuseLocal } from '../local.ts';
import type { Netns } from '../netns.ts';
import { type OutputRoute, routeOutput } from '../routing/route-output.ts';
import type { Errno, Socket } from './socket.ts';

export interface Call {
  readonly to: Socket['remote'];
  readonly port: number;
  readonly cookie: string;
  /** What the programs of the node said; absent where none runs. */
  readonly hooked: SockOutcome | undefined;
  /** Whom the packets go to; null where a program refused the call. */
  readonly remote: Socket['remote'] | null;
}

export function callOut(k: Kernel, ns: Netns, proto: 'tcp' | 'udp', to: Socket['remote']): Call {
  const port = k.choices.ephemeralPort();
  const cookie = `${ns.id} ${k.packets} ${port}`;
  const hooked =
    ns.bpf && familyOf(to.ip) === 4 ? runSockHook(k, ns, 'connect4', { proto, address: to, cookie }) : undefined;
  return { to, port, cookie, hooked, remote: hooked ? hooked.address : to };
}

type Found = Extract<OutputRoute, { ok: true }>;
type Way =
  | { readonly ok: true; readonly remote: Socket['remote']; readonly found: Found }
  | { readonly ok: false; readonly errno: Errno };

/** The way for the first packet; where there is none, what the call fails with, which is told. */
export function wayFor(k: Kernel, ns: Netns, { to, hooked, remote }: Call, first: LocalPacket): Way {
  if (!remote) {
    const detail = `the call to ${to.ip}:${to.port} is refused by a program on the node: it has nobody behind it`;
    const prelude = [...(first.prelude ?? []), ...(hooked?.told ?? [])];
    const text = `${to.ip}:${to.port}: no backend`;
    neverSent(k, ns, { ...first, prelude }, 'SOCK_REJECTED', detail, { kind: 'program', text });
    return { ok: false, errno: hooked?.errno ?? 'EHOSTUNREACH' };
  }
  const found = routeOutput(ns, remote.ip);
  if (found.ok) return { ok: true, remote, found };
  const text = `${remote.ip}: no route`;
  refuseLocal(k, ns, first, 'IP_OUTNOROUTES', `${ns.id} has no route to ${remote.ip}`, { kind: 'route', text });
  return { ok: false, errno: found.errno };
}
