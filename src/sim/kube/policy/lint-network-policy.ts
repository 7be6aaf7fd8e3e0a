/** What is most likely a mistake in the fields that only a NetworkPolicy has. */
import { type Cidr, cidrHas, cidrsOverlap, parseCidr } from '../../wire/ip.ts';
import {
  type NetworkPolicyObject,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
  policyTypesOf,
} from '../policy-objects.ts';
import { bitsOf } from './bitset.ts';
import type { LintFinding, LintKind, LintSurroundings } from './lint-finding.ts';
import type { PolicyModel } from './model.ts';
import { selectorText } from './reasons.ts';
import { PEER_FIELDS } from './uniform.ts';

export function lintNetworkPolicy(
  model: PolicyModel,
  object: NetworkPolicyObject,
  surroundings: LintSurroundings,
): readonly LintFinding[] {
  const ref = `NetworkPolicy ${object.namespace}/${object.name}`;
  const at = (kind: LintKind, path: readonly (string | number)[], text: string): LintFinding => ({
    kind,
    ref,
    path: ['spec', ...path],
    text,
  });
  const { ingress = [], egress = [] } = object.spec;
  const lists = [
    ...ingress.map(({ from = [], ports = [] }, index) => ({
      direction: 'ingress' as const,
      index,
      peers: from,
      ports,
    })),
    ...egress.map(({ to = [], ports = [] }, index) => ({ direction: 'egress' as const, index, peers: to, ports })),
  ];
  return [
    ...lintTypes(object, at),
    ...lists.flatMap(({ direction, index, peers, ports }) => [
      ...lintDash(model, object.namespace, peers, (i, text) =>
        at('and-or', [direction, index, PEER_FIELDS[direction], i], text),
      ),
      ...peers.flatMap((peer, i) =>
        lintNet(peer, surroundings, (kind, text) =>
          at(kind, [direction, index, PEER_FIELDS[direction], i, 'ipBlock', 'cidr'], text),
        ),
      ),
      ...ports.flatMap((port, i) =>
        lintLacks(port, surroundings, (field, text) => at('not-enforced', [direction, index, 'ports', i, field], text)),
      ),
    ]),
  ];
}

type At = (kind: LintKind, path: readonly (string | number)[], text: string) => LintFinding;

function lintTypes({ spec }: NetworkPolicyObject, at: At): readonly LintFinding[] {
  const types = policyTypesOf(spec);
  const findings: LintFinding[] = [];
  for (const [type, field] of [
    ['Ingress', 'ingress'],
    ['Egress', 'egress'],
  ] as const) {
    const rules = spec[field];
    if (rules === undefined || types.includes(type)) continue;
    const isWritten = (spec.policyTypes ?? []).length > 0;
    const text =
      rules.length > 0
        ? `policyTypes does not name ${type}: these rules have no effect`
        : isWritten
          ? `policyTypes does not name ${type}: this closes nothing`
          : `closes nothing: without policyTypes an empty list of ${field} rules counts as none`;
    findings.push(at('types-against-rules', [field], text));
  }
  return findings;
}

/** `- namespaceSelector` and `- podSelector` one after the other: two items where one may have been meant. */
function lintDash(
  model: PolicyModel,
  namespace: string,
  peers: readonly NetworkPolicyPeer[],
  at: (index: number, text: string) => LintFinding,
): readonly LintFinding[] {
  return peers.flatMap((peer, index) => {
    const pair = [peer, peers[index + 1]];
    const wide = pair.find((one) => one?.namespaceSelector && !one.podSelector);
    const narrow = pair.find((one) => one?.podSelector && !one.namespaceSelector);
    if (!wide?.namespaceSelector || !narrow?.podSelector) return [];
    const { namespaceSelector } = wide;
    const { podSelector } = narrow;
    const count = (of: Parameters<typeof model.ends.found>[0]): number => bitsOf(model.ends.found(of)).length;
    const written = bitsOf(
      model.ends.foundByAny([
        { kind: 'pods', namespaces: namespaceSelector, pods: {} },
        { kind: 'pods', namespace, pods: podSelector },
      ]),
    ).length;
    const joined = count({ kind: 'pods', namespaces: namespaceSelector, pods: podSelector });
    if (written === joined) return [];
    const [pods, spaces] = [selectorText(podSelector) || 'every pod', selectorText(namespaceSelector) || 'any label'];
    return [
      at(
        index + 1,
        `the dash makes this another peer: ${pods} of ${namespace}, OR every pod of namespaces with ${spaces} (${podCount(written)}). Without it both must hold (${podCount(joined)})`,
      ),
    ];
  });
}

const podCount = (count: number): string => `${count} pod${count === 1 ? '' : 's'} here`;

function lintNet(
  { ipBlock }: NetworkPolicyPeer,
  { podCIDRs = [], serviceCIDRs = [] }: LintSurroundings,
  at: (kind: LintKind, text: string) => LintFinding,
): readonly LintFinding[] {
  const parsed = parseCidr(ipBlock?.cidr ?? '');
  if (!parsed.ok) return [];
  const net = parsed.value;
  const isInside = (outer: Cidr): boolean =>
    cidrsOverlap(outer, net) && outer.prefix <= net.prefix && cidrHas(outer, net.base);
  const pods = podCIDRs.find(isInside);
  const services = serviceCIDRs.find(isInside);
  return [
    ...(pods
      ? [
          at(
            'pod-network',
            `${net.text} lies in the pod network ${pods.text}: addresses of pods change, and Cilium finds no pod by them. Select pods by labels`,
          ),
        ]
      : []),
    ...(services
      ? [
          at(
            'service-network',
            `${net.text} lies in the Service network ${services.text}: a Service's address is translated before policies see the packet, so this matches nothing`,
          ),
        ]
      : []),
  ];
}

function lintLacks(
  { port, endPort }: NetworkPolicyPort,
  { cni }: LintSurroundings,
  at: (field: 'port' | 'endPort', text: string) => LintFinding,
): readonly LintFinding[] {
  const lacks = (what: 'endPort' | 'namedPort'): boolean => cni?.lacks?.includes(what) === true;
  return [
    ...(endPort !== undefined && lacks('endPort')
      ? [at('endPort', `${cni?.name} knows no endPort: only port ${port} counts`)]
      : []),
    ...(typeof port === 'string' && lacks('namedPort')
      ? [at('port', `${cni?.name} knows no named ports: it does not enforce this policy`)]
      : []),
  ];
}
