/** Which boxes and marks a step is about: what the picture brightens. */
import type { Trace } from '../sim/engine/trace.ts';
import type { Step } from '../sim/linux/step.ts';
import { idOf } from './picture-id.ts';

export function keysOf(step: Step): string[] {
  const { ns } = step;
  const machine = idOf({ kind: 'ns', ns });
  switch (step.kind) {
    case 'dev':
    case 'fdb':
    case 'encap':
    case 'decap':
    case 'bridged-dnat':
      return [machine, idOf({ kind: 'dev', ns, dev: step.dev }), ...portKeys(step)];
    case 'hook':
      return [
        machine,
        step.family === 'bridge' ? `${ns} bridge ${step.hook}` : idOf({ kind: 'hook', ns, hook: step.hook }),
      ];
    case 'route':
      return step.direction === 'input' ? [machine, idOf({ kind: 'route', ns })] : [machine];
    case 'conntrack':
    case 'nat':
      return [machine, idOf({ kind: 'conntrack', ns })];
    case 'bpf-run':
      return 'dev' in step.attachment.at ? [machine, ...programKeys(step)] : [machine];
    case 'bpf-sock':
      return [machine, idOf({ kind: 'sockets', ns })];
    case 'ipvs':
      return [machine, idOf({ kind: 'hook', ns, hook: step.hook })];
    case 'send':
    case 'deliver':
      return step.outer ? [machine] : [machine, idOf({ kind: 'sockets', ns })];
    default:
      return [machine];
  }
}

/** Steps that happen at the gate or device where the packet already stands. */
const AT_ITS_PLACE: ReadonlySet<Step['kind']> = new Set([
  'rule',
  'chain-end',
  'nft-rule',
  'nft-lookup',
  'nft-chain-end',
  'ipvs',
  'bpf-map',
  'bpf-nat',
  'bpf-choice',
  'bpf-fib',
  'bpf-notify',
  'bpf-policy',
  'bpf-verdict',
  'conntrack',
  'nat',
  'drop',
]);

export const happensAtItsPlace = (step: Step): boolean => AT_ITS_PLACE.has(step.kind);

function programKeys({ ns, attachment: { at } }: Extract<Step, { kind: 'bpf-run' }>): string[] {
  if (!('dev' in at)) return [];
  return [idOf({ kind: 'dev', ns, dev: at.dev }), `${ns} program ${at.dev} ${at.hook === 'tc ingress' ? 'in' : 'out'}`];
}

function portKeys(step: Step): string[] {
  return step.kind === 'dev' ? [`${step.ns} port ${step.dev}`, `${step.ns} wall ${step.dev}`] : [];
}

/** Everything that a trace touches, and the namespaces in it. */
export function touchedBy(trace: Trace): {
  readonly keys: ReadonlySet<string>;
  readonly namespaces: ReadonlySet<string>;
} {
  const keys = new Set<string>();
  const namespaces = new Set<string>();
  for (const step of trace.steps) {
    namespaces.add(step.ns);
    for (const key of keysOf(step)) keys.add(key);
  }
  return { keys, namespaces };
}
