/**
 * The oracle: what the specification alone says of every packet, whatever a CNI makes of it. A packet is judged by its two ends, its
 * protocol and its destination port after Services were translated; a connection needs both ends to allow it.
 */
import type { Cidr, Ip } from '../../wire/ip.ts';
import type { PolicyObject } from '../policy-objects.ts';
import { forEachBit } from './bitset.ts';
import { Ends, podRef } from './ends.ts';
import { COMMON_PROFILE, type PolicyInput, type PolicyPod, type PolicyProfile } from './input.ts';
import { PortSets } from './port-sets.ts';
import { type LookedUp, type LookedUpRule, makeProgram, type Program, partsOf } from './program.ts';
import { States } from './states.ts';
import { type Direction, refOf, TIERS, type UniformPolicy, uniformPolicies } from './uniform.ts';

export interface PolicyModel {
  readonly input: PolicyInput;
  readonly profile: PolicyProfile;
  readonly ends: Ends;
  readonly states: States;
  /** All of them, in the order in which they are asked: those that are switched off too. */
  readonly policies: readonly LookedUp[];
  readonly pods: ReadonlyMap<string, PolicyPod>;
  /** What was worked out so far, by direction, policies and named ports. Shared by models that differ in their switches. */
  readonly programs: Map<string, Program>;
  /** By end of a pod: policies that select it, in their order, switched on or not. */
  readonly selecting: Readonly<Record<Direction, readonly (readonly LookedUp[])[]>>;
  readonly isOn: (policy: LookedUp) => boolean;
}

interface Numbered {
  readonly id: number;
  readonly policy: UniformPolicy;
}

/** The policies' own numbers: an object that stayed the same keeps its number and what was worked out for it. */
const uniformOf = new WeakMap<PolicyObject, readonly Numbered[]>();
let nextId = 0;

function known(object: PolicyObject): readonly Numbered[] {
  const before = uniformOf.get(object);
  if (before) return before;
  const made = uniformPolicies(object).map((policy) => ({ id: nextId++, policy }));
  uniformOf.set(object, made);
  return made;
}

/** `before`: a model of the same pods, whose work is used again where it still holds. */
export function policyModel(input: PolicyInput, before?: PolicyModel): PolicyModel {
  const profile = { ...COMMON_PROFILE, ...input.profile };
  const uniform = input.policies.flatMap(known).sort((a, b) => inOrder(a.policy, b.policy));
  const nets = distinctNets(uniform.map(({ policy }) => policy));
  const kept = before && canKeep(before, input, profile, nets) ? before : undefined;
  const ends = kept?.ends ?? new Ends(input, nets, profile.ipBlockFindsPods);
  const states = kept?.states ?? new States(new PortSets());
  const off = input.off ?? new Set<string>();
  const lookedUp = new Map(kept?.policies.map((policy) => [policy.id, policy]));
  const policies = uniform.map(({ id, policy }) => lookedUp.get(id) ?? lookUp(id, policy, ends, states.ports));
  return {
    input,
    profile,
    ends,
    states,
    policies,
    pods: kept?.pods ?? new Map(input.pods.map((pod) => [podRef(pod), pod])),
    programs: kept?.programs ?? new Map(),
    selecting: { ingress: bySubject(policies, 'ingress', ends), egress: bySubject(policies, 'egress', ends) },
    isOn: ({ policy }) => !off.has(policy.ref),
  };
}

/** The same policies with another switch turned. */
export function switchedPolicy(model: PolicyModel, ref: string, isOn: boolean): PolicyModel {
  const off = new Set(model.input.off);
  if (isOn) off.delete(ref);
  else off.add(ref);
  return { ...model, input: { ...model.input, off }, isOn: ({ policy }) => !off.has(policy.ref) };
}

function inOrder(a: UniformPolicy, b: UniformPolicy): number {
  return (
    TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) ||
    a.priority - b.priority ||
    (refOf(a.object) < refOf(b.object) ? -1 : 1)
  );
}

function canKeep(before: PolicyModel, input: PolicyInput, profile: PolicyProfile, nets: readonly Cidr[]): boolean {
  const { input: was } = before;
  return (
    was.pods === input.pods &&
    was.namespaces === input.namespaces &&
    was.nodes === input.nodes &&
    before.profile.ipBlockFindsPods === profile.ipBlockFindsPods &&
    nets.every(({ text }) => before.ends.tellsApart.has(text))
  );
}

function distinctNets(policies: readonly UniformPolicy[]): readonly Cidr[] {
  const nets = new Map<string, Cidr>();
  for (const { ingress = [], egress = [] } of policies)
    for (const { peers = [] } of [...ingress, ...egress])
      for (const peer of peers)
        if (peer.kind === 'net') for (const net of [peer.net, ...peer.except]) nets.set(net.text, net);
  return [...nets.values()];
}

function lookUp(id: number, policy: UniformPolicy, ends: Ends, sets: PortSets): LookedUp {
  const rules = (direction: Direction): readonly LookedUpRule[] =>
    (policy[direction] ?? []).map((rule) => {
      const peers = rule.peers && ends.foundByAny(rule.peers);
      return { rule, ...(peers ? { peers } : {}), parts: partsOf(rule, peers, direction, ends, sets) };
    });
  return { id, policy, subjects: ends.found(policy.subject), ingress: rules('ingress'), egress: rules('egress') };
}

function bySubject(policies: readonly LookedUp[], direction: Direction, ends: Ends): readonly (readonly LookedUp[])[] {
  const lists: LookedUp[][] = Array.from({ length: ends.podCount }, () => []);
  for (const one of policies) {
    if (one.policy[direction] === undefined) continue;
    forEachBit(one.subjects, (end) => lists[end]?.push(one));
  }
  return lists;
}

const NOBODY: readonly LookedUp[] = [];

/** Policies that are on, select this end and concern the direction, in the order in which they are asked. */
export function selectingPolicies(model: PolicyModel, end: number, direction: Direction): readonly LookedUp[] {
  const all = model.selecting[direction][end] ?? NOBODY;
  return all.every(model.isOn) ? all : all.filter(model.isOn);
}

/** What a pod's policies say, in one direction, of every end; null for an end that no policy can select. */
export function programOf(model: PolicyModel, end: number, direction: Direction): Program | null {
  const subject = model.ends.all[end];
  if (subject?.kind !== 'pods') return null;
  const policies = selectingPolicies(model, end, direction);
  const names =
    direction === 'ingress' ? subject.named.map((one) => `${one.name}=${one.port}${one.protocol}`).join() : '';
  const key = `${direction} ${policies.map(({ id }) => id).join()} ${names}`;
  const before = model.programs.get(key);
  if (before) return before;
  const made = makeProgram(direction, policies, subject.named, model.ends, model.states);
  model.programs.set(key, made);
  return made;
}

/** What a packet goes from or to. */
export type EndRef =
  | { readonly kind: 'pod'; readonly ref: string }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'ip'; readonly ip: Ip };

/** Where an end stands among the ends that policies tell apart. */
export interface ResolvedEnd {
  readonly end: number;
  /** A pod on the pod network: only these have policies. */
  readonly pod?: PolicyPod;
  /** It is this node, or a program in its network namespace. */
  readonly onNode?: string;
}

/** `family`: of the packet, where a pod has addresses of both. An address of a pod or node is that pod or node. */
export function resolveEnd(model: PolicyModel, ref: EndRef, family?: 4 | 6): ResolvedEnd | null {
  const { ends, pods } = model;
  if (ref.kind === 'pod') {
    const pod = pods.get(ref.ref);
    const end = ends.ofPod(ref.ref, family);
    if (pod === undefined || end === undefined) return null;
    return pod.hostNetwork ? { end, ...(pod.node === undefined ? {} : { onNode: pod.node }) } : { end, pod };
  }
  if (ref.kind === 'node') {
    const end = ends.ofNode(ref.name, family);
    return end === undefined ? null : { end, onNode: ref.name };
  }
  const end = ends.ofIp(ref.ip);
  const of = ends.all[end];
  if (of?.kind === 'node') return { end, onNode: of.node.name };
  const pod = of?.kind === 'pods' ? model.input.pods.find(({ ips }) => ips.includes(ref.ip)) : undefined;
  return pod ? { end, pod } : { end };
}
