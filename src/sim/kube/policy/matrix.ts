/**
 * Who may reach whom: all pods against all pods, with the rules that say so. A cell is two small numbers, the groups that its pair fell
 * into at either end; what they mean is looked up when somebody asks.
 */
import { same } from '../../base/same.ts';
import { podRef } from './ends.ts';
import type { PolicyPod } from './input.ts';
import { type PolicyModel, programOf } from './model.ts';
import type { PolicyProtocol, PortSetId } from './port-sets.ts';
import type { LookedUp, Program } from './program.ts';
import { START } from './states.ts';
import type { Direction } from './uniform.ts';

export interface MatrixPort {
  readonly protocol: PolicyProtocol;
  readonly port: number;
}

/** A rule that matched, in the order in which rules are asked. */
export interface MatchedRule {
  readonly policy: LookedUp;
  readonly rule: number;
  /** The ports for which it matched. */
  readonly ports: PortSetId;
}

export interface PolicyMatrix {
  readonly model: PolicyModel;
  /** Rows are sources, columns destinations. */
  readonly pods: readonly PolicyPod[];
  readonly ports: readonly MatrixPort[];
  /** By source x pods + destination: a bit for each of `ports` that may pass. At most 30 of them. */
  readonly allowed: Uint32Array;
  /** What each pod's policies say, by pod. */
  readonly sides: Readonly<Record<Direction, readonly (Side | null)[]>>;
}

export interface MatrixReasons {
  readonly egress: readonly MatchedRule[];
  readonly ingress: readonly MatchedRule[];
}

/** A program, read for the chosen ports: which of them may pass, by end. Null for a pod without policies: all of them. */
interface Side {
  readonly program: Program;
  readonly masks: Uint32Array;
}

const PORTS_MAX = 30;

/** `before`: a matrix of the same pods and ports. Only rows and columns of pods whose policies changed are looked at again. */
export function matrixOf(model: PolicyModel, ports: readonly MatrixPort[], before?: PolicyMatrix): PolicyMatrix {
  const { pods } = model.input;
  const chosen = ports.slice(0, PORTS_MAX);
  const kept = before && before.model.ends === model.ends && same(before.ports, chosen) ? before : undefined;
  const ends = endsOf(model);
  const sideOf = makeSides(model, chosen, kept);
  const sides = { egress: pods.map(sideOf('egress')), ingress: pods.map(sideOf('ingress')) };
  const everything = 2 ** chosen.length - 1;
  const allowed = kept ? kept.allowed.slice() : new Uint32Array(pods.length * pods.length);
  const isNew = (direction: Direction, at: number): boolean =>
    !kept || kept.sides[direction][at] !== sides[direction][at];
  const all = [...pods.keys()];
  const columns = all.filter((at) => isNew('ingress', at));
  const into = sides.ingress.map((side) => side?.masks);
  for (const source of all) {
    const [out, end, row] = [sides.egress[source]?.masks, ends[source] ?? 0, source * pods.length];
    for (const destination of isNew('egress', source) ? all : columns) {
      const sent = out === undefined ? everything : (out[ends[destination] ?? 0] ?? 0);
      const taken = into[destination];
      allowed[row + destination] = taken === undefined ? sent : sent & (taken[end] ?? 0);
    }
  }
  for (const [source, destination] of exemptPairs(model)) allowed[source * pods.length + destination] = everything;
  return { model, pods, ports: chosen, allowed, sides };
}

const endsOf = ({ input, ends }: PolicyModel): readonly number[] =>
  input.pods.map((pod) => ends.ofPod(podRef(pod)) ?? 0);

/** Pairs that no policy can part, whatever it says: a pod and itself, and a pod and programs on its own node's network. */
function* exemptPairs(model: PolicyModel): Iterable<readonly [number, number]> {
  const { pods } = model.input;
  const onHost = new Map<string, number[]>();
  for (const [at, { hostNetwork, node = '' }] of pods.entries())
    if (hostNetwork) onHost.set(node, [...(onHost.get(node) ?? []), at]);
  for (const [at, { hostNetwork, node = '' }] of pods.entries()) {
    if (hostNetwork || !model.profile.judgesSelf) yield [at, at];
    if (hostNetwork) continue;
    for (const host of onHost.get(node) ?? []) {
      yield [at, host];
      yield [host, at];
    }
  }
}

/** Pods with the same program share what it says. */
function makeSides(model: PolicyModel, ports: readonly MatrixPort[], before: PolicyMatrix | undefined) {
  const { states, ends } = model;
  const known = new Map<Program, Side>();
  for (const side of before ? [...before.sides.egress, ...before.sides.ingress] : [])
    if (side) known.set(side.program, side);
  const maskOf: (number | undefined)[] = [];
  const mask = (set: PortSetId): number => {
    const made =
      maskOf[set] ??
      ports.reduce((bits, { protocol, port }, at) => bits | (states.ports.has(set, protocol, port) ? 1 << at : 0), 0);
    maskOf[set] = made;
    return made;
  };
  return (direction: Direction) =>
    (pod: PolicyPod): Side | null => {
      const program = pod.hostNetwork ? null : programOf(model, ends.ofPod(podRef(pod)) ?? 0, direction);
      if (program === null || program.policies.length === 0) return null;
      const side = known.get(program) ?? {
        program,
        masks: masksOf(program, (state, isIsolated) => mask(states.allowed(state, isIsolated))),
      };
      known.set(program, side);
      return side;
    };
}

function masksOf(
  { states, isIsolated, groupOf }: Program,
  mask: (state: number, isIsolated: boolean) => number,
): Uint32Array {
  const byGroup = new Uint32Array(states.length);
  for (let group = 0; group < states.length; group++) byGroup[group] = mask(states[group] ?? START, isIsolated);
  const masks = new Uint32Array(groupOf.length);
  for (let other = 0; other < masks.length; other++) masks[other] = byGroup[groupOf[other] ?? 0] ?? 0;
  return masks;
}

/** Whether the n-th of the chosen ports may pass. */
export const isAllowedAt = (
  { allowed, pods }: PolicyMatrix,
  source: number,
  destination: number,
  port: number,
): boolean => ((allowed[source * pods.length + destination] ?? 0) & (1 << port)) !== 0;

/** Every rule that matched the pair, at both ends. A rule that matched may still have come too late: `explain` tells. */
export function reasonsAt({ model, pods }: PolicyMatrix, source: number, destination: number): MatrixReasons {
  const matched = (subject: number, other: number, direction: Direction): readonly MatchedRule[] => {
    const [pod, peer] = [pods[subject], pods[other]];
    const end = pod && model.ends.ofPod(podRef(pod));
    const otherEnd = peer && model.ends.ofPod(podRef(peer));
    const program = end === undefined || pod?.hostNetwork ? null : programOf(model, end, direction);
    return program && otherEnd !== undefined ? matchedRules(program, program.groupOf[otherEnd] ?? 0) : [];
  };
  return { egress: matched(source, destination, 'egress'), ingress: matched(destination, source, 'ingress') };
}

/** The rules of a group, first one first. */
export function matchedRules({ parents, splitBy, entries }: Program, group: number): readonly MatchedRule[] {
  const rules: MatchedRule[] = [];
  for (let at = group; at > 0; at = parents[at] ?? 0) {
    const entry = entries[splitBy[at] ?? -1];
    if (entry) rules.push({ policy: entry.policy, rule: entry.rule, ports: entry.part.ports });
  }
  return rules.reverse();
}

/** How many reasons all cells have together: what a list of them would be as long as. */
export function countReasons({ model, pods }: PolicyMatrix): number {
  const ends = endsOf(model);
  let count = 0;
  for (const [at, pod] of pods.entries()) {
    if (pod.hostNetwork) continue;
    for (const direction of ['egress', 'ingress'] as const) {
      const program = programOf(model, ends[at] ?? 0, direction);
      if (program === null) continue;
      const depths = depthsOf(program);
      for (const end of ends) count += depths[program.groupOf[end] ?? 0] ?? 0;
    }
  }
  return count;
}

/** A group comes after the one that it was split from. */
function depthsOf({ parents }: Program): Int32Array {
  const depths = new Int32Array(parents.length);
  for (let group = 1; group < parents.length; group++) depths[group] = (depths[parents[group] ?? 0] ?? 0) + 1;
  return depths;
}

export interface MatrixChange {
  readonly source: number;
  readonly destination: number;
  /** Bits of the ports that were closed before, and of those that were open. */
  readonly opened: number;
  readonly closed: number;
}

/** What two matrices of the same pods and ports tell differently. */
export function matrixChanges(before: PolicyMatrix, after: PolicyMatrix): readonly MatrixChange[] {
  const size = after.pods.length;
  const changes: MatrixChange[] = [];
  for (let cell = 0; cell < after.allowed.length; cell++) {
    const [was, is] = [before.allowed[cell] ?? 0, after.allowed[cell] ?? 0];
    if (was === is) continue;
    changes.push({ source: Math.floor(cell / size), destination: cell % size, opened: is & ~was, closed: was & ~is });
  }
  return changes;
}

/** A square of the folded matrix: `some` where pods of one workload differ. */
export type FoldedCell = 'all' | 'none' | 'some';

export interface FoldedMatrix {
  readonly workloads: readonly string[];
  /** By source, destination, port. */
  cellAt(source: number, destination: number, port: number): FoldedCell;
  /** Positions of the pods of a workload. */
  readonly members: readonly (readonly number[])[];
}

/** Pods with the same name for their workload become one row and column. A pod's calls to itself say nothing of its workload. */
export function foldMatrix(matrix: PolicyMatrix, workloadOf: (pod: PolicyPod) => string): FoldedMatrix {
  const members = new Map<string, number[]>();
  for (const [at, pod] of matrix.pods.entries()) {
    const name = workloadOf(pod);
    members.set(name, [...(members.get(name) ?? []), at]);
  }
  const lists = [...members.values()];
  return {
    workloads: [...members.keys()],
    members: lists,
    cellAt: (source, destination, port) => {
      const pairs = (lists[source] ?? []).flatMap((from) =>
        (lists[destination] ?? []).map((to) => [from, to] as const),
      );
      const others = pairs.filter(([from, to]) => from !== to);
      const asked = others.length > 0 ? others : pairs;
      const open = asked.filter(([from, to]) => isAllowedAt(matrix, from, to, port)).length;
      return open === asked.length ? 'all' : open === 0 ? 'none' : 'some';
    },
  };
}
