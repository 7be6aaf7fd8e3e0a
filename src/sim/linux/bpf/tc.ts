/**
 * The traffic control hooks of a device (net/core/dev.c sch_handle_ingress and sch_handle_egress, net/core/filter.c skb_do_redirect).
 * A capture sees what comes in before the program does, and what goes out after it.
 */
import { dnsBytes } from '../../wire/dns.ts';
import { type Arp, headerBytes, type L4, type Tcp, type Udp } from '../../wire/frame.ts';
import { familyOf } from '../../wire/ip.ts';
import type { Device } from '../config.ts';
import { arrive, drop, type Kernel, newPacketId, tell } from '../kernel.ts';
import { makeLocal } from '../local.ts';
import type { Netns } from '../netns.ts';
import { frameOf, makeSkb, type Skb } from '../skb.ts';
import type { BpfAttachment, TcHook } from './attach.ts';
import type { BpfVerdictName } from './events.ts';
import type { ProxyAnswer, TcVerdict } from './program.ts';
import { runTc, type TcResult } from './run.ts';
import { keep, stateOf } from './state.ts';

/** False: a program took the packet. True too where no program is attached. */
export function runTcHook(k: Kernel, ns: Netns, dev: Device, skb: Skb, hook: TcHook): boolean {
  const { bpf } = ns;
  const attachment = bpf?.hooks.get(`${hook} ${dev.name}`);
  if (!bpf || !attachment) return true;
  // SIMPLIFIED: programs know IPv4 only; packets of IPv6 pass as if none were there.
  if (skb.payload.kind === 'ip' && familyOf(skb.payload.dst) === 6) return true;
  if (skb.payload.kind === 'arp') return hook === 'tc egress' || !answerArp(k, ns, dev, skb, skb.payload, attachment);
  const result = runTc(attachment, { frame: frameOf(skb), mark: skb.mark, tunnel: skb.tunnel }, stateOf(k, ns, bpf));
  for (const { body, frame } of result.told) tell(k, ns, skb, body, frame ?? frameOf(skb));
  keep(k, ns, bpf, result.writes);
  skb.payload = result.frame.payload;
  skb.smac = result.frame.smac;
  skb.dmac = result.frame.dmac;
  skb.mark = result.mark;
  skb.tunnel = result.tunnel;
  return carryOut(k, ns, dev, skb, hook, attachment, result);
}

const NAMES: Readonly<Record<TcVerdict['kind'], BpfVerdictName>> = {
  pass: 'pass',
  drop: 'drop',
  redirect: 'redirect',
  'redirect-peer': 'redirect-peer',
  'redirect-neigh': 'redirect-neigh',
  reply: 'reply',
  proxy: 'proxy',
};

function carryOut(
  k: Kernel,
  ns: Netns,
  dev: Device,
  skb: Skb,
  hook: TcHook,
  { origin }: BpfAttachment,
  { verdict, by }: TcResult,
): boolean {
  if (verdict.kind === 'drop') {
    const text = `${by}: ${verdict.reason} (reason ${verdict.code})`;
    const culprit = { kind: 'program', text, ...(origin ? { origin } : {}) } as const;
    drop(k, ns, skb, hook === 'tc ingress' ? 'TC_INGRESS' : 'TC_EGRESS', `${verdict.reason} in ${by}`, culprit);
    return false;
  }
  const isIngress = verdict.kind === 'redirect' && verdict.ingress === true;
  const to = targetOf(ns, verdict);
  tell(
    k,
    ns,
    skb,
    {
      kind: 'bpf-verdict',
      program: by,
      verdict: isIngress ? 'redirect-ingress' : NAMES[verdict.kind],
      ...(to ? { to } : {}),
      ...(skb.mark === 0 ? {} : { mark: skb.mark }),
    },
    frameOf(skb),
  );
  if (verdict.kind === 'pass') return true;
  if (verdict.kind === 'reply') reply(k, ns, dev, skb, by, verdict);
  else if (verdict.kind === 'proxy') answerByProxy(k, ns, skb, verdict);
  else redirect(k, ns, skb, verdict);
  return false;
}

function targetOf(ns: Netns, verdict: TcVerdict): { ns: string; dev: string } | undefined {
  if (!('dev' in verdict)) return undefined;
  const dev = ns.devices.get(verdict.dev);
  if (verdict.kind === 'redirect-peer' && dev && 'peer' in dev) return dev.peer;
  return { ns: ns.id, dev: verdict.dev };
}

/** On its new way the packet has no route, no bridge and no connection of the old one. */
const afresh = (skb: Skb): Skb => ({ ...skb, dst: null, bridged: null, ct: null, ipvs: null, fragMaxBytes: 0 });

function redirect(
  k: Kernel,
  ns: Netns,
  skb: Skb,
  verdict: Extract<TcVerdict, { kind: 'redirect' | 'redirect-peer' | 'redirect-neigh' }>,
): void {
  const dev = ns.devices.get(verdict.dev);
  if (!dev) return drop(k, ns, skb, 'DEV_DOWN', `the device ${verdict.dev} is gone`);
  if (verdict.kind === 'redirect-neigh') return k.ops.sendVia(k, ns, dev, verdict.nextHop, afresh(skb));
  if (verdict.kind === 'redirect') {
    if (verdict.ingress) return arrive(k, ns.id, dev.name, afresh(skb));
    return k.ops.send(k, ns, dev, afresh(skb));
  }
  if (!('peer' in dev)) return drop(k, ns, skb, 'NO_CARRIER', `${dev.name} is no cable: it has no other end`);
  const inside: Skb = { ...afresh(skb), iif: undefined, mark: 0, tunnel: null };
  k.ops.receive(k, [{ ns: dev.peer.ns, dev: dev.peer.dev, skb: inside }]);
}

/**
 * SIMPLIFIED: a proxy ends the client's connection and opens one of its own (TPROXY, both transparent); here the client's connection goes
 * straight on, and the proxy takes only what it refuses. Its answer takes the way of all that the node itself sends.
 */
function answerByProxy(k: Kernel, ns: Netns, skb: Skb, { by, answer }: Extract<TcVerdict, { kind: 'proxy' }>): void {
  const { payload } = skb;
  const l4 = payload.kind === 'ip' ? proxyAnswer(payload.l4, answer) : null;
  if (payload.kind !== 'ip' || l4 === null) return;
  tell(k, ns, skb, { kind: 'deliver', to: 'socket', socket: null, what: `${by} reads the request` });
  const made = makeLocal(k, ns, {
    to: payload.src,
    from: payload.dst,
    l4,
    len: headerBytes(payload.src) + (l4.proto === 'udp' ? UDP_HEADER_BYTES : TCP_HEADER_BYTES) + l4.dataBytes,
    df: true,
    by,
    what: 'note' in answer ? `TCP data: ${answer.note}` : 'DNS answer',
    answers: skb.id,
  });
  if (made) k.ops.localOut(k, ns, made);
}

function proxyAnswer(asked: L4, answer: ProxyAnswer): Tcp | Udp | null {
  if (!('sport' in asked)) return null;
  const ports = { sport: asked.dport, dport: asked.sport };
  if ('dns' in answer)
    return asked.proto === 'udp' ? { proto: 'udp', ...ports, dataBytes: dnsBytes(answer.dns), dns: answer.dns } : null;
  if (asked.proto !== 'tcp' || !('flags' in asked)) return null;
  const { seq, ack, dataBytes } = asked;
  const bytes = answer.note.length + answer.rest.length;
  return { proto: 'tcp', ...ports, flags: 'PA', seq: ack, ack: seq + dataBytes, dataBytes: bytes, ...answer };
}

const TCP_HEADER_BYTES = 32;
const UDP_HEADER_BYTES = 8;

/** The program made an answer out of the frame and sent it back. */
function reply(
  k: Kernel,
  ns: Netns,
  dev: Device,
  skb: Skb,
  by: string,
  { packet, what }: Extract<TcVerdict, { kind: 'reply' }>,
): void {
  const answer = makeSkb({ id: newPacketId(k), payload: packet });
  answer.smac = skb.dmac;
  answer.dmac = skb.smac;
  answer.iif = skb.iif;
  tell(k, ns, answer, { kind: 'send', by, what, answers: skb.id }, frameOf(answer));
  k.ops.send(k, ns, dev, answer);
}

/** The pod asks for its gateway, and the program answers with the MAC of the device that it is attached to. */
function answerArp(k: Kernel, ns: Netns, dev: Device, skb: Skb, arp: Arp, attachment: BpfAttachment): boolean {
  const program = k.programs.get(attachment.program);
  if (arp.op !== 'who-has' || program?.hook !== 'tc') return false;
  if (!program.answersArp?.(attachment.conf, arp.tpa)) return false;
  tell(k, ns, skb, { kind: 'bpf-run', program: program.id, attachment }, frameOf(skb));
  const payload: Arp = { kind: 'arp', op: 'is-at', sha: dev.mac, spa: arp.tpa, tha: arp.sha, tpa: arp.spa };
  const answer = makeSkb({ id: newPacketId(k), payload });
  answer.smac = dev.mac;
  answer.dmac = arp.sha;
  const what = `ARP ${arp.tpa} is at ${dev.mac}`;
  tell(k, ns, answer, { kind: 'send', by: program.id, what, answers: skb.id }, frameOf(answer));
  k.ops.send(k, ns, dev, answer);
  return true;
}
