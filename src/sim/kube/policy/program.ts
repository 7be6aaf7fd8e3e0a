/**
 * What the policies of one subject say of every end, in one direction. Rules are asked in order, and each one splits the ends that
 * were treated alike so far into those that it finds and the others: ends of one group have had the same rules match.
 */
import { type Bitset, intersection, isEmptyBitset } from './bitset.ts';
import type { Ends } from './ends.ts';
import type { PolicyPodPort } from './input.ts';
import { EVERYTHING, type Interval, type PortSetId, type PortSets } from './port-sets.ts';
import { START, type StateId, type States } from './states.ts';
import { type Direction, isolates, type UniformPolicy, type UniformPort, type UniformRule } from './uniform.ts';

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
  /** Whom it gives which ports. Null: that depends on the names that the subject has for its own ports. */
  readonly parts: readonly RulePart[] | null;
}

/** A rule with named ports has a part for each distinct meaning of the names. */
export interface RulePart {
  readonly peers?: Bitset;
  readonly ports: PortSetId;
}

/** A part of a rule, as it stands in the program of a subject. */
interface Entry {
  readonly part: RulePart;
  readonly policy: LookedUp;
  /** The position of the rule in its policy. */
  readonly rule: number;
}

export interface Program {
  readonly direction: Direction;
  /** Those that select the subject for this direction, in the order in which they are asked. */
  readonly policies: readonly LookedUp[];
  /** One of them closes the pod, as every NetworkPolicy does. */
  readonly isIsolated: boolean;
  readonly entries: readonly Entry[];
  /** By end. */
  readonly groupOf: Int32Array;
  /** By group: the group that it was split from, and the entry that split it. Group 0 is nobody's: no rule has matched. */
  readonly parents: Int32Array;
  readonly splitBy: Int32Array;
  readonly states: Int32Array;
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

/** Names are looked up in the destination: on egress that is the peer, and outside of pods a name means nothing. */
export function partsOf(
  rule: UniformRule,
  peers: Bitset | undefined,
  direction: Direction,
  ends: Ends,
  sets: PortSets,
): readonly RulePart[] | null {
  const part = (ports: PortSetId, of: Bitset | undefined): RulePart => ({ ports, ...(of ? { peers: of } : {}) });
  if (!hasName(rule)) return [part(portsIn(rule.ports, [], sets), peers)];
  if (direction === 'ingress') return null;
  const whom = peers ?? ends.everything;
  return [...ends.byMeaning(JSON.stringify(rule.ports), (named) => portsIn(rule.ports, named, sets))]
    .map(([meaning, of]) => part(meaning, intersection(of, whom)))
    .filter(({ peers: found }) => found !== undefined && !isEmptyBitset(found));
}

export function makeProgram(
  direction: Direction,
  policies: readonly LookedUp[],
  /** Of the subject: on ingress it is the destination. */
  named: readonly PolicyPodPort[],
  ends: Ends,
  states: States,
): Program {
  const entries: Entry[] = [];
  for (const policy of policies)
    for (const [rule, { rule: of, peers, parts }] of policy[direction].entries()) {
      const own = parts ?? [{ ...(peers ? { peers } : {}), ports: portsIn(of.ports, named, states.ports) }];
      for (const part of own) entries.push({ part, policy, rule });
    }
  const isIsolated = policies.some(({ policy }) => isolates(policy, direction));
  return { direction, policies, isIsolated, entries, ...splitEnds(direction, entries, ends, states) };
}

/** Room for groups while they are being made; used again for the next program, so that little is thrown away. */
class GroupRoom {
  parents = new Int32Array(1024);
  splitBy = new Int32Array(1024);
  states = new Int32Array(1024);
  /** By group: the entry that last split it, and into which group it moved those that it found. */
  splitLast = new Int32Array(1024);
  movedTo = new Int32Array(1024);
  size = 0;

  add(parent: number, entry: number, state: StateId): number {
    if (this.size === this.parents.length) this.#grow();
    const group = this.size++;
    this.parents[group] = parent;
    this.splitBy[group] = entry;
    this.states[group] = state;
    this.splitLast[group] = -1;
    return group;
  }

  #grow(): void {
    const grown = (list: Int32Array): Int32Array<ArrayBuffer> => {
      const twice = new Int32Array(list.length * 2);
      twice.set(list);
      return twice;
    };
    this.parents = grown(this.parents);
    this.splitBy = grown(this.splitBy);
    this.states = grown(this.states);
    this.splitLast = grown(this.splitLast);
    this.movedTo = grown(this.movedTo);
  }
}

const room = new GroupRoom();

function splitEnds(direction: Direction, entries: readonly Entry[], ends: Ends, states: States) {
  const groupOf = new Int32Array(ends.size);
  room.size = 0;
  room.add(-1, -1, START);
  for (const [index, { policy, rule, part }] of entries.entries()) {
    const { ports, peers = ends.everything } = part;
    const { tier } = policy.policy;
    const action = policy[direction][rule]?.rule.action ?? 'accept';
    for (let i = 0; i < peers.length; i++) {
      for (let word = peers[i] ?? 0; word !== 0; word &= word - 1) {
        const end = (i << 5) + 31 - Math.clz32(word & -word);
        const from = groupOf[end] ?? 0;
        if (room.splitLast[from] !== index) {
          room.splitLast[from] = index;
          // In two steps: adding may put larger lists in the place of these.
          const to = room.add(from, index, states.after(room.states[from] ?? START, tier, action, ports));
          room.movedTo[from] = to;
        }
        groupOf[end] = room.movedTo[from] ?? 0;
      }
    }
  }
  const { size } = room;
  return {
    groupOf,
    parents: room.parents.slice(0, size),
    splitBy: room.splitBy.slice(0, size),
    states: room.states.slice(0, size),
  };
}

/** What may pass between the subject and an end, as far as this direction goes. */
export const allowedBy = (program: Program, end: number, states: States): PortSetId =>
  states.allowed(program.states[program.groupOf[end] ?? 0] ?? START, program.isIsolated);
