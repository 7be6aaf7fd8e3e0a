/** What a node's configuration has after a change that it had not before, line by line, with who wrote each. */
import type { Fragment } from '../../drivers/contract.ts';
import type { BpfAttachment } from '../../linux/bpf/attach.ts';
import { type BpfMapKind, kindOfMap, suffixOf } from '../../linux/bpf/kind.ts';
import type { NsId, Sysctl } from '../../linux/config.ts';
import { printSetsSave } from '../../linux/netfilter/ipset.ts';
import { applyRuleOps } from '../../linux/netfilter/iptables/build.ts';
import { printRule } from '../../linux/netfilter/iptables/print.ts';
import type { RuleOp } from '../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../linux/origin.ts';
import { printFdbEntry } from '../../linux/print/bridge-fdb.ts';
import { printAddress } from '../../linux/print/ip-addr.ts';
import { printLink } from '../../linux/print/ip-link.ts';
import { printNeighbour } from '../../linux/print/ip-neigh.ts';
import { printRoute } from '../../linux/print/ip-route.ts';
import { printSysctl } from '../../linux/print/sysctl.ts';

/** The thing of the picture that a line is about. */
export type Thing =
  | { readonly kind: 'ns'; readonly ns: NsId }
  | { readonly kind: 'dev'; readonly ns: NsId; readonly dev: string }
  | { readonly kind: 'route'; readonly ns: NsId };

export interface PlanLine {
  readonly ns: NsId;
  /** The command that prints it. */
  readonly tool: string;
  readonly line: string;
  /** Who wrote it; null where nobody says. */
  readonly by: string | null;
  readonly thing: Thing | null;
}

export function addedLines(
  ns: NsId,
  before: Fragment,
  after: Fragment,
  kinds: readonly BpfMapKind[] = [],
): readonly PlanLine[] {
  const counts = new Map<string, number>();
  const keyOf = ({ tool, line }: PlanLine): string => `${tool} ${line}`;
  for (const line of planLines(ns, before, kinds)) counts.set(keyOf(line), (counts.get(keyOf(line)) ?? 0) + 1);
  return planLines(ns, after, kinds).filter((line) => {
    const left = counts.get(keyOf(line)) ?? 0;
    counts.set(keyOf(line), left - 1);
    return left <= 0;
  });
}

/** `kinds`: how the maps of the CNI's programs print. */
export function planLines(ns: NsId, fragment: Fragment, kinds: readonly BpfMapKind[] = []): readonly PlanLine[] {
  const { devices = [], addresses = [], routes = [], neighbours = [], fdb = [], sysctl = {}, ipsets = [] } = fragment;
  const line = (tool: string, text: string, origin: Origin | undefined, thing: Thing | null): PlanLine => ({
    ns,
    tool,
    line: text,
    by: origin?.by ?? null,
    thing,
  });
  const dev = (name: string): Thing => ({ kind: 'dev', ns, dev: name });
  return [
    ...devices.map((one) => line('ip -d link', printLink(one), one.origin, dev(one.name))),
    ...addresses.map((one) => line('ip addr', printAddress(one), one.origin, dev(one.dev))),
    ...routes.map((one) => line('ip route', printRoute(one), one.origin, { kind: 'route', ns })),
    ...neighbours.map((one) => line('ip neigh', printNeighbour(one), one.origin, dev(one.dev))),
    ...fdb.map((one) => line('bridge fdb', printFdbEntry(one), one.origin, dev(one.dev))),
    ...(Object.entries(sysctl) as [keyof Sysctl, number][]).map(([key, value]) =>
      line('sysctl', printSysctl(key, value), undefined, null),
    ),
    ...ipsets.flatMap((set) =>
      printSetsSave([set])
        .split('\n')
        .filter(Boolean)
        .map((text) => line('ipset save', text, set.origin, null)),
    ),
    ...ruleLines(ns, fragment),
    ...bpfLines(ns, fragment, kinds),
  ];
}

function ruleLines(ns: NsId, { iptables = [], ip6tables = [] }: Fragment): readonly PlanLine[] {
  return [...savedLines(ns, 'iptables-save', iptables), ...savedLines(ns, 'ip6tables-save', ip6tables)];
}

function savedLines(ns: NsId, save: string, ops: readonly RuleOp[]): readonly PlanLine[] {
  return [...applyRuleOps(ops).values()].flatMap((table) =>
    [...table.chains.values()].flatMap((chain) =>
      chain.rules.map((rule): PlanLine => {
        const by = rule.origin?.by ?? null;
        return { ns, tool: `${save} -t ${table.name}`, line: printRule(chain.name, rule), by, thing: null };
      }),
    ),
  );
}

function bpfLines(ns: NsId, { bpf }: Fragment, kinds: readonly BpfMapKind[]): readonly PlanLine[] {
  if (!bpf) return [];
  const attached = bpf.attachments.map((one): PlanLine => {
    const by = one.origin?.by ?? null;
    const thing: Thing | null = 'dev' in one.at ? { kind: 'dev', ns, dev: one.at.dev } : null;
    return { ns, tool: 'bpftool net', line: attachedText(one), by, thing };
  });
  const entries = (bpf.maps ?? []).flatMap((map) => {
    const kind = kindOfMap(kinds, map.name);
    if (!kind) return [];
    const tool = kind.command(suffixOf(kind, map.name));
    return map.entries.map(({ key, value, origin }): PlanLine => {
      return { ns, tool, line: kind.print(key, value).join('   '), by: origin?.by ?? null, thing: null };
    });
  });
  return [...attached, ...entries];
}

function attachedText({ at, program }: BpfAttachment): string {
  if (at.hook === 'tail call') return `${at.array}[${at.index}] ${program}`;
  return 'dev' in at ? `${at.dev} ${at.hook} ${program}` : `${at.hook} ${program}`;
}
