/**
 * Programs at the socket hooks of a control group: they translate the address that a program on the node asks for, before any packet
 * exists (kernel/bpf/cgroup.c; net/ipv4/af_inet.c, udp.c). A container's sockets are in the node's control groups, so the node's programs
 * see them all.
 */
import type { Kernel } from '../kernel.ts';
import type { Netns } from '../netns.ts';
import type { StepBody } from '../step.ts';
import type { SocketAddress } from './events.ts';
import { runSock } from './run.ts';
import { keep, stateOf } from './state.ts';

export interface SockCall {
  readonly proto: 'tcp' | 'udp';
  readonly address: SocketAddress;
  /** Tells sockets apart: namespace and local port. */
  readonly cookie: string;
}

export interface SockOutcome {
  /** Null: the call fails. */
  readonly address: SocketAddress | null;
  readonly errno?: 'EHOSTUNREACH' | 'EPERM';
  /** To be told with the packet that the call is about. */
  readonly told: readonly StepBody[];
}

export function runSockHook(
  k: Kernel,
  ns: Netns,
  hook: 'connect4' | 'sendmsg4' | 'recvmsg4',
  call: SockCall,
): SockOutcome {
  const { bpf } = ns;
  const attachment = bpf?.hooks.get(`cgroup/${hook}`);
  const program = attachment && k.programs.get(attachment.program);
  if (!bpf || !attachment || !program || program.hook === 'tc') return { address: call.address, told: [] };
  const state = stateOf(k, ns, bpf);
  const { verdict, told, writes } = runSock(program, { conf: attachment.conf, netns: ns.id, ...call }, state);
  keep(k, ns, bpf, writes);
  const steps = told.map(({ body }) => body);
  // A call that no Service is concerned with is not worth telling.
  const isPlain = !steps.some((step) => step.kind === 'bpf-sock');
  if (isPlain) return { address: call.address, told: [] };
  const start: StepBody = { kind: 'bpf-run', program: program.id, attachment };
  if (verdict.kind === 'reject') return { address: null, errno: verdict.errno, told: [start, ...steps] };
  return { address: verdict.address, told: [start, ...steps] };
}
