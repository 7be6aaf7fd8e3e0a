/**
 * The flows of a recorded case as rows: each over what a sync writes, over the same read back from its text, and over every listing of
 * the case. What kube-proxy's own tests say about a flow is what their tracer found, which knows no client and asks no chain of others;
 * where a real kernel was narrower the case says so, and the kernel is right.
 */
import type { Result } from '../../sim/base/result.ts';
import type { NftRecordedInputs } from '../../sim/drivers/proxy/kube-proxy/nftables/recorded-case.ts';
import { recordedTable } from '../../sim/drivers/proxy/kube-proxy/nftables/recorded-case.ts';
import { type RecordedNftCase, withLayout } from '../../sim/drivers/proxy/kube-proxy/nftables/recorded-rows.ts';
import {
  bareRules,
  opensLoopback,
  type RecordedInputs,
  restoredOver,
  standingRules,
} from '../../sim/drivers/proxy/kube-proxy/recorded-case.ts';
import { type RecordedRow, row } from '../../sim/drivers/proxy/kube-proxy/recorded-row.ts';
import { inputsBefore, PARTIAL, type RecordedCase } from '../../sim/drivers/proxy/kube-proxy/recorded-rows.ts';
import type { NetnsConfig } from '../../sim/linux/config.ts';
import { parseRuleset } from '../../sim/linux/netfilter/iptables/parse.ts';
import type { Ruleset } from '../../sim/linux/netfilter/iptables/rule.ts';
import { parseNft } from '../../sim/linux/netfilter/nftables/parse.ts';
import { printTable } from '../../sim/linux/netfilter/nftables/print.ts';
import type { NftTable } from '../../sim/linux/netfilter/nftables/ruleset.ts';
import {
  type NodeAddresses,
  nodeConfig,
  type RecordedFlow,
  returningFlow,
  strangersFlow,
  type WalkedFlow,
} from './node-flows.ts';

export interface FlowCase {
  readonly inputs?: RecordedInputs & NftRecordedInputs & { readonly rules?: string };
  readonly expected?: { readonly flows?: readonly RecordedFlow[] };
}

/** A node with the rules of one source. */
type Node = readonly [from: string, config: () => NetnsConfig];

export function iptablesFlowRows(recorded: RecordedCase & FlowCase): RecordedRow[] {
  const { inputs, expected } = recorded;
  const flows = expected?.flows ?? [];
  if (inputs?.rules !== undefined) return flowRows(flows, [tracedNode(inputs, inputs.rules)]);
  return inputs && flows.length > 0 ? flowRows(flows, iptablesNodes(recorded, inputs)) : [];
}

/** Rules that no sync wrote: the case is about the walk itself. */
const tracedNode = (inputs: NodeAddresses, rules: string): Node => [
  'the rules of the case',
  () => nodeConfig(inputs, { iptables: readable(parseRuleset(withQuotes(rules))) }),
];

/** kube-proxy's tests write some comments of several words without quotes, which iptables-restore would refuse. */
const withQuotes = (rules: string): string => rules.replace(/--comment ([^"\s]\S*(?: [^-\s]\S*)+)/g, '--comment "$1"');

function iptablesNodes(recorded: RecordedCase, inputs: RecordedInputs): Node[] {
  const { dump, dumpKind, save } = recorded.expected ?? {};
  const sysctl = opensLoopback(inputs) ? { 'ipv4.conf.all.route_localnet': 1 as const } : {};
  const node = (from: string, iptables: () => Ruleset): Node => [
    from,
    () => nodeConfig(inputs, { iptables: iptables(), sysctl }),
  ];
  const before = dumpKind === PARTIAL ? inputsBefore(recorded) : undefined;
  const standing = (): Ruleset => (before ? standingRules(before) : bareRules(inputs));
  return [
    node('what a sync writes', () => standingRules(inputs)),
    ...(dump === undefined
      ? []
      : [node('the dump, loaded', () => restoredOver(standing(), readable(parseRuleset(dump))))]),
    ...(save === undefined ? [] : [node('the listing of iptables-save', () => readable(parseRuleset(save)))]),
  ];
}

export function nftFlowRows({ inputs, layout, expected }: RecordedNftCase & FlowCase): RecordedRow[] {
  if (inputs?.endpointSlices === undefined) return [];
  const known = withLayout(inputs, layout);
  const node = (from: string, tables: () => readonly NftTable[]): Node => [
    from,
    () => nodeConfig(inputs, { nftables: tables() }),
  ];
  const written = (): NftTable => recordedTable(known);
  const texts = [expected?.dump, expected?.nftList].filter((text) => typeof text === 'string');
  return flowRows(expected?.flows ?? [], [
    node('what a sync writes', () => [written()]),
    node('the same read back from its text', () => readable(parseNft(printTable(written())))),
    ...texts.map((text) => node('a listing of the case', () => readable(parseNft(text)))),
  ]);
}

/** A listing that cannot be read must not pass for one that agrees. */
function readable<T>(parsed: Result<T, { readonly line: number; readonly message: string }>): T {
  if (!parsed.ok) throw new Error(`line ${parsed.error.line} of a listing: ${parsed.error.message}`);
  return parsed.value;
}

const flowRows = (flows: readonly RecordedFlow[], nodes: readonly Node[]): RecordedRow[] =>
  flows.flatMap((flow) => nodes.flatMap(([from, config]) => rowsOf(flow, from, config)));

function rowsOf(flow: RecordedFlow, from: string, config: () => NetnsConfig): RecordedRow[] {
  const what = `flow "${flow.name}" over ${from}`;
  const { realKernel = 'agrees', expectedOutput: output, masq = false } = flow;
  if (realKernel === 'agrees')
    return [row(what, { output, masq } satisfies WalkedFlow, () => strangersFlow(config(), flow))];
  const { outcomes, masqueraded, why } = realKernel;
  const narrower = { output: outcomes.join(', '), masq: masqueraded };
  const [once] = outcomes;
  const isSticky = outcomes.length === 1 && output.split(', ').includes(once ?? '');
  if (!isSticky) return [row(`${what}, as a real kernel: ${why}`, narrower, () => strangersFlow(config(), flow))];
  return [
    row(`${what}, from a new client`, { output, masq }, () => strangersFlow(config(), flow)),
    row(`${what}, from a known client: ${why}`, narrower, () => returningFlow(config(), flow, once ?? '')),
  ];
}
