import * as v from 'valibot';
import { err, ok, type Result } from '../base/result.ts';
import { isWorkload } from '../kube/objects-merge.ts';
import { currentObjects, isStop } from './changes.ts';
import { foldScenario } from './fold.ts';
import { EVENTS_MAX, OBJECTS_MAX, PODS_MAX, PROBLEMS_MAX, STEP_MAX, URL_BYTES_MAX } from './limits.ts';
import { DOCUMENT_VERSION, migrate } from './migrations/migrate.ts';
import type { Moment } from './moment.ts';
import type { Problem } from './problem.ts';
import type { Scenario, ScenarioState, SeenCluster } from './scenario.ts';
import { integer, listOf, viewName } from './schema-basics.ts';
import { scenarioEvent } from './schema-events.ts';

const WHAT_CHARS_MAX = 200;
/** One reason for each value; no form is matched against a text that is too long. */
const oneReason = { abortPipeEarly: true } as const;

const savedScenario = v.strictObject({
  version: v.literal(DOCUMENT_VERSION),
  events: listOf(scenarioEvent, EVENTS_MAX),
});

/** Plain JSON from anywhere -> a scenario of known size and form, or what is wrong with it (never empty). Never throws. */
export function decodeScenario(json: unknown): Result<Scenario, readonly Problem[]> {
  const migrated = migrate(json);
  if (!migrated.ok) return err([migrated.error]);
  const parsed = v.safeParse(savedScenario, migrated.value, oneReason);
  if (!parsed.success) return err(parsed.issues.slice(0, PROBLEMS_MAX).map(toProblem));
  const scenario: Scenario = { events: parsed.output.events };
  const tooLarge = judgeSize(foldScenario(scenario));
  return tooLarge ? err([tooLarge]) : ok(scenario);
}

const savedMoment: v.GenericSchema<unknown, Moment> = v.strictObject({
  step: integer(0, STEP_MAX),
  inLookup: v.exactOptional(integer(1, STEP_MAX)),
  view: v.exactOptional(viewName),
});

/** The same for a moment. Whether the trace has that step only the trace knows. */
export function decodeMoment(json: unknown): Result<Moment, readonly Problem[]> {
  const parsed = v.safeParse(savedMoment, json, oneReason);
  return parsed.success ? ok(parsed.output) : err(parsed.issues.slice(0, PROBLEMS_MAX).map(toProblem));
}

/** The text of a saved file -> a scenario. */
export function parseScenario(text: string): Result<Scenario, readonly Problem[]> {
  if (text.length > URL_BYTES_MAX) {
    const what = `The file has ${text.length} characters; ${URL_BYTES_MAX} is the limit.`;
    return err([{ where: 'file', what, hint: 'Open a file that Hopscope saved.' }]);
  }
  try {
    return decodeScenario(JSON.parse(text));
  } catch {
    return err([{ where: 'file', what: 'The file is not JSON.', hint: 'Open a file that Hopscope saved.' }]);
  }
}

/** The text of a file that `parseScenario` reads. */
export function printScenario({ events }: Scenario): string {
  return `${JSON.stringify({ version: DOCUMENT_VERSION, events }, null, 2)}\n`;
}

function toProblem(issue: v.BaseIssue<unknown>): Problem {
  const where = clip(v.getDotPath(issue) ?? 'document');
  if (issue.type !== 'strict_object') return { where, what: clip(`${where} ${issue.message}.`), hint: '' };
  if (issue.expected !== 'never') return { where, what: `${where} is missing, or not what belongs there.`, hint: '' };
  const hint = 'It may be from a newer Hopscope: reload the page.';
  return { where, what: `${where} is not known to this version.`, hint };
}

/** Messages quote what was received, which may be as long as the file. */
const clip = (text: string): string => (text.length > WHAT_CHARS_MAX ? `${text.slice(0, WHAT_CHARS_MAX)}…` : text);

/** Each event may be small and all of them together too much. What stopped processes saw is as large as any cluster. */
function judgeSize(state: ScenarioState): Problem | null {
  const seen = state.faults.flatMap((fault) => (isStop(fault) ? (fault.seen ?? []) : []));
  const clusters = [{ ...state, changes: state.faults }, ...seen];
  return clusters.reduce<Problem | null>((problem, cluster) => problem ?? judgeCluster(cluster), null);
}

interface SizedCluster extends Pick<SeenCluster, 'nodes' | 'objects'> {
  readonly changes: ScenarioState['faults'];
}

function judgeCluster({ nodes, objects: applied, changes }: SizedCluster): Problem | null {
  const objects = currentObjects(applied, changes);
  if (objects.length > OBJECTS_MAX) return tooMany('objects', objects.length, OBJECTS_MAX);
  let pods = 0;
  for (const object of objects) {
    if (!isWorkload(object)) continue;
    pods += object.kind === 'DaemonSet' ? nodes : (object.replicas ?? 1);
  }
  return pods > PODS_MAX ? tooMany('pods', pods, PODS_MAX) : null;
}

function tooMany(where: string, count: number, max: number): Problem {
  return { where, what: `It has ${count} ${where}; ${max} is the limit.`, hint: 'Make it smaller.' };
}
