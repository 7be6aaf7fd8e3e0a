import type { Step } from '../../linux/step.ts';
import type { Trace } from '../trace.ts';
import { count, listOf } from './names.ts';
import { innerPacket, isArp } from './packet-words.ts';

/** What a trace comes down to when two of them are compared. */
interface Digest {
  readonly crossings: number;
  readonly machines: string;
  readonly ttlAtArrival: number | null;
  readonly tunnel: string | null;
  readonly seenAs: string | null;
  readonly server: string | null;
  readonly bytes: number | null;
  readonly rules: number;
  readonly outcome: string;
}

/** One sentence on what a turned knob changed in the path of the same probe; null for the first trace. */
export function describeChange(before: Trace | null, after: Trace): string | null {
  if (before === null) return null;
  const [old, now] = [digestOf(before), digestOf(after)];
  const clauses = CLAUSES.flatMap((clause) => clause(old, now) ?? []);
  if (clauses.length === 0) return 'Nothing changed on the path of this packet.';
  return `Changed: ${listOf(clauses.slice(0, CLAUSES_MAX))}.`;
}

/** More than this is not read. */
const CLAUSES_MAX = 4;

type Clause = (old: Digest, now: Digest) => string | null;

const CLAUSES: readonly Clause[] = [
  (a, b) => (a.outcome === b.outcome ? null : `the outcome is ${b.outcome} instead of ${a.outcome}`),
  (a, b) => {
    if (a.tunnel === b.tunnel) return null;
    if (b.tunnel === null) return `no encapsulation any more (was ${a.tunnel})`;
    return a.tunnel === null ? `the packet is now encapsulated (${b.tunnel})` : `${b.tunnel} instead of ${a.tunnel}`;
  },
  (a, b) =>
    a.server === b.server || !a.server || !b.server ? null : `the packet arrives at ${b.server} instead of ${a.server}`,
  (a, b) =>
    a.seenAs === b.seenAs || !a.seenAs || !b.seenAs ? null : `the server sees ${b.seenAs} instead of ${a.seenAs}`,
  (a, b) =>
    a.ttlAtArrival === b.ttlAtArrival || a.ttlAtArrival === null || b.ttlAtArrival === null
      ? null
      : `it arrives with TTL ${b.ttlAtArrival} instead of ${a.ttlAtArrival}`,
  (a, b) =>
    a.crossings === b.crossings
      ? null
      : `the first packet crosses ${count(b.crossings, 'device')} instead of ${a.crossings}`,
  (a, b) =>
    a.bytes === b.bytes || a.bytes === null || b.bytes === null
      ? null
      : `on the wire it is ${b.bytes} bytes long instead of ${a.bytes}`,
  (a, b) => (a.rules === b.rules ? null : `${count(b.rules, 'rule')} matched instead of ${a.rules}`),
];

function digestOf(trace: Trace): Digest {
  const request = trace.packets.find((p) => p.lane === 'request' && !isArpPacket(trace, p.firstStep));
  const steps = trace.steps.filter((s) => s.packet === request?.id);
  const arrival = steps.findLast((s) => s.kind === 'deliver' && s.to !== 'tunnel');
  const arrived = arrival && innerPacket(arrival.frame);
  const encap = steps.find((s) => s.kind === 'encap');
  return {
    crossings: steps.filter((s) => s.kind === 'dev').length,
    machines: [...new Set(steps.map((s) => s.ns))].join(' '),
    ttlAtArrival: arrived?.ttl ?? null,
    tunnel: encap?.kind === 'encap' ? `${encap.type.toUpperCase()} over ${encap.dev}` : null,
    seenAs: arrived?.src ?? null,
    server: arrival ? arrival.ns.slice(arrival.ns.indexOf('/') + 1) : null,
    bytes: longest(steps),
    rules: steps.filter((s) => s.kind === 'rule').length,
    outcome: OUTCOME_WORDS[trace.verdict.outcome],
  };
}

function isArpPacket(trace: Trace, index: number): boolean {
  const step = trace.steps[index];
  return step !== undefined && isArp(step.frame);
}

/** Length of the longest IP packet on any device. */
function longest(steps: readonly Step[]): number | null {
  const lengths = steps.flatMap((s) =>
    s.kind === 'dev' && 'payload' in s.frame && s.frame.payload.kind === 'ip' ? [s.frame.payload.len] : [],
  );
  return lengths.length === 0 ? null : Math.max(...lengths);
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
