/** The machine room of a trace: all namespaces, virtual time, the packets that wait on wires, and the list of steps told so far. */
import type { Frame, IpPacket } from '../wire/frame.ts';
import type { Ip } from '../wire/ip.ts';
import type { BpfPrograms } from './bpf/program.ts';
import type { Device, DeviceKind, NetnsConfig, NsId } from './config.ts';
import type { Chain, RejectWith, Rule, Table } from './netfilter/iptables/rule.ts';
import type { NumgenChoice } from './netfilter/nftables/numgen.ts';
import { type Netns, openNetns } from './netns.ts';
import type { ServerPrograms } from './servers/program.ts';
import { frameOf, type Skb } from './skb.ts';
import type { Socket, SocketEvent } from './sockets/socket.ts';
import type { UdpClient } from './sockets/udp-client.ts';
import type { Culprit, DropReason, PacketId, Step, StepBody } from './step.ts';

/** Steps that one conversation may take; a routing loop ends here (TTL ends most of them sooner). */
export const STEPS_MAX = 20_000;

/** Everything that chance decides on a real machine. Made from the seed; a person or a recording may force each one. */
export interface Choices {
  /** Does `-m statistic --mode random` match this rule now? */
  statistic(rule: Rule, chain: Chain, table: Table): boolean;
  /** Which slot `numgen random` draws. */
  readonly numgen: NumgenChoice;
  /** A source port for `--random-fully`, in [1024, 65535]. */
  masqueradePort(): number;
  /** UDP source port of a tunnel for a flow, in ip_local_port_range. */
  tunnelPort(flowKey: string): number;
  /** Client port of a new socket. */
  ephemeralPort(): number;
  /** What a program draws for itself: a number from 0 up to, not including, `below`. */
  draw(below: number): number;
}

/** Parts that would otherwise import each other in a ring (a tunnel device sends packets; a rule answers with one). */
export interface KernelOps {
  readonly transmit: Readonly<Record<DeviceKind, (k: Kernel, ns: Netns, dev: Device, skb: Skb) => void>>;
  /** Several at once where a tunnel hands them up in one go. */
  readonly receive: (k: Kernel, arrivals: readonly Arrival[]) => void;
  readonly reject: (k: Kernel, ns: Netns, skb: Skb, how: RejectWith) => void;
  /** Out of a device, as it is. */
  readonly send: (k: Kernel, ns: Netns, dev: Device, skb: Skb) => void;
  /** Out of a device, to the MAC of the next hop. */
  readonly sendVia: (k: Kernel, ns: Netns, dev: Device, nextHop: Ip, skb: Skb) => void;
  readonly localOut: (k: Kernel, ns: Netns, skb: Skb) => void;
  /** A UDP socket that a program connects to a server. */
  readonly openUdp: (
    k: Kernel,
    ns: Netns,
    to: Socket['remote'],
    program: string,
    notify: (event: SocketEvent) => void,
  ) => UdpClient;
  /** A connection for one question, by the same calls. */
  readonly openTcp: KernelOps['openUdp'];
  /** The next hop did not answer ARP: tell the sender (`ipv4_link_failure`). */
  readonly linkFailure: (k: Kernel, ns: Netns, skb: Skb) => void;
}

export interface Kernel {
  readonly namespaces: Map<NsId, Netns>;
  readonly steps: Step[];
  /** The engine changes them where another part of a conversation begins. */
  choices: Choices;
  readonly ops: KernelOps;
  /** eBPF programs by id: configuration only names them. */
  readonly programs: BpfPrograms;
  /** Processes behind a port, by id. */
  readonly servers: ServerPrograms;
  /** Packets that leave a socket at once are worked on by several CPUs, as on kernels before 5.6: see `netfilter/conntrack.ts`. */
  isRacing: boolean;
  nowNs: number;
  packets: number;
  /** Arrivals that wait for the running packet to finish, in the order in which softirqs take them (net_rx_action's poll list). */
  readonly polls: Poll[];
  readonly timers: Timer[];
  /** A packet that came in is being worked off (a softirq), not one that a program sends. */
  isBusy: boolean;
  readonly configOf: (id: NsId) => NetnsConfig | undefined;
  /** Neighbours and bridges know what earlier traffic would have taught them. */
  readonly warm: boolean;
}

/** Frames that wait at one place: the CPU's backlog, or the cell of one tunnel device (net/core/gro_cells.c). */
interface Poll {
  /** Empty for the backlog. */
  readonly cell: string;
  readonly queue: Arrival[];
}

/** A frame at the device that it comes in by. */
export interface Arrival {
  readonly ns: NsId;
  readonly dev: string;
  readonly skb: Skb;
}

interface Timer {
  readonly atNs: number;
  readonly run: () => void;
}

export function makeKernel(
  configs: ReadonlyMap<NsId, NetnsConfig>,
  choices: Choices,
  ops: KernelOps,
  warm: boolean,
  programs: BpfPrograms = new Map(),
  servers: ServerPrograms = new Map(),
): Kernel {
  return {
    namespaces: new Map(),
    steps: [],
    choices,
    ops,
    programs,
    servers,
    isRacing: false,
    nowNs: 0,
    packets: 0,
    polls: [],
    timers: [],
    isBusy: false,
    configOf: (id) => configs.get(id),
    warm,
  };
}

/** Namespaces open when a packet first reaches them: a world of a thousand pods costs nothing for those not visited. */
export function netnsOf(k: Kernel, id: NsId): Netns | undefined {
  const open = k.namespaces.get(id);
  if (open) return open;
  const config = k.configOf(id);
  if (!config) return undefined;
  const ns = openNetns(config);
  k.namespaces.set(id, ns);
  return ns;
}

export function newPacketId(k: Kernel): PacketId {
  k.packets += 1;
  return `p${k.packets}`;
}

/**
 * Adds a step. `body` is a fresh object that nobody else holds: it is completed in place, which costs a fraction of copying it
 * (this is the hottest line of a trace).
 */
export function tell(k: Kernel, ns: Netns, skb: Skb, body: StepBody, frame: Frame | IpPacket = ipFirst(skb)): void {
  const step = body as Writable<Step>;
  step.i = k.steps.length;
  step.ns = ns.id;
  step.packet = skb.id;
  step.atNs = k.nowNs;
  step.frame = frame;
  if (skb.outer) step.outer = true;
  k.steps.push(step);
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function ipFirst(skb: Skb): Frame | IpPacket {
  return skb.payload.kind === 'ip' ? skb.payload : frameOf(skb);
}

export function drop(k: Kernel, ns: Netns, skb: Skb, reason: DropReason, detail: string, culprit?: Culprit): void {
  tell(k, ns, skb, culprit ? { kind: 'drop', reason, detail, culprit } : { kind: 'drop', reason, detail });
}

/** A device as the culprit of a drop; `state` says what is wrong with it. */
export function culpritDevice(dev: Device, state = 'down'): Culprit {
  const text = `${dev.name} ${state}`;
  return dev.origin ? { kind: 'device', text, origin: dev.origin } : { kind: 'device', text };
}

/** Puts a frame on the far side of a device; it is taken up when the running packet is done. */
export function arrive(k: Kernel, ns: NsId, dev: string, skb: Skb, cell = ''): void {
  const waiting = k.polls.find((p) => p.cell === cell);
  if (waiting) waiting.queue.push({ ns, dev, skb });
  else k.polls.push({ cell, queue: [{ ns, dev, skb }] });
}

export function after(k: Kernel, delayNs: number, run: () => void): void {
  const timer: Timer = { atNs: k.nowNs + delayNs, run };
  const at = k.timers.findIndex((t) => t.atNs > timer.atNs);
  if (at < 0) k.timers.push(timer);
  else k.timers.splice(at, 0, timer);
}

/** Adds a step to what was told at `index`: about the same packet, at the same place. */
export function tellBeside(k: Kernel, index: number, body: StepBody): void {
  const beside = k.steps[index];
  if (!beside) return;
  const { ns, packet, frame } = beside;
  k.steps.push({ ...body, i: k.steps.length, ns, packet, frame, atNs: k.nowNs });
}

/** Runs until nothing is left to happen before `untilNs` of virtual time, or until what is waited for has happened. */
export function runUntil(k: Kernel, untilNs: number, isOver: () => boolean = () => false): void {
  while (k.steps.length < STEPS_MAX && !isOver()) {
    if (k.polls.length > 0) poll(k);
    else if (!fire(k, untilNs)) return;
  }
}

/**
 * What a program has sent so far goes all its way before the program sends more (`local_bh_enable` at the end of `__dev_queue_xmit`). Within
 * a softirq it waits.
 */
export function letGo(k: Kernel): void {
  while (!k.isBusy && k.polls.length > 0 && k.steps.length < STEPS_MAX) poll(k);
}

/** The backlog is worked off one by one, with what comes in meanwhile; a cell in one go. */
function poll(k: Kernel): void {
  k.isBusy = true;
  pollFirst(k);
  k.isBusy = false;
}

function pollFirst(k: Kernel): void {
  const first = k.polls[0];
  if (first?.cell === '') {
    const arrival = first.queue.shift();
    if (arrival) k.ops.receive(k, [arrival]);
    else k.polls.shift();
    return;
  }
  k.polls.shift();
  if (first) k.ops.receive(k, first.queue);
}

/** Everything that is due at the next moment runs before the frames that it sends are taken up (timers before NET_RX). */
function fire(k: Kernel, untilNs: number): boolean {
  const next = k.timers[0];
  if (!next || next.atNs > untilNs) return false;
  k.nowNs = next.atNs;
  k.isBusy = true;
  while (k.timers[0]?.atNs === next.atNs) k.timers.shift()?.run();
  k.isBusy = false;
  return true;
}

/** Up, and the other end of its cable too. */
export function hasCarrier(k: Kernel, dev: Device): boolean {
  if (!dev.up) return false;
  if (dev.kind !== 'veth' && dev.kind !== 'nic') return true;
  const peer = k.configOf(dev.peer.ns)?.devices.find((d) => d.name === dev.peer.dev);
  return peer?.up === true;
}
