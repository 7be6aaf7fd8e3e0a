/** A program asks its kernel for a connection: eBPF programs at the socket hooks of the node may translate whom it asks for. */
import { runSockHook } from '../linux/bpf/sock.ts';
import type { Kernel } from '../linux/kernel.ts';
import { type LocalPacket, neverSent } from '../linux/local.ts';
import type { Netns } from '../linux/netns.ts';
import type { SocketCalls } from '../linux/sockets/socket.ts';
import { familyOf } from '../wire/ip.ts';
import type { ProgramResult } from './program-result.ts';
import type { Program } from './run-program.ts';

export type Dialled =
  | { readonly ok: true; readonly program: Program; readonly calls: SocketCalls | undefined }
  | { readonly ok: false; readonly result: ProgramResult };

/** TCP sockets connect; UDP programs send each datagram to an address. ICMP and traceroute use raw sockets, which no hook sees. */
export function dial(k: Kernel, ns: Netns, program: Program, first: (program: Program) => LocalPacket): Dialled {
  const { proto } = program;
  // SIMPLIFIED: no programs for sockets of IPv6 (`connect6`).
  if (familyOf(program.dst) === 6) return { ok: true, program, calls: undefined };
  if (!ns.bpf || (proto !== 'tcp' && proto !== 'udp')) return { ok: true, program, calls: undefined };
  const cookie = `${ns.id} ${k.packets}`;
  const address = { ip: program.dst, port: program.port };
  const outcome = runSockHook(k, ns, proto === 'tcp' ? 'connect4' : 'sendmsg4', { proto, address, cookie });
  if (outcome.address)
    return {
      ok: true,
      program: { ...program, dst: outcome.address.ip, port: outcome.address.port },
      calls: { cookie, told: outcome.told },
    };
  const packet: LocalPacket = { ...first(program), prelude: outcome.told };
  const detail = `the call to ${program.dst}:${program.port} is refused by a program on the node: it has nobody behind it`;
  const text = `${program.dst}:${program.port}: no backend`;
  neverSent(k, ns, packet, 'SOCK_REJECTED', detail, { kind: 'program', text });
  const errno = outcome.errno ?? 'EHOSTUNREACH';
  return {
    ok: false,
    result: { outcome: 'host-unreachable', errno, clientIp: null, atStep: k.steps.length - 1 },
  };
}
