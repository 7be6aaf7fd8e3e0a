/** Policies for those who enforce them: selectors become addresses, names of ports the ports of every pod. */
import { must } from '../../base/assert.ts';
import { parseCidr } from '../../wire/ip.ts';
import type { CiliumPolicyObject } from '../cilium-policy-objects.ts';
import type {
  ClusterPolicy,
  LabelSelection,
  NamedPolicyPort,
  PodSelection,
  PolicyPeer,
  PolicyPort,
  PolicyProtocol,
  PolicyRule,
} from '../cluster-policy.ts';
import { selectorHolds } from '../label-selector.ts';
import {
  type AdminPeer,
  isCiliumPolicy,
  type KubernetesPolicyObject,
  type NetworkPolicyObject,
  type NetworkPolicyPeer,
} from '../policy-objects.ts';
import type { PolicyInput, PolicyPod } from './input.ts';
import { PORT_MAX } from './port-sets.ts';
import { selectorText } from './reasons.ts';
import {
  DIRECTIONS,
  type Direction,
  type PodsPeer,
  refOf,
  TIERS,
  type UniformPeer,
  type UniformPolicy,
  type UniformPort,
  type UniformRule,
  uniformPolicies,
} from './uniform.ts';
import { podsText } from './words.ts';

export function resolvePolicies(input: PolicyInput): readonly ClusterPolicy[] {
  const finder = new Finder(input);
  return input.policies
    .filter((object) => !input.off?.has(refOf(object)))
    .flatMap((object) => (isCiliumPolicy(object) ? resolveCilium(object, finder) : [resolve(object, finder)]));
}

/** As many as it has rules with a selector of their own. */
function resolveCilium(object: CiliumPolicyObject, finder: Finder): readonly ClusterPolicy[] {
  const namespace = object.kind === 'CiliumNetworkPolicy' ? object.namespace : '';
  return uniformPolicies(object).map(({ subject, leavesOpen, ...uniform }): ClusterPolicy => {
    const { selection, pods } = finder.selected(subject);
    const rules = (direction: Direction) =>
      uniform[direction] && { [direction]: uniform[direction].map((rule) => uniformRule(rule, finder)) };
    return {
      kind: object.kind,
      namespace,
      name: object.name,
      subject: selection,
      pods: pods.map((pod) => `${pod.namespace}/${pod.name}`),
      ...rules('ingress'),
      ...rules('egress'),
      ...(leavesOpen ? { leavesOpen } : {}),
    };
  });
}

function uniformRule({ name, action, peers, ports, l7 }: UniformRule, finder: Finder): PolicyRule {
  return {
    ...(name === undefined ? {} : { name }),
    ...(action === 'deny' ? { action: 'Deny' } : {}),
    ...(peers ? { peers: peers.length > 0 ? peers.map((peer) => uniformPeer(peer, finder)) : [NOBODY] } : {}),
    ...(ports ? { ports: ports.map((port) => portOf(port, finder)) } : {}),
    ...(l7 ? { l7 } : {}),
  };
}

function uniformPeer(peer: UniformPeer, finder: Finder): PolicyPeer {
  switch (peer.kind) {
    case 'pods': {
      const { selection, pods } = finder.selected(peer);
      return { kind: 'pods', selector: podsText(peer), selection, ips: pods.flatMap(({ ips }) => ips) };
    }
    case 'net':
      return { kind: 'net', cidr: peer.net, except: peer.except };
    case 'nodes':
      return { kind: 'nodes', selector: selectorText(peer.nodes), ips: finder.nodes(peer.nodes) };
    case 'domains':
    case 'entity':
      return peer;
  }
}

function resolve(object: KubernetesPolicyObject, finder: Finder): ClusterPolicy {
  const uniform = onlyOne(uniformPolicies(object));
  const namespace = object.kind === 'NetworkPolicy' ? object.namespace : '';
  const { namespaces, pods } = uniform.subject;
  const subject: PodSelection = { ...(namespaces ? { namespaces } : {}), pods };
  const whole = object.kind === 'NetworkPolicy' ? onlyOne(uniformPolicies(withBothTypes(object))) : uniform;
  const written = (directions: readonly Direction[]) =>
    Object.fromEntries(directions.map((direction) => [direction, rulesOf(object, whole, direction, finder)]));
  const concerned = DIRECTIONS.filter((direction) => uniform[direction] !== undefined);
  const idle = DIRECTIONS.filter(
    (direction) => uniform[direction] === undefined && (object.spec[direction] ?? []).length > 0,
  );
  return {
    kind: object.kind,
    namespace,
    name: object.name,
    ...(uniform.tier === TIERS[1] ? {} : { tier: uniform.tier, priority: uniform.priority }),
    subject,
    pods: finder.pods(subject, namespace).map((pod) => `${pod.namespace}/${pod.name}`),
    ...written(concerned),
    ...(idle.length > 0 ? { idle: written(idle) } : {}),
  };
}

const onlyOne = (policies: readonly UniformPolicy[]): UniformPolicy => must(policies[0], 'what the policy says');

const withBothTypes = (object: NetworkPolicyObject): NetworkPolicyObject => ({
  ...object,
  spec: { ...object.spec, policyTypes: ['Ingress', 'Egress'] },
});

/** Rule by rule beside the uniform ones, which have taken lists of networks apart. */
function rulesOf(
  object: KubernetesPolicyObject,
  policy: UniformPolicy,
  direction: Direction,
  finder: Finder,
): readonly PolicyRule[] {
  const uniform = policy[direction] ?? [];
  const written: readonly { readonly from?: readonly AnyPeer[]; readonly to?: readonly AnyPeer[] }[] =
    object.spec[direction] ?? [];
  const namespace = object.kind === 'NetworkPolicy' ? object.namespace : '';
  return uniform.map(({ name, action, ports }, i): PolicyRule => {
    const { from, to = from } = written[i] ?? {};
    const peers = (to ?? []).flatMap((peer) => peerOf(peer, namespace, finder));
    // Networks that are none find nobody, which is not the same as no peers at all.
    const isSaid = to !== undefined && to.length > 0;
    return {
      ...(name === undefined ? {} : { name }),
      ...(action === 'accept' ? {} : { action: action === 'deny' ? 'Deny' : 'Pass' }),
      ...(isSaid ? { peers: peers.length > 0 ? peers : [NOBODY] } : {}),
      ...(ports && ports.length > 0 ? { ports: ports.map((port) => portOf(port, finder)) } : {}),
    };
  });
}

const NOBODY: PolicyPeer = { kind: 'pods', selector: 'nobody', ips: [] };

type AnyPeer = NetworkPolicyPeer | AdminPeer;

function peerOf(peer: AnyPeer, namespace: string, finder: Finder): readonly PolicyPeer[] {
  const { ipBlock } = peer as NetworkPolicyPeer;
  const { networks, nodes, domainNames } = peer as AdminPeer;
  if (ipBlock !== undefined) {
    const [cidr] = netsOf([ipBlock.cidr]);
    return cidr ? [{ kind: 'net', cidr, except: netsOf(ipBlock.except ?? []) }] : [];
  }
  if (networks !== undefined) return [{ kind: 'nets', cidrs: netsOf(networks) }];
  if (nodes !== undefined) return [{ kind: 'nodes', selector: selectorText(nodes), ips: finder.nodes(nodes) }];
  if (domainNames !== undefined) return [{ kind: 'domains', names: domainNames }];
  const selection = selectionOf(peer);
  const ips = finder.pods(selection, namespace).flatMap((pod) => pod.ips);
  return [{ kind: 'pods', selector: podsText({ pods: {}, ...selection }), selection, ips }];
}

function selectionOf(peer: AnyPeer): PodSelection {
  const { podSelector, namespaceSelector } = peer as NetworkPolicyPeer;
  const { namespaces = namespaceSelector, pods } = peer as AdminPeer;
  const chosen = pods?.podSelector ?? podSelector;
  const where = pods?.namespaceSelector ?? namespaces;
  return { ...(where ? { namespaces: where } : {}), ...(chosen ? { pods: chosen } : {}) };
}

/** Validation refused what is no network; what an old document still holds finds nobody. */
const netsOf = (texts: readonly string[]) =>
  texts.flatMap((text) => {
    const parsed = parseCidr(text);
    return parsed.ok ? [parsed.value] : [];
  });

const protocolOf = (protocol: string): PolicyProtocol => protocol.toLowerCase() as PolicyProtocol;

function portOf(port: UniformPort, finder: Finder): PolicyPort {
  if ('name' in port) return finder.named(port.name, port.protocol && protocolOf(port.protocol));
  const { from, to } = port;
  const isAll = from === 1 && to === PORT_MAX;
  return { protocol: protocolOf(port.protocol), ...(isAll ? {} : { from, to }) };
}

/** Each distinct selector is looked up once. */
class Finder {
  readonly #input: PolicyInput;
  readonly #labels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly #found = new Map<string, readonly PolicyPod[]>();
  readonly #named = new Map<string, NamedPolicyPort>();

  constructor(input: PolicyInput) {
    this.#input = input;
    this.#labels = new Map(input.namespaces.map(({ name, labels }) => [name, labels]));
  }

  /** Never those on the host's network. */
  pods({ namespaces, pods = {} }: PodSelection, namespace: string): readonly PolicyPod[] {
    const key = JSON.stringify([namespaces ?? namespace, pods]);
    const known = this.#found.get(key);
    if (known) return known;
    const found = this.#input.pods.filter(
      (pod) =>
        !pod.hostNetwork &&
        selectorHolds(pods, pod.labels) &&
        (namespaces ? selectorHolds(namespaces, this.#labelsOf(pod.namespace)) : pod.namespace === namespace),
    );
    this.#found.set(key, found);
    return found;
  }

  /** Whom a peer of the uniform kind finds, and the selectors that say so. */
  selected({ namespace, namespaces, pods }: PodsPeer): {
    readonly selection: PodSelection;
    readonly pods: readonly PolicyPod[];
  } {
    const selection = { ...(namespaces ? { namespaces } : {}), pods };
    return { selection, pods: this.pods(selection, namespace ?? '') };
  }

  nodes(selector: LabelSelection) {
    return this.#input.nodes.filter(({ labels }) => selectorHolds(selector, labels)).flatMap(({ ips }) => ips);
  }

  named(name: string, protocol: PolicyProtocol | undefined): NamedPolicyPort {
    const key = `${name} ${protocol}`;
    const known = this.#named.get(key);
    if (known) return known;
    const ports = this.#input.pods.flatMap((pod) =>
      pod.hostNetwork
        ? []
        : pod.ports
            .filter((port) => port.name === name && (protocol === undefined || protocolOf(port.protocol) === protocol))
            .flatMap((port) => pod.ips.map((ip) => ({ ip, port: port.port, protocol: protocolOf(port.protocol) }))),
    );
    const found = { name, ...(protocol === undefined ? {} : { protocol }), ports };
    this.#named.set(key, found);
    return found;
  }

  #labelsOf(namespace: string): Readonly<Record<string, string>> {
    return { ...this.#labels.get(namespace), 'kubernetes.io/metadata.name': namespace };
  }
}
