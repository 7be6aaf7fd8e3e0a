/** What the cases of IPVS mode say: virtual and real servers, sets, rules, the device of the addresses. */
import { printIpvsadmList, printIpvsadmSave } from '../../../../linux/ipvs/print.ts';
import type { Ruleset } from '../../../../linux/netfilter/iptables/rule.ts';
import { linesOf, linesOfDump } from '../recorded-case.ts';
import { type RecordedRow, row } from '../recorded-row.ts';
import type { IpvsPlan } from './plan.ts';
import {
  planRecorded,
  type RecordedIpvsCase,
  type RecordedIpvsExpectation,
  type RecordedVirtualServer,
  recordedChain,
  recordedServers,
  recordedSets,
  sortServers,
  syncedIpvsRules,
} from './recorded-case.ts';

/** Parts of a case that say how to read another part, or how it was made. */
export const NOTES: readonly string[] = ['ipsetFamily', 'iptablesChainsNote', 'saveKind', 'ipvsadmKind'];

type RowsOf = {
  readonly [Part in keyof RecordedIpvsExpectation]-?: (
    wanted: NonNullable<RecordedIpvsExpectation[Part]>,
    plan: () => IpvsPlan,
    recorded: RecordedIpvsCase,
  ) => readonly RecordedRow[];
};

/** How each part of a case is held. */
const PARTS: RowsOf = {
  virtualServerCount: (wanted, plan) => [row('how many virtual servers', wanted, () => plan().virtualServers.length)],
  virtualServersComplete: () => [],
  virtualServers: (wanted, plan, { expected }) => serverRows(wanted, plan, expected.virtualServersComplete === true),
  ipsets: (wanted, plan) =>
    Object.entries(wanted).map(([name, members]) =>
      row(`set ${name}`, [...members].sort(), () => recordedSets(plan().ipsets, [name])[name]),
    ),
  ipsetTypes: (wanted, plan, { inputs }) => [
    row('types of the sets', wanted, () => Object.fromEntries(plan().ipsets.map(({ name, type }) => [name, type]))),
    row('family of the sets', [inputs.ipFamily === 'IPv6' ? 6 : 4], () => [
      ...new Set(plan().ipsets.map(({ family }) => family)),
    ]),
  ],
  iptablesChains: (wanted, plan) =>
    Object.entries(wanted).map(([chain, rules]) =>
      row(`chain ${chain}`, rules, () => recordedChain(syncedIpvsRules(plan()), chain)),
    ),
  dummyInterface: (wanted, plan) => [
    row('the device of the addresses', { name: wanted.name, up: false }, () => {
      const [device] = plan().devices;
      return { name: device?.name, up: device?.up };
    }),
    row('its addresses', [...wanted.addresses].sort(), () =>
      plan()
        .addresses.map(({ ip }) => ip)
        .sort(),
    ),
  ],
  restoreInput: (wanted, plan) => [
    row('what goes to iptables-restore', fromDump(wanted), () => restored(syncedIpvsRules(plan()))),
  ],
  save: (wanted, plan) => [
    // The kernel that printed it had no xt_ipvs and could not hold the rules that need it.
    row('what iptables-save prints', wanted.trim().split('\n'), () =>
      linesOf(syncedIpvsRules(plan())).filter((line) => !line.includes('-m ipvs')),
    ),
  ],
  ipvsadmLn: (wanted, plan) => [row('ipvsadm -Ln', wanted, () => printIpvsadmList(plan().virtualServers))],
  ipvsadmSn: (wanted, plan) => [row('ipvsadm -Sn', wanted, () => printIpvsadmSave(plan().virtualServers))],
};

/** A part that nobody knows is a row that cannot hold. */
export function ipvsRows(recorded: RecordedIpvsCase): RecordedRow[] {
  const { inputs, expected } = recorded;
  if (inputs?.endpointSlices === undefined) return [];
  const plan = (): IpvsPlan => planRecorded(inputs);
  return Object.entries(expected).flatMap(([part, wanted]) => {
    if (NOTES.includes(part)) return [];
    const rows = PARTS[part as keyof RowsOf] as RowsOf[keyof RowsOf] | undefined;
    return rows ? rows(wanted as never, plan, recorded) : [row(`part ${part}`, wanted, () => 'nobody knows this part')];
  });
}

function serverRows(
  servers: readonly RecordedVirtualServer[],
  plan: () => IpvsPlan,
  isComplete: boolean,
): readonly RecordedRow[] {
  const wanted = sortServers(servers);
  const isNamed = ({ address, port, protocol }: RecordedVirtualServer): boolean =>
    isComplete || wanted.some((each) => each.address === address && each.port === port && each.protocol === protocol);
  return [
    row('virtual and real servers', wanted, () =>
      saidAbout(wanted, recordedServers(plan().virtualServers).filter(isNamed)),
    ),
  ];
}

/** Only what the case says about a server is compared. */
function saidAbout(expected: readonly RecordedVirtualServer[], found: readonly RecordedVirtualServer[]) {
  return found.map((server, i) => {
    const said = expected[i] ?? server;
    const realServers = server.realServers.map((real, j) => pick(real, said.realServers[j] ?? real));
    return { ...pick(server, said), realServers };
  });
}

const pick = <T extends object>(from: T, like: object): Partial<T> =>
  Object.fromEntries(Object.entries(from).filter(([key]) => key in like)) as Partial<T>;

/** Our chains alone: what a restore input holds, without the base chains. */
function restored(ruleset: Ruleset): string[] {
  return linesOf(ruleset).filter((line) => !/^(:|-A )(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING) /.test(line));
}

const fromDump = (dump: string): string[] =>
  linesOfDump(dump).filter((line) => !/^:(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING) /.test(line));
