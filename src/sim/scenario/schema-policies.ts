/** Policies as they come from outside: every field that `kube/policy-objects.ts` has, and no other. */
import * as v from 'valibot';
import { PORTS_MAX, RULES_MAX } from './limits.ts';
import { cidrText, enumOf, integer, label, labels, listOf, portName, portNumber, subdomain } from './schema-basics.ts';
import { ciliumPolicies } from './schema-cilium-policies.ts';

const labelKey = v.pipe(v.string('must be the key of a label'), v.maxLength(317), v.regex(/^[\w./-]+$/));
const labelValue = v.pipe(v.string('must be the value of a label'), v.maxLength(63), v.regex(/^[\w.-]*$/));

const selector = v.strictObject({
  matchLabels: v.exactOptional(labels),
  matchExpressions: v.exactOptional(
    listOf(
      v.strictObject({
        key: labelKey,
        operator: enumOf(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: v.exactOptional(listOf(labelValue, RULES_MAX)),
      }),
      PORTS_MAX,
    ),
  ),
});

const protocol = v.exactOptional(enumOf(['TCP', 'UDP', 'SCTP']));
const cidrs = listOf(cidrText, RULES_MAX);

const peers = v.exactOptional(
  listOf(
    v.strictObject({
      podSelector: v.exactOptional(selector),
      namespaceSelector: v.exactOptional(selector),
      ipBlock: v.exactOptional(v.strictObject({ cidr: cidrText, except: v.exactOptional(cidrs) })),
    }),
    RULES_MAX,
  ),
);

const ports = v.exactOptional(
  listOf(
    v.strictObject({
      protocol,
      port: v.exactOptional(v.union([portNumber, portName], 'must be the number or the name of a port')),
      endPort: v.exactOptional(portNumber),
    }),
    RULES_MAX,
  ),
);

const networkPolicy = v.strictObject({
  kind: v.literal('NetworkPolicy'),
  namespace: label,
  name: subdomain,
  spec: v.strictObject({
    podSelector: v.exactOptional(selector),
    policyTypes: v.exactOptional(listOf(enumOf(['Ingress', 'Egress']), 2)),
    ingress: v.exactOptional(listOf(v.strictObject({ from: peers, ports }), RULES_MAX)),
    egress: v.exactOptional(listOf(v.strictObject({ to: peers, ports }), RULES_MAX)),
  }),
});

const inCluster = {
  namespaces: v.exactOptional(selector),
  pods: v.exactOptional(v.strictObject({ namespaceSelector: selector, podSelector: selector })),
};
const domainName = v.pipe(v.string('must be the name of a domain'), v.maxLength(253), v.regex(/^[\w.*-]+$/));
const subject = v.strictObject(inCluster);
const from = listOf(subject, RULES_MAX);
const to = listOf(
  v.strictObject({
    ...inCluster,
    nodes: v.exactOptional(selector),
    networks: v.exactOptional(cidrs),
    domainNames: v.exactOptional(listOf(domainName, RULES_MAX)),
  }),
  RULES_MAX,
);
const ruleName = v.exactOptional(v.pipe(v.string('must be the name of a rule'), v.maxLength(100)));
const priority = integer(0, 1000);
const range = { start: portNumber, end: portNumber };

const adminPorts = v.exactOptional(
  listOf(
    v.strictObject({
      portNumber: v.exactOptional(v.strictObject({ protocol, port: portNumber })),
      portRange: v.exactOptional(v.strictObject({ protocol, ...range })),
      namedPort: v.exactOptional(v.pipe(v.string('must be the name of a port'), v.maxLength(63))),
    }),
    RULES_MAX,
  ),
);

const rules = <const Actions extends readonly string[]>(actions: Actions) => ({
  ingress: v.exactOptional(
    listOf(v.strictObject({ name: ruleName, action: enumOf(actions), from, ports: adminPorts }), RULES_MAX),
  ),
  egress: v.exactOptional(
    listOf(v.strictObject({ name: ruleName, action: enumOf(actions), to, ports: adminPorts }), RULES_MAX),
  ),
});

const destination = v.exactOptional(
  v.strictObject({
    destinationPort: v.exactOptional(
      v.strictObject({ number: v.exactOptional(portNumber), range: v.exactOptional(v.strictObject(range)) }),
    ),
  }),
);

const protocols = v.exactOptional(
  listOf(
    v.strictObject({
      tcp: destination,
      udp: destination,
      sctp: destination,
      destinationNamedPort: v.exactOptional(v.pipe(v.string('must be the name of a port'), v.maxLength(63))),
    }),
    RULES_MAX,
  ),
);

const clusterAction = enumOf(['Accept', 'Deny', 'Pass']);

export const policies = [
  networkPolicy,
  ...ciliumPolicies,
  v.strictObject({
    kind: v.literal('AdminNetworkPolicy'),
    name: subdomain,
    spec: v.strictObject({ priority, subject, ...rules(['Allow', 'Deny', 'Pass']) }),
  }),
  v.strictObject({
    kind: v.literal('BaselineAdminNetworkPolicy'),
    name: subdomain,
    spec: v.strictObject({ subject, ...rules(['Allow', 'Deny']) }),
  }),
  v.strictObject({
    kind: v.literal('ClusterNetworkPolicy'),
    name: subdomain,
    spec: v.strictObject({
      tier: enumOf(['Admin', 'Baseline']),
      priority,
      subject,
      ingress: v.exactOptional(
        listOf(v.strictObject({ name: ruleName, action: clusterAction, from, protocols }), RULES_MAX),
      ),
      egress: v.exactOptional(
        listOf(v.strictObject({ name: ruleName, action: clusterAction, to, protocols }), RULES_MAX),
      ),
    }),
  }),
] as const;
