/**
 * Synthetic clusters such as reference/netpol.md section 5 measures other analysers on: in each namespace a policy that closes everything
 * but DNS, then policies with selectors of every sort, named ports, ranges and outside networks. Every pod has labels of its own.
 */
import { makeRng } from '../../sim/base/rng.ts';
import type { PolicyInput, PolicyPod } from '../../sim/kube/policy/input.ts';
import type {
  LabelSelectorObject,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  PolicyObject,
} from '../../sim/kube/policy-objects.ts';
import { ip } from '../../sim/wire/ip.ts';

export interface PolicyClusterSize {
  readonly namespaces: number;
  readonly podsPerNamespace: number;
  readonly policiesPerNamespace: number;
}

const TEAMS = ['red', 'green', 'blue', 'gold'];
const TIERS = ['front', 'api', 'data', 'batch'];
const PORT_NAMES = ['http', 'grpc', 'metrics'];
const OUTSIDE = ['203.0.113.0/24', '198.51.100.0/24', '10.0.0.0/8', '172.16.0.0/12', '0.0.0.0/0'];
const SEED = 11;

export function policyCluster({ namespaces, podsPerNamespace, policiesPerNamespace }: PolicyClusterSize): PolicyInput {
  const rng = makeRng(SEED);
  const one = <T>(of: readonly T[]): T => of[rng.int(0, of.length - 1)] as T;
  const all = Array.from({ length: namespaces }, (_, at) => ({
    name: `ns-${at}`,
    labels: { team: TEAMS[at % TEAMS.length] ?? '', tier: one(TIERS) },
  }));
  const pods = all.flatMap(({ name: namespace }, ns) =>
    Array.from({ length: podsPerNamespace }, (_, at): PolicyPod => {
      const number = ns * podsPerNamespace + at;
      return {
        namespace,
        name: `pod-${at}`,
        labels: { app: `app-${at}`, tier: one(TIERS), team: one(TEAMS), id: `${number}` },
        ips: [ip(`10.244.${number >> 8}.${number & 255}`)],
        node: `node-${number % 20}`,
        ports: PORT_NAMES.filter(() => rng.next() < 0.7).map((name, i) => ({
          name,
          port: 8080 + i * 10 + rng.int(0, 2),
          protocol: 'TCP',
        })),
      };
    }),
  );
  const selector = (): LabelSelectorObject => {
    const dice = rng.int(0, 3);
    if (dice === 0) return { matchLabels: { app: `app-${rng.int(0, podsPerNamespace - 1)}` } };
    if (dice === 1) return { matchLabels: { tier: one(TIERS) } };
    const operator = dice === 2 ? ('In' as const) : ('NotIn' as const);
    return { matchExpressions: [{ key: one(['tier', 'team']), operator, values: [one(TIERS), one(TEAMS)] }] };
  };
  const peer = (): NetworkPolicyPeer => {
    const dice = rng.int(0, 4);
    if (dice === 0) return { podSelector: selector() };
    if (dice === 1) return { namespaceSelector: { matchLabels: { team: one(TEAMS) } } };
    if (dice < 4) return { namespaceSelector: { matchLabels: { tier: one(TIERS) } }, podSelector: selector() };
    const cidr = one(OUTSIDE);
    return { ipBlock: cidr === '10.0.0.0/8' ? { cidr, except: ['10.244.0.0/24'] } : { cidr } };
  };
  const port = (): NetworkPolicyPort =>
    one<NetworkPolicyPort>([
      { port: one(PORT_NAMES) },
      { port: 8080 },
      { port: 8000, endPort: 9000 },
      { protocol: 'UDP', port: 53 },
    ]);
  const several = <T>(max: number, make: () => T): readonly T[] => Array.from({ length: rng.int(1, max) }, make);
  const policies = all.flatMap(({ name: namespace }): readonly PolicyObject[] => [
    closedButDns(namespace),
    ...Array.from({ length: policiesPerNamespace - 1 }, (_, at): PolicyObject => {
      const isIngress = rng.next() < 0.5;
      const rules = isIngress
        ? { ingress: several(3, () => ({ from: several(2, peer), ports: several(2, port) })) }
        : { egress: several(3, () => ({ to: several(2, peer), ports: several(2, port) })) };
      const policyTypes = [isIngress ? ('Ingress' as const) : ('Egress' as const)];
      return {
        kind: 'NetworkPolicy',
        namespace,
        name: `policy-${at}`,
        spec: { podSelector: selector(), policyTypes, ...rules },
      };
    }),
  ]);
  return { namespaces: all, pods, nodes: [], policies };
}

const closedButDns = (namespace: string): PolicyObject => ({
  kind: 'NetworkPolicy',
  namespace,
  name: 'closed',
  spec: {
    policyTypes: ['Ingress', 'Egress'],
    egress: [
      {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
            podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
          },
        ],
        ports: [{ protocol: 'UDP', port: 53 }, { port: 53 }],
      },
    ],
  },
});
