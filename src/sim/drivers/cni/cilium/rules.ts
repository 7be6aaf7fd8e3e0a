/**
 * Cilium's iptables chains (pkg/datapath/iptables/iptables.go, 1.19). Each is fed by a rule at the top of a built-in chain.
 * SIMPLIFIED: no TPROXY rules (CILIUM_PRE_mangle), because the L7 proxy reads requests where policies are asked (`programs/policy-map.ts`).
 */
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import type { IpSet } from '../../../linux/config.ts';
import type { HookName, Match, Rule, RuleOp, TableName, Target } from '../../../linux/netfilter/iptables/rule.ts';
import { ip } from '../../../wire/ip.ts';
import { ACCEPT, append, comment, ctstate, hostNet, insert, jump, newChain } from '../../parts/rules.ts';
import { routerIp } from './addresses.ts';
import * as facts from './facts.ts';
import type { CiliumSettings } from './modes.ts';

const NODE_SET = 'cilium_node_set_v4';
const LXC = 'lxc+';
const NOTRACK: Target = { kind: 'NOTRACK' };
const MASQUERADE: Target = { kind: 'MASQUERADE' };

const CHAINS: readonly (readonly [TableName, HookName, string])[] = [
  ['filter', 'INPUT', 'CILIUM_INPUT'],
  ['filter', 'OUTPUT', 'CILIUM_OUTPUT'],
  ['raw', 'OUTPUT', 'CILIUM_OUTPUT_raw'],
  ['nat', 'POSTROUTING', 'CILIUM_POST_nat'],
  ['nat', 'OUTPUT', 'CILIUM_OUTPUT_nat'],
  ['nat', 'PREROUTING', 'CILIUM_PRE_nat'],
  ['mangle', 'POSTROUTING', 'CILIUM_POST_mangle'],
  ['mangle', 'PREROUTING', 'CILIUM_PRE_mangle'],
  ['raw', 'PREROUTING', 'CILIUM_PRE_raw'],
  ['filter', 'FORWARD', 'CILIUM_FORWARD'],
];

const mark = (value: number, mask: number): Match => ({ kind: 'mark', value, mask });
const notMark = (value: number, mask: number): Match => ({ kind: 'mark', value, mask, invert: true });

export function ciliumRules(cluster: Cluster, node: ClusterNode, settings: CiliumSettings): RuleOp[] {
  const rule: MakeRule = (where, matches, note, target, why) => ({
    ...where,
    matches: [...matches, comment(note)],
    target,
    origin: { by: 'cilium-agent', for: `Node ${node.name}`, why },
  });
  return [
    ...CHAINS.map(([table, , chain]) => newChain(table, chain)),
    ...filterRules(rule),
    ...rawRules(rule),
    ...(settings.bpfMasquerade ? [] : natRules(rule, cluster, node, settings)),
    ...CHAINS.map(([table, hook, chain]) =>
      insert(
        table,
        hook,
        rule({}, [], `cilium-feeder: ${chain}`, jump(chain), "Cilium's rules stand before all others"),
      ),
    ),
  ];
}

type MakeRule = (
  where: Pick<Rule, 'src' | 'dst' | 'iif' | 'oif'>,
  matches: readonly Match[],
  note: string,
  target: Target,
  why: string,
) => Rule;

function filterRules(rule: MakeRule): RuleOp[] {
  const forward = (where: Pick<Rule, 'iif' | 'oif'>, note: string): RuleOp =>
    append(
      'filter',
      'CILIUM_FORWARD',
      rule(where, [], note, ACCEPT, 'pods pass even where the policy of FORWARD is DROP'),
    );
  const output = (bits: number, note: string): RuleOp =>
    append('filter', 'CILIUM_OUTPUT', rule({}, [mark(bits, 0xe00)], note, ACCEPT, 'the L7 proxy may send'));
  const others = [
    notMark(0xe00, 0xf00),
    notMark(0xd00, 0xf00),
    notMark(0x400, 0xf00),
    notMark(0xa00, 0xe00),
    notMark(0x800, 0xe00),
    notMark(0xf00, 0xf00),
  ];
  return [
    forward({ oif: { value: facts.HOST_DEVICE } }, 'cilium: any->cluster on cilium_host forward accept'),
    forward({ iif: { value: facts.HOST_DEVICE } }, 'cilium: cluster->any on cilium_host forward accept (nodeport)'),
    forward({ iif: { value: LXC } }, 'cilium: cluster->any on lxc+ forward accept'),
    forward({ iif: { value: facts.NET_DEVICE } }, 'cilium: cluster->any on cilium_net forward accept (nodeport)'),
    append(
      'filter',
      'CILIUM_INPUT',
      rule(
        {},
        [mark(0x200, 0xf00)],
        'cilium: ACCEPT for proxy traffic',
        ACCEPT,
        'what was led to the L7 proxy may come in',
      ),
    ),
    output(0xa00, 'cilium: ACCEPT for proxy traffic'),
    output(0x800, 'cilium: ACCEPT for l7 proxy upstream traffic'),
    append(
      'filter',
      'CILIUM_OUTPUT',
      rule(
        {},
        others,
        'cilium: host->any mark as from host',
        { kind: 'MARK', value: facts.MARK_HOST, mask: facts.MARK_MASK },
        'programs on the way shall know that the node itself sent it',
      ),
    ),
  ];
}

function rawRules(rule: MakeRule): RuleOp[] {
  const out = (dev: string, bits: Match, note: string): RuleOp =>
    append(
      'raw',
      'CILIUM_OUTPUT_raw',
      rule({ oif: { value: dev } }, [bits], note, NOTRACK, 'the proxy has its own connection'),
    );
  const back = mark(0xa00, 0xfffffeff);
  const upstream = mark(0x800, 0xe00);
  return [
    out(LXC, back, 'cilium: NOTRACK for proxy return traffic'),
    out(facts.HOST_DEVICE, back, 'cilium: NOTRACK for proxy return traffic'),
    out(LXC, upstream, 'cilium: NOTRACK for L7 proxy upstream traffic'),
    out(facts.HOST_DEVICE, upstream, 'cilium: NOTRACK for L7 proxy upstream traffic'),
    append(
      'raw',
      'CILIUM_PRE_raw',
      rule({}, [mark(0x200, 0xf00)], 'cilium: NOTRACK for proxy traffic', NOTRACK, 'the proxy has its own connection'),
    ),
  ];
}

function natRules(rule: MakeRule, cluster: Cluster, node: ClusterNode, { routing }: CiliumSettings): RuleOp[] {
  const isNative = routing === 'native';
  const pods = { value: node.podCIDR };
  const router: Target = { kind: 'SNAT', to: routerIp(node) };
  const spared = { value: isNative ? cluster.podCIDR : node.podCIDR, invert: true } as const;
  const onHost = { oif: { value: facts.HOST_DEVICE } };
  const localhost = hostNet(ip('127.0.0.1'));
  const rules: Rule[] = [
    ...(isNative
      ? [
          rule(
            { src: pods },
            [{ kind: 'set', name: NODE_SET, dirs: ['dst'] }],
            'exclude traffic to cluster nodes from masquerade',
            ACCEPT,
            'nodes know the way back to pods',
          ),
        ]
      : []),
    rule(
      { src: pods, dst: spared, oif: { value: 'cilium_+', invert: true } },
      [],
      'cilium masquerade non-cluster',
      MASQUERADE,
      'nobody outside knows a way back to a pod address',
    ),
    rule(
      {},
      [mark(0xa00, 0xe00)],
      'exclude proxy return traffic from masquerade',
      ACCEPT,
      'the proxy answers as the pod',
    ),
    ...(isNative
      ? []
      : [
          rule(
            { ...onHost, src: { ...pods, invert: true }, dst: { ...pods, invert: true } },
            [],
            'cilium host->cluster masquerade',
            router,
            'what is not from a pod must come back through this node',
          ),
        ]),
    rule(
      { ...onHost, src: { value: localhost } },
      [],
      'cilium host->cluster from 127.0.0.1 masquerade',
      router,
      'nobody can answer to 127.0.0.1 of another machine',
    ),
    rule(
      onHost,
      [mark(facts.MARK_IDENTITY, facts.MARK_MASK), ctstate('DNAT')],
      'hairpin traffic that originated from a local pod',
      router,
      'the answer of a pod on this node must come back through the IP stack',
    ),
  ];
  return rules.map((each) => append('nat', 'CILIUM_POST_nat', each));
}

/** All nodes: what pods send to them keeps its address where the nodes know a way back. */
export function nodeSet(cluster: Cluster, { routing, bpfMasquerade }: CiliumSettings): IpSet[] {
  if (routing !== 'native' || bpfMasquerade) return [];
  return [
    {
      name: NODE_SET,
      type: 'hash:ip',
      family: 4,
      members: cluster.nodes.map((node) => node.ip),
      origin: { by: 'cilium-agent', why: 'the addresses of all nodes' },
    },
  ];
}
