/** Proof: a piece of a tool's output around the line that decided. */
import type { FdbEntry, Neighbour, NetnsConfig, Route } from '../../linux/config.ts';
import { compareAddresses } from '../../linux/ipvs/address.ts';
import { rulesetOf, type TableName, toolOf } from '../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../linux/origin.ts';
import { printLink } from '../../linux/print/ip-link.ts';
import { routesOf } from '../../linux/routing/tables.ts';
import { familyOf } from '../../wire/ip.ts';
import type { Evidence } from './explanation.ts';
import { fdbLine, neighbourLine, routeLine, ruleLine } from './lines.ts';
import type { StepOf } from './scene.ts';

/** Lines of context above and below the highlighted one. */
const CONTEXT_LINES = 4;

interface Found<T> {
  readonly title: string;
  readonly command: string;
  readonly all: readonly T[];
  readonly index: number;
  readonly print: (item: T) => string;
  readonly originOf: (item: T) => Origin | undefined;
}

function windowOf<T>({ title, command, all, index, print, originOf }: Found<T>): Evidence {
  const from = index < 0 ? 0 : Math.max(0, index - CONTEXT_LINES);
  const to = index < 0 ? 2 * CONTEXT_LINES + 1 : index + CONTEXT_LINES + 1;
  const hit = all[index];
  const origin = hit === undefined ? undefined : originOf(hit);
  const evidence: Evidence = {
    title,
    command,
    lines: all.slice(from, to).map(print),
    highlight: index < 0 ? null : index - from,
    firstLine: from + 1,
  };
  return origin ? { ...evidence, origin } : evidence;
}

/** Where a rule or a chain's end stands. */
interface RulePlace {
  readonly family?: 6;
  readonly table: TableName;
  readonly chain: string;
}

export function ruleEvidence(ns: NetnsConfig, here: string, place: RulePlace, index: number): Evidence {
  const { family, table, chain } = place;
  const rules = rulesetOf(ns, family).get(table)?.chains.get(chain)?.rules ?? [];
  return windowOf({
    title: `${table} table, chain ${chain} on ${here}`,
    command: `${toolOf(family)} -t ${table} -S ${chain}`,
    all: rules,
    index,
    print: (rule) => ruleLine(chain, rule, family),
    originOf: (rule) => rule.origin,
  });
}

/** The whole chain's policy line, for a chain that ended without a decision. */
export function policyEvidence(ns: NetnsConfig, here: string, { family, table, chain }: RulePlace): Evidence {
  const found = rulesetOf(ns, family).get(table)?.chains.get(chain);
  const rules = (found?.rules ?? []).map((rule) => ruleLine(chain, rule, family));
  const head = found?.policy ? `-P ${chain} ${found.policy}` : `-N ${chain}`;
  return {
    title: `${table} table, chain ${chain} on ${here}`,
    command: `${toolOf(family)} -t ${table} -S ${chain}`,
    lines: [head, ...rules.slice(0, 2 * CONTEXT_LINES)],
    highlight: 0,
    firstLine: 1,
  };
}

const sameRoute = (a: Route, b: Route): boolean =>
  a.dst.text === b.dst.text && a.dev === b.dev && a.via === b.via && a.type === b.type && a.table === b.table;

export function routeEvidence(ns: NetnsConfig, here: string, step: StepOf<'route'>): Evidence {
  const { table, route } = step;
  const family = familyOf(step.dst);
  // In the order of `ip route show`: by address, the shorter prefix first.
  const all = routesOf(ns)
    .filter((candidate) => candidate.table === table && candidate.dst.family === family)
    .sort((a, b) => compareAddresses(a.dst.base, b.dst.base) || a.dst.prefix - b.dst.prefix);
  const suffix = table === 'main' ? '' : ` table ${table}`;
  return windowOf({
    title: `${table === 'main' ? 'Routes' : `Routes (table ${table})`} of ${here}`,
    command: `ip ${family === 6 ? '-6 ' : ''}route show${suffix}`,
    all,
    index: route === null ? -1 : all.findIndex((candidate) => sameRoute(candidate, route)),
    print: routeLine,
    originOf: (candidate) => candidate.origin,
  });
}

export function neighbourEvidence(ns: NetnsConfig, here: string, dev: string, entry: Neighbour | null): Evidence {
  const all = ns.neighbours.filter((neighbour) => neighbour.dev === dev);
  return windowOf({
    title: `Written neighbours of ${dev} on ${here}`,
    command: `ip neigh show dev ${dev} nud permanent`,
    all,
    index: entry === null ? -1 : all.findIndex(({ ip }) => ip === entry.ip),
    print: neighbourLine,
    originOf: ({ origin }) => origin,
  });
}

export function fdbEvidence(ns: NetnsConfig, here: string, dev: string, entry: FdbEntry | null): Evidence {
  const all = ns.fdb.filter((candidate) => candidate.dev === dev);
  return windowOf({
    title: `Forwarding database of ${dev} on ${here}`,
    command: entry?.port === undefined ? `bridge fdb show dev ${dev}` : `bridge fdb show br ${dev}`,
    all,
    index: entry === null ? -1 : all.findIndex(({ mac, dst }) => mac === entry.mac && dst === entry.dst),
    print: fdbLine,
    originOf: ({ origin }) => origin,
  });
}

export function deviceEvidence(ns: NetnsConfig, here: string, name: string): Evidence[] {
  const device = ns.devices.find((candidate) => candidate.name === name);
  if (!device) return [];
  return [
    lineEvidence(
      `The device ${name} of ${here}`,
      `ip -o -d link show dev ${name}`,
      printLink(device, ns.devices),
      device.origin,
    ),
  ];
}

/** Lines around one of many that a tool prints; without one (`index` null) the first few. */
export function linesEvidence(
  title: string,
  command: string,
  all: readonly string[],
  index: number | null,
  origin?: Origin,
): Evidence {
  return windowOf({ title, command, all, index: index ?? -1, print: (line) => line, originOf: () => origin });
}

/** A single line of a tool: a sysctl, a socket, a captured frame. */
export function lineEvidence(title: string, command: string, line: string | null, origin?: Origin): Evidence {
  const evidence: Evidence = {
    title,
    command,
    lines: line === null ? [] : [line],
    highlight: line === null ? null : 0,
    firstLine: 1,
  };
  return origin ? { ...evidence, origin } : evidence;
}
