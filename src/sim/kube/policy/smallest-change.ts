/** Which small edit would let a packet through: candidates are tried by the oracle, and those that work are offered, the smallest first. */
import { familyOf } from '../../wire/ip.ts';
import { writeManifests } from '../manifests/write.ts';
import type { PolicyObject } from '../policy-objects.ts';
import { type Blocked, editsFor, type PolicyEdit } from './edits.ts';
import { explain, type SideExplanation } from './explain.ts';
import { matrixChanges, matrixOf } from './matrix.ts';
import { type EndRef, type PolicyModel, policyModel } from './model.ts';
import { refOf } from './uniform.ts';
import { type PolicyProbe, resolvePair, verdictOf } from './verdict.ts';
import { diffLines, type LineChange } from './yaml-diff.ts';

/** A change of policies after which the packet may pass. */
export interface Proposal {
  /** What it does, one sentence for each edit. */
  readonly texts: readonly string[];
  /** The objects as they would be: apply them to what stands. */
  readonly objects: readonly PolicyObject[];
  /** By object: its YAML before and after, line by line. A new object has only added lines. */
  readonly diffs: readonly { readonly ref: string; readonly lines: readonly LineChange[] }[];
  /** Lines that are added or taken away. */
  readonly size: number;
  /** Pairs of pods that may then talk on this port and might not before; the packet's own pair is among them. */
  readonly opens: number;
}

const PROPOSALS_MAX = 4;
/** Of how many it is counted what else they open, which takes a matrix each. */
const COUNTED_MAX = 8;
/** Of each end: what is tried together where both ends are closed. */
const CANDIDATES_MAX = 8;

/** Empty where it may pass already, where no policy keeps it, or where it has no ports. The smallest first. */
export function smallestChange(model: PolicyModel, probe: PolicyProbe): readonly Proposal[] {
  const { protocol } = probe;
  if (protocol === 'OTHER') return [];
  const { verdict, egress, ingress } = explain(model, probe);
  if (verdict.isAllowed) return [];
  const closed = [egress, ingress].filter((side) => !side.isAllowed);
  if (closed.some(({ basis }) => basis !== 'policy')) return [];
  const perSide = closed.map((side) => {
    const blocked = blockedAt(model, probe, side);
    return blocked ? working(model, probe, side, editsFor(blocked)) : [];
  });
  const drafts = combinations(perSide)
    .map((edits) => draft(model, edits))
    .toSorted((a, b) => a.size - b.size);
  return withOpened(model, probe, drafts)
    .toSorted((a, b) => a.size - b.size || a.opens - b.opens)
    .slice(0, PROPOSALS_MAX);
}

function blockedAt(model: PolicyModel, probe: PolicyProbe, side: SideExplanation): Blocked | null {
  const [source, destination] = resolvePair(model, probe.from, probe.to);
  const isIngress = side.direction === 'ingress';
  const [subject, other] = isIngress ? [destination, source] : [source, destination];
  if (!subject?.pod || !other || probe.protocol === 'OTHER') return null;
  const { protocol, port } = probe;
  const base = { input: model.input, side, subject: subject.pod, protocol, port };
  if (other.pod) return { ...base, other: { pod: other.pod } };
  const ip = addressOf(model, isIngress ? probe.from : probe.to, isIngress ? probe.to : probe.from);
  return ip === undefined ? null : { ...base, other: { ip } };
}

/** Of a node or of a pod on its network, in the family of the other end. */
function addressOf(model: PolicyModel, end: EndRef, other: EndRef) {
  if (end.kind === 'ip') return end.ip;
  const ips =
    end.kind === 'node' ? model.input.nodes.find(({ name }) => name === end.name)?.ips : model.pods.get(end.ref)?.ips;
  const family = other.kind === 'ip' ? familyOf(other.ip) : undefined;
  return ips?.find((one) => family === undefined || familyOf(one) === family);
}

/** The edits of one end after which that end lets it pass. */
function working(
  model: PolicyModel,
  probe: PolicyProbe,
  { direction }: SideExplanation,
  edits: readonly PolicyEdit[],
): readonly PolicyEdit[] {
  const works = (edit: PolicyEdit): boolean =>
    verdictOf(changed(model, edit.apply(model.input.policies)), probe)[direction].isAllowed;
  return edits.filter(works).slice(0, CANDIDATES_MAX);
}

const changed = (model: PolicyModel, policies: readonly PolicyObject[]): PolicyModel =>
  policyModel({ ...model.input, policies }, model);

/** One edit for each end that is closed. */
const combinations = (perSide: readonly (readonly PolicyEdit[])[]): readonly (readonly PolicyEdit[])[] =>
  perSide.reduce<readonly (readonly PolicyEdit[])[]>(
    (lists, edits) => lists.flatMap((list) => edits.map((edit) => [...list, edit])),
    [[]],
  );

/** A proposal of which only the size is known yet. */
interface Draft extends Omit<Proposal, 'opens'> {
  readonly policies: readonly PolicyObject[];
}

function draft({ input: { policies: before } }: PolicyModel, edits: readonly PolicyEdit[]): Draft {
  const policies = edits.reduce((some, edit) => edit.apply(some), before);
  const objects = policies.filter((object) => !before.includes(object));
  const diffs = objects.map((object) => {
    const was = before.find((one) => refOf(one) === refOf(object));
    return { ref: refOf(object), lines: diffLines(was ? yamlLines(was) : [], yamlLines(object)) };
  });
  const size = diffs.reduce((sum, { lines }) => sum + lines.filter(({ mark }) => mark !== ' ').length, 0);
  return { texts: edits.map(({ text }) => text), objects, diffs, size, policies };
}

/** The first that let the packet through: what works at each end works at both, unless one edit undoes the other. */
function withOpened(model: PolicyModel, probe: PolicyProbe, drafts: readonly Draft[]): readonly Proposal[] {
  const ports = [{ protocol: probe.protocol, port: probe.port }];
  const before = drafts.length === 0 ? undefined : matrixOf(model, ports);
  const proposals: Proposal[] = [];
  for (const { policies, ...proposal } of drafts) {
    const then = changed(model, policies);
    if (before === undefined || !verdictOf(then, probe).isAllowed) continue;
    const changes = matrixChanges(before, matrixOf(then, ports, before));
    proposals.push({ ...proposal, opens: changes.filter(({ opened }) => opened !== 0).length });
    if (proposals.length === COUNTED_MAX) break;
  }
  return proposals;
}

const yamlLines = (object: PolicyObject): readonly string[] => writeManifests([object]).trimEnd().split('\n');
