/** Cilium's policies as people write them: what is kept, what is refused and where, what is listed, and the YAML that comes out again. */
import { describe, expect, it } from 'vitest';
import { readManifests } from './parse.ts';
import { writeManifests } from './write.ts';

const policy = (spec: string, field = 'spec'): string =>
  `apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: api, namespace: shop}\n${field}: ${spec}\n`;
const clusterwide = (spec: string): string =>
  `apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: all}\nspec: ${spec}\n`;

describe('a policy of Cilium is kept', () => {
  it.each<[string, string, object]>([
    [
      'with labels that carry their source, and requests',
      '{endpointSelector: {matchLabels: {"k8s:app": api}}, ingress: [{fromEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": web}}], toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET, path: /public}]}}]}]}',
      {
        endpointSelector: { matchLabels: { 'k8s:app': 'api' } },
        ingress: [
          {
            fromEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'web' } }],
            toPorts: [
              { ports: [{ port: '80', protocol: 'TCP' }], rules: { http: [{ method: 'GET', path: '/public' }] } },
            ],
          },
        ],
      },
    ],
    [
      'with empty lists, which find nobody, and empty rules, which close',
      '{endpointSelector: {}, ingress: [{}], egress: [{toEndpoints: []}]}',
      { endpointSelector: {}, ingress: [{}], egress: [{ toEndpoints: [] }] },
    ],
    [
      'with null as nothing, and ANY as no protocol',
      '{endpointSelector: {}, egress: [{toEntities: null, toPorts: [{ports: [{port: "53", protocol: ANY}]}]}]}',
      { endpointSelector: {}, egress: [{ toPorts: [{ ports: [{ port: '53' }] }] }] },
    ],
    [
      'with names of the world outside',
      '{endpointSelector: {}, egress: [{toFQDNs: [{matchName: example.com}, {matchPattern: "*.example.org"}]}]}',
      {
        endpointSelector: {},
        egress: [{ toFQDNs: [{ matchName: 'example.com' }, { matchPattern: '*.example.org' }] }],
      },
    ],
  ])('%s', (_name, spec, kept) => {
    const { objects, errors, notModelled } = readManifests(policy(spec));
    expect(errors).toEqual([]);
    expect(notModelled).toEqual([]);
    expect(objects).toEqual([{ kind: 'CiliumNetworkPolicy', namespace: 'shop', name: 'api', spec: kept }]);
    expect(readManifests(writeManifests(objects)).objects).toEqual(objects);
  });

  it('and so are several specs, and one for the whole cluster', () => {
    const both = `${policy('[{endpointSelector: {}, ingress: []}]', 'specs')}---\n${clusterwide('{endpointSelector: {}, egressDeny: [{toEntities: [world]}]}')}`;
    const { objects, errors } = readManifests(both);
    expect(errors).toEqual([]);
    expect(objects).toEqual([
      { kind: 'CiliumNetworkPolicy', namespace: 'shop', name: 'api', specs: [{ endpointSelector: {}, ingress: [] }] },
      {
        kind: 'CiliumClusterwideNetworkPolicy',
        name: 'all',
        spec: { endpointSelector: {}, egressDeny: [{ toEntities: ['world'] }] },
      },
    ]);
    expect(readManifests(writeManifests(objects)).objects).toEqual(objects);
  });
});

describe('a policy of Cilium is refused', () => {
  it.each<[string, string, string]>([
    [
      'with an unknown field',
      '{endpointSelector: {}, ingres: []}',
      'strict decoding error: unknown field "spec.ingres"',
    ],
    [
      'with requests in a rule that denies',
      '{endpointSelector: {}, ingressDeny: [{toPorts: [{ports: [], rules: {}}]}]}',
      'strict decoding error: unknown field "spec.ingressDeny[0].toPorts[0].rules"',
    ],
    [
      'without a selector',
      '{ingress: []}',
      'spec: Invalid value: "object": spec in body must validate one and only one schema (oneOf)',
    ],
    [
      'without rules',
      '{endpointSelector: {}}',
      'spec: Invalid value: "object": spec in body must validate at least one schema (anyOf)',
    ],
    [
      'with two kinds of peers in one rule',
      '{endpointSelector: {}, ingress: [{fromEndpoints: [{}], fromCIDR: [10.0.0.0/8]}]}',
      'spec.ingress[0]: Invalid value: "object": Combining FromEndpoints and FromCIDR is not supported yet',
    ],
    [
      'with an entity that does not exist',
      '{endpointSelector: {}, egress: [{toEntities: [internet]}]}',
      'spec.egress[0].toEntities[0]: Unsupported value: "internet": supported values: "all", "world", "cluster", "host", "remote-node", "kube-apiserver", "init", "ingress", "unmanaged", "health", "none"',
    ],
    [
      'with requests on UDP',
      '{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: "80", protocol: UDP}], rules: {http: [{}]}}]}]}',
      'spec.ingress[0].toPorts[0].ports[0]: Invalid value: "object": L7 rules can only apply to TCP (not UDP) except for DNS rules',
    ],
    [
      'with names to be asked for on ingress',
      '{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: "53"}], rules: {dns: [{matchPattern: "*"}]}}]}]}',
      'spec.ingress[0].toPorts[0].rules: Invalid value: "object": DNS rules are not allowed on ingress',
    ],
    [
      'with a hole outside of its network',
      '{endpointSelector: {}, egress: [{toCIDRSet: [{cidr: 10.0.0.0/8, except: [192.168.0.0/16]}]}]}',
      'spec.egress[0].toCIDRSet[0].except[0]: Invalid value: "192.168.0.0/16": allow CIDR prefix 10.0.0.0/8 does not contain exclude CIDR prefix 192.168.0.0/16',
    ],
    [
      'with a port that is too high',
      '{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: "70000"}]}]}]}',
      'spec.ingress[0].toPorts[0].ports[0].port: Invalid value: "70000": spec.ingress[0].toPorts[0].ports[0].port in body should match \'^(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})|([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$\'',
    ],
    [
      'with a number where a text is wanted',
      '{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: 80}]}]}]}',
      'json: cannot unmarshal number into Go struct field PortProtocol.spec.ingress.toPorts.ports.port of type string',
    ],
    [
      'with a name and a pattern at once',
      '{endpointSelector: {}, egress: [{toFQDNs: [{matchName: a.b, matchPattern: "*"}]}]}',
      'spec.egress[0].toFQDNs[0]: Invalid value: "object": spec.egress[0].toFQDNs[0] in body must validate one and only one schema (oneOf)',
    ],
  ])('%s', (_name, spec, message) => {
    expect(readManifests(policy(spec)).errors.map(({ text }) => text)).toEqual([message]);
  });

  it('for nodes of one namespace', () => {
    expect(readManifests(policy('{nodeSelector: {}, ingress: []}')).errors.map(({ text }) => text)).toEqual([
      'spec: Invalid value: "object": rule cannot have NodeSelector',
    ]);
  });
});

describe('what is not modelled of it', () => {
  it('is listed, and a rule that needs it matches nothing rather than too much', () => {
    const { objects, notModelled } = readManifests(
      policy(
        '{endpointSelector: {}, ingress: [{fromEndpoints: [{}], icmps: [{fields: [{type: 8}]}]}, {fromEntities: [world], authentication: {mode: required}}]}',
      ),
    );
    expect(objects).toMatchObject([{ spec: { ingress: [{}, { fromEntities: ['world'] }] } }]);
    expect(notModelled.map(({ text }) => text)).toEqual([
      'spec.ingress[0].icmps: the rule is kept as an empty one: it matches nothing here',
      'spec.ingress[1].authentication: nobody has to prove who he is',
    ]);
  });

  it('is a policy for nodes: nothing of it is kept', () => {
    const { objects, errors, notModelled } = readManifests(
      clusterwide('{nodeSelector: {matchLabels: {a: b}}, ingress: [{}]}'),
    );
    expect([objects, errors]).toEqual([[], []]);
    expect(notModelled.map(({ name, text }) => `${name} ${text}`)).toEqual([
      'all spec.nodeSelector: a policy for nodes: the host firewall is not modelled, and this part has no effect here',
    ]);
  });
});
