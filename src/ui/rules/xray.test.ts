import { describe, expect, it } from 'vitest';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { traceProbe } from '../../sim/engine/converse.ts';
import { costOf, stepsCost } from '../../sim/engine/cost.ts';
import type { Hop, Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import type { NetnsConfig } from '../../sim/linux/config.ts';
import { printIpvsadmList } from '../../sim/linux/ipvs/print.ts';
import { applyRuleOps } from '../../sim/linux/netfilter/iptables/build.ts';
import { printRuleset } from '../../sim/linux/netfilter/iptables/print.ts';
import type { Rule, RuleOp } from '../../sim/linux/netfilter/iptables/rule.ts';
import { printTable } from '../../sim/linux/netfilter/nftables/print.ts';
import { DEFAULT_SCENARIO } from '../../sim/scenario/defaults.ts';
import { foldScenario } from '../../sim/scenario/fold.ts';
import type { ScenarioState } from '../../sim/scenario/scenario.ts';
import { type Artefact, artefactOf, hasRules, iptablesRows } from './artefact.ts';
import { windowRows } from './window-rows.ts';
import { allRows, hopWithRules, visitSteps, type WalkedRow, walkedRows } from './xray.ts';

interface Visit {
  readonly world: World;
  readonly trace: Trace;
  readonly hop: Hop;
  readonly config: NetnsConfig;
  readonly artefact: Artefact;
  readonly walked: readonly WalkedRow[];
}

/** The first visit of the default probe to the client's node. */
function visitIn(mode: string): Visit {
  return visitOf({ proxy: { id: 'kube-proxy', mode } });
}

/** The same with Cilium in place of kube-proxy. */
const visitInCilium = (mode: string): Visit =>
  visitOf({ cni: { id: 'cilium', mode }, proxy: { id: 'none', mode: 'none' } });

function visitOf(change: Partial<ScenarioState>): Visit {
  const state = { ...foldScenario(DEFAULT_SCENARIO), ...change };
  const built = buildWorld(state);
  if (!built.ok || !state.probe) throw new Error('the default scenario has a world and a probe');
  const world = built.value;
  const trace = traceProbe(world, state.probe);
  // What the program itself sends: looking the name up comes before.
  const own = trace.lookup?.steps ?? 0;
  const hop = trace.hops.find(({ ns, from }) => ns === 'node-1' && from >= own);
  const config = world.namespaces.get('node-1');
  if (!hop || !config) throw new Error('the packet comes by node-1');
  const artefact = artefactOf(config);
  const walked = walkedRows(visitSteps(trace.steps, hop, hop.to), artefact, config);
  return { world, trace, hop, config, artefact, walked };
}

const said = ({ walked }: Pick<Visit, 'walked'>): readonly string[] =>
  walked.map(({ seen, row }) => `${seen}: ${row.text.trim()}`);

/** The text of a section, without its command line. */
function sectionOf({ rows }: Artefact, command: string): string {
  const from = rows.findIndex(({ text }) => text === `$ ${command}`) + 1;
  const end = rows.findIndex(({ kind }, at) => at > from && kind === 'command');
  return rows
    .slice(from, end < 0 ? rows.length : end - 1)
    .map(({ text }) => text)
    .join('\n');
}

const accept: Rule = { matches: [], target: { kind: 'ACCEPT' } };
const append = (chain: string, rule: Rule): RuleOp => ({ op: 'append', table: 'filter', chain, rule });

describe('the listing is what the tools print', () => {
  it('counts equal lines, so that one of them can be deleted', () => {
    const rows = iptablesRows(
      'node-1',
      applyRuleOps([append('FORWARD', accept), append('FORWARD', accept), append('INPUT', accept)]),
    );
    expect(
      rows.flatMap(({ deletions = [] }) =>
        deletions.flatMap((event) => (event.type === 'RuleDeleted' ? [[event.line, event.nth]] : [])),
      ),
    ).toEqual([
      ['-A INPUT -j ACCEPT', undefined],
      ['-A FORWARD -j ACCEPT', undefined],
      ['-A FORWARD -j ACCEPT', 1],
    ]);
  });

  it.each(['iptables', 'nftables', 'ipvs'])('iptables-save in mode %s', (mode) => {
    const { artefact, config } = visitIn(mode);
    expect(sectionOf(artefact, 'iptables-save')).toBe(printRuleset(config.iptables));
  });

  it('nft list table', () => {
    const { artefact, config } = visitIn('nftables');
    expect(
      config.nftables?.map((table) => sectionOf(artefact, `nft list table ${table.family} ${table.name}`)),
    ).toEqual(config.nftables?.map(printTable));
  });

  it('ipvsadm, the addresses of the dummy device, ipset', () => {
    const { artefact, config } = visitIn('ipvs');
    expect(artefact.commands).toEqual(['ipvsadm -Ln', 'ip -4 addr show dev kube-ipvs0', 'ipset save', 'iptables-save']);
    expect(sectionOf(artefact, 'ipvsadm -Ln')).toBe(printIpvsadmList(config.ipvs ?? []).slice(0, -1));
    expect(sectionOf(artefact, 'ip -4 addr show dev kube-ipvs0')).toContain('/32 scope global kube-ipvs0');
    expect(sectionOf(artefact, 'ipset save')).toMatch(/^create KUBE-LOOP-BACK hash:ip,port,ip/);
  });
});

describe('the walk', () => {
  it('iptables: every rule up to the one that matched, then where it led', () => {
    const lines = said(visitIn('iptables'));
    expect(lines[0]).toBe('unreached: PREROUTING, table nat');
    expect(lines).toContainEqual(expect.stringMatching(/^matched: -A PREROUTING .* -j KUBE-SERVICES$/));
    expect(lines).toContainEqual(expect.stringMatching(/^evaluated: -A KUBE-SERVICES /));
    expect(lines).toContainEqual(expect.stringMatching(/^matched: -A KUBE-SEP-\S+ .* -j DNAT --to-destination /));
  });

  it('nftables: under the rule the element that its lookup found, or what it missed', () => {
    const lines = said(visitIn('nftables'));
    const rule = lines.findIndex((line) =>
      line.startsWith('matched: ip daddr . meta l4proto . th dport vmap @service-ips'),
    );
    expect(rule).toBeGreaterThan(0);
    expect(lines[rule + 1]).toMatch(/^found: @service-ips: \S+ \. tcp \. 80 : goto service-\S+-default\/web\//);
    expect(lines).toContainEqual(expect.stringMatching(/^missed: @no-endpoint-services: /));
    expect(lines).toContainEqual(expect.stringMatching(/^matched: .*numgen random mod \d+ vmap/));
  });

  it('ipvs: the address, the set, the virtual server and the real server', () => {
    const lines = said(visitIn('ipvs'));
    expect(lines).toContainEqual(expect.stringMatching(/^found: KUBE-CLUSTER-IP: \S+,tcp:80$/));
    expect(lines).toContainEqual(expect.stringMatching(/^found: inet \S+\/32 scope global kube-ipvs0$/));
    const virtual = lines.findIndex((line) => /^found: TCP {2}\S+:80 rr$/.test(line));
    expect(lines[virtual + 1]).toMatch(/^found: -> \S+:8080 /);
  });

  it.each(['iptables', 'nftables', 'ipvs'])('%s: has as many rules and lookups as the cost says', (mode) => {
    const { world, trace, hop, walked } = visitIn(mode);
    const cost = stepsCost(visitSteps(trace.steps, hop, hop.to), world);
    const rules = walked.filter(({ row }) => row.kind === 'rule').length;
    // IPVS shows its virtual and its real server for one lookup, and an address that routing found.
    const shown = walked.filter(
      ({ seen, row }) => (seen === 'found' || seen === 'missed') && !/inet|->/.test(row.text),
    );
    expect({ rules, lookups: shown.length }).toEqual(cost);
    expect(costOf(trace, world).first.rules).toBeGreaterThanOrEqual(rules);
  });

  it.each(['iptables', 'nftables', 'ipvs'])('%s: the whole listing shows the same lines', (mode) => {
    const { artefact, walked } = visitIn(mode);
    const all = allRows(artefact, walked, 0);
    expect(all).toHaveLength(artefact.rows.length);
    const matched = (rows: readonly WalkedRow[]) =>
      new Set(rows.filter(({ seen }) => seen === 'matched').flatMap(({ row }) => row.keys));
    expect(matched(all)).toEqual(matched(walked));
    if (mode !== 'iptables') expect(all.some(({ seen }) => seen === 'found')).toBe(true);
  });

  it('shows the rules of the last machine that has some', () => {
    const { trace, world, hop } = visitIn('nftables');
    const shown = hopWithRules(trace, hop.from, (ns) => {
      const config = world.namespaces.get(ns);
      return config !== undefined && hasRules(config);
    });
    expect(shown).toEqual(hop);
  });
});

describe('eBPF', () => {
  it('lists programs and maps as their tools do', () => {
    const { artefact } = visitInCilium('vxlan-kpr');
    expect(artefact.commands).toEqual(
      expect.arrayContaining(['bpftool net show', 'bpftool cgroup tree', 'cilium-dbg bpf lb list']),
    );
    expect(sectionOf(artefact, 'bpftool net show')).toMatch(/^lxc\w+ tcx\/ingress cil_from_container$/m);
    expect(sectionOf(artefact, 'cilium-dbg bpf lb list')).toMatch(/^SERVICE ADDRESS +BACKEND ADDRESS/);
  });

  it.each(['vxlan', 'vxlan-kpr', 'native-ebpf'])('%s: under a program what it looked up', (mode) => {
    const lines = said(visitInCilium(mode));
    const program = lines.findIndex((line) => /^matched: lxc\w+ tcx\/ingress cil_from_container$/.test(line));
    expect(program).toBeGreaterThan(0);
    expect(lines[program - 1]).toMatch(/^unreached: cil_from_container, tc ingress of lxc/);
    expect(lines.slice(program)).toContainEqual(expect.stringMatching(/^found: cilium_ipcache_v2: 10\./));
    expect(lines).toContainEqual(expect.stringMatching(/^missed: cilium_ct4_global: nothing for /));
    expect(lines).toContainEqual(expect.stringMatching(/^matched: cilium_ct4_global: TCP OUT /));
  });

  it.each(['vxlan', 'vxlan-kpr', 'native-ebpf'])('%s: has as many lookups as the cost says', (mode) => {
    const { world, trace, hop, walked, artefact } = visitInCilium(mode);
    const lookups = walked.filter(({ seen }) => seen === 'found' || seen === 'missed').length;
    expect(lookups).toBe(stepsCost(visitSteps(trace.steps, hop, hop.to), world).lookups);
    expect(allRows(artefact, walked, 0).some(({ seen }) => seen === 'found')).toBe(true);
  });
});

describe('windowRows', () => {
  it.each([
    [10, 0, { first: 0, end: 10 }],
    [10_000, 0, { first: 0, end: 22 }],
    [10_000, 20_000, { first: 988, end: 1022 }],
    [10_000, 1e9, { first: 10_000, end: 10_000 }],
    [0, 0, { first: 0, end: 0 }],
  ])('%i rows, scrolled %i px', (count, scrollPx, expected) => {
    expect(windowRows(count, 20, scrollPx, 200)).toMatchObject(expected);
  });
});
