/** weave-npc, the policy controller: its chains and sets (prog/weave-npc/main.go, npc/namespace.go, npc/controller.go, 2.8.1). */
import { type Cluster, podNs } from '../../../kube/cluster.ts';
import type { PolicyDirection } from '../../../kube/cluster-policy.ts';
import type { IpSet } from '../../../linux/config.ts';
import type { Match, Rule, RuleOp, Target } from '../../../linux/netfilter/iptables/rule.ts';
import { MULTICAST_NET } from '../../../wire/ip.ts';
import { ACCEPT, append, comment, DROP, dstType, jump, markIsNot, newChain, RETURN } from '../../parts/rules.ts';
import * as facts from './facts.ts';
import { npcSet } from './npc-names.ts';
import { addresses, addSet, allPodsSet, NPC, type NpcRule, npcPolicies, npcRules, type Sets } from './npc-policy.ts';

const { NPC_CHAIN, EGRESS_CHAIN } = facts;
const DEFAULT_CHAIN = `${NPC_CHAIN}-DEFAULT`;
const INGRESS_CHAIN = `${NPC_CHAIN}-INGRESS`;
const EGRESS_DEFAULT_CHAIN = `${EGRESS_CHAIN}-DEFAULT`;
const EGRESS_CUSTOM_CHAIN = `${EGRESS_CHAIN}-CUSTOM`;
const EGRESS_ACCEPT_CHAIN = `${EGRESS_CHAIN}-ACCEPT`;
const EGRESS_MARK = 0x40000;
/** ulogd listens there. */
const LOG: Target = { kind: 'NFLOG', group: facts.LOG_GROUP };

const state = (...states: Extract<Match, { kind: 'conntrack' }>['states'][number][]): Match => ({
  kind: 'conntrack',
  states,
  isState: true,
});
const NEW = state('NEW');

const rule = (fields: Partial<Omit<Rule, 'origin'>>, why: string, more: Partial<Rule['origin']> = {}): Rule => ({
  matches: [],
  target: null,
  ...fields,
  origin: { by: NPC, why, ...more },
});

export function npcFragment(cluster: Cluster): {
  readonly iptables: readonly RuleOp[];
  readonly ipsets: readonly IpSet[];
} {
  const sets: Sets = new Map();
  const names = [...new Set(cluster.pods.map(({ namespace }) => namespace))].sort();
  for (const name of names) allPodsSet(cluster, name, sets);
  const isolated = { ingress: isolatedPods(cluster, 'ingress'), egress: isolatedPods(cluster, 'egress') };
  const defaults = names.map((name) => defaultRules(cluster, name, isolated, sets));
  const rules = npcRules(cluster, sets);
  const isEgressClosed = (cluster.policies ?? []).some(
    (policy) => policy.kind === 'NetworkPolicy' && policy.egress !== undefined,
  );
  return {
    iptables: [
      ...chain(
        DEFAULT_CHAIN,
        defaults.flatMap(({ ingress }) => ingress),
      ),
      ...chain(INGRESS_CHAIN, rules.filter(({ direction }) => direction === 'ingress').map(accept)),
      ...chain(NPC_CHAIN, MAIN),
      ...chain(EGRESS_ACCEPT_CHAIN, [
        rule(
          { target: { kind: 'MARK', value: EGRESS_MARK, mask: EGRESS_MARK } },
          'the egress policy lets it pass; ingress policy is still to be asked',
        ),
      ]),
      ...chain(EGRESS_CUSTOM_CHAIN, rules.filter(({ direction }) => direction === 'egress').flatMap(markAndReturn)),
      ...chain(
        EGRESS_DEFAULT_CHAIN,
        defaults.flatMap(({ egress }) => egress),
      ),
      ...chain(EGRESS_CHAIN, [...EGRESS, ...(isEgressClosed ? EGRESS_END : [])]),
    ],
    ipsets: [...sets.values()],
  };
}

const chain = (name: string, rules: readonly Rule[]): RuleOp[] => [
  newChain('filter', name),
  ...rules.map((each) => append('filter', name, each)),
];

const accept = ({ rule: asked }: NpcRule): Rule => ({ ...asked, target: ACCEPT });
const markAndReturn = ({ rule: asked }: NpcRule): Rule[] => [
  { ...asked, target: jump(EGRESS_ACCEPT_CHAIN) },
  { ...asked, target: RETURN },
];

const isolatedPods = (cluster: Cluster, direction: PolicyDirection): ReadonlySet<string> =>
  new Set(npcPolicies(cluster).flatMap((policy) => (policy[direction] === undefined ? [] : policy.pods)));

/** Pods that no policy selects for a direction may do everything in it. */
function defaultRules(
  cluster: Cluster,
  namespace: string,
  isolated: Readonly<Record<PolicyDirection, ReadonlySet<string>>>,
  sets: Sets,
): Record<PolicyDirection, readonly Rule[]> {
  const open = (direction: PolicyDirection): string => {
    const pods = cluster.pods.filter((pod) => pod.namespace === namespace && !isolated[direction].has(podNs(pod)));
    const name = npcSet(`${direction}-default-allow:${namespace}`);
    addSet(sets, name, 'hash:ip', addresses(pods), `pods of ${namespace} that no policy selects for ${direction}`);
    return name;
  };
  const asks = (direction: PolicyDirection, target: Target): Rule =>
    rule(
      {
        matches: [
          { kind: 'set', name: open(direction), dirs: [direction === 'ingress' ? 'dst' : 'src'] },
          comment(`DefaultAllow ${direction} isolation for namespace: ${namespace}`),
        ],
        target,
      },
      `no policy selects this pod for ${direction}`,
    );
  return {
    ingress: [asks('ingress', ACCEPT)],
    egress: [asks('egress', jump(EGRESS_ACCEPT_CHAIN)), asks('egress', RETURN)],
  };
}

const MAIN: readonly Rule[] = [
  rule({ matches: [state('RELATED', 'ESTABLISHED')], target: ACCEPT }, 'its flow was let in when it began'),
  rule({ dst: { value: MULTICAST_NET }, target: ACCEPT }, 'multicast is not policed (--allow-mcast)'),
  rule(
    { matches: [{ kind: 'physdev', out: facts.BRIDGE_END, isBridged: true }], target: ACCEPT },
    'it goes to a pod of another node, where that pod is policed',
  ),
  rule({ matches: [NEW], target: jump(DEFAULT_CHAIN) }, 'pods that no policy selects'),
  rule({ matches: [NEW], target: jump(INGRESS_CHAIN) }, 'what policies allow'),
];

const unmarked = markIsNot(EGRESS_MARK);

const EGRESS: readonly Rule[] = [
  rule({ matches: [state('RELATED', 'ESTABLISHED')], target: ACCEPT }, 'its flow was let out when it began'),
  rule(
    { matches: [{ kind: 'physdev', in: facts.BRIDGE_END, isBridged: true }], target: RETURN },
    'it comes from a pod of another node, where that pod was policed',
  ),
  rule({ matches: [dstType('LOCAL')], target: RETURN }, 'a pod may always call its own node'),
  rule({ dst: { value: MULTICAST_NET }, target: RETURN }, 'multicast is not policed (--allow-mcast)'),
  rule({ matches: [NEW], target: jump(EGRESS_DEFAULT_CHAIN) }, 'pods that no policy selects'),
  rule({ matches: [NEW, unmarked], target: jump(EGRESS_CUSTOM_CHAIN) }, 'what policies allow'),
];

/** Written with the first policy that has to do with egress. */
const EGRESS_END: readonly Rule[] = [
  rule({ matches: [NEW, unmarked], target: LOG }, 'what is dropped next is logged'),
  rule({ matches: [unmarked], target: DROP }, 'nothing allows this packet', { decides: 'denies', side: 'egress' }),
];
