/** What can be broken at a step: the object that took part in it, as the event that takes it away. */
import { fdbLine, neighbourLine, routeLine } from '../../sim/engine/explain/lines.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { printRule } from '../../sim/linux/netfilter/iptables/print.ts';
import { type Rule, rulesetOf } from '../../sim/linux/netfilter/iptables/rule.ts';
import { printRule as printNftRule } from '../../sim/linux/netfilter/nftables/print.ts';
import type { NftTable } from '../../sim/linux/netfilter/nftables/ruleset.ts';
import type { Step } from '../../sim/linux/step.ts';
import type { FaultEvent } from '../../sim/scenario/scenario.ts';
import {
  deletionLabel,
  elementDeleted,
  type NftPlace,
  nftRuleDeleted,
  ruleDeleted,
  serverDeleted,
} from './deletions.ts';

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
        (before) =>
          before.i < step.i && before.packet === step.packet && (before.kind === 'rule' || before.kind === 'nft-rule'),
      );
      return rule?.kind === 'rule' || rule?.kind === 'nft-rule' ? stepFaults(rule, { steps }, world) : [];
    }
    case 'rule':
      return [choice(ofRule(step, world))];
    case 'nft-rule':
      return [choice(ofNftRule(step, world))];
    case 'nft-lookup': {
      const listed = tableOf(step, world)
        ?.sets.get(step.set)
        ?.elements.has(step.element?.key ?? '');
      return step.element && listed ? [choice(elementDeleted(ns, step, step.set, step.element.key))] : [];
    }
    case 'ipvs':
      if (step.role === 'reply') return [];
      return [choice(serverDeleted(ns, step.virtual, step.server)), choice(serverDeleted(ns, step.virtual, null))];
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

const choice = (event: FaultEvent): FaultChoice => ({ label: deletionLabel(event), event });

function ofRule(step: Extract<Step, { kind: 'rule' }>, world: World): FaultEvent {
  const { ns, family, table, chain, index, rule } = step;
  const config = world.namespaces.get(ns);
  const rules = (config && rulesetOf(config, family).get(table)?.chains.get(chain)?.rules) ?? [];
  const print = (other: Rule): string => printRule(chain, other, family);
  const line = print(rule);
  return ruleDeleted(ns, step, line, rules.slice(0, index).filter((other) => print(other) === line).length);
}

function ofNftRule(step: Extract<Step, { kind: 'nft-rule' }>, world: World): FaultEvent {
  const { ns, family, chain, index, rule } = step;
  const line = printNftRule(family, rule);
  const before = tableOf(step, world)?.chains.get(chain)?.rules.slice(0, index) ?? [];
  return nftRuleDeleted(ns, step, chain, line, before.filter((other) => printNftRule(family, other) === line).length);
}

const tableOf = ({ ns, family, table }: NftPlace & { readonly ns: string }, world: World): NftTable | undefined =>
  world.namespaces.get(ns)?.nftables?.find((own) => own.family === family && own.name === table);
