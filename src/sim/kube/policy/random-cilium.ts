/** Cilium's policies full of corner cases, from a seed, for the clusters of `random-cluster.ts`. */
import { makeRng } from '../../base/rng.ts';
import type {
  CiliumEgressRule,
  CiliumIngressRule,
  CiliumPolicyObject,
  CiliumPort,
  CiliumPortRule,
  CiliumRule,
} from '../cilium-policy-objects.ts';
import type { LabelSelectorObject } from '../policy-objects.ts';
import { normalisePolicy } from '../policy-spelling.ts';

const NAMESPACE = 'k8s:io.kubernetes.pod.namespace';
const TEAM = 'k8s:io.cilium.k8s.namespace.labels.team';
/** Who is the API server's node is not the same with a tunnel and without. */
const ENTITIES = ['all', 'world', 'cluster', 'host', 'remote-node', 'none'] as const;
const CIDRS = ['203.0.113.0/24', '203.0.113.10', '10.244.0.0/16', '0.0.0.0/0'];

export function randomCiliumPolicies(seed: number): readonly CiliumPolicyObject[] {
  const rng = makeRng(seed ^ 0x5eed);
  const is = (chance: number): boolean => rng.next() < chance;
  const one = <T>(of: readonly T[]): T => of[rng.int(0, of.length - 1)] as T;
  const some = <T>(max: number, make: () => T): readonly T[] => Array.from({ length: rng.int(0, max) }, make);

  const selector = (): LabelSelectorObject => {
    if (is(0.3)) return {};
    if (is(0.5)) return { matchLabels: { [one(['app', 'k8s:tier', 'any:app'])]: one(['a', 'b', '']) } };
    const operator = one(['In', 'NotIn', 'Exists', 'DoesNotExist'] as const);
    const values = operator === 'In' || operator === 'NotIn' ? { values: ['a', one(['', 'c'])] } : {};
    return { matchExpressions: [{ key: one(['app', 'tier', 'pod-template-hash']), operator, ...values }] };
  };
  const peer = (): LabelSelectorObject => {
    if (is(0.5)) return selector();
    if (is(0.2)) return { matchLabels: { 'reserved:remote-node': '' } };
    const { matchLabels = {}, matchExpressions = [] } = selector();
    const where = is(0.5) ? { [NAMESPACE]: one(['a', 'b']) } : { [TEAM]: one(['a', 'b']) };
    return { matchLabels: { ...matchLabels, ...where }, ...(matchExpressions.length > 0 ? { matchExpressions } : {}) };
  };
  const port = (): CiliumPort => ({
    port: one(['53', '80', '81', '8080', '0']),
    ...(is(0.3) ? { endPort: 9000 } : {}),
    ...(is(0.5) ? { protocol: one(['TCP', 'UDP'] as const) } : {}),
  });
  const ports = (): { readonly toPorts?: readonly CiliumPortRule[] } =>
    is(0.5) ? {} : { toPorts: some(2, () => ({ ports: some(2, port) })) };
  const from = (): CiliumIngressRule =>
    one([
      {},
      { fromEndpoints: some(2, peer) },
      { fromEndpoints: some(2, peer) },
      { fromEntities: some(2, () => one(ENTITIES)) },
      { fromCIDR: [one(CIDRS)] },
      { fromCIDRSet: [{ cidr: '0.0.0.0/0', except: ['203.0.113.0/24'] }] },
    ]);
  const to = (): CiliumEgressRule =>
    one([{}, { toEndpoints: some(2, peer) }, { toEndpoints: some(2, peer) }, { toEntities: [one(ENTITIES)] }]);
  const rule = (): CiliumRule => ({
    endpointSelector: selector(),
    ...(is(0.2) ? { enableDefaultDeny: { ingress: is(0.5), egress: is(0.5) } } : {}),
    ingress: some(2, () => ({ ...from(), ...ports() })),
    ...(is(0.3) ? { ingressDeny: some(1, () => ({ ...from(), ...ports() })) } : {}),
    ...(is(0.5) ? { egress: some(2, () => ({ ...to(), ...ports() })) } : {}),
    ...(is(0.2) ? { egressDeny: some(1, () => ({ ...to(), ...ports() })) } : {}),
  });

  return Array.from({ length: rng.int(0, 3) }, (_, at): CiliumPolicyObject => {
    const specs = is(0.8) ? { spec: rule() } : { specs: [rule(), rule()] };
    const name = `cilium-${at}`;
    return normalisePolicy(
      is(0.7)
        ? { kind: 'CiliumNetworkPolicy', namespace: one(['a', 'b']), name, ...specs }
        : { kind: 'CiliumClusterwideNetworkPolicy', name, ...specs },
    );
  });
}
