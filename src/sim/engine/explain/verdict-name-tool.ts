/** What is said of `nslookup` and `dig`: whom they asked, and what that one answered. */
import type { Step } from '../../linux/step.ts';
import type { NameTool, Probe } from '../../scenario/probe.ts';
import { recordData } from '../../wire/print-dns.ts';
import type { NameToolRun } from '../names/name-tool.ts';
import type { Verdict } from '../trace.ts';
import type { World } from '../world.ts';
import { namesOf } from './names.ts';
import { printDig, printNslookup } from './print-name-tools.ts';
import { missingName, unheardServer } from './verdict-name.ts';

type ToolProbe = Probe & { readonly proto: NameTool };

export function nameToolVerdict(world: World, probe: ToolProbe, run: NameToolRun, steps: readonly Step[]): Verdict {
  const printed = probe.proto === 'dig' ? printDig(probe, run) : printNslookup(run);
  const step = steps.findLast(({ kind }) => kind === 'name-answer')?.i ?? null;
  const [first] = run.answers;
  if (!first) {
    const silence = steps.findLast(({ kind }) => kind === 'name-silence');
    const outcome = run.errno === 'ECONNREFUSED' ? 'refused' : 'timeout';
    const why =
      silence?.kind === 'name-silence'
        ? unheardServer(world, probe, run.name, silence, steps)
        : { sentence: `Not looked up: ${run.server} did not answer.`, remedy: null, step: null };
    return { outcome, good: false, printed, ...why };
  }
  const { rcode, question } = first.message;
  const who = answeredBy(world, run, steps);
  const bare = question.name.replace(/\.$/, '');
  if (rcode === 'NXDOMAIN')
    return {
      outcome: 'unresolved',
      good: false,
      printed,
      ...missingName(world, probe, run.name, 'EAI_NONAME', steps),
      step,
    };
  const records = run.answers.flatMap(({ message }) => message.answers);
  if (records.length === 0)
    return {
      outcome: rcode === 'NOERROR' ? 'reply' : 'unresolved',
      good: rcode === 'NOERROR',
      printed,
      sentence:
        rcode === 'NOERROR'
          ? `Answered: ${who} knows ${bare}, and has no ${question.type} record of that name (NODATA).`
          : `Answered: ${who} cannot tell (${rcode}).`,
      remedy: null,
      step,
    };
  const told = [...new Set(records.map((record) => `${record.type} ${recordData(record)}`))]
    .join(', ')
    .replace(/\.$/, '');
  return {
    outcome: 'reply',
    good: true,
    printed,
    sentence: `Answered: ${who} says of ${bare}: ${told}.`,
    remedy: null,
    step,
  };
}

/** `10.96.0.10 (coredns-… on node-2)`. */
function answeredBy(world: World, { server }: NameToolRun, steps: readonly Step[]): string {
  const names = namesOf(world);
  const arrival = steps.find((step) => step.kind === 'deliver' && step.socket?.server !== undefined);
  if (!arrival) return names.ip(server);
  const pod = names.pod(arrival.ns);
  const where = pod ? `${names.ns(arrival.ns)} on ${pod.node}` : names.ns(arrival.ns);
  return `${server} (${where})`;
}
