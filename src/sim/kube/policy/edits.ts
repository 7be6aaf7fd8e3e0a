/** Small edits that may let a packet through at one end. Whether one does is for the oracle to say afterwards. */
import { familyOf, type Ip } from '../../wire/ip.ts';
import {
  type AdminPeer,
  type AdminPort,
  type AdminSubject,
  type ClusterProtocol,
  isCiliumPolicy,
  type LabelSelectorObject,
  type NetworkPolicyObject,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
  type PolicyObject,
  type Protocol,
} from '../policy-objects.ts';
import type { PolicyExplanation, RuleExplanation, SideExplanation } from './explain.ts';
import type { PolicyInput, PolicyPod } from './input.ts';
import { type Direction, PEER_FIELDS, refOf } from './uniform.ts';
import { peerText } from './words.ts';

/** Of one policy, or a new one. */
export interface PolicyEdit {
  /** In the imperative: `let role=web in by rule #1 of NetworkPolicy shop/db`. */
  readonly text: string;
  apply(policies: readonly PolicyObject[]): readonly PolicyObject[];
}

/** What the packet is, at one end. */
export interface Blocked {
  readonly input: PolicyInput;
  readonly side: SideExplanation;
  readonly subject: PolicyPod;
  /** A pod on the pod network; else an address. */
  readonly other: { readonly pod: PolicyPod } | { readonly ip: Ip };
  readonly protocol: Protocol;
  readonly port: number;
}

export function editsFor(blocked: Blocked): readonly PolicyEdit[] {
  const { side } = blocked;
  const asked = side.policies.filter(({ notSelected }) => notSelected === undefined);
  const denying = asked.find(({ tier, rules }) => tier !== 'NetworkPolicy' && rules.some(isDenial));
  if (denying) return adminEdits(blocked, denying, denying.rules.findIndex(isDenial));
  return [...asked.flatMap((one) => networkEdits(blocked, one)), newPolicy(blocked)];
}

const isDenial = ({ isDecisive, action }: RuleExplanation): boolean => isDecisive && action === 'deny';

const replaced = (policies: readonly PolicyObject[], ref: string, change: (object: PolicyObject) => PolicyObject) =>
  policies.map((object) => (refOf(object) === ref ? change(object) : object));

/** Labels that controllers add to the pods that they make: a person does not select by them. */
const MADE_BY_CONTROLLERS = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'job-name',
]);

/** The one label that finds the fewest other pods of the namespace; without labels, every pod of it. */
function selectorFor(pod: PolicyPod, { pods }: PolicyInput): LabelSelectorObject {
  const own = Object.entries(pod.labels).filter(([key]) => !MADE_BY_CONTROLLERS.has(key));
  const found = ([key, value]: readonly [string, string]): number =>
    pods.filter(({ namespace, labels }) => namespace === pod.namespace && labels[key] === value).length;
  const [best] = own.toSorted((a, b) => found(a) - found(b));
  return best ? { matchLabels: { [best[0]]: best[1] } } : {};
}

const namespaceNamed = (name: string): LabelSelectorObject => ({
  matchLabels: { 'kubernetes.io/metadata.name': name },
});

const singleAddress = (ip: Ip): string => `${ip}/${familyOf(ip) === 4 ? 32 : 128}`;

function networkPeer({ input, other, subject }: Blocked): NetworkPolicyPeer {
  if ('ip' in other) return { ipBlock: { cidr: singleAddress(other.ip) } };
  const podSelector = selectorFor(other.pod, input);
  if (other.pod.namespace === subject.namespace) return { podSelector };
  return { namespaceSelector: namespaceNamed(other.pod.namespace), podSelector };
}

const networkPort = ({ protocol, port }: Blocked): NetworkPolicyPort => ({
  ...(protocol === 'TCP' ? {} : { protocol }),
  port,
});

const otherText = (blocked: Blocked): string => {
  const { other } = blocked;
  if ('ip' in other) return other.ip;
  const selector = selectorFor(other.pod, blocked.input);
  const isNear = other.pod.namespace === blocked.subject.namespace;
  return peerText({
    kind: 'pods',
    ...(isNear ? {} : { namespaces: namespaceNamed(other.pod.namespace) }),
    pods: selector,
  });
};

const verb = (direction: Direction, whom: string): string =>
  direction === 'ingress' ? `let ${whom} in` : `let packets out to ${whom}`;

function networkEdits(blocked: Blocked, { policy, ref, rules }: PolicyExplanation): readonly PolicyEdit[] {
  if (policy.object.kind !== 'NetworkPolicy') return [];
  const { direction } = blocked.side;
  const { protocol, port } = blocked;
  const whom = otherText(blocked);
  const edit = (text: string, change: (object: NetworkPolicyObject) => NetworkPolicyObject): PolicyEdit => ({
    text: `${text} of ${ref}`,
    apply: (policies) =>
      replaced(policies, ref, (object) => (object.kind === 'NetworkPolicy' ? change(object) : object)),
  });
  return [
    ...rules.flatMap((rule): readonly PolicyEdit[] => {
      const name = `rule #${rule.index + 1}`;
      if (rule.isPeerFound && rule.ports.length > 0)
        return [
          edit(`add ${protocol} port ${port} to ${name}`, (object) =>
            withPort(object, direction, rule.index, networkPort(blocked)),
          ),
        ];
      if (!rule.isPeerFound && rule.ports.length === 0)
        return [
          edit(`${verb(direction, whom)} by ${name}`, (object) =>
            withPeer(object, direction, rule.index, networkPeer(blocked)),
          ),
        ];
      return [];
    }),
    edit(`${verb(direction, whom)} on ${protocol} port ${port} by a new rule`, (object) =>
      withRule(object, direction, blocked),
    ),
  ];
}

function withPort(
  object: NetworkPolicyObject,
  direction: Direction,
  index: number,
  port: NetworkPolicyPort,
): NetworkPolicyObject {
  const change = <Rule extends { readonly ports?: readonly NetworkPolicyPort[] }>(rules: readonly Rule[] = []) =>
    rules.map((rule, at) => (at === index ? { ...rule, ports: [...(rule.ports ?? []), port] } : rule));
  const { spec } = object;
  return {
    ...object,
    spec:
      direction === 'ingress' ? { ...spec, ingress: change(spec.ingress) } : { ...spec, egress: change(spec.egress) },
  };
}

function withPeer(
  object: NetworkPolicyObject,
  direction: Direction,
  index: number,
  peer: NetworkPolicyPeer,
): NetworkPolicyObject {
  const { spec } = object;
  if (direction === 'ingress') {
    const ingress = spec.ingress?.map((rule, at) =>
      at === index ? { ...rule, from: [...(rule.from ?? []), peer] } : rule,
    );
    return { ...object, spec: { ...spec, ...(ingress ? { ingress } : {}) } };
  }
  const egress = spec.egress?.map((rule, at) => (at === index ? { ...rule, to: [...(rule.to ?? []), peer] } : rule));
  return { ...object, spec: { ...spec, ...(egress ? { egress } : {}) } };
}

function withRule(object: NetworkPolicyObject, direction: Direction, blocked: Blocked): NetworkPolicyObject {
  const { spec } = object;
  const [peers, ports] = [[networkPeer(blocked)], [networkPort(blocked)]];
  if (direction === 'ingress')
    return { ...object, spec: { ...spec, ingress: [...(spec.ingress ?? []), { from: peers, ports }] } };
  return { ...object, spec: { ...spec, egress: [...(spec.egress ?? []), { to: peers, ports }] } };
}

/** Beside what is there: it selects the pod, and opens what is wanted. */
function newPolicy(blocked: Blocked): PolicyEdit {
  const { subject, input, side, protocol, port } = blocked;
  const { namespace } = subject;
  const selector = selectorFor(subject, input);
  const [peers, ports] = [[networkPeer(blocked)], [networkPort(blocked)]];
  const taken = new Set(input.policies.map(refOf));
  const base = `allow-${side.direction}-${protocol.toLowerCase()}-${port}`;
  const names = [base, ...Array.from({ length: taken.size }, (_, at) => `${base}-${at + 2}`)];
  const name = names.find((one) => !taken.has(`NetworkPolicy ${namespace}/${one}`)) ?? base;
  const rules =
    side.direction === 'ingress'
      ? { policyTypes: ['Ingress' as const], ingress: [{ from: peers, ports }] }
      : { policyTypes: ['Egress' as const], egress: [{ to: peers, ports }] };
  const isEverything = Object.keys(selector).length === 0;
  const object: NetworkPolicyObject = {
    kind: 'NetworkPolicy',
    namespace,
    name,
    spec: { ...(isEverything ? {} : { podSelector: selector }), ...rules },
  };
  return {
    text: `${verb(side.direction, otherText(blocked))} on ${protocol} port ${port} by a policy of its own, ${refOf(object)}`,
    apply: (policies) => [...policies, object],
  };
}

const adminPods = (pod: PolicyPod, input: PolicyInput): AdminSubject => ({
  pods: { namespaceSelector: namespaceNamed(pod.namespace), podSelector: selectorFor(pod, input) },
});

const adminPeer = ({ other, input }: Blocked): AdminPeer =>
  'ip' in other ? { networks: [singleAddress(other.ip)] } : adminPods(other.pod, input);

/** Before the rule that denies: one that accepts, or leaves it to the next tier. */
function adminEdits(blocked: Blocked, { policy, ref }: PolicyExplanation, at: number): readonly PolicyEdit[] {
  const { direction } = blocked.side;
  const accept = policy.object.kind === 'ClusterNetworkPolicy' ? 'Accept' : 'Allow';
  // A baseline of the older API knows no Pass; and behind the baseline nothing is left to decide.
  const actions = policy.tier === 'Admin' ? ['Pass', accept] : [accept];
  return actions.map((action) => ({
    text: `${action === 'Pass' ? `leave ${otherText(blocked)} to the next tier` : verb(direction, otherText(blocked))} by a rule before #${at + 1} of ${ref}`,
    apply: (policies) => replaced(policies, ref, (object) => withAdminRule(object, direction, at, action, blocked)),
  }));
}

function withAdminRule(
  object: PolicyObject,
  direction: Direction,
  at: number,
  action: string,
  blocked: Blocked,
): PolicyObject {
  if (isCiliumPolicy(object)) return object;
  const { protocol, port } = blocked;
  const adminPort: AdminPort = { portNumber: { ...(protocol === 'TCP' ? {} : { protocol }), port } };
  const clusterProtocol: ClusterProtocol = { [protocol.toLowerCase()]: { destinationPort: { number: port } } };
  const traffic = object.kind === 'ClusterNetworkPolicy' ? { protocols: [clusterProtocol] } : { ports: [adminPort] };
  const rule = { action, [PEER_FIELDS[direction]]: [adminPeer(blocked)], ...traffic };
  const rules: readonly unknown[] = object.spec[direction] ?? [];
  // The actions were chosen for the kind; TypeScript sees four kinds at once.
  return { ...object, spec: { ...object.spec, [direction]: rules.toSpliced(at, 0, rule) } } as PolicyObject;
}
