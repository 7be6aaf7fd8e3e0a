import type { ClusterService } from '../../kube/cluster.ts';
import { indexOf } from '../../kube/cluster-index.ts';
import { clusterIPsOf, familyNamed, ipsOf } from '../../kube/families.ts';
import type { NsId } from '../../linux/config.ts';
import type { Culprit, DropReason, PacketId, Step } from '../../linux/step.ts';
import { hasPort, type Probe, type ProbeFrom } from '../../scenario/probe.ts';
import { isIcmpError, type Protocol } from '../../wire/frame.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import type { ProgramResult } from '../program-result.ts';
import type { World } from '../world.ts';
import { type DropRule, ruleBefore } from './drop-rule.ts';
import { type Names, namesOf, type ServiceDoor } from './names.ts';
import { innerPacket, isArp, portsOf, socketText } from './packet-words.ts';
import type { StepOf } from './scene.ts';

/** Everything that a verdict is derived from: what the program learned, and what the steps show about why. */
export interface Case {
  readonly result: ProgramResult;
  readonly steps: readonly Step[];
  readonly world: World;
  readonly probe: Probe;
  readonly names: Names;
  /** The namespace of the program. */
  readonly from: NsId;
  readonly proto: Exclude<Protocol, 'ipv6-icmp'>;
  /** What the program asked for; null when the name did not resolve or nothing was sent and only a name is known. */
  readonly asked: { readonly ip: Ip; readonly port: number | null } | null;
  /** The Service port behind the asked address, if there is one. */
  readonly door: ServiceDoor | null;
  /** The Service that owns the asked address, whatever the port. */
  readonly service: ClusterService | null;
  /** What the first request was translated to. */
  readonly translated: StepOf<'nat'> | null;
  /** The first packet that the program sent. */
  readonly first: StepOf<'send'> | null;
  /** The first drop that counts. */
  readonly drop: StepOf<'drop'> | null;
  /** The rule, or the chain policy, that dropped the packet of `drop`. */
  readonly dropRule: DropRule | null;
}

/** What was found: the verdict without what the program printed. */
export interface Finding {
  readonly sentence: string;
  readonly remedy: string | null;
  readonly step: number | null;
  readonly reason?: DropReason;
  readonly culprit?: Culprit;
}

const isSend = (step: Step): step is StepOf<'send'> => step.kind === 'send' && !isArp(step.frame) && !step.outer;

/** ICMP redirects are advice, and their loss decides nothing (RFC 792). */
function counts(step: Step): step is StepOf<'drop'> {
  if (step.kind !== 'drop' || isArp(step.frame) || step.reason === 'OTHERHOST') return false;
  const l4 = innerPacket(step.frame)?.l4;
  return !(l4?.proto === 'icmp' && 'type' in l4 && l4.type === 5);
}

export function caseOf(result: ProgramResult, steps: readonly Step[], world: World, probe: Probe): Case {
  const names = namesOf(world);
  const first = steps.find(isSend) ?? null;
  const sent = first && innerPacket(first.frame)?.l4.proto;
  const proto =
    sent === 'ipv6-icmp' ? 'icmp' : sent && sent !== 'ipencap' ? sent : hasPort(probe.proto) ? probe.proto : 'icmp';
  const asked = askedOf(first, probe, names);
  const door = asked && asked.port !== null && proto !== 'icmp' ? names.door(asked.ip, asked.port, proto) : undefined;
  const drop = decisiveDrop(steps, result);
  return {
    result,
    steps,
    world,
    probe,
    names,
    from: first?.ns ?? probe.from.ref,
    proto,
    asked,
    door: door ?? null,
    service: (asked && names.service(asked.ip)) ?? door?.service ?? null,
    translated: translationOf(steps, first?.packet),
    first,
    drop,
    dropRule: drop && ruleBefore(steps, drop),
  };
}

/** A packet that was rejected is dropped too; when the program got an error, the packet that the error quotes decides. */
function decisiveDrop(steps: readonly Step[], result: ProgramResult): StepOf<'drop'> | null {
  const drops = steps.filter(counts);
  if (result.route) return drops.findLast(({ reason }) => reason !== 'TTL_EXPIRED') ?? drops.at(-1) ?? null;
  const told = result.atStep === null ? undefined : steps[result.atStep];
  const quoting = told && innerPacket(told.frame);
  if (told && quoting && isIcmpError(quoting.l4)) {
    const answered = steps.find((s) => s.kind === 'send' && s.packet === told.packet);
    const blamed = answered?.kind === 'send' ? drops.find((s) => s.packet === answered.answers) : undefined;
    if (blamed) return blamed;
  }
  return drops[0] ?? null;
}

function translationOf(steps: readonly Step[], packet: PacketId | undefined): StepOf<'nat'> | null {
  // A load balancer may have translated it to a node before.
  const found = steps.findLast(
    (s) => s.packet === packet && s.kind === 'nat' && s.manip === 'dst' && s.cause === 'rule',
  );
  return found?.kind === 'nat' ? found : null;
}

function askedOf(first: StepOf<'send'> | null, probe: Probe, names: Names): Case['asked'] {
  const packet = first && innerPacket(first.frame);
  if (packet) return { ip: packet.dst, port: portsOf(packet.l4)?.dport ?? null };
  const ip = ipOfEnd(probe.to, names, probe.options?.family);
  return ip === null ? null : { ip, port: probe.port ?? null };
}

/** The address that an end of a probe stands for. */
export function ipOfEnd(to: Probe['to'], { cluster }: Names, asked?: 'IPv4' | 'IPv6'): Ip | null {
  const known = indexOf(cluster);
  const pick = (ips: readonly Ip[] = []): Ip | null =>
    ips.find((ip) => asked === undefined || familyOf(ip) === familyNamed(asked)) ?? null;
  const own = (of: { readonly ip: Ip; readonly ips?: readonly Ip[] } | undefined): Ip | null =>
    of ? pick(ipsOf(of)) : null;
  switch (to.kind) {
    case 'ip':
      return to.ip as Ip;
    case 'pod':
      return own(known.pod(to.ref));
    case 'node':
      return own(known.node(to.ref));
    case 'external':
      return own(cluster.externals.find(({ name }) => name === to.ref));
    case 'service': {
      const service = known.service(to.ref);
      if (to.via === 'loadBalancer') return pick(service?.loadBalancerIPs);
      if (to.via === 'externalIP') return pick(service?.externalIPs);
      return service ? pick(clusterIPsOf(service)) : null;
    }
    case 'name':
      return null;
  }
}

export const endName = (end: ProbeFrom | Probe['to']): string => {
  if (end.kind === 'ip') return end.ip;
  return end.kind === 'name' ? end.name : end.ref;
};

/** `10.96.0.10:80`; the end's name where no address is known. */
export function askedText({ asked, probe }: Case): string {
  if (!asked) return endName(probe.to);
  return socketText(asked.ip, asked.port);
}
