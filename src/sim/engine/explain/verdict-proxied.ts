import { innerPacket } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import type { Case, Finding } from './verdict-case.ts';

/** The connection came about, and a proxy on the way refused what was asked in it. */
export function findProxied(c: Case): Finding | null {
  const at = c.steps.findIndex((one) => one.kind === 'bpf-verdict' && one.verdict === 'proxy' && noteOf(one));
  const step = c.steps[at];
  if (step?.kind !== 'bpf-verdict') return null;
  const { program } = step;
  const said = c.steps
    .slice(at)
    .find((one): one is StepOf<'send'> => one.kind === 'send' && one.answers === step.packet);
  const note = said && noteOf(said);
  // A verdict is told for the first packet of a connection.
  const policy = c.steps
    .slice(0, at)
    .findLast(
      (one): one is StepOf<'bpf-policy'> => one.kind === 'bpf-policy' && one.ns === step.ns && one.program === program,
    );
  const whose = policy?.origin?.for === undefined ? 'the policy' : policy.origin.for;
  const request = noteOf(step)?.replace(/ HTTP\/1\.1$/, '');
  return {
    sentence: `${said?.by ?? 'The proxy'} on ${c.names.ns(step.ns)} answered ${note ?? 'no'}: the connection stands, but no rule of ${whose} lets ${request} pass.`,
    remedy: `Allow the method and the path of ${request} in rules.http of ${whose}.`,
    step: step.i,
  };
}

function noteOf({ frame }: Pick<StepOf<'send'>, 'frame'>): string | undefined {
  const l4 = innerPacket(frame)?.l4;
  return l4 && 'note' in l4 ? l4.note : undefined;
}
