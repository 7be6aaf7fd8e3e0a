/** kube-proxy's own IPVS cases, replayed. They lie beside the checkout; where they are missing, these tests are skipped. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { printIpvsadmList, printIpvsadmSave } from '../../../../linux/ipvs/print.ts';
import type { Ruleset } from '../../../../linux/netfilter/iptables/rule.ts';
import { linesOf, linesOfDump } from '../recorded-case.ts';
import {
  planRecorded,
  type RecordedIpvsCase,
  type RecordedIpvsExpectation,
  recordedChain,
  recordedServers,
  recordedSets,
  sortServers,
  syncedIpvsRules,
} from './recorded-case.ts';

const folder = new URL('../../../../../../../shared/truth/kube-proxy/ipvs/', import.meta.url);
const isHere = existsSync(folder);

/** Parts of a case that the replay does not hold against anything. Reviewed: each with its reason. */
const NOT_MODELLED: Readonly<Record<string, string>> = {
  ipsetFamily: 'every set of a case has the family of the case: held together with the type',
  iptablesChainsNote: 'says how to read another part',
  saveKind: 'says how another part was made',
  ipvsadmKind: 'says how another part was made',
};

const HELD: readonly (keyof RecordedIpvsExpectation)[] = [
  'virtualServerCount',
  'virtualServersComplete',
  'virtualServers',
  'ipsets',
  'ipsetTypes',
  'iptablesChains',
  'dummyInterface',
  'restoreInput',
  'save',
  'ipvsadmLn',
  'ipvsadmSn',
];

const files = isHere ? readdirSync(folder).sort() : [];
const cases = files.map((file) => [file, read(file)] as const);

function read(file: string): RecordedIpvsCase {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as RecordedIpvsCase;
}

const withPart = (part: keyof RecordedIpvsExpectation): (readonly [string, RecordedIpvsCase])[] =>
  cases.filter(([, { expected }]) => expected[part] !== undefined);

describe('IPVS cases', () => {
  it.skipIf(!isHere)('lie in ../shared/truth/kube-proxy/ipvs, where everything below is read from', () => {
    expect(files.length).toBeGreaterThan(0);
  });

  it.skipIf(!isHere)('have no part that nobody looks at', () => {
    const parts = new Set(cases.flatMap(([, { expected }]) => Object.keys(expected)));
    expect([...parts].filter((part) => !HELD.some((held) => held === part) && !(part in NOT_MODELLED))).toEqual([]);
  });
});

/** Only what the case says about a server is compared. */
function saidAbout(expected: ReturnType<typeof sortServers>, found: ReturnType<typeof sortServers>) {
  return found.map((server, i) => {
    const said = expected[i] ?? server;
    const pick = <T extends object>(from: T, like: object): Partial<T> =>
      Object.fromEntries(Object.entries(from).filter(([key]) => key in like)) as Partial<T>;
    const realServers = server.realServers.map((real, j) => pick(real, said.realServers[j] ?? real));
    return { ...pick(server, said), realServers };
  });
}

describe.skipIf(!isHere)('virtual and real servers', () => {
  it.each(withPart('virtualServers'))('%s', (_file, { inputs, expected }) => {
    const wanted = sortServers(expected.virtualServers ?? []);
    const isNamed = ({ address, port, protocol }: (typeof wanted)[number]): boolean =>
      expected.virtualServersComplete === true ||
      wanted.some((each) => each.address === address && each.port === port && each.protocol === protocol);
    const found = recordedServers(planRecorded(inputs).virtualServers).filter(isNamed);
    expect(saidAbout(wanted, found)).toEqual(wanted);
  });

  it.each(withPart('virtualServerCount'))('%s: how many', (_file, { inputs, expected }) => {
    expect(planRecorded(inputs).virtualServers).toHaveLength(expected.virtualServerCount ?? 0);
  });
});

describe.skipIf(!isHere)('sets', () => {
  it.each(withPart('ipsets'))('%s', (_file, { inputs, expected }) => {
    const wanted = Object.entries(expected.ipsets ?? {}).map(([name, members]) => [name, [...members].sort()]);
    expect(recordedSets(planRecorded(inputs).ipsets, Object.keys(expected.ipsets ?? {}))).toEqual(
      Object.fromEntries(wanted),
    );
  });

  it.each(withPart('ipsetTypes'))('%s: types and family', (_file, { inputs, expected }) => {
    const { ipsets } = planRecorded(inputs);
    expect(Object.fromEntries(ipsets.map(({ name, type }) => [name, type]))).toEqual(expected.ipsetTypes);
    expect(new Set(ipsets.map(({ family }) => family))).toEqual(new Set([inputs.ipFamily === 'IPv6' ? 6 : 4]));
  });
});

describe.skipIf(!isHere)('the device of the addresses', () => {
  it.each(withPart('dummyInterface'))('%s', (_file, { inputs, expected }) => {
    const { devices, addresses } = planRecorded(inputs);
    expect(devices.map(({ name, up }) => ({ name, up }))).toEqual([{ name: expected.dummyInterface?.name, up: false }]);
    expect(addresses.map(({ ip }) => ip).sort()).toEqual([...(expected.dummyInterface?.addresses ?? [])].sort());
  });
});

/** Our chains alone: what a restore input holds, without the base chains. */
function restored(ruleset: Ruleset): string[] {
  return linesOf(ruleset).filter((line) => !/^(:|-A )(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING) /.test(line));
}

const fromDump = (dump: string): string[] =>
  linesOfDump(dump).filter((line) => !/^:(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING) /.test(line));

describe.skipIf(!isHere)('iptables rules', () => {
  it.each(withPart('iptablesChains'))('%s: chains', (_file, { inputs, expected }) => {
    const ruleset = syncedIpvsRules(planRecorded(inputs));
    for (const [chain, rules] of Object.entries(expected.iptablesChains ?? {})) {
      expect(recordedChain(ruleset, chain)).toEqual(rules);
    }
  });

  it.each(withPart('restoreInput'))('%s: what goes to iptables-restore', (_file, { inputs, expected }) => {
    expect(restored(syncedIpvsRules(planRecorded(inputs)))).toEqual(fromDump(expected.restoreInput ?? ''));
  });

  it.each(withPart('save'))('%s: what iptables-save prints', (_file, { inputs, expected }) => {
    // The kernel that printed it had no xt_ipvs and could not hold the rules that need it.
    const lines = linesOf(syncedIpvsRules(planRecorded(inputs))).filter((line) => !line.includes('-m ipvs'));
    expect(lines).toEqual((expected.save ?? '').trim().split('\n'));
  });
});

describe.skipIf(!isHere)('ipvsadm', () => {
  it.each(withPart('ipvsadmLn'))('%s: -Ln', (_file, { inputs, expected }) => {
    expect(printIpvsadmList(planRecorded(inputs).virtualServers)).toBe(expected.ipvsadmLn);
  });

  it.each(withPart('ipvsadmSn'))('%s: -Sn', (_file, { inputs, expected }) => {
    expect(printIpvsadmSave(planRecorded(inputs).virtualServers)).toBe(expected.ipvsadmSn);
  });
});
