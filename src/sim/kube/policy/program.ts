/**
 * What the policies of one subject say of every end, in one direction. Rules are asked in order, and each one splits the ends that
 * were treated alike so far into those that it finds and the others: ends of one group have had the same rules match.
 */
import { type Bitset, difference, intersection, isEmptyBitset, makeBitset, unite } from './bitset.ts';
import type { Ends } from './ends.ts';
import type { PolicyPodPort } from './input.ts';
import { EVERYTHING, type Interval, type PortSetId, type PortSets } from './port-sets.ts';
import { START, type StateId, type States } from './states.ts';
import type { Direction, UniformPolicy, UniformPort, UniformRule } from './uniform.ts';

/** A policy, looked up in the ends. */
export interface LookedUp {
  /** Never given twice. */
  readonly id: number;
  readonly policy: UniformPolicy;
  readonly subjects: Bitset;
  readonly ingress: readonly LookedUpRule[];
  readonly egress: readonly LookedUpRule[];
}

export interface LookedUpRule {
  readonly rule: UniformRule;
  /** Absent: every end. */
  readonly peers?: Bitset;
}

/** The part of a rule that gives some ends some ports. A rule with named ports has one for each distinct meaning of the names. */
interface Entry {
  readonly policy: LookedUp;
  /** The position of the rule in its policy. */
  readonly rule: number;
  readonly peers?: Bitset;
  readonly ports: PortSetId;
}

export interface Program {
  readonly direction: Direction;
  /** Those that select the subject for this direction, in the order in which they are asked. */
  readonly policies: readonly LookedUp[];
  /** A NetworkPolicy is among them. */
  readonly isIsolated: boolean;
  readonly entries: readonly Entry[];
  /** By end. */
  readonly groupOf: Int32Array;
  /** By group: the group that it was split from, and the entry that split it. Group 0 is nobody's: no rule has matched. */
  readonly parents: readonly number[];
  readonly splitBy: readonly number[];
  readonly states: readonly StateId[];
}

/** Numbers that the names of a rule stand for in a pod, and its other ports. */
export function portsIn(
  ports: readonly UniformPort[] | undefined,
  named: readonly PolicyPodPort[],
  sets: PortSets,
): PortSetId {
  if (ports === undefined) return EVERYTHING;
  const intervals = ports.flatMap((port): readonly Interval[] => {
    if (!('name' in port)) return [port];
    return named
      .filter(({ name, protocol }) => name === port.name && (port.protocol ?? protocol) === protocol)
      .map(({ protocol, port: number }) => ({ protocol, from: number, to: number }));
  });
  return sets.of(intervals);
}

const hasName = ({ ports = [] }: UniformRule): boolean => ports.some((port) => 'name' in port);

export function makeProgram(
  direction: Direction,
  policies: readonly LookedUp[],
  /** Of the subject: on ingress it is the destination, where names are looked up. */
  named: readonly PolicyPodPort[],
  ends: Ends,
  states: States,
): Program {
  const entries = policies.flatMap((policy) =>
    policy[direction].flatMap((rule, index) => entriesOf(policy, rule, index, direction, named, ends, states.ports)),
  );
  const groupOf = new Int32Array(ends.size);
  const parents = [-1];
  const splitBy = [-1];
  const stateOf: StateId[] = [START];
  for (const [index, entry] of entries.entries()) {
    const { tier } = entry.policy.policy;
    const action = entry.policy[direction][entry.rule]?.rule.action ?? 'accept';
    const firstNew = parents.length;
    const moved = new Int32Array(firstNew).fill(-1);
    const move = (end: number): void => {
      const from = groupOf[end] ?? 0;
      let to = moved[from] ?? -1;
      if (to < 0) {
        to = parents.length;
        moved[from] = to;
        parents.push(from);
        splitBy.push(index);
        stateOf.push(states.after(stateOf[from] ?? START, tier, action, entry.ports));
      }
      groupOf[end] = to;
    };
    moveAll(entry.peers ?? ends.everything, move);
  }
  const isIsolated = policies.some(({ policy }) => policy.tier === 'NetworkPolicy');
  return { direction, policies, isIsolated, entries, groupOf, parents, splitBy, states: stateOf };
}

function moveAll(bits: Bitset, move: (end: number) => void): void {
  for (let i = 0; i < bits.length; i++)
    for (let word = bits[i] ?? 0; word !== 0; word &= word - 1) move((i << 5) + 31 - Math.clz32(word & -word));
}

function entriesOf(
  policy: LookedUp,
  { rule, peers }: LookedUpRule,
  index: number,
  direction: Direction,
  named: readonly PolicyPodPort[],
  ends: Ends,
  sets: PortSets,
): readonly Entry[] {
  const entry = (ports: PortSetId, of: Bitset | undefined): Entry => ({
    policy,
    rule: index,
    ports,
    ...(of ? { peers: of } : {}),
  });
  if (direction === 'ingress' || !hasName(rule)) return [entry(portsIn(rule.ports, named, sets), peers)];
  const whom = peers ?? ends.everything;
  const pods = makeBitset(ends.size);
  const byMeaning = new Map<PortSetId, Bitset>();
  for (const table of ends.portTables) {
    unite(pods, table.bits);
    const meaning = portsIn(rule.ports, table.named, sets);
    const bits = byMeaning.get(meaning) ?? makeBitset(ends.size);
    unite(bits, table.bits);
    byMeaning.set(meaning, bits);
  }
  // Outside of pods a name means nothing.
  const outside = portsIn(rule.ports, [], sets);
  const bits = byMeaning.get(outside) ?? makeBitset(ends.size);
  unite(bits, difference(ends.everything, pods));
  byMeaning.set(outside, bits);
  return [...byMeaning]
    .map(([meaning, of]) => entry(meaning, intersection(of, whom)))
    .filter(({ peers: found }) => found !== undefined && !isEmptyBitset(found));
}

/** What may pass between the subject and an end, as far as this direction goes. */
export const allowedBy = (program: Program, end: number, states: States): PortSetId =>
  states.allowed(program.states[program.groupOf[end] ?? 0] ?? START, program.isIsolated);
