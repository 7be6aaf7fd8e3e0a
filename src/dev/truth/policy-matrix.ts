/** Truth tables of pods against pods, and single probes: upstream's e2e tests, cyclonus, policy-assistant, recipes, kube-network-policies. */

import { type EndRef, policyModel } from '../../sim/kube/policy/model.ts';
import type { PolicyProtocol } from '../../sim/kube/policy/port-sets.ts';
import { verdictOf } from '../../sim/kube/policy/verdict.ts';
import { ip } from '../../sim/wire/ip.ts';
import { inputOfModel, type RecordedModel, type RecordedObject } from './policy-input.ts';

interface TruthTable {
  readonly port: number | string;
  readonly protocol: PolicyProtocol;
  readonly default: boolean;
  readonly exceptions: readonly {
    readonly from: string;
    readonly to: string;
    readonly allow: boolean;
    readonly ingress?: boolean;
    readonly egress?: boolean;
  }[];
}

export interface MatrixCase {
  readonly model: RecordedModel;
  readonly ignoreLoopback: boolean;
  readonly steps: readonly {
    readonly name?: string;
    readonly model?: RecordedModel;
    readonly policies: readonly RecordedObject[];
    readonly expect: readonly TruthTable[];
  }[];
}

export interface ProbeCase {
  readonly model: RecordedModel;
  readonly policies: readonly RecordedObject[];
  readonly caveat?: string;
  readonly probes: readonly {
    readonly from: string;
    readonly to: string;
    readonly port: number;
    readonly protocol: PolicyProtocol;
    /** The packet of a unit test that has no protocol: what a rule without ports is about. */
    readonly protoUnset?: boolean;
    readonly allow: boolean;
  }[];
}

const word = (isAllowed: boolean): string => (isAllowed ? 'allowed' : 'denied');

export function matrixDifference({ model: base, ignoreLoopback, steps }: MatrixCase): string | null {
  for (const [index, { name, model = base, policies, expect }] of steps.entries()) {
    const input = inputOfModel(model, policies);
    // Analysers judge a pod's calls to itself like any others.
    const judged = policyModel({ ...input, profile: { judgesSelf: !ignoreLoopback } });
    const difference = expect
      .map((table) => tableDifference(judged, table, ignoreLoopback))
      .find((found) => found !== null);
    if (difference) return `step ${name ?? index + 1}: ${difference}`;
  }
  return null;
}

function tableDifference(
  model: ReturnType<typeof policyModel>,
  { port, protocol, default: standard, exceptions }: TruthTable,
  ignoreLoopback: boolean,
): string | null {
  const said = new Map(exceptions.map((one) => [`${one.from} ${one.to}`, one]));
  const pods = model.input.pods.map(({ namespace, name }) => `${namespace}/${name}`);
  for (const from of pods) {
    for (const to of pods) {
      if (ignoreLoopback && from === to) continue;
      const one = said.get(`${from} ${to}`);
      const number = typeof port === 'number' ? port : namedPort(model, to, port, protocol);
      const { isAllowed, egress, ingress } = verdictOf(model, {
        from: { kind: 'pod', ref: from },
        to: { kind: 'pod', ref: to },
        protocol,
        port: number,
      });
      const expected = one?.allow ?? standard;
      const where = `${from} > ${to} ${protocol} ${port}`;
      if (isAllowed !== expected) return `${where}: expected ${word(expected)}, oracle ${word(isAllowed)}`;
      for (const [side, ours] of [
        ['egress', egress.isAllowed],
        ['ingress', ingress.isAllowed],
      ] as const) {
        const theirs = one?.[side];
        if (theirs !== undefined && theirs !== ours)
          return `${where}, ${side}: expected ${word(theirs)}, oracle ${word(ours)}`;
      }
    }
  }
  return null;
}

function namedPort(model: ReturnType<typeof policyModel>, to: string, name: string, protocol: PolicyProtocol): number {
  const ports = model.pods.get(to)?.ports ?? [];
  return ports.find((one) => one.name === name && one.protocol === protocol)?.port ?? 0;
}

export function probesDifference({ model: recorded, policies, probes }: ProbeCase): string | null {
  const model = policyModel(inputOfModel(recorded, policies));
  for (const { from, to, port, protocol, protoUnset, allow } of probes) {
    const { end, port: target } = destinationOf(recorded, to, port);
    const { isAllowed } = verdictOf(model, {
      from: endOf(from),
      to: end,
      protocol: protoUnset ? 'OTHER' : protocol,
      port: target,
    });
    if (isAllowed !== allow)
      return `${from} > ${to} ${protocol} ${port}: expected ${word(allow)}, oracle ${word(isAllowed)}`;
  }
  return null;
}

const endOf = (text: string): EndRef =>
  text.startsWith('external:') ? { kind: 'ip', ip: ip(text.slice('external:'.length)) } : { kind: 'pod', ref: text };

/** A Service is its first pod, and its port what that pod knows it as. */
function destinationOf(
  model: RecordedModel,
  to: string,
  port: number,
): { readonly end: EndRef; readonly port: number } {
  if (!to.startsWith('service:')) return { end: endOf(to), port };
  const [namespace, name] = to.slice('service:'.length).split('/');
  const service = model.services?.find((one) => one.namespace === namespace && one.name === name);
  const pod = model.pods.find(
    (one) =>
      one.namespace === namespace &&
      Object.entries(service?.selector ?? {}).every(([key, value]) => one.labels?.[key] === value),
  );
  const target = service?.ports.find((one) => one.port === port)?.targetPort ?? port;
  const number = typeof target === 'number' ? target : pod?.ports?.find((one) => one.name === target)?.port;
  return { end: { kind: 'pod', ref: `${pod?.namespace}/${pod?.name}` }, port: number ?? port };
}
