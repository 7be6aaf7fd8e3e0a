/** Every field of the policies of networking.k8s.io/v1 (Kubernetes 1.34) and policy.networking.k8s.io (network-policy-api at 0eec1b0). */
import { INT, INT_OR_STRING, list, MAP, type Shape, STRING, type Struct, struct, word } from './shape.ts';

export const SELECTOR: Struct = struct('LabelSelector', {
  kept: {
    matchLabels: MAP,
    matchExpressions: list(
      struct('LabelSelectorRequirement', {
        kept: { key: STRING, operator: word('LabelSelectorOperator'), values: list(STRING) },
      }),
    ),
  },
});

const IP_BLOCK = struct('IPBlock', { kept: { cidr: STRING, except: list(STRING) } });
const PEER = struct('NetworkPolicyPeer', {
  kept: { podSelector: SELECTOR, namespaceSelector: SELECTOR, ipBlock: IP_BLOCK },
});
const PORT = struct('NetworkPolicyPort', { kept: { protocol: word('Protocol'), port: INT_OR_STRING, endPort: INT } });

export const NETWORK_POLICY_SPEC: Struct = struct('NetworkPolicySpec', {
  kept: {
    podSelector: SELECTOR,
    policyTypes: list(word('PolicyType')),
    ingress: list(struct('NetworkPolicyIngressRule', { kept: { from: list(PEER), ports: list(PORT) } })),
    egress: list(struct('NetworkPolicyEgressRule', { kept: { to: list(PEER), ports: list(PORT) } })),
  },
});

const NAMESPACED_PODS = struct('NamespacedPod', { kept: { namespaceSelector: SELECTOR, podSelector: SELECTOR } });
const IN_CLUSTER = { namespaces: SELECTOR, pods: NAMESPACED_PODS };
const OUTSIDE = { nodes: SELECTOR, networks: list(STRING) };

/** The parts of the older and the newer API that are alike, by the first words of their Go types. */
function adminSpec(
  go: string,
  traffic: Readonly<Record<string, Shape>>,
  own: Readonly<Record<string, Shape>>,
  peers: Readonly<Record<string, Shape>> = { domainNames: list(STRING) },
): Struct {
  const rule = { name: STRING, action: STRING, ...traffic };
  const from = list(struct(`${go}IngressPeer`, { kept: IN_CLUSTER }));
  const to = list(struct(`${go}EgressPeer`, { kept: { ...IN_CLUSTER, ...OUTSIDE, ...peers } }));
  return struct(`${go}Spec`, {
    kept: {
      subject: struct(`${go}Subject`, { kept: IN_CLUSTER }),
      ingress: list(struct(`${go}IngressRule`, { kept: { ...rule, from } })),
      egress: list(struct(`${go}EgressRule`, { kept: { ...rule, to } })),
      ...own,
    },
  });
}

const ADMIN_PORTS = list(
  struct('AdminNetworkPolicyPort', {
    kept: {
      portNumber: struct('Port', { kept: { protocol: STRING, port: INT } }),
      namedPort: STRING,
      portRange: struct('PortRange', { kept: { protocol: STRING, start: INT, end: INT } }),
    },
  }),
);

export const ADMIN_SPEC: Struct = adminSpec('AdminNetworkPolicy', { ports: ADMIN_PORTS }, { priority: INT });
export const BASELINE_SPEC: Struct = adminSpec('BaselineAdminNetworkPolicy', { ports: ADMIN_PORTS }, {}, {});

const RANGE = struct('PortRange', { kept: { start: INT, end: INT } });
const DESTINATION = struct('Port', { kept: { number: INT, range: RANGE } });
const protocol = (name: string): Struct =>
  struct(`ClusterNetworkPolicyProtocol${name}`, { kept: { destinationPort: DESTINATION } });
const PROTOCOLS = list(
  struct('ClusterNetworkPolicyProtocol', {
    kept: { tcp: protocol('TCP'), udp: protocol('UDP'), sctp: protocol('SCTP'), destinationNamedPort: STRING },
  }),
);

export const CLUSTER_SPEC: Struct = adminSpec(
  'ClusterNetworkPolicy',
  { protocols: PROTOCOLS },
  { tier: STRING, priority: INT },
);
