/** What can be broken at a step: the object that took part in it, as the event that takes it away. */
import { fdbLine, neighbourLine, routeLine } from '../../sim/engine/explain/lines.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { printRule } from '../../sim/linux/netfilter/iptables/print.ts';
import type { Step } from '../../sim/linux/step.ts';
import type { FaultEvent } from '../../sim/scenario/scenario.ts';

export interface FaultChoice {
  readonly label: string;
  readonly event: FaultEvent;
}

export function stepFaults(step: Step, { steps }: Pick<Trace, 'steps'>, world: World): readonly FaultChoice[] {
  const { ns } = step;
  if (!world.namespaces.has(ns)) return [];
  switch (step.kind) {
    case 'nat': {
      if (step.cause !== 'rule') return [];
      const rule = steps.findLast(
        (before) => before.i < step.i && before.packet === step.packet && before.kind === 'rule',
      );
      return rule?.kind === 'rule' ? [{ label: 'Delete this rule', event: ruleDeleted(rule, world) }] : [];
    }
    case 'rule':
      return [{ label: 'Delete this rule', event: ruleDeleted(step, world) }];
    case 'route':
      if (step.route === null) return [];
      return [{ label: 'Delete this route', event: { type: 'RouteDeleted', ns, line: routeLine(step.route) } }];
    case 'neighbour':
      if (step.entry === null) return [];
      return [
        { label: 'Delete this neighbour', event: { type: 'NeighbourDeleted', ns, line: neighbourLine(step.entry) } },
      ];
    case 'fdb':
      if (step.entry === null) return [];
      return [{ label: 'Delete this FDB entry', event: { type: 'FdbEntryDeleted', ns, line: fdbLine(step.entry) } }];
    case 'dev':
    case 'encap':
    case 'decap':
      return [{ label: `Set ${step.dev} down`, event: { type: 'DeviceSetDown', ns, dev: step.dev } }];
    case 'deliver':
      if (step.socket === null) return [];
      return [
        {
          label: 'Stop this listener',
          event: { type: 'ListenerStopped', ns, proto: step.socket.proto, port: step.socket.port },
        },
      ];
    default:
      return [];
  }
}

/** Equal lines are told apart by their place. */
function ruleDeleted(step: Extract<Step, { kind: 'rule' }>, world: World): FaultEvent {
  const { ns, table, chain, index, rule } = step;
  const line = printRule(chain, rule);
  const before = world.namespaces.get(ns)?.iptables.get(table)?.chains.get(chain)?.rules.slice(0, index) ?? [];
  const nth = before.filter((other) => printRule(chain, other) === line).length;
  return { type: 'RuleDeleted', ns, table, line, ...(nth > 0 && { nth }) };
}
