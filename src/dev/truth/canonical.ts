/**
 * The canonical form of a trace (reference/kernel.md section 1): device crossings and the rules that matched, with ephemeral ports as
 * symbols and MACs as `namespace/device`, so that a simulated trace and a recorded one can be held against each other.
 */
import { socketText } from '../../sim/engine/explain/packet-words.ts';
import type { NetnsConfig } from '../../sim/linux/config.ts';
import { printRule } from '../../sim/linux/netfilter/nftables/print.ts';
import type { Step } from '../../sim/linux/step.ts';
import {
  type Frame,
  type IpPacket,
  icmpName,
  isIcmp,
  isIcmpError,
  isLaterFragment,
  isNdp,
  vxlanOf,
} from '../../sim/wire/frame.ts';
import { familyOf, type Ip } from '../../sim/wire/ip.ts';
import type { LabInput } from './lab.ts';

/** A canonical hop: plain JSON with the keys of the recorded ones. */
export type CanonHop = { readonly hop: string } & Readonly<Record<string, unknown>>;

/** Recordings name it so, because it tells no device from another. */
const SHARED_MAC = 'ee:ee:ee:ee:ee:ee';
const TUNNEL_PORTS = new Set([8472, 4789]);

export interface CanonInput {
  readonly namespaces: Iterable<NetnsConfig>;
  /** Ports that recordings write as numbers; all others are ephemeral. */
  readonly isKnown: (address: Ip, port: number) => boolean;
  /** The client's port, and the port that the probe asked for. */
  readonly clientPort: number;
  readonly dport: number | undefined;
}

export function canonicalHops(steps: readonly Step[], input: CanonInput): CanonHop[] {
  const namer = new Namer(input);
  return steps.flatMap((step) => {
    if (step.kind === 'dev') return namer.device(step);
    if (step.kind === 'hook') namer.hook(step);
    if (step.kind === 'nft-rule') return [nftHop(step)];
    return step.kind === 'rule' ? [ruleHop(step)] : [];
  });
}

/** Labs name pods without their namespace. */
const labName = (ns: string): string => ns.replace(/^default\//, '');

function ruleHop(step: Extract<Step, { kind: 'rule' }>): CanonHop {
  const { target } = step.rule;
  const name = target === null ? '' : target.kind === 'DNAT' ? `DNAT ${target.to}:${target.port ?? ''}` : target.kind;
  const comment = step.rule.matches.find((m) => m.kind === 'comment');
  const verdict = step.effect;
  return {
    hop: 'nf',
    p: step.packet,
    event: 'rule',
    ns: labName(step.ns),
    table: step.table,
    chain: step.chain,
    n: step.index + 1,
    verdict,
    target: name,
    ...(comment?.kind === 'comment' ? { comment: comment.text } : {}),
    ...(step.outer ? { outer: true } : {}),
  };
}

/** Recordings name an nftables rule by the end of its text; a jump to `mark-for-masquerade` reads as a masquerade there. */
const NFT_TARGET = /\b(dnat to [\d.:]+|masquerade(?: fully-random)?|reject|meta mark set .*)$/;

function nftHop(step: Extract<Step, { kind: 'nft-rule' }>): CanonHop {
  const text = printRule(step.family, step.rule).replace(/ comment .*/, '');
  return {
    hop: 'nf',
    p: step.packet,
    event: 'rule',
    ns: labName(step.ns),
    table: step.table,
    chain: step.chain,
    n: step.index + 1,
    verdict: step.effect,
    target: NFT_TARGET.exec(text)?.[1] ?? '',
    ...(step.outer ? { outer: true } : {}),
  };
}

const baseOf = (step: Extract<Step, { kind: 'dev' }>) => ({
  hop: 'dev',
  p: step.packet,
  ns: labName(step.ns),
  dev: step.dev,
  dir: step.dir,
});

class Namer {
  private readonly ports = new Map<number, string>();
  private readonly macs: ReadonlyMap<string, string>;
  private readonly input: CanonInput;
  private masquerades = 0;
  private tunnels = 0;

  constructor(input: CanonInput) {
    this.input = input;
    this.macs = macNames(input.namespaces);
    this.ports.set(input.clientPort, '$cport');
  }

  device(step: Extract<Step, { kind: 'dev' }>): CanonHop[] {
    const frame = step.frame;
    if (!('payload' in frame)) return [{ ...baseOf(step), ...this.packet(frame) }];
    if (frame.payload.kind !== 'ip') return [];
    const base = baseOf(step);
    const carried = frame.payload.l4;
    if (carried.proto === 'ipencap' && 'inner' in carried) {
      const encap = { type: 'ipip', ...this.ethernet(frame), ...this.packet(frame.payload) };
      return [{ ...base, ...this.packet(carried.inner), encap }];
    }
    const tunnel = vxlanOf(frame.payload);
    if (!tunnel) return [{ ...base, ...this.ethernet(frame), ...this.packet(frame.payload) }];
    // The inner packet names its ports first, so that names do not depend on the tunnel's.
    const inner = {
      ...this.ethernet(tunnel.inner),
      ...(tunnel.inner.payload.kind === 'ip' ? this.packet(tunnel.inner.payload) : {}),
    };
    const encap = { type: 'vxlan', vni: tunnel.vni, ...this.ethernet(frame), ...this.packet(frame.payload) };
    return [{ ...base, ...inner, encap }];
  }

  /** Hooks are not compared, but recordings name the ports that a packet has there: an envelope may be masqueraded on its way out. */
  hook({ family, frame }: Extract<Step, { kind: 'hook' }>): void {
    const packet = 'payload' in frame ? frame.payload : frame;
    if (family === 'ip' && packet.kind === 'ip') this.ends(packet);
  }

  private ethernet(frame: Frame): { smac: string; dmac: string } {
    return { smac: this.macs.get(frame.smac) ?? frame.smac, dmac: this.macs.get(frame.dmac) ?? frame.dmac };
  }

  private packet(p: IpPacket): Record<string, unknown> {
    const out: Record<string, unknown> = { proto: p.l4.proto, ...this.ends(p), ttl: p.ttl, len: p.len };
    if (familyOf(p.dst) === 4) out.df = p.df;
    if (p.mf) out.mf = true;
    if (p.fragOffset > 0) out.frag = p.fragOffset;
    const { l4 } = p;
    if (isLaterFragment(l4)) return out;
    if (l4.proto === 'tcp') {
      out.flags = l4.flags;
      if (l4.mss !== undefined) out.mss = l4.mss;
    }
    if (l4.proto === 'udp' && l4.checksum === 'none') out.udpcsum = 'none';
    if (isIcmp(l4)) out.icmp = icmpName(l4);
    if (isIcmp(l4) && l4.mtu !== undefined) out.mtu = l4.mtu;
    if (isNdp(l4)) out.target = l4.ndp.target;
    if (isIcmpError(l4)) out.orig = this.quoted(l4.quoted);
    return out;
  }

  private quoted(p: IpPacket): Record<string, unknown> {
    const icmp = isIcmp(p.l4) ? { icmp: icmpName(p.l4) } : {};
    return { proto: p.l4.proto, ...this.ends(p), ttl: p.ttl, len: p.len, ...icmp };
  }

  private ends(p: IpPacket): { src: string; dst: string } {
    if (!('sport' in p.l4)) return { src: p.src, dst: p.dst };
    const { sport, dport } = p.l4;
    const isTunnel = p.l4.proto === 'udp' && TUNNEL_PORTS.has(dport);
    return {
      src: socketText(p.src, this.port(sport, p.src, isTunnel)),
      dst: socketText(p.dst, this.port(dport, p.dst, isTunnel)),
    };
  }

  private port(port: number, address: Ip, isTunnel: boolean): string {
    if (port === this.input.clientPort) return '$cport';
    if (this.input.isKnown(address, port) || port === this.input.dport || (isTunnel && TUNNEL_PORTS.has(port)))
      return String(port);
    const named = this.ports.get(port);
    if (named) return named;
    const name = isTunnel ? `$vx${++this.tunnels}` : `$masq${++this.masquerades}`;
    this.ports.set(port, name);
    return name;
  }
}

function macNames(configs: Iterable<NetnsConfig>): Map<string, string> {
  const names = new Map<string, string>();
  for (const config of configs)
    for (const d of config.devices) if (d.kind !== 'loopback') names.set(d.mac, `${labName(config.id)}/${d.name}`);
  return names.set(SHARED_MAC, 'cali-host(ee)');
}

/** (address, port) pairs that the cluster's description knows; every other port is ephemeral. */
export function knownPorts(lab: LabInput): CanonInput['isKnown'] {
  const known = new Set<string>();
  const add = (address: string, ports: readonly number[]): void => {
    for (const p of ports) known.add(`${address}:${p}`);
  };
  for (const pod of lab.pods) add(pod.ip, [...(pod.tcp ?? []), ...(pod.udp ?? [])]);
  for (const s of lab.services) {
    if (!s.headless) add(s.clusterIP, [s.port]);
    for (const e of s.endpoints) add(e.ip, [e.port]);
    if (s.nodePort !== undefined)
      for (const address of [...lab.nodes.map((n) => n.ip), '127.0.0.1']) add(address, [s.nodePort]);
  }
  for (const [name, ports] of Object.entries(lab.hostListen ?? {})) {
    const addresses = [
      ...lab.nodes.filter((n) => n.name === name).map((n) => n.ip),
      ...lab.externals.filter((e) => e.name === name).flatMap((e) => [e.ip, ...(e.lo ?? [])]),
    ];
    for (const address of addresses) add(address, [...(ports.tcp ?? []), ...(ports.udp ?? [])]);
  }
  return (address, port) => known.has(`${address}:${port}`);
}
