/** Every field of cilium.io/v2 CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (the CRDs of Cilium 1.19). */
import { SELECTOR } from './policy-kinds.ts';
import { ANY, BOOL, INT, list, type Shape, STRING, type Struct, struct } from './shape.ts';

const EMPTY_RULE = 'the rule is kept as an empty one: it matches nothing here';
const ALL_REQUESTS = 'requests are not looked at: everything on these ports passes';

const CIDR_RULE = struct('CIDRRule', {
  kept: { cidr: STRING, except: list(STRING) },
  matters: { cidrGroupRef: EMPTY_RULE, cidrGroupSelector: EMPTY_RULE },
});
const NAME = struct('FQDNSelector', { kept: { matchName: STRING, matchPattern: STRING } });
const HTTP = struct('PortRuleHTTP', {
  kept: { method: STRING, path: STRING },
  matters: {
    host: 'not compared: any host passes',
    headers: 'not compared: a request passes without them',
    headerMatches: 'not compared: a request passes without them',
  },
});
const L7_RULES = struct('L7Rules', {
  kept: { http: list(HTTP), dns: list(NAME) },
  matters: { kafka: ALL_REQUESTS, l7: ALL_REQUESTS, l7proto: ALL_REQUESTS },
});
const PORT = struct('PortProtocol', { kept: { port: STRING, endPort: INT, protocol: STRING } });
const PORT_RULE = struct('PortRule', {
  kept: { ports: list(PORT), rules: L7_RULES },
  matters: {
    terminatingTLS: 'TLS is not taken apart',
    originatingTLS: 'TLS is not taken apart',
    serverNames: 'not compared: every server name passes',
    listener: "there are no listeners of one's own: the traffic goes straight on",
  },
});
const PORT_DENY_RULE = struct('PortDenyRule', { kept: { ports: list(PORT) } });

const LEFT_OUT = { shape: ANY, consequence: EMPTY_RULE };
const AUTHENTICATION = { authentication: 'nobody has to prove who he is' };

const from = (go: string, kept: Readonly<Record<string, Shape>>, own: Readonly<Record<string, string>>): Struct =>
  struct(go, {
    kept: {
      fromEndpoints: list(SELECTOR),
      fromEntities: list(STRING),
      fromCIDR: list(STRING),
      fromCIDRSet: list(CIDR_RULE),
      ...kept,
    },
    matters: { ...own, fromRequires: LEFT_OUT, fromGroups: LEFT_OUT, fromNodes: LEFT_OUT, icmps: LEFT_OUT },
  });

const to = (go: string, kept: Readonly<Record<string, Shape>>, own: Readonly<Record<string, string>>): Struct =>
  struct(go, {
    kept: {
      toEndpoints: list(SELECTOR),
      toEntities: list(STRING),
      toCIDR: list(STRING),
      toCIDRSet: list(CIDR_RULE),
      ...kept,
    },
    matters: {
      ...own,
      toRequires: LEFT_OUT,
      toServices: LEFT_OUT,
      toGroups: LEFT_OUT,
      toNodes: LEFT_OUT,
      icmps: LEFT_OUT,
    },
  });

/** Peers and protocols that are not modelled: a rule that has them must not be read without them. */
export const LEFT_OUT_FIELDS = [
  'fromRequires',
  'fromGroups',
  'fromNodes',
  'toRequires',
  'toServices',
  'toGroups',
  'toNodes',
  'icmps',
] as const;

export const CILIUM_RULE: Struct = struct('Rule', {
  kept: {
    endpointSelector: SELECTOR,
    description: STRING,
    enableDefaultDeny: struct('DefaultDenyConfig', { kept: { ingress: BOOL, egress: BOOL } }),
    ingress: list(from('IngressRule', { toPorts: list(PORT_RULE) }, AUTHENTICATION)),
    ingressDeny: list(from('IngressDenyRule', { toPorts: list(PORT_DENY_RULE) }, {})),
    egress: list(to('EgressRule', { toFQDNs: list(NAME), toPorts: list(PORT_RULE) }, AUTHENTICATION)),
    egressDeny: list(to('EgressDenyRule', { toPorts: list(PORT_DENY_RULE) }, {})),
  },
  idle: 'labels log',
  matters: {
    nodeSelector: {
      shape: SELECTOR,
      consequence: 'a policy for nodes: the host firewall is not modelled, and this part has no effect here',
    },
  },
});
