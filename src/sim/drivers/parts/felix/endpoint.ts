/** The two chains of each pod, to it and from it: felix/rules/endpoints.go, v3.31. */
import { type PolicyDirection, policyRef } from '../../../kube/cluster-policy.ts';
import type { RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import { type FelixRule, felixChain, limitedName } from './chain.ts';
import { IPIP_PROTOCOL, VXLAN_PORT } from './config.ts';
import type { Workload } from './dispatch.ts';
import { ACCEPTED, clear, isClear, isSet, PASSED } from './marks.ts';
import { SELECTS } from './policy.ts';
import type { Tier } from './tiers.ts';

/** A pod's device with what is asked about its packets. */
export interface Endpoint extends Workload {
  /** The policies that select it; empty: none concerns this direction. */
  readonly tiers: Readonly<Record<PolicyDirection, readonly Tier[]>>;
  /** `kns.default`, `ksa.default.default`. */
  readonly profiles: readonly string[];
}

export function endpointOps(endpoint: Endpoint): RuleOp[] {
  return [
    ...felixChain('filter', `cali-tw-${endpoint.dev}`, rulesOf(endpoint, 'ingress')),
    ...felixChain('filter', `cali-fw-${endpoint.dev}`, rulesOf(endpoint, 'egress')),
  ];
}

export const profileChain = (direction: PolicyDirection, profile: string): string =>
  limitedName(direction === 'ingress' ? 'cali-pri-' : 'cali-pro-', profile);

function rulesOf(endpoint: Endpoint, direction: PolicyDirection): FelixRule[] {
  const rules = [
    ...START,
    ...(direction === 'egress' ? NO_ENVELOPES : []),
    ...endpoint.tiers[direction].flatMap((tier) => tierRules(tier, endpoint.ref.replace(/^Pod /, ''), direction)),
    ...endpoint.profiles.flatMap((profile) => profileRules(profileChain(direction, profile), profile)),
    {
      action: '--jump DROP',
      comment: 'Drop if no profiles matched',
      why: 'neither policy nor profile let it pass',
    },
  ];
  return rules.map((rule) => ({ for: endpoint.ref, ...rule }));
}

const START: readonly FelixRule[] = [
  {
    match: '-m conntrack --ctstate RELATED,ESTABLISHED',
    action: '--jump ACCEPT',
    why: 'its flow was let in when it began: answers need no policy',
  },
  { match: '-m conntrack --ctstate INVALID', action: '--jump DROP', why: 'it belongs to no flow that could begin so' },
  { action: clear(ACCEPTED | PASSED), why: 'no policy has spoken yet' },
];

const NO_ENVELOPES: readonly FelixRule[] = [
  {
    match: `-p 17 -m multiport --destination-ports ${VXLAN_PORT}`,
    action: '--jump DROP',
    comment: 'Drop VXLAN encapped packets originating in workloads',
    why: 'a pod could slip a packet past its egress policy in such an envelope',
  },
  {
    match: `-p ${IPIP_PROTOCOL}`,
    action: '--jump DROP',
    comment: 'Drop IPinIP encapped packets originating in workloads',
    why: 'a pod could slip a packet past its egress policy in such an envelope',
  },
];

/** Once a policy of the tier `default` selects the pod, what none of them allows is dropped. */
function tierRules({ name, drops, groups }: Tier, pod: string, direction: PolicyDirection): FelixRule[] {
  const policies = groups.flatMap((group) => group.policies).map(policyRef);
  const [verb, them] = policies.length === 1 ? ['selects', 'it'] : ['select', 'them'];
  const end: FelixRule = {
    match: isClear(PASSED),
    action: '--jump DROP',
    comment: `End of tier ${name}. Drop if no policies passed packet`,
    for: policies.join(' and '),
    why: `${verb} ${pod} for ${direction}, and nothing in ${them} allows this packet`,
    decides: 'denies',
  };
  return [
    { action: clear(PASSED), comment: `Start of tier ${name}`, why: 'policies select this pod in this direction' },
    ...groups.flatMap((group): FelixRule[] => [
      {
        match: isClear(PASSED),
        action: `--jump ${group.chain}`,
        for: group.policies.map(policyRef).join(' and '),
        why: group.policies.length === 1 ? SELECTS : 'they select this pod',
      },
      {
        match: isSet(ACCEPTED),
        action: '--jump RETURN',
        comment: 'Return if policy accepted',
        why: 'a policy allows it',
      },
    ]),
    ...(drops ? [end] : []),
  ];
}

const profileRules = (chain: string, profile: string): FelixRule[] => [
  { action: `--jump ${chain}`, why: `what the profile ${profile} says about pods without policy` },
  {
    match: isSet(ACCEPTED),
    action: '--jump RETURN',
    comment: 'Return if profile accepted',
    why: 'the profile allows it',
  },
];

/** Namespaces allow everything, service accounts nothing more (libcalico-go/lib/backend/k8s/conversion, v3.31). */
export function profileOps(profiles: readonly string[]): RuleOp[] {
  return profiles.flatMap((profile) =>
    (['ingress', 'egress'] as const).flatMap((direction) =>
      felixChain('filter', profileChain(direction, profile), [
        {
          ...(profile.startsWith('kns.') ? { action: `--jump MARK --set-mark 0x10000/0x10000` } : {}),
          comment: `Profile ${profile} ${direction}`,
          why: profile.startsWith('kns.')
            ? 'pods that no policy selects may talk to everybody'
            : 'a service account has no rules of its own',
        },
      ]),
    ),
  );
}
