/**
 * What weaver writes into iptables, with the policy controller and without it (`EXPECT_NPC=0`): net/bridge.go `ConfigureIPTables` and
 * net/expose.go, 2.8.1. kube-proxy is there first: weaver inserts into FORWARD and appends everywhere else.
 */
import type { Rule, RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import { type Cidr, cidr, MULTICAST_NET } from '../../../wire/ip.ts';
import { ACCEPT, append, comment, ctstate, DROP, insert, jump, newChain, RETURN } from '../../parts/rules.ts';
import * as facts from './facts.ts';

const rule = (fields: Omit<Rule, 'origin' | 'matches'> & Partial<Pick<Rule, 'matches'>>, why: string): Rule => ({
  matches: [],
  ...fields,
  origin: { by: 'weaver', why },
});

const weave = { value: facts.BRIDGE };
const notWeave = { value: facts.BRIDGE, invert: true } as const;

export function weaveRules(range: Cidr, isPoliced: boolean): RuleOp[] {
  return [...controlPort(), ...(isPoliced ? policedForwarding() : forwarding(range)), ...masquerade(range)];
}

const NOTE = comment("NOTE: this must go before '-j KUBE-FORWARD'");

/** Everything to or from the bridge is steered through the chains of weave-npc. */
function policedForwarding(): RuleOp[] {
  const isNew = { kind: 'conntrack', states: ['NEW'], isState: true } as const;
  const log = { kind: 'NFLOG', group: facts.LOG_GROUP } as const;
  const rules = [
    rule({ iif: weave, matches: [NOTE], target: jump(facts.EGRESS_CHAIN) }, 'what pods send meets their egress policy'),
    rule(
      { oif: weave, matches: [NOTE], target: jump(facts.NPC_CHAIN) },
      'what goes to pods meets their ingress policy',
    ),
    rule({ oif: weave, matches: [isNew], target: log }, 'what is dropped next is logged'),
    denied({ oif: weave, target: DROP }),
    ...FORWARD_END,
  ];
  const toNode = rule({ iif: weave, target: jump(facts.EGRESS_CHAIN) }, 'what pods send to their own node');
  return [
    newChain('filter', facts.NPC_CHAIN),
    newChain('filter', facts.EGRESS_CHAIN),
    append('filter', 'INPUT', toNode),
    ...rules.reverse().map((each) => insert('filter', 'FORWARD', each)),
  ];
}

const denied = (fields: Parameters<typeof rule>[0]): Rule => ({
  ...rule(fields, ''),
  origin: { by: 'weaver', why: 'nothing allows this packet', decides: 'denies', side: 'ingress' },
});

const FORWARD_END: readonly Rule[] = [
  rule({ iif: weave, oif: notWeave, target: ACCEPT }, 'from the pods to the rest of the world'),
  rule({ oif: weave, matches: [ctstate('RELATED', 'ESTABLISHED')], target: ACCEPT }, 'and the answers'),
];

function controlPort(): RuleOp[] {
  const drop = rule(
    {
      dst: { value: cidr('127.0.0.1/32') },
      proto: { value: 'tcp' },
      matches: [
        { kind: 'tcp', dport: { value: { from: facts.CONTROL_PORT, to: facts.CONTROL_PORT } } },
        { kind: 'addrtype', src: { value: 'LOCAL', invert: true } },
        { kind: 'conntrack', states: ['RELATED', 'ESTABLISHED'], invert: true },
        comment('Block non-local access to Weave Net control port'),
      ],
      target: DROP,
    },
    "only the node itself may talk to weaver's control port",
  );
  return [append('filter', 'INPUT', drop)];
}

/** `ensureRulesAtTop`: the four stand above all others, in this order. */
function forwarding(range: Cidr): RuleOp[] {
  const rules = [
    rule({ iif: weave, oif: weave, target: ACCEPT }, 'from pod to pod, on this node or by way of the datapath'),
    rule({ oif: weave, target: jump(facts.EXPOSE_CHAIN) }, 'to the pods, from this node or through it'),
    ...FORWARD_END,
  ];
  return [
    newChain('filter', facts.EXPOSE_CHAIN),
    append(
      'filter',
      facts.EXPOSE_CHAIN,
      rule(
        { dst: { value: range }, target: ACCEPT },
        'the bridge has an address, so the pods can be reached from outside',
      ),
    ),
    ...rules.reverse().map((each) => insert('filter', 'FORWARD', each)),
  ];
}

function masquerade(range: Cidr): RuleOp[] {
  const all = { value: range };
  const others = { value: range, invert: true } as const;
  const rules = [
    rule(
      {
        matches: [
          { kind: 'set', name: facts.NO_MASQ_SET, dirs: ['dst'] },
          comment('Prevent SNAT to locally running containers'),
        ],
        target: RETURN,
      },
      'to a pod of this node: it sees who called (externalTrafficPolicy Local)',
    ),
    rule({ src: all, dst: { value: MULTICAST_NET }, target: RETURN }, 'multicast of pods keeps their address'),
    rule(
      { src: others, dst: all, target: { kind: 'MASQUERADE' } },
      "to a pod elsewhere: its answer must come back through this node, and to the pod the node's bridge is a neighbour",
    ),
    rule({ src: all, dst: others, target: { kind: 'MASQUERADE' } }, 'nobody outside knows a way back to a pod address'),
  ];
  return [
    newChain('nat', facts.CHAIN),
    append(
      'nat',
      'POSTROUTING',
      rule({ target: jump(facts.CHAIN) }, 'pods that leave the cluster need an address of the node'),
    ),
    ...rules.map((each) => append('nat', facts.CHAIN, each)),
  ];
}
