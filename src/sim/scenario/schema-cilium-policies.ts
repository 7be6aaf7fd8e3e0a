/** Cilium's policies as they come from outside: every field that `kube/cilium-policy-objects.ts` has, and no other. */
import * as v from 'valibot';
import { CILIUM_ENTITIES, CILIUM_PROTOCOLS } from '../kube/cilium-policy-objects.ts';
import { parseIp } from '../wire/ip.ts';
import { PORTS_MAX, RULES_MAX } from './limits.ts';
import { cidrText, enumOf, integer, label, listOf, sourcedLabels, subdomain } from './schema-basics.ts';

const labelKey = v.pipe(v.string('must be the key of a label'), v.maxLength(317), v.regex(/^[\w./:-]+$/));
const labelValue = v.pipe(v.string('must be the value of a label'), v.maxLength(63), v.regex(/^[\w.-]*$/));

const selector = v.strictObject({
  matchLabels: v.exactOptional(sourcedLabels),
  matchExpressions: v.exactOptional(
    listOf(
      v.strictObject({
        key: labelKey,
        operator: enumOf(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: v.exactOptional(listOf(labelValue, PORTS_MAX)),
      }),
      PORTS_MAX,
    ),
  ),
});

const listed = <const Item extends v.GenericSchema>(item: Item) => v.exactOptional(listOf(item, RULES_MAX));

const TEXT_MAX = 1024;
const text = v.exactOptional(v.pipe(v.string('must be a text'), v.maxLength(TEXT_MAX)));

/** It is tried on every request. */
const expression = v.exactOptional(
  v.pipe(
    v.string('must be a regular expression'),
    v.maxLength(TEXT_MAX),
    v.check(isExpression, 'must be a regular expression'),
  ),
);

function isExpression(given: string): boolean {
  try {
    new RegExp(given);
    return true;
  } catch {
    return false;
  }
}

const name = (pattern: RegExp) =>
  v.exactOptional(v.pipe(v.string('must be a name'), v.maxLength(255), v.regex(pattern, 'must be a name')));
const names = listed(v.strictObject({ matchName: name(/^[-\w.]+$/), matchPattern: name(/^[-\w.*]+$/) }));

const address = v.union(
  [
    cidrText,
    v.pipe(
      v.string(),
      v.maxLength(45),
      v.check((given) => parseIp(given).ok),
    ),
  ],
  'must be a network such as 10.0.0.0/8, or an address',
);
const cidrSet = listed(v.strictObject({ cidr: cidrText, except: listed(cidrText) }));

const port = v.strictObject({
  port: v.pipe(v.string('must be the number or the name of a port'), v.regex(/^[a-zA-Z0-9-]{1,15}$/)),
  endPort: v.exactOptional(integer(0, 65_535)),
  protocol: v.exactOptional(enumOf(CILIUM_PROTOCOLS)),
});
const http = listed(v.strictObject({ method: expression, path: expression }));
const denyPorts = listed(v.strictObject({ ports: listed(port) }));
const ports = listed(
  v.strictObject({
    ports: listed(port),
    rules: v.exactOptional(v.strictObject({ http, dns: names })),
  }),
);

const entities = listed(enumOf(CILIUM_ENTITIES));
const from = {
  fromEndpoints: listed(selector),
  fromEntities: entities,
  fromCIDR: listed(address),
  fromCIDRSet: cidrSet,
};
const to = { toEndpoints: listed(selector), toEntities: entities, toCIDR: listed(address), toCIDRSet: cidrSet };
const yesOrNo = v.exactOptional(v.boolean('must be true or false'));

const rule = v.strictObject({
  endpointSelector: selector,
  description: text,
  enableDefaultDeny: v.exactOptional(v.strictObject({ ingress: yesOrNo, egress: yesOrNo })),
  ingress: listed(v.strictObject({ ...from, toPorts: ports })),
  ingressDeny: listed(v.strictObject({ ...from, toPorts: denyPorts })),
  egress: listed(v.strictObject({ ...to, toFQDNs: names, toPorts: ports })),
  egressDeny: listed(v.strictObject({ ...to, toPorts: denyPorts })),
});

const specs = { spec: v.exactOptional(rule), specs: v.exactOptional(listOf(rule, RULES_MAX)) };

export const ciliumPolicies = [
  v.strictObject({ kind: v.literal('CiliumNetworkPolicy'), namespace: label, name: subdomain, ...specs }),
  v.strictObject({ kind: v.literal('CiliumClusterwideNetworkPolicy'), name: subdomain, ...specs }),
] as const;
