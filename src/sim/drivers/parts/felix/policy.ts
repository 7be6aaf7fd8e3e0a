/**
 * NetworkPolicies as chains and sets: felix/rules/policy.go and libcalico-go/lib/backend/k8s/conversion, v3.31. A rule allows by a mark;
 * what iptables cannot say in one rule (several networks, more than 15 ports) is a block of rules that work on scratch marks.
 */
import { sha224 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { toBase64url } from '../../../base/base64url.ts';
import { groupBy } from '../../../base/group-by.ts';
import type { ClusterPolicy, PolicyPeer, PolicyPortRange, PolicyRule } from '../../../kube/cluster-policy.ts';
import { isNamedPort } from '../../../kube/cluster-policy.ts';
import type { IpSet } from '../../../linux/config.ts';
import type { RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import { BY, type FelixRule, felixChain, limitedName } from './chain.ts';
import { setName } from './config.ts';
import type { Direction } from './endpoint.ts';
import { ACCEPTED, clear, isSet, SCRATCH_0, SCRATCH_1, set, setMasked } from './marks.ts';

/** Slots of one multiport match; a range takes two. */
const PORT_SLOTS_MAX = 15;

const nameOf = ({ namespace, name }: ClusterPolicy): string => `${namespace}/knp.default.${name}`;

/** `cali-pi-…`: of the tier and the policy's name within Calico. */
export function policyChain(direction: Direction, policy: ClusterPolicy): string {
  return limitedName(direction === 'ingress' ? 'cali-pi-' : 'cali-po-', `default/${nameOf(policy)}`);
}

/** Policies that concern a pod in a direction, by name: Kubernetes gives them no other order. */
export function policiesOf(policies: readonly ClusterPolicy[], pod: string, direction: Direction): ClusterPolicy[] {
  return policies
    .filter((policy) => policy[direction] !== undefined && policy.pods.includes(pod))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

export function policyOps(policy: ClusterPolicy): RuleOp[] {
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const asked = policy[direction];
    if (asked === undefined) return [];
    const rules = withoutLastReturn(asked.flatMap((rule) => ruleOf(rule, direction)));
    const [first = { why: 'it allows nothing' }, ...rest] = rules;
    const comment = `Policy ${nameOf(policy)} ${direction}`;
    const whose = `NetworkPolicy ${policy.namespace}/${policy.name}`;
    const all = [{ ...first, comment }, ...rest].map((rule): FelixRule => ({ ...rule, for: whose }));
    return felixChain('filter', policyChain(direction, policy), all);
  });
}

/** A return at the end of a chain changes nothing, so Felix leaves it out. */
function withoutLastReturn(rules: readonly FelixRule[]): readonly FelixRule[] {
  return rules.at(-1)?.action === RETURN ? rules.slice(0, -1) : rules;
}

const RETURN = '--jump RETURN';

/** One rule of the API becomes one of Calico for each protocol and, because a rule has one selector, for each peer that is a selector. */
function ruleOf({ peers, ports }: PolicyRule, direction: Direction): FelixRule[] {
  const byProtocol: readonly (readonly PolicyPortRange[])[] =
    ports && ports.length > 0
      ? [
          ...groupBy(
            ports.filter((port): port is PolicyPortRange => !isNamedPort(port)),
            ({ protocol }) => protocol,
          ).values(),
        ]
      : [[]];
  return byProtocol.flatMap((some) =>
    (peers && peers.length > 0 ? peers : [null]).flatMap((peer) => allow(peer, some, direction)),
  );
}

function allow(peer: PolicyPeer | null, ports: readonly PolicyPortRange[], direction: Direction): FelixRule[] {
  const proto = ports[0] ? `-p ${ports[0].protocol}` : '';
  const isEveryPort = ports.some(({ from }) => from === undefined);
  const splits = isEveryPort ? [] : splitPorts(ports);
  const except = peer?.kind === 'net' ? peer.except : [];
  const net = peer?.kind === 'net' ? `${SIDE[direction].net} ${peer.cidr.text}` : '';
  const members = peer?.kind === 'pods' ? `-m set --match-set ${policySet(peer.selector)} ${SIDE[direction].dir}` : '';
  const block = matchBlock(
    splits.length > 1 ? splits.map((split) => `${proto} ${split}`) : [],
    except.map(({ text }) => `${SIDE[direction].net} ${text}`),
  );
  const match = [proto, net, members, splits.length === 1 ? splits[0] : '', block.length > 0 ? isSet(SCRATCH_0) : ''];
  return [
    ...block,
    { match: match.filter(Boolean).join(' '), action: set(ACCEPTED), why: 'the policy allows it' },
    { match: isSet(ACCEPTED), action: RETURN, why: 'the policy has allowed it' },
  ];
}

/** Ingress rules look at who sends, egress rules at who gets it. */
const SIDE = {
  ingress: { net: '--source', dir: 'src' },
  egress: { net: '--destination', dir: 'dst' },
} as const;

/** Port lists that fit one multiport match each. */
function splitPorts(ports: readonly PolicyPortRange[]): string[] {
  const splits: string[][] = [[]];
  let slots = PORT_SLOTS_MAX;
  for (const { from = 0, to = from } of ports) {
    const needed = from === to ? 1 : 2;
    if (slots < needed) {
      splits.push([]);
      slots = PORT_SLOTS_MAX;
    }
    splits.at(-1)?.push(from === to ? String(from) : `${from}:${to}`);
    slots -= needed;
  }
  return splits
    .filter((split) => split.length > 0)
    .map((split) => `-m multiport --destination-ports ${split.join(',')}`);
}

/** "Any of these, and none of those", with one scratch bit: set by what fits, cleared by an exception (`matchBlockBuilder`). */
function matchBlock(anyOf: readonly string[], noneOf: readonly string[]): FelixRule[] {
  if (anyOf.length === 0 && noneOf.length === 0) return [];
  const start = anyOf.length > 0 ? 0 : SCRATCH_0;
  return [
    { action: setMasked(start, SCRATCH_0 | SCRATCH_1), why: 'a condition of several rules begins' },
    ...anyOf.map((match) => ({ match, action: set(SCRATCH_0), why: 'one of the ports fits' })),
    ...noneOf.map((match) => ({ match, action: clear(SCRATCH_0), why: 'an exception of the address block' })),
  ];
}

/** `cali40s:…`: the addresses of the pods that a selector finds. SIMPLIFIED: Felix hashes the selector in a normal form of its own. */
export const policySet = (selector: string): string =>
  setName(`s:${toBase64url(sha224(utf8ToBytes(selector)))}`).slice(0, SET_NAME_MAX);
const SET_NAME_MAX = 31;

/** The sets that the policies ask, each once. */
export function policySets(policies: readonly ClusterPolicy[]): IpSet[] {
  const peers = policies.flatMap(({ ingress = [], egress = [] }) =>
    [...ingress, ...egress].flatMap((rule) => rule.peers ?? []),
  );
  const sets = new Map<string, IpSet>();
  for (const peer of peers)
    if (peer.kind === 'pods')
      sets.set(policySet(peer.selector), {
        name: policySet(peer.selector),
        type: 'hash:net',
        family: 4,
        members: [...peer.ips].sort(),
        origin: { by: BY, why: `the pods that ${peer.selector} finds` },
      });
  return [...sets.values()];
}
