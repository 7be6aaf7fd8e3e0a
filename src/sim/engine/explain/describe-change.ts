import type { Step } from '../../linux/step.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import { type Cost, stepsCost } from '../cost.ts';
import { ownPackets } from '../own-part.ts';
import type { Trace } from '../trace.ts';
import type { World } from '../world.ts';
import { count, listOf, namesOf } from './names.ts';
import { innerPacket, isArp } from './packet-words.ts';

/** What a trace comes down to when two of them are compared. */
interface Digest extends Cost {
  readonly crossings: number;
  readonly ttlAtArrival: number | null;
  readonly tunnel: string | null;
  /** Whose address the server sees. A CNI that gives out other addresses changes nothing of that. */
  readonly seenAs: string | null;
  readonly server: string | null;
  readonly mtuBytes: number | null;
  /** The moment that ended the first request. */
  readonly end: string | null;
  /** What translated the request. */
  readonly translator: string | null;
  readonly outcome: string;
  /** `HTTP/1.1 200 OK`; null where nobody answered so. */
  readonly status: string | null;
}

/** A trace and the world that it ran in. */
export interface Traced {
  readonly trace: Trace;
  readonly world: World;
}

/** One sentence on what a turned knob changed in the path of the same probe; null for the first trace. */
export function describeChange(before: Traced | null, after: Traced): string | null {
  if (before === null) return null;
  const [old, now] = [digestOf(before), digestOf(after)];
  const clauses = CLAUSES.flatMap((clause) => clause(old, now) ?? []);
  const told = clauses.length > 0 ? clauses : (rulesClause(old, now) ?? []);
  if (told.length === 0) return 'Nothing changed on the path of this packet.';
  return `Changed: ${listOf(told.slice(0, CLAUSES_MAX))}.`;
}

/** Another CNI may change as many at once: envelope, source, TTL, hops, MTU. More is not read. */
const CLAUSES_MAX = 5;

type Clause = (old: Digest, now: Digest) => readonly string[] | null;

/** A clause for a value that both traces have and that differs. */
function differs<K extends keyof Digest>(key: K, say: (now: Digest[K], old: Digest[K]) => string): Clause {
  return (old, now) =>
    old[key] === now[key] || old[key] === null || now[key] === null ? null : [say(now[key], old[key])];
}

const CLAUSES: readonly Clause[] = [
  differs('outcome', (now, old) => `the outcome is ${now} instead of ${old}`),
  differs('status', (now, old) => `the answer is ${now} instead of ${old}`),
  differs('end', (now, old) => `the packet ends at "${now}" instead of "${old}"`),
  (old, now) => {
    if (old.translator === now.translator || old.translator === null || now.translator === null) return null;
    return [`${now.translator} translates the destination instead of ${old.translator}${counted(old, now)}`];
  },
  (old, now) => {
    if (old.tunnel === now.tunnel) return null;
    if (now.tunnel === null) return [`no encapsulation any more (was ${old.tunnel})`];
    return [
      old.tunnel === null ? `the packet is now encapsulated (${now.tunnel})` : `${now.tunnel} instead of ${old.tunnel}`,
    ];
  },
  differs('server', (now, old) => `the packet arrives at ${now} instead of ${old}`),
  differs('seenAs', (now, old) => `the server sees ${now} instead of ${old}`),
  differs('ttlAtArrival', (now, old) => `it arrives with TTL ${now} instead of ${old}`),
  differs('crossings', (now, old) => `the first packet crosses ${count(now, 'device')} instead of ${old}`),
  differs('mtuBytes', (now, old) => `the sender may use packets of ${now} bytes instead of ${old}`),
];

/** Only worth saying when nothing else differs. */
function rulesClause(old: Digest, now: Digest): readonly string[] | null {
  if (old.rules === now.rules && old.lookups === now.lookups) return null;
  const met = ({ rules, lookups }: Digest, verb: string): string =>
    `${count(rules, 'rule')}${verb}${lookups === 0 ? '' : ` and ${count(lookups, 'lookup')}`}`;
  return [`${met(now, ' evaluated')} instead of ${met(old, '')}`];
}

/** ` (12 rules evaluated and 2 lookups instead of 172 rules)`. */
function counted(old: Digest, now: Digest): string {
  const clause = rulesClause(old, now);
  return clause ? ` (${clause.join('')})` : '';
}

/** The MTU that a SYN's MSS was made from: the headers more, of IPv4 40 bytes, of IPv6 60 (RFC 6691). */
const MSS_OVERHEADS_BYTES = { 4: 40, 6: 60 } as const;

const TUNNELS = { vxlan: 'VXLAN', geneve: 'Geneve', ipip: 'IPIP' } as const;

function digestOf({ trace, world }: Traced): Digest {
  const request = ownPackets(trace).find((p) => p.lane === 'request' && !isArpPacket(trace, p.firstStep));
  const steps = trace.steps.filter((s) => s.packet === request?.id);
  const arrival = steps.findLast((s) => s.kind === 'deliver' && s.to !== 'tunnel');
  const arrived = arrival && innerPacket(arrival.frame);
  const encap = steps.find((s) => s.kind === 'encap');
  return {
    crossings: steps.filter((s) => s.kind === 'dev').length,
    ttlAtArrival: arrived?.ttl ?? null,
    tunnel: encap?.kind === 'encap' ? `${TUNNELS[encap.type]} over ${encap.dev}` : null,
    seenAs: arrived ? seenAs(arrived.src, trace, world) : null,
    server: arrival ? arrival.ns.slice(arrival.ns.indexOf('/') + 1) : null,
    mtuBytes: mtuOf(steps),
    end: trace.beats.find(({ packet, mark }) => packet === request?.id && mark === 'drop')?.title ?? null,
    translator: translatorOf(steps),
    ...stepsCost(steps, world),
    outcome: OUTCOME_WORDS[trace.verdict.outcome],
    status: /^HTTP\/1\.1 .*$/m.exec(trace.verdict.printed)?.[0] ?? null,
  };
}

function seenAs(ip: Ip, trace: Trace, world: World): string {
  return ip === trace.from.ip ? "the client's own address" : namesOf(world).ipLong(ip);
}

/** The last word before the destination changed: a rule of iptables or nftables, or IPVS. */
function translatorOf(steps: readonly Step[]): string | null {
  if (steps.some((s) => s.kind === 'bpf-sock' && s.call !== 'recvmsg4')) return 'an eBPF program at the socket';
  if (steps.some((s) => s.kind === 'bpf-nat' && s.cause === 'service')) return 'an eBPF program';
  const at = steps.findLastIndex(
    (s) =>
      (s.kind === 'ipvs' && s.server.forward === undefined) ||
      (s.kind === 'nat' && s.manip === 'dst' && s.cause === 'rule'),
  );
  const found = steps[at];
  if (!found) return null;
  if (found.kind === 'ipvs') return 'IPVS';
  const rule = steps.slice(0, at).findLast((s) => s.kind === 'rule' || s.kind === 'nft-rule');
  return rule?.kind === 'nft-rule' ? 'an nftables map' : 'a chain of iptables rules';
}

function isArpPacket(trace: Trace, index: number): boolean {
  const step = trace.steps[index];
  return step !== undefined && isArp(step.frame);
}

function mtuOf(steps: readonly Step[]): number | null {
  const first = steps.find((s) => s.kind === 'send');
  const packet = first && innerPacket(first.frame);
  const l4 = packet?.l4;
  if (!packet || l4?.proto !== 'tcp' || !('mss' in l4) || l4.mss === undefined) return null;
  return l4.mss + MSS_OVERHEADS_BYTES[familyOf(packet.dst)];
}

const OUTCOME_WORDS: Readonly<Record<Trace['verdict']['outcome'], string>> = {
  connected: '"connected"',
  reply: '"answered"',
  refused: '"refused"',
  timeout: '"no answer"',
  'no-route': '"no route"',
  'host-unreachable': '"host unreachable"',
  'net-unreachable': '"network unreachable"',
  'message-too-long': '"message too long"',
  'ttl-exceeded': '"TTL exceeded"',
  prohibited: '"prohibited"',
  unresolved: '"name not found"',
  'route-traced': '"route traced"',
};
