/**
 * Who may reach whom, by the specification of policies: pods as the oracle's matrix has them, and beside them the nodes and the machines
 * outside, which have no policies of their own. Plain data, so that a worker can make it.
 */
import { explain } from '../kube/policy/explain.ts';
import type { PolicyInput } from '../kube/policy/input.ts';
import { type MatrixPort, matrixOf } from '../kube/policy/matrix.ts';
import { type EndRef, type PolicyModel, policyModel } from '../kube/policy/model.ts';
import type { LookedUp } from '../kube/policy/program.ts';
import { connectionsOf, type PolicyProbe } from '../kube/policy/verdict.ts';
import type { Ip } from '../wire/ip.ts';

export type { MatrixPort } from '../kube/policy/matrix.ts';

/** A row, and a column: what may send, and be sent to. */
export interface ReachEnd {
  readonly end: EndRef;
  /** `default/web-1`, `node-2`, `internet`. */
  readonly name: string;
  /** Empty for what belongs to none. */
  readonly namespace: string;
  /** What it is a line of until somebody unfolds it: a workload, the nodes, the outside. */
  readonly group: string;
}

export interface Outsider {
  readonly name: string;
  readonly ip: Ip;
}

export interface ReachAsk {
  readonly input: PolicyInput;
  readonly outside: readonly Outsider[];
  /** `Deployment default/web` of each pod, in the order of `input.pods`. */
  readonly owners: readonly string[];
  /** At most 30 count. */
  readonly ports: readonly MatrixPort[];
}

export interface Reach {
  readonly ends: readonly ReachEnd[];
  readonly ports: readonly MatrixPort[];
  /** By source x ends + destination: a bit for each of `ports` that may pass. */
  readonly allowed: Uint32Array;
  /** ASKED, UNKNOWN where a fact is missing; 0 where no policy is asked: about two ends outside, and about a pod and itself. */
  readonly asked: Uint8Array;
}

export const ASKED = 1;
/** It may not pass as far as is known, but a rule is about names whose addresses nobody knows. */
export const UNKNOWN = 2;

export const NODES_GROUP = 'Nodes';
export const OUTSIDE_GROUP = 'Outside';

export function endsOf({ input, outside, owners }: Omit<ReachAsk, 'ports'>): readonly ReachEnd[] {
  const pods = input.pods.map(({ namespace, name }, at): ReachEnd => {
    const ref = `${namespace}/${name}`;
    return { end: { kind: 'pod', ref }, name: ref, namespace, group: owners[at] ?? ref };
  });
  const nodes = input.nodes.map(
    ({ name }): ReachEnd => ({ end: { kind: 'node', name }, name, namespace: '', group: NODES_GROUP }),
  );
  const others = outside.map(
    ({ name, ip }): ReachEnd => ({ end: { kind: 'ip', ip }, name, namespace: '', group: OUTSIDE_GROUP }),
  );
  return [...pods, ...nodes, ...others];
}

/** `before`: a model that was made of the same input, or of one that shares its parts. */
export function reachOf(ask: ReachAsk, before?: PolicyModel): { readonly reach: Reach; readonly model: PolicyModel } {
  const model = policyModel(ask.input, before);
  const ends = endsOf(ask);
  const { ports, allowed: ofPods, pods } = matrixOf(model, ask.ports);
  const allowed = new Uint32Array(ends.length ** 2);
  const asked = new Uint8Array(ends.length ** 2);
  const hasNames = model.policies.some(namesDomains);
  for (let source = 0; source < pods.length; source++) {
    const row = source * ends.length;
    allowed.set(ofPods.subarray(source * pods.length, (source + 1) * pods.length), row);
    asked.fill(ASKED, row, row + pods.length);
    asked[row + source] = 0;
  }
  const put = (source: number, destination: number): void => {
    const [from, to] = [ends[source]?.end, ends[destination]?.end];
    if (!from || !to) return;
    const { both } = connectionsOf(model, from, to);
    const bits = ports.reduce(
      (mask, { protocol, port }, at) => mask | (model.states.ports.has(both, protocol, port) ? 1 << at : 0),
      0,
    );
    allowed[source * ends.length + destination] = bits;
    asked[source * ends.length + destination] =
      hasNames && ports.some((port) => isUnknown(model, { from, to, ...port })) ? UNKNOWN : ASKED;
  };
  for (let other = pods.length; other < ends.length; other++)
    for (let pod = 0; pod < pods.length; pod++) {
      put(other, pod);
      put(pod, other);
    }
  return { reach: { ends, ports, allowed, asked }, model };
}

const namesDomains = ({ ingress, egress }: LookedUp): boolean =>
  [...ingress, ...egress].some(({ rule }) => rule.peers?.some(({ kind }) => kind === 'domains'));

function isUnknown(model: PolicyModel, probe: PolicyProbe): boolean {
  const { verdict, egress, ingress } = explain(model, probe);
  if (verdict.isAllowed) return false;
  const closed = [egress, ingress].filter(({ isAllowed }) => !isAllowed);
  return closed.every(({ policies }) => policies.some(({ word }) => word === 'cannot tell'));
}
