/** np-guard's explanations of pairs, for all ports: which policy and which rule allows, denies, passes on, isolates or misses the port. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain, type PolicyExplanation, type SideExplanation } from '../../sim/kube/policy/explain.ts';
import { type EndRef, type PolicyModel, policyModel } from '../../sim/kube/policy/model.ts';
import type { PolicyProbe } from '../../sim/kube/policy/verdict.ts';
import type { Protocol } from '../../sim/kube/policy-objects.ts';
import { ip } from '../../sim/wire/ip.ts';
import type { Conns } from './policy-connections.ts';
import { CONTROLLER, throughIngress } from './policy-ingress.ts';
import { inputOfResources, type RecordedObject, type Workload, workloadsOf } from './policy-input.ts';

interface RecordedReason {
  readonly kind?: string;
  readonly policy?: string;
  readonly effect?: string;
  readonly rule?: string;
  readonly detail?: string;
}

interface RecordedSide {
  readonly verdict: 'Allowed' | 'Denied';
  readonly default?: string;
  readonly reasons: readonly RecordedReason[];
}

export interface ExplanationCase {
  readonly resourcesFrom: string;
  readonly resources?: readonly RecordedObject[];
  readonly explanations: readonly {
    readonly src: string;
    readonly dst: string;
    readonly parts: readonly {
      readonly verdict: 'Allowed' | 'Denied';
      readonly conns: Conns;
      readonly egress?: RecordedSide;
      readonly ingress?: RecordedSide;
    }[];
  }[];
  readonly systemDefaultPairs: readonly (readonly [string, string])[];
}

const CONTROLLER_END = '{ingress-controller}';

/** `folder`: where the case lies; its resources may be those of a case beside it. */
export function explanationsDifference(recorded: ExplanationCase, folder: string): string | null {
  const resources = recorded.resources ?? readResources(join(folder, '..', recorded.resourcesFrom));
  const workloads = workloadsOf(resources);
  const model = policyModel(inputOfResources(resources, [...workloads.map(({ pod }) => pod), CONTROLLER]));
  const opened = throughIngress(resources, workloads);
  for (const { src, dst, parts } of recorded.explanations) {
    for (const part of parts) {
      for (const point of pointsOf(model, part.conns)) {
        const probe = { from: endOf(src, workloads), to: endOf(dst, workloads), ...point };
        const isOpen =
          src !== CONTROLLER_END || (point.protocol === 'TCP' && (opened.get(dst) ?? []).includes(point.port));
        const difference = partDifference(model, probe, part, isOpen);
        if (difference) return `${src} > ${dst} ${point.protocol} ${point.port}: ${difference}`;
      }
    }
  }
  return defaultsDifference(model, recorded, workloads);
}

function readResources(file: string): readonly RecordedObject[] {
  const { resources } = JSON.parse(readFileSync(file, 'utf8')) as { readonly resources: readonly RecordedObject[] };
  return resources;
}

function endOf(text: string, workloads: readonly Workload[]): EndRef {
  if (text === CONTROLLER_END) return { kind: 'pod', ref: `${CONTROLLER.namespace}/${CONTROLLER.name}` };
  const pod = workloads.find(({ name }) => name === text)?.pod;
  if (pod) return { kind: 'pod', ref: `${pod.namespace}/${pod.name}` };
  return { kind: 'ip', ip: ip(text.split(/[-,]/)[0] ?? '') };
}

type Point = Pick<PolicyProbe, 'port'> & { readonly protocol: Protocol };

/** Both ends of every interval, and both sides of every port in it that a rule names. */
function pointsOf(model: PolicyModel, conns: Conns): readonly Point[] {
  const named = new Set(
    model.policies.flatMap(({ policy: { ingress = [], egress = [] } }) =>
      [...ingress, ...egress].flatMap(({ ports = [] }) =>
        ports.flatMap((port) => ('name' in port ? [] : [port.from - 1, port.from, port.to, port.to + 1])),
      ),
    ),
  );
  return (['TCP', 'UDP', 'SCTP'] as const).flatMap((protocol) =>
    (conns.all ? [[1, 65_535] as const] : (conns[protocol] ?? [])).flatMap(([from, to]) =>
      [from, to, ...[...named].filter((port) => from < port && port < to)].map((port) => ({ protocol, port })),
    ),
  );
}

function partDifference(
  model: PolicyModel,
  probe: PolicyProbe,
  part: ExplanationCase['explanations'][number]['parts'][number],
  isOpen: boolean,
): string | null {
  const { verdict, egress, ingress } = explain(model, probe);
  const ours = verdict.isAllowed && isOpen ? 'Allowed' : 'Denied';
  if (ours !== part.verdict) return `expected ${part.verdict}, oracle ${ours}`;
  return (
    sideDifference('egress', part.egress, egress, true) ?? sideDifference('ingress', part.ingress, ingress, isOpen)
  );
}

/** Remarks about Ingresses and Routes are text only, and no question of policies. */
function sideDifference(
  direction: string,
  recorded: RecordedSide | undefined,
  ours: SideExplanation,
  isOpen: boolean,
): string | null {
  if (recorded === undefined) return null;
  const word = ours.isAllowed && isOpen ? 'Allowed' : 'Denied';
  if (recorded.verdict !== word) return `${direction}: expected ${recorded.verdict}, oracle ${word}`;
  const theirs = recorded.reasons
    .filter(({ kind }) => kind !== undefined)
    .map(reasonLine)
    .sort();
  const found = reasonsOf(ours).map(reasonLine).sort();
  if (recorded.default !== undefined && theirs.length === 0 && found.length === 0) return null;
  return theirs.join('; ') === found.join('; ')
    ? null
    : `${direction}: expected ${theirs.join('; ') || 'nothing'}, oracle ${found.join('; ') || 'nothing'}`;
}

const reasonLine = ({ kind, policy, effect, rule = '', detail = '' }: RecordedReason): string =>
  [kind, policy, effect, rule, detail].filter(Boolean).join(' ');

/** Our explanation in np-guard's terms. */
function reasonsOf({ policies, isAllowed }: SideExplanation): readonly RecordedReason[] {
  const asked = policies.filter(({ notSelected }) => notSelected === undefined);
  const admin = asked.filter(({ tier }) => tier !== 'NetworkPolicy').flatMap(decisiveReasons);
  const network = asked.filter(({ tier }) => tier === 'NetworkPolicy');
  if (admin.some(({ effect }) => effect !== 'passes') || network.length === 0) return admin;
  return [...admin, ...(isAllowed ? network.flatMap(decisiveReasons) : network.flatMap(closedReasons))];
}

const EFFECTS = { accept: 'allows', deny: 'denies', pass: 'passes' } as const;

const identity = ({ policy: { object } }: PolicyExplanation) => ({
  kind: object.kind,
  policy: object.kind === 'NetworkPolicy' ? `${object.namespace}/${object.name}` : object.name,
});

/** Of several rules of one policy np-guard names the first. */
const decisiveReasons = (one: PolicyExplanation): readonly RecordedReason[] =>
  one.rules
    .filter(({ isDecisive }) => isDecisive)
    .slice(0, 1)
    .map(({ action, name, index }) => ({ ...identity(one), effect: EFFECTS[action], rule: name ?? `#${index + 1}` }));

/** Why a NetworkPolicy does not let it pass: rules whose peers fit and ports do not, else nothing fits. */
function closedReasons(one: PolicyExplanation): readonly RecordedReason[] {
  const near = one.rules.find(({ isPeerFound }) => isPeerFound);
  if (near) return [{ ...identity(one), effect: 'rule-port-mismatch', rule: `#${near.index + 1}` }];
  return [{ ...identity(one), effect: 'isolates', ...(one.rules.length === 0 ? { detail: 'no rules defined' } : {}) }];
}

/** Pairs of which no policy says anything. */
function defaultsDifference(
  model: PolicyModel,
  { systemDefaultPairs }: ExplanationCase,
  workloads: readonly Workload[],
): string | null {
  for (const [src, dst] of systemDefaultPairs) {
    const probe = { from: endOf(src, workloads), to: endOf(dst, workloads), protocol: 'TCP' as const, port: 80 };
    const { verdict, egress, ingress } = explain(model, probe);
    const found = [egress, ingress].flatMap(reasonsOf).map(reasonLine);
    if (!verdict.isAllowed || found.length > 0)
      return `${src} > ${dst}: expected the default, oracle ${found.join('; ')}`;
  }
  return null;
}
