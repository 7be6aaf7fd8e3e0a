/** kube-proxy's own test cases, replayed. They lie beside the checkout; where they are missing, those tests are skipped. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { must } from '../../sim/base/assert.ts';
import {
  planRecorded,
  type RecordedIpvsCase,
  syncedIpvsRules,
} from '../../sim/drivers/proxy/kube-proxy/ipvs/recorded-case.ts';
import { parseRuleset } from '../../sim/linux/netfilter/iptables/parse.ts';
import { nodeConfig, type RecordedFlow, returningFlow, strangersFlow } from './node-flows.ts';
import { findProxyFolders, proxyCases } from './proxy-cases.ts';
import { type FlowCase, nftFlowRows } from './proxy-flows.ts';

const FOLDER = join(process.cwd(), '../shared/truth/kube-proxy');
const isHere = existsSync(FOLDER);
const cases = isHere ? findProxyFolders(FOLDER).flatMap(proxyCases) : [];

describe.skipIf(!isHere)('kube-proxy cases (skipped where ../shared/truth is missing)', () => {
  it('are there, and each says something that a row holds', () => {
    expect(cases.length).toBeGreaterThan(0);
    expect(cases.filter(({ rows }) => rows.length === 0)).toEqual([]);
  });

  describe.each(cases)('$name', ({ rows }) => {
    it.each(rows)('$what', ({ expected, found }) => {
      expect(found()).toEqual(expected);
    });
  });
});

interface TransactionCase {
  readonly expected?: { readonly transactionOperations?: number };
}

const casesOf = <T>(mode: string): readonly (readonly [file: string, T])[] =>
  isHere
    ? readdirSync(join(FOLDER, mode)).map((file) => [
        file,
        JSON.parse(readFileSync(join(FOLDER, mode, file), 'utf8')) as T,
      ])
    : [];

describe.skipIf(!isHere)('what no row holds', () => {
  it('is the number of commands of a transaction: here a sync is the table that it leaves', () => {
    const counted = casesOf<TransactionCase>('nftables').filter(([, { expected }]) => expected?.transactionOperations);
    expect(counted.length).toBeGreaterThan(0);
  });
});

/** Where the tracer of kube-proxy's tests is wider than a kernel. Reviewed: there are these two reasons. */
const TRACER_IS_WIDER = [/^KUBE-FIREWALL drops /, /\(ClientIP session affinity\)/];

describe.skipIf(!isHere)('a real kernel', () => {
  const flows = ['iptables', 'nftables'].flatMap((mode) =>
    casesOf<FlowCase>(mode).flatMap(([file, { expected }]) =>
      (expected?.flows ?? []).map((flow): readonly [string, RecordedFlow] => [file, flow]),
    ),
  );

  it('differs from the tracer for known reasons only', () => {
    const reasons = flows.flatMap(([, { realKernel = 'agrees' }]) => (realKernel === 'agrees' ? [] : [realKernel.why]));
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.filter((why) => !TRACER_IS_WIDER.some((known) => known.test(why)))).toEqual([]);
  });
});

describe.skipIf(!isHere)('layout C', () => {
  const rows = casesOf<FlowCase>('nftables').flatMap(([file, { inputs, expected }]) => {
    const several = (expected?.flows ?? []).filter(
      ({ expectedOutput, realKernel }) => expectedOutput.includes(', ') && (realKernel ?? 'agrees') === 'agrees',
    );
    return inputs
      ? nftFlowRows({ inputs, layout: 'C', expected: { flows: several } }).map((each) => ({ ...each, file }))
      : [];
  });

  it.each(rows)('chooses the same endpoints: $file: $what', ({ expected, found }) => {
    expect((found() as { output: string }).output).toBe((expected as { output: string }).output);
  });
});

/** Where IPVS mode differs (reference/kube-proxy.md 9.19): no loopback, no short-circuit, Local falls back to all, unused ports are refused. */
const ONLY_IN_IPVS: Readonly<Record<string, { readonly output: string; readonly masq: boolean }>> = {
  'localhost to web NodePort': { output: '', masq: false },
  'node to api LB (short-circuit)': { output: '10.244.1.20:8080', masq: false },
  'pod to iTP Local service without local endpoint': { output: 'REJECT', masq: false },
  'outside to eTP Local NodePort without local endpoint': { output: '10.244.2.60:8080', masq: false },
  'outside to eTP Local externalIP without local endpoint': { output: '10.244.2.60:8080', masq: false },
  'pod to an undefined port of a ClusterIP': { output: 'REJECT', masq: false },
};

describe.skipIf(!isHere)('the demo cluster in IPVS mode, whose cases have no flows', () => {
  const demo = (mode: string): readonly unknown[] =>
    casesOf(mode).flatMap(([file, each]) => (file.endsWith('-demo-IPv4.json') ? [each] : []));
  const flows = (demo('iptables') as FlowCase[]).flatMap(({ expected }) => expected?.flows ?? []);
  const [ipvs] = demo('ipvs') as RecordedIpvsCase[];

  it.each(flows)('$name', (flow) => {
    const { inputs } = must(ipvs, 'the demo case of IPVS');
    const plan = planRecorded(inputs);
    const rules = { ...plan, iptables: syncedIpvsRules(plan), ipvs: plan.virtualServers };
    const walked = strangersFlow(nodeConfig(inputs, rules), flow);
    const other = ONLY_IN_IPVS[flow.name];
    // The scheduler is no chance: the first connection has its place in the round.
    expect(other?.output.split(', ') ?? flow.expectedOutput.split(', ')).toContain(walked.output);
    expect(walked.masq).toBe(other?.masq ?? flow.masq ?? false);
  });
});

const RULES = `*nat
:KUBE-SERVICES - [0:0]
:A - [0:0]
:B - [0:0]
-A PREROUTING -j KUBE-SERVICES
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -m recent --rcheck --seconds 60 --name A --rsource -j A
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -m recent --rcheck --seconds 60 --name B --rsource -j B
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -m statistic --mode random --probability 0.5 -j A
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j B
-A A -p tcp -m recent --set --name A --rsource -j DNAT --to-destination 10.244.1.2:8080
-A B -p tcp -m recent --set --name B --rsource -j DNAT --to-destination 10.244.2.2:8080
-A POSTROUTING -d 10.244.2.2/32 -j MASQUERADE
COMMIT
*filter
-A FORWARD -d 192.0.2.9/32 -j DROP
-A FORWARD -d 192.0.2.10/32 -j REJECT --reject-with icmp-port-unreachable
-A INPUT -p tcp -m tcp --dport 30000 -j ACCEPT
COMMIT
`;

describe('a first packet through the kernel of one node', () => {
  const parsed = parseRuleset(RULES);
  const iptables = parsed.ok ? parsed.value : new Map();
  const node = nodeConfig({ nodeIPs: ['192.168.0.2'] }, { iptables });
  const to = (destIP: string, destPort: number, sourceIP = '203.0.113.2'): RecordedFlow => ({
    name: 'own',
    sourceIP,
    destIP,
    destPort,
    expectedOutput: '',
  });

  it('goes every way that chance could', () => {
    expect(parsed.ok).toBe(true);
    expect(strangersFlow(node, to('10.96.0.10', 80))).toEqual({
      output: '10.244.1.2:8080, 10.244.2.2:8080',
      masq: true,
    });
  });

  it.each([
    ['10.244.1.2:8080', false],
    ['10.244.2.2:8080', true],
  ])('keeps to %s when the client was there before', (endpoint, masq) => {
    expect(returningFlow(node, to('10.96.0.10', 80), endpoint)).toEqual({ output: endpoint, masq });
  });

  it.each([
    ['192.0.2.9', 80, 'DROP'],
    ['192.0.2.10', 80, 'REJECT'],
    ['192.168.0.2', 30_000, 'ACCEPT'],
    ['192.0.2.11', 80, ''],
    ['127.0.0.1', 80, 'DROP'],
  ])('to %s port %i ends as "%s"', (address, port, output) => {
    expect(strangersFlow(node, to(address, port))).toEqual({ output, masq: false });
  });

  it('of the node itself meets OUTPUT, where nothing stops it', () => {
    expect(strangersFlow(node, to('192.0.2.9', 80, '192.168.0.2'))).toEqual({ output: '', masq: false });
  });
});
