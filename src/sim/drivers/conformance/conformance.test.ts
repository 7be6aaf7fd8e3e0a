/** What every driver owes, whatever it writes. A new driver is greeted by these tests as soon as it is in the registry. */
import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.ts';
import { type Cluster, type ClusterNode, podNs } from '../../kube/cluster.ts';
import { familiesOf, ipsOf } from '../../kube/families.ts';
import { kindOfMap } from '../../linux/bpf/kind.ts';
import { keyText } from '../../linux/bpf/map.ts';
import { applyRuleOps } from '../../linux/netfilter/iptables/build.ts';
import { parseRuleset } from '../../linux/netfilter/iptables/parse.ts';
import { printRuleset } from '../../linux/netfilter/iptables/print.ts';
import { BUILTIN_CHAINS, type Ruleset, type Table } from '../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../linux/origin.ts';
import { printFdbEntry } from '../../linux/print/bridge-fdb.ts';
import { printAddress } from '../../linux/print/ip-addr.ts';
import { printNeighbour } from '../../linux/print/ip-neigh.ts';
import { printRoute } from '../../linux/print/ip-route.ts';
import type { CniDriver, Fragment, NodePlan, ProxyDriver } from '../contract.ts';
import { kubeletPlan } from '../parts/kubelet.ts';
import { BPF_MAP_KINDS, BPF_PROGRAMS, CNIS, cniById, PROXIES, proxyById, withoutDuplicates } from '../registry.ts';
import { DUAL, ONLY_SIX } from './dual-cluster.ts';
import { APART, LAB, readdressed } from './lab-cluster.ts';
import { planText } from './plan-text.ts';
import { POLICIES } from './policies.ts';

/** IFNAMSIZ less the closing zero. */
const DEVICE_NAME_MAX = 15;
/** XT_EXTENSION_MAXNAMELEN less the closing zero. */
const CHAIN_NAME_MAX = 28;
/** What a machine has before any driver comes. */
const OWN_DEVICES = ['lo', 'eth0'];

const clusters: readonly (readonly [string, Cluster])[] = [
  ['the reference cluster', LAB],
  ['a node without pods', { ...LAB, pods: LAB.pods.filter((pod) => pod.node !== 'node-1') }],
  ['a single node', { ...LAB, nodes: LAB.nodes.slice(0, 1), pods: LAB.pods.filter((pod) => pod.node === 'node-1') }],
  ['nothing to serve', { ...LAB, services: [] }],
  ['policies', { ...LAB, policies: POLICIES }],
  ['two node subnets', APART],
  ['both families', DUAL],
  ['IPv6 alone', ONLY_SIX],
];

type Choice = readonly [
  name: string,
  cni: CniDriver,
  cniMode: string,
  proxy: ProxyDriver,
  proxyMode: string,
  cluster: Cluster,
];

/**
 * Neither a CNI nor a proxy knows of the other, so everything meets everything on the reference cluster only; on the others each CNI meets
 * the main mode of each proxy, and each proxy one CNI.
 */
const allChoices: readonly Choice[] = CNIS.flatMap((cni, nthCni) =>
  cni.modes.flatMap((cniMode, nthCniMode) =>
    PROXIES.flatMap((proxy) =>
      proxy.modes.flatMap((proxyMode, nthProxyMode) => {
        const meetsAll = nthCni + nthCniMode === 0 || nthProxyMode === 0;
        return clusters
          .slice(0, meetsAll ? undefined : 1)
          .map(
            ([about, cluster]): Choice => [
              `${cni.id}/${cniMode.id} with ${proxy.id}/${proxyMode.id} on ${about}`,
              cni,
              cniMode.id,
              proxy,
              proxyMode.id,
              refusesFamilies(cni, cniMode.id, cluster) === null
                ? readdressed(cluster, cni.ipam?.(cniMode.id))
                : cluster,
            ],
          );
      }),
    ),
  ),
);

function refusesFamilies(cni: CniDriver, mode: string, cluster: Cluster): string | null {
  return cni.refusesFamilies?.(familiesOf(cluster), mode) ?? null;
}

/** A combination that cannot be gives a reason, and never a plan. */
const reasonAgainst = ([, cni, cniMode, proxy, proxyMode, cluster]: Choice): string | null =>
  refusesFamilies(cni, cniMode, cluster) ?? cni.refuses(cluster, cniMode) ?? proxy.refuses(cluster, proxyMode);
const choices = allChoices.filter((choice) => reasonAgainst(choice) === null);

it.each(allChoices.filter((choice) => reasonAgainst(choice) !== null).map((choice) => [choice[0], choice] as const))(
  '%s is refused with a reason and a way out',
  (_name, choice) => {
    expect(reasonAgainst(choice)).toMatch(/\. [A-Z].*\.$/);
  },
);

interface Planned {
  readonly node: ClusterNode;
  readonly plans: readonly NodePlan[];
  /** Of iptables and of ip6tables. */
  readonly rulesets: readonly Ruleset[];
}

function planAll([, cni, cniMode, proxy, proxyMode, cluster]: Choice): Planned[] {
  return cluster.nodes.map((node) => {
    const plans = [
      kubeletPlan(familiesOf(cluster)),
      proxy.plan(cluster, node, proxyMode),
      cni.plan(cluster, node, cniMode, {}),
    ];
    const rulesets = (['iptables', 'ip6tables'] as const).map((tool) =>
      applyRuleOps(plans.flatMap((plan) => plan.node[tool] ?? [])),
    );
    return { node, plans, rulesets };
  });
}

/** Every fragment with the name of its namespace. */
function fragmentsOf({ node, plans }: Planned): [string, Fragment][] {
  return plans.flatMap((plan) => [[node.name, plan.node] as [string, Fragment], ...(plan.pods ?? [])]);
}

function originsOf(fragment: Fragment): (Origin | undefined)[] {
  const { iptables = [], ip6tables = [] } = fragment;
  const rules = [...iptables, ...ip6tables].flatMap((op) => ('rule' in op ? [op.rule] : []));
  const { devices = [], addresses = [], routes = [], neighbours = [], fdb = [], bpf } = fragment;
  const programs = [...(bpf?.attachments ?? []), ...(bpf?.maps ?? []).flatMap(({ entries }) => entries)];
  return [...devices, ...addresses, ...routes, ...neighbours, ...fdb, ...rules, ...programs].map(
    ({ origin }) => origin,
  );
}

const jumpsOf = (table: Table, chain: string): string[] =>
  (table.chains.get(chain)?.rules ?? []).flatMap(({ target }) => (target && 'chain' in target ? [target.chain] : []));

/** The chains on a way from `chain` back to itself, or null. */
function findLoop(table: Table, chain: string, way: readonly string[] = []): readonly string[] | null {
  if (way.includes(chain)) return [...way, chain];
  for (const next of jumpsOf(table, chain)) {
    const loop = findLoop(table, next, [...way, chain]);
    if (loop) return loop;
  }
  return null;
}

const isRepeated = (lines: readonly string[]): string[] => lines.filter((line, i) => lines.indexOf(line) !== i);

/** Keyed by name, because tables and user chains print in an order of their own. Rules keep theirs. */
function withoutOrigins(ruleset: Ruleset): unknown {
  const chainsOf = ({ chains }: Table): unknown =>
    Object.fromEntries(
      [...chains].map(([name, { policy, rules }]) => [
        name,
        { policy, rules: rules.map(({ origin: _origin, ...rule }) => rule) },
      ]),
    );
  return Object.fromEntries([...ruleset].map(([name, table]) => [name, chainsOf(table)]));
}

describe.each(choices)('%s', (...choice) => {
  const [, , , , , cluster] = choice;
  const refusal = reasonAgainst(choice);
  const nodes = refusal === null ? planAll(choice) : [];

  it('runs, or says in a sentence why not', () => {
    expect(refusal === null || /^\S.*\.$/.test(refusal)).toBe(true);
  });

  it('is a function of the cluster: the same plan again', () => {
    expect(refusal === null ? planAll(choice) : []).toEqual(nodes);
  });

  it('says who wrote each object and why', () => {
    const origins = nodes.flatMap((planned) => fragmentsOf(planned).flatMap(([, fragment]) => originsOf(fragment)));
    const isTold = (origin: Origin | undefined): boolean =>
      origin !== undefined && /\S/.test(origin.by) && /[^.]$/.test(origin.why ?? '');
    expect(origins.filter((origin) => !isTold(origin))).toEqual([]);
  });

  it('names only devices that exist, each with its own name', () => {
    for (const planned of nodes) {
      for (const [ns, fragment] of fragmentsOf(planned)) {
        const { devices = [], addresses = [], routes = [], neighbours = [], fdb = [] } = fragment;
        const names = devices.map(({ name }) => name);
        const known = new Set([...names, ...(ns === planned.node.name ? OWN_DEVICES : ['lo'])]);
        const used = [
          ...[...addresses, ...neighbours, ...fdb].map(({ dev }) => dev),
          ...routes.flatMap(({ dev }) => dev ?? []),
          ...devices.flatMap(({ master }) => master ?? []),
          ...(fragment.bpf?.attachments ?? []).flatMap(({ at }) => ('dev' in at ? [at.dev] : [])),
          ...devices.flatMap((device) => (device.kind === 'vxlan' ? [device.vxlan.lower] : [])),
        ];
        expect(used.filter((name) => !known.has(name))).toEqual([]);
        expect(isRepeated(names)).toEqual([]);
        expect(names.filter((name) => name.length > DEVICE_NAME_MAX || /[\s/]/.test(name))).toEqual([]);
      }
    }
  });

  it('plugs both ends of every cable', () => {
    for (const planned of nodes) {
      const ends = fragmentsOf(planned).flatMap(([ns, { devices = [] }]) =>
        devices.flatMap((device) =>
          device.kind === 'veth' ? [[`${ns} ${device.name}`, `${device.peer.ns} ${device.peer.dev}`]] : [],
        ),
      );
      const peerOf = new Map(ends as [string, string][]);
      for (const [end, peer] of peerOf) expect(peerOf.get(peer)).toBe(end);
    }
  });

  it('gives every pod its address', () => {
    for (const planned of nodes) {
      const pods = cluster.pods.filter((pod) => pod.node === planned.node.name);
      const fragments = new Map(fragmentsOf(planned));
      for (const pod of pods) {
        const given = fragments.get(podNs(pod))?.addresses?.map(({ ip }) => ip);
        expect(given).toEqual(expect.arrayContaining([...ipsOf(pod)]));
      }
    }
  });

  it('gives every object of a namespace its own line', () => {
    for (const planned of nodes) {
      for (const [, { addresses = [], routes = [], neighbours = [], fdb = [] }] of fragmentsOf(planned)) {
        expect(isRepeated(addresses.map(printAddress))).toEqual([]);
        expect(isRepeated(routes.map(printRoute))).toEqual([]);
        expect(isRepeated(neighbours.map((entry) => printNeighbour(entry)))).toEqual([]);
        expect(isRepeated(fdb.map((entry) => printFdbEntry(entry)))).toEqual([]);
      }
    }
  });

  it('attaches only programs that exist, once in each place, and knows how its maps are printed', () => {
    for (const planned of nodes) {
      for (const [, { bpf }] of fragmentsOf(planned)) {
        const { attachments = [], maps = [] } = bpf ?? {};
        expect(attachments.filter(({ program }) => !BPF_PROGRAMS.has(program))).toEqual([]);
        expect(isRepeated(attachments.map(({ at }) => JSON.stringify(at)))).toEqual([]);
        expect(maps.filter(({ name }) => !kindOfMap(BPF_MAP_KINDS, name))).toEqual([]);
        for (const { entries } of maps) expect(isRepeated(entries.map(({ key }) => keyText(key)))).toEqual([]);
      }
    }
  });

  it('jumps only to chains that exist, and never in a circle', () => {
    for (const ruleset of nodes.flatMap(({ rulesets }) => rulesets)) {
      for (const table of ruleset.values()) {
        const jumps = [...table.chains.keys()].flatMap((chain) => jumpsOf(table, chain));
        expect(jumps.filter((chain) => !table.chains.has(chain))).toEqual([]);
        for (const chain of BUILTIN_CHAINS[table.name]) expect(findLoop(table, chain)).toBeNull();
        expect([...table.chains.keys()].filter((chain) => chain.length > CHAIN_NAME_MAX)).toEqual([]);
      }
    }
  });

  it('prints rules that are read back as the same rules', () => {
    for (const ruleset of nodes.flatMap(({ rulesets }) => rulesets)) {
      const read = parseRuleset(printRuleset(ruleset));
      expect(read.ok).toBe(true);
      if (read.ok) expect(withoutOrigins(read.value)).toEqual(withoutOrigins(ruleset));
    }
  });
});

describe('the registry', () => {
  it.each([...CNIS, ...PROXIES].map((driver) => [driver.id, driver] as const))('introduces %s', (_id, driver) => {
    expect(driver.id).toMatch(/^[a-z0-9-]+$/);
    expect(driver.modes.length).toBeGreaterThan(0);
    for (const { about } of [driver, ...driver.modes]) expect(about).toMatch(/^[A-Z].*\.$/);
    expect(driver.factsFrom).toMatch(/v\d/);
  });

  it('finds drivers by id and knows no others', () => {
    expect(cniById('flannel').id).toBe('flannel');
    expect(proxyById('none').id).toBe('none');
    expect(() => cniById('none')).toThrow(/CNI driver "none"/);
    expect(() => proxyById('flannel')).toThrow(/proxy driver "flannel"/);
  });

  it('refuses two drivers, or two modes, with one name', () => {
    const one = must(CNIS[0], 'a driver');
    const mode = must(one.modes[0], 'a mode');
    expect(() => withoutDuplicates('CNI', [one, one])).toThrow(/"flannel"/);
    expect(() => withoutDuplicates('CNI', [{ ...one, modes: [mode, mode] }])).toThrow(/"flannel\/vxlan"/);
  });
});

describe.each(CNIS.flatMap((cni) => cni.modes.map(({ id }) => [cni.id, id, cni] as const)))(
  'policies of %s %s',
  (_id, mode, cni) => {
    it('change what it writes, if it enforces them, and else nothing', () => {
      const text = (cluster: Cluster): string =>
        planText(cni.plan(cluster, must(cluster.nodes[0], 'a node'), mode, {}));
      const plain = readdressed(LAB, cni.ipam?.(mode));
      expect(text({ ...plain, policies: POLICIES }) !== text(plain)).toBe(cni.enforcesPolicies(mode).by !== null);
    });
  },
);
