/**
 * Runs one probing program in the kernel model and says what it learned: `curl`, `nc`, `ping` or `traceroute`, as seen from their
 * sockets. Knows addresses only; names are looked up before (`run-named.ts`).
 */
import { SERVER_PROGRAMS } from '../drivers/dns/servers.ts';
import { BPF_PROGRAMS } from '../drivers/registry.ts';
import type { NetnsConfig, NsId } from '../linux/config.ts';
import { type Choices, type Kernel, makeKernel, netnsOf, runUntil } from '../linux/kernel.ts';
import { type LocalPacket, refuseLocal } from '../linux/local.ts';
import type { Netns } from '../linux/netns.ts';
import { LINUX } from '../linux/ops.ts';
import { type OutputRoute, routeOutput } from '../linux/routing/route-output.ts';
import { sendEcho } from '../linux/sockets/ping.ts';
import { associate, sendMessage } from '../linux/sockets/sctp.ts';
import type { Socket, SocketCalls, SocketEvent } from '../linux/sockets/socket.ts';
import { close, connect, sendData } from '../linux/sockets/tcp.ts';
import { sendDatagram } from '../linux/sockets/udp.ts';
import type { Step } from '../linux/step.ts';
import { headerBytes, type PortProtocol } from '../wire/frame.ts';
import { familyOf, type Ip } from '../wire/ip.ts';
import { dial } from './dial.ts';
import { PROGRAM_NAMES } from './program-names.ts';
import type { ProgramResult } from './program-result.ts';
import type { Outcome } from './trace.ts';

/** What to send, in addresses. */
export interface Program {
  readonly ns: NsId;
  readonly dst: Ip;
  /** `icmp` is ping, of either family. */
  readonly proto: PortProtocol | 'icmp' | 'traceroute';
  /** 0 for ICMP. */
  readonly port: number;
  readonly waitMs: number;
  readonly ttl?: number | undefined;
  readonly sizeBytes?: number | undefined;
  readonly df?: 'do' | 'dont' | undefined;
  readonly src?: Ip | undefined;
  readonly handshakeOnly?: boolean | undefined;
  /** The text that a TCP client sends. */
  readonly request?: string;
}

export interface Ran {
  readonly kernel: Kernel;
  readonly steps: readonly Step[];
  readonly result: ProgramResult;
}

export const NS_PER_MS = 1_000_000;
/** `traceroute -m`. */
export const TRACEROUTE_TTL_MAX = 30;
/** SIMPLIFIED: traceroute stops after this many silent hops in a row; the real one goes on to its limit. */
export const TRACEROUTE_SILENT_MAX = 4;
/** Classic traceroute counts up from here. */
const TRACEROUTE_PORT = 33_434;
const TRACEROUTE_BYTES = 32;
const PING_BYTES = 56;
/** When a SYN would be sent again. */
const RETRANSMIT_NS = 1_000_000_000;

export function runProgram(
  configs: ReadonlyMap<NsId, NetnsConfig>,
  warm: boolean,
  choices: Choices,
  program: Program,
): Ran {
  const { kernel, ns } = open(configs, warm, choices, program);
  const started = start(kernel, ns, program);
  runUntil(kernel, kernel.nowNs + program.waitMs * NS_PER_MS);
  return { kernel, steps: kernel.steps, result: started() };
}

/** A kernel for the program to run in, and its place in it. */
export function open(
  configs: ReadonlyMap<NsId, NetnsConfig>,
  warm: boolean,
  choices: Choices,
  program: Pick<Program, 'ns' | 'src'>,
): { readonly kernel: Kernel; readonly ns: Netns } {
  const kernel = makeKernel(withSource(configs, program), choices, LINUX, warm, BPF_PROGRAMS, SERVER_PROGRAMS);
  const ns = netnsOf(kernel, program.ns);
  if (!ns) throw new Error(`Broken invariant: no network namespace ${program.ns}`);
  return { kernel, ns };
}

/** Opens the socket and sends the first packet, if the kernel lets it. Gives what the program has learned when it is asked. */
export function start(k: Kernel, ns: Netns, asked: Program): () => ProgramResult {
  const dialled = dial(k, ns, asked, refusedPacket);
  if (!dialled.ok) return () => dialled.result;
  const { program, calls } = dialled;
  const route = routeOutput(ns, program.dst);
  if (!route.ok) {
    const failed = unroutable(k, ns, program, route);
    return () => failed;
  }
  const clientIp = program.src ?? route.src;
  if (program.proto !== 'traceroute') return begin(k, ns, program, clientIp, calls);
  const traced = traceroute(k, ns, program, clientIp);
  return () => traced;
}

/** A probe may use an address that its namespace did not have: it is put on the loopback, as `ip addr add` would. */
export function withSource(
  configs: ReadonlyMap<NsId, NetnsConfig>,
  { ns, src }: Pick<Program, 'ns' | 'src'>,
): ReadonlyMap<NsId, NetnsConfig> {
  const config = configs.get(ns);
  if (src === undefined || !config || config.addresses.some((a) => a.ip === src)) return configs;
  const changed: NetnsConfig = {
    ...config,
    addresses: [...config.addresses, { dev: 'lo', ip: src, prefix: familyOf(src) === 6 ? 128 : 32, scope: 'global' }],
  };
  return { ...lookupOnly(configs), get: (id: NsId) => (id === ns ? changed : configs.get(id)) };
}

/** The kernel only ever gets; the other members pass through. */
function lookupOnly(configs: ReadonlyMap<NsId, NetnsConfig>): ReadonlyMap<NsId, NetnsConfig> {
  return {
    size: configs.size,
    has: (id) => configs.has(id),
    get: (id) => configs.get(id),
    keys: () => configs.keys(),
    values: () => configs.values(),
    entries: () => configs.entries(),
    forEach: (visit) => configs.forEach(visit),
    [Symbol.iterator]: () => configs[Symbol.iterator](),
  };
}

/** No packet can be made: the socket call fails at once. */
function unroutable(k: Kernel, ns: Netns, program: Program, route: Extract<OutputRoute, { ok: false }>): ProgramResult {
  const packet = refusedPacket(program);
  const text = route.route.route ? `${route.route.type} ${route.route.route.dst.text}` : `${program.dst}: no route`;
  refuseLocal(k, ns, packet, 'IP_OUTNOROUTES', `${ns.id} has no route to ${program.dst}`, { kind: 'route', text });
  return {
    outcome: route.errno === 'EHOSTUNREACH' ? 'host-unreachable' : 'no-route',
    errno: route.errno,
    clientIp: null,
    atStep: k.steps.length - 1,
  };
}

/** The packet that would have been. */
const refusedPacket = (program: Program): LocalPacket => ({
  to: program.dst,
  from: program.src,
  l4: firstHeader(program),
  len: headerBytes(program.dst) + 8,
  df: true,
  by: PROGRAM_NAMES[program.proto],
  what: `a first packet to ${program.dst}`,
});

function firstHeader(program: Program): LocalPacket['l4'] {
  const echo = { code: 0, id: 1, seq: 1, dataBytes: 0 };
  if (program.proto === 'icmp')
    return familyOf(program.dst) === 6
      ? { proto: 'ipv6-icmp', type: 128, ...echo }
      : { proto: 'icmp', type: 8, ...echo };
  const ports = { sport: 0, dport: program.port, dataBytes: 0 };
  if (program.proto === 'sctp') return { proto: 'sctp', ...ports, chunk: 'INIT' };
  return program.proto === 'tcp' ? { proto: 'tcp', ...ports, flags: 'S', seq: 0, ack: 0 } : { proto: 'udp', ...ports };
}

/** One conversation: until the program is content, refused, or tired of waiting. */
function begin(
  k: Kernel,
  ns: Netns,
  program: Program,
  clientIp: Ip,
  calls: SocketCalls | undefined,
): () => ProgramResult {
  let result: ProgramResult = { outcome: 'timeout', errno: 'ETIMEDOUT', clientIp, atStep: null };
  let settled = false;
  const plain = socketFor(k, program, clientIp, program.dst, program.port, program.ttl, (event) => {
    if (event.kind === 'connected' && !program.handshakeOnly) request(k, ns, socket, program);
    if (event.kind === 'data' && program.proto === 'tcp') close(k, ns, socket);
    if (settled) return;
    const learned = learn(event, clientIp);
    if (!learned) return;
    settled = true;
    result = learned;
  });
  const socket: Socket = { ...plain, calls };
  sendFirst(k, ns, socket, program);
  return () => result;
}

function socketFor(
  k: Kernel,
  program: Program,
  clientIp: Ip,
  dst: Ip,
  port: number,
  ttl: number | undefined,
  notify: (event: SocketEvent) => void,
): Socket {
  const sport = k.choices.ephemeralPort();
  const proto = program.proto === 'traceroute' ? (program.port > 0 ? 'tcp' : 'udp') : program.proto;
  return {
    proto,
    local: { ip: clientIp, port: sport },
    remote: { ip: dst, port: proto === 'icmp' ? sport : port },
    phase: proto === 'tcp' || proto === 'sctp' ? 'SYN_SENT' : 'ESTABLISHED',
    seq: 0,
    ack: 0,
    attempt: 0,
    options: { ttl, df: program.df },
    program: PROGRAM_NAMES[program.proto],
    listener: null,
    notify,
  };
}

function sendFirst(k: Kernel, ns: Netns, socket: Socket, program: Program): void {
  if (socket.proto === 'tcp') return connect(k, ns, socket);
  if (socket.proto === 'sctp') return associate(k, ns, socket);
  if (socket.proto === 'udp')
    return sendDatagram(k, ns, socket, {
      dataBytes: program.sizeBytes ?? (program.proto === 'traceroute' ? TRACEROUTE_BYTES : 4),
      note: 'ping',
    });
  sendEcho(k, ns, socket, program.sizeBytes ?? PING_BYTES, socket.options.ttl);
}

function request(k: Kernel, ns: Netns, socket: Socket, program: Program): void {
  if (socket.proto === 'sctp') return sendMessage(k, ns, socket, 'ping');
  const text = program.request ?? 'GET / HTTP/1.1';
  sendData(k, ns, socket, program.sizeBytes ?? text.length, text);
}

/** What an event means to the program; undefined when it goes on waiting. */
function learn(event: SocketEvent, clientIp: Ip): ProgramResult | undefined {
  if (event.kind === 'connected') return { outcome: 'connected', clientIp, atStep: event.step };
  if (event.kind === 'data') return { outcome: 'reply', clientIp, atStep: event.step };
  if (event.kind !== 'error') return undefined;
  const { icmp } = event;
  return {
    outcome: outcomeOf(event),
    errno: event.errno,
    clientIp,
    atStep: event.step,
    ...(icmp ? { icmp: icmp.name, errorFrom: icmp.from } : {}),
    ...(icmp?.mtu === undefined ? {} : { mtuBytes: icmp.mtu }),
  };
}

function outcomeOf(event: Extract<SocketEvent, { kind: 'error' }>): Outcome {
  if (event.icmp?.name === 'ttl-exceeded') return 'ttl-exceeded';
  if (event.icmp?.name.endsWith('prohibited')) return 'prohibited';
  switch (event.errno) {
    case 'ECONNREFUSED':
    case 'ECONNRESET':
      return 'refused';
    case 'EMSGSIZE':
      return 'message-too-long';
    case 'ENETUNREACH':
      return 'net-unreachable';
    default:
      return 'host-unreachable';
  }
}

interface Answer {
  readonly from: Ip | null;
  readonly what: string;
  readonly isLast: boolean;
}

/** One probe for each TTL, each with its own port, until the destination answers. */
function traceroute(k: Kernel, ns: Netns, program: Program, clientIp: Ip): ProgramResult {
  const route: { ttl: number; from: Ip | null; what: string }[] = [];
  let atStep: number | null = null;
  let silent = 0;
  for (let ttl = 1; ttl <= TRACEROUTE_TTL_MAX && silent < TRACEROUTE_SILENT_MAX; ttl++) {
    const answer = traceOne(k, ns, program, clientIp, ttl);
    route.push({ ttl, from: answer.from, what: answer.what });
    silent = answer.from === null ? silent + 1 : 0;
    if (answer.from !== null) atStep = k.steps.length - 1;
    if (answer.isLast) break;
  }
  return { outcome: silent >= TRACEROUTE_SILENT_MAX ? 'timeout' : 'route-traced', clientIp, atStep, route };
}

function traceOne(k: Kernel, ns: Netns, program: Program, clientIp: Ip, ttl: number): Answer {
  let answer: Answer = { from: null, what: '*', isLast: false };
  const port = program.port > 0 ? program.port : TRACEROUTE_PORT + ttl - 1;
  const socket = socketFor(k, program, clientIp, program.dst, port, ttl, (event) => {
    if (event.kind === 'error')
      answer = {
        from: event.icmp?.from ?? program.dst,
        what: event.icmp?.name ?? event.errno,
        isLast: event.icmp?.name !== 'ttl-exceeded',
      };
    else answer = { from: program.dst, what: event.kind, isLast: true };
  });
  sendFirst(k, ns, socket, program);
  // One probe per TTL: a SYN is not sent again (traceroute -T uses its own half-open probes).
  const until = k.nowNs + program.waitMs * NS_PER_MS;
  runUntil(k, Math.min(until, k.nowNs + RETRANSMIT_NS - 1));
  socket.phase = 'CLOSED';
  runUntil(k, until);
  if (answer.from === null) k.nowNs = until;
  return answer;
}
