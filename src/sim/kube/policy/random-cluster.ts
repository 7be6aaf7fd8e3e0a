/** Small clusters full of corner cases, from a seed: what laws are held against. */
import { makeRng, type Rng } from '../../base/rng.ts';
import { type Ip, ip } from '../../wire/ip.ts';
import type {
  AdminEgressRule,
  AdminPeer,
  AdminPort,
  AdminSubject,
  ClusterProtocol,
  LabelSelectorObject,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  PolicyObject,
  Protocol,
} from '../policy-objects.ts';
import { normalisePolicy } from '../policy-spelling.ts';
import type { PolicyInput, PolicyPod } from './input.ts';

const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
const NETWORKS = [
  '10.244.0.0/16',
  '10.244.0.0/24',
  '10.244.0.2/32',
  '203.0.113.0/24',
  '0.0.0.0/0',
  '::/0',
  'fd00::/64',
];
const PORT_NAMES = ['http', 'metrics'];
const PORTS = [53, 80, 81, 8080];

interface Dice extends Rng {
  one<T>(of: readonly T[]): T;
  some<T>(max: number, make: () => T): readonly T[];
  is(chance: number): boolean;
}

function makeDice(seed: number): Dice {
  const rng = makeRng(seed);
  return {
    ...rng,
    one: (of) => of[rng.int(0, of.length - 1)] as (typeof of)[number],
    some: (max, make) => Array.from({ length: rng.int(0, max) }, make),
    is: (chance) => rng.next() < chance,
  };
}

const labelsOf = (dice: Dice, keys: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(keys.filter(() => dice.is(0.6)).map((key) => [key, dice.one(['a', 'b', ''])]));

function selectorOf(dice: Dice, keys: readonly string[]): LabelSelectorObject {
  if (dice.is(0.3)) return {};
  if (dice.is(0.6)) return { matchLabels: { [dice.one(keys)]: dice.one(['a', 'b', '']) } };
  const operator = dice.one(['In', 'NotIn', 'Exists', 'DoesNotExist'] as const);
  const takesValues = operator === 'In' || operator === 'NotIn';
  return {
    matchExpressions: [
      { key: dice.one(keys), operator, ...(takesValues ? { values: ['a', dice.one(['', 'c'])] } : {}) },
    ],
  };
}

const POD_KEYS = ['app', 'tier'];
const NODE_IPS: Readonly<Record<string, readonly Ip[]>> = {
  'node-1': [ip('192.168.56.11'), ip('fd00:56::11')],
  'node-2': [ip('192.168.56.12'), ip('fd00:56::12')],
};
const NAMESPACE_KEYS = ['team', 'kubernetes.io/metadata.name'];

/** Every pod of it has an address of each family; one is on the host's network. */
export function randomCluster(seed: number): PolicyInput {
  const dice = makeDice(seed);
  const namespaces = ['a', 'b', 'n2'].map((name) => ({ name, labels: labelsOf(dice, ['team']) }));
  const pods = Array.from({ length: dice.int(2, 6) }, (_, at): PolicyPod => {
    const node = dice.one(['node-1', 'node-2']);
    const isOnHost = at === 1 && dice.is(0.5);
    return {
      namespace: dice.one(['a', 'b', 'n2']),
      name: `pod-${at}`,
      labels: labelsOf(dice, POD_KEYS),
      ips: isOnHost ? (NODE_IPS[node] ?? []) : [ip(`10.244.${at % 2}.${at + 2}`), ip(`fd00::${at % 2}:${at + 2}`)],
      node,
      ...(isOnHost ? { hostNetwork: true } : {}),
      ports: dice.some(2, () => ({ name: dice.one(PORT_NAMES), port: dice.one(PORTS), protocol: dice.one(PROTOCOLS) })),
    };
  });
  const nodes = [1, 2].map((at) => ({
    name: `node-${at}`,
    ips: NODE_IPS[`node-${at}`] ?? [],
    labels: labelsOf(dice, ['team']),
  }));
  return { namespaces, pods, nodes, policies: randomPolicies(dice) };
}

const randomPolicies = (dice: Dice): readonly PolicyObject[] => [
  ...Array.from({ length: dice.int(0, 4) }, (_, at) => networkPolicy(dice, `np-${at}`)),
  ...(dice.is(0.5) ? [adminPolicy(dice), clusterPolicy(dice, 'Admin')] : []),
  ...(dice.is(0.5) ? [dice.is(0.5) ? baselinePolicy(dice) : clusterPolicy(dice, 'Baseline')] : []),
];

function networkPolicy(dice: Dice, name: string): PolicyObject {
  const peers = (): readonly NetworkPolicyPeer[] => dice.some(2, () => networkPeer(dice));
  const ports = (): readonly NetworkPolicyPort[] => dice.some(2, () => networkPort(dice));
  return normalisePolicy({
    kind: 'NetworkPolicy',
    namespace: dice.one(['a', 'b']),
    name,
    spec: {
      podSelector: selectorOf(dice, POD_KEYS),
      ...(dice.is(0.7) ? { policyTypes: dice.one([['Ingress'], ['Egress'], ['Ingress', 'Egress']] as const) } : {}),
      ingress: dice.some(2, () => ({ from: peers(), ports: ports() })),
      egress: dice.some(2, () => ({ to: peers(), ports: ports() })),
    },
  });
}

function networkPeer(dice: Dice): NetworkPolicyPeer {
  if (dice.is(0.3)) {
    const cidr = dice.one(NETWORKS);
    return { ipBlock: cidr === '10.244.0.0/16' ? { cidr, except: ['10.244.0.0/24'] } : { cidr } };
  }
  const podSelector = selectorOf(dice, POD_KEYS);
  const namespaceSelector = selectorOf(dice, NAMESPACE_KEYS);
  return dice.one([{ podSelector }, { namespaceSelector }, { podSelector, namespaceSelector }]);
}

function networkPort(dice: Dice): NetworkPolicyPort {
  const protocol = dice.is(0.5) ? {} : { protocol: dice.one(PROTOCOLS) };
  if (dice.is(0.2)) return protocol;
  if (dice.is(0.4)) return { ...protocol, port: dice.one(PORT_NAMES) };
  return { ...protocol, port: dice.one(PORTS), ...(dice.is(0.3) ? { endPort: 9000 } : {}) };
}

function subjectOf(dice: Dice): AdminSubject {
  if (dice.is(0.5)) return { namespaces: selectorOf(dice, NAMESPACE_KEYS) };
  return { pods: { namespaceSelector: selectorOf(dice, NAMESPACE_KEYS), podSelector: selectorOf(dice, POD_KEYS) } };
}

function outsidePeer(dice: Dice): AdminPeer {
  if (dice.is(0.5)) return subjectOf(dice);
  return dice.is(0.3) ? { nodes: selectorOf(dice, ['team']) } : { networks: [dice.one(NETWORKS)] };
}

function adminPort(dice: Dice, mayBeNamed: boolean): AdminPort {
  const protocol = { protocol: dice.one(PROTOCOLS) };
  if (mayBeNamed && dice.is(0.3)) return { namedPort: dice.one(PORT_NAMES) };
  if (dice.is(0.5)) return { portNumber: { ...protocol, port: dice.one(PORTS) } };
  return { portRange: { ...protocol, start: dice.one([53, 80]), end: 8080 } };
}

function adminRules<const Action extends string>(dice: Dice, actions: readonly Action[]) {
  const ports = (mayBeNamed: boolean) => (dice.is(0.5) ? {} : { ports: [adminPort(dice, mayBeNamed)] });
  return {
    ingress: dice.some(2, () => ({ action: dice.one(actions), from: [subjectOf(dice)], ...ports(true) })),
    egress: dice.some(2, (): AdminEgressRule<Action> => {
      const to = [outsidePeer(dice)];
      return { action: dice.one(actions), to, ...ports(to[0]?.networks === undefined && to[0]?.nodes === undefined) };
    }),
  };
}

const adminPolicy = (dice: Dice): PolicyObject =>
  normalisePolicy({
    kind: 'AdminNetworkPolicy',
    name: 'admin',
    spec: { priority: 10, subject: subjectOf(dice), ...adminRules(dice, ['Allow', 'Deny', 'Pass']) },
  });

const baselinePolicy = (dice: Dice): PolicyObject =>
  normalisePolicy({
    kind: 'BaselineAdminNetworkPolicy',
    name: 'default',
    spec: { subject: subjectOf(dice), ...adminRules(dice, ['Allow', 'Deny']) },
  });

function clusterPolicy(dice: Dice, tier: 'Admin' | 'Baseline'): PolicyObject {
  const action = () => dice.one(['Accept', 'Deny', 'Pass'] as const);
  const protocols = (): { readonly protocols?: readonly ClusterProtocol[] } => {
    const destinationPort = dice.is(0.5) ? { number: dice.one(PORTS) } : { range: { start: 80, end: 8080 } };
    return dice.is(0.5) ? {} : { protocols: [dice.one([{ tcp: { destinationPort } }, { udp: { destinationPort } }])] };
  };
  return normalisePolicy({
    kind: 'ClusterNetworkPolicy',
    name: `cluster-${tier.toLowerCase()}`,
    spec: {
      tier,
      priority: dice.one([5, 20]),
      subject: subjectOf(dice),
      ingress: dice.some(2, () => ({ name: 'in', action: action(), from: [subjectOf(dice)], ...protocols() })),
      egress: dice.some(2, () => ({ action: action(), to: [outsidePeer(dice)], ...protocols() })),
    },
  });
}
