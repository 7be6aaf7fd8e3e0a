import { kindOfMap, printTable, suffixOf } from '../../linux/bpf/kind.ts';
import type { BpfMap } from '../../linux/bpf/map.ts';
import type { Sysctl } from '../../linux/config.ts';
import { printSetsSave } from '../../linux/netfilter/ipset.ts';
import { applyRuleOps } from '../../linux/netfilter/iptables/build.ts';
import { printRuleset } from '../../linux/netfilter/iptables/print.ts';
import { printFdbEntry } from '../../linux/print/bridge-fdb.ts';
import { printAddress } from '../../linux/print/ip-addr.ts';
import { printLink } from '../../linux/print/ip-link.ts';
import { printNeighbour } from '../../linux/print/ip-neigh.ts';
import { printRoute } from '../../linux/print/ip-route.ts';
import { printSysctl } from '../../linux/print/sysctl.ts';
import type { Fragment, NodePlan } from '../contract.ts';
import { BPF_MAP_KINDS } from '../registry.ts';

/** A plan as the tools would show it on the node and in each pod: what golden texts of drivers hold. */
export function planText(plan: NodePlan): string {
  const pods = [...(plan.pods ?? [])].flatMap(([ns, fragment]) => [`##### ${ns}`, ...fragmentText(fragment)]);
  return `${[...fragmentText(plan.node), ...pods].join('\n')}\n`;
}

function fragmentText(fragment: Fragment): string[] {
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`### ${title}`, ...lines, ''];
  const sysctl = Object.entries(fragment.sysctl ?? {}) as [keyof Sysctl, number][];
  const rules = (ops: Fragment['iptables']): string[] => (ops ? printRuleset(applyRuleOps(ops)).split('\n') : []);
  const { iptables, ip6tables = [] } = fragment;
  return [
    ...section(
      'ip -d link',
      (fragment.devices ?? []).map((device) => printLink(device, fragment.devices)),
    ),
    ...section('ip addr', (fragment.addresses ?? []).map(printAddress)),
    ...section('ip route', (fragment.routes ?? []).map(printRoute)),
    ...section('ip route del', (fragment.deletedRoutes ?? []).map(printRoute)),
    ...section(
      'ip neigh',
      (fragment.neighbours ?? []).map((entry) => printNeighbour(entry)),
    ),
    ...section(
      'bridge fdb',
      (fragment.fdb ?? []).map((entry) => printFdbEntry(entry)),
    ),
    ...section(
      'sysctl',
      sysctl.map(([key, value]) => printSysctl(key, value)),
    ),
    ...section(
      'ipset save',
      printSetsSave(fragment.ipsets ?? [])
        .split('\n')
        .filter(Boolean),
    ),
    ...section('iptables-save', rules(iptables)),
    ...section('ip6tables-save', ip6tables.length > 0 ? rules(ip6tables) : []),
    ...section('eBPF programs', programLines(fragment)),
    ...(fragment.bpf?.maps ?? []).flatMap((map) => mapSection(map, section)),
  ];
}

/** `lxc… tc ingress cil_from_container`, as `bpftool net` and `bpftool cgroup` would tell it together. */
function programLines({ bpf }: Fragment): string[] {
  return (bpf?.attachments ?? []).map(({ at, program }) => {
    if (at.hook === 'tail call') return `${at.array}[${at.index}] ${program}`;
    return 'dev' in at ? `${at.dev} ${at.hook} ${program}` : `${at.hook} ${program}`;
  });
}

function mapSection(map: BpfMap, section: (title: string, lines: readonly string[]) => string[]): string[] {
  const kind = kindOfMap(BPF_MAP_KINDS, map.name);
  if (!kind || map.entries.length === 0) return [];
  const rows = map.entries.map(({ key, value }) => kind.print(key, value));
  return section(kind.command(suffixOf(kind, map.name)), printTable(kind.header, rows));
}
