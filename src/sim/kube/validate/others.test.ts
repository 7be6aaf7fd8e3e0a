/** Refusals in kinds and fields that have no effect here. The recorded cases beside the checkout hold many more. */
import { describe, expect, it } from 'vitest';
import { readManifests } from '../manifests/parse.ts';

const errorsOf = (yaml: string): readonly string[] => readManifests(yaml).errors.map(({ text }) => text);

const ingress = (spec: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: ${spec}\n`;
const path = (one: string): string => ingress(`{rules: [{http: {paths: [${one}]}}]}`);
const BACKEND = 'backend: {service: {name: web, port: {number: 80}}}';
const slice = (rest: string): string =>
  `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: web}\n${rest}\n`;
const endpoints = (subset: string): string =>
  `apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets: [${subset}]\n`;
const pod = (spec: string, annotations = '{}'): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: ${annotations}}\nspec: {containers: [{name: web, image: web}], ${spec}}\n`;

const AT = 'spec.rules[0].http.paths[0]';

describe('the API server refuses', () => {
  it.each<[string, string, string[]]>([
    [
      'an Ingress without anything',
      ingress('{}'),
      ['spec: Invalid value: []networking.IngressRule(nil): either `defaultBackend` or `rules` must be specified'],
    ],
    [
      'a path without a type, and says no more of it',
      path('{path: web}'),
      [`${AT}.pathType: Required value: pathType must be specified`],
    ],
    [
      'a path that climbs',
      path(`{path: /a/../b/.., pathType: Prefix, ${BACKEND}}`),
      [
        `${AT}.path: Invalid value: "/a/../b/..": must not contain '/../'`,
        `${AT}.path: Invalid value: "/a/../b/..": cannot end with '/..'`,
      ],
    ],
    [
      'a backend without a port',
      path('{path: /, pathType: Exact, backend: {service: {name: web}}}'),
      [`${AT}.backend: Required value: port name or number is required`],
    ],
    [
      'a resource with a slash',
      path('{path: /, pathType: Exact, backend: {resource: {kind: a/b, name: ".."}}}'),
      [
        `${AT}.backend.resource.kind: Invalid value: "a/b": may not contain '/'`,
        `${AT}.backend.resource.name: Invalid value: "..": may not be '..'`,
      ],
    ],
    [
      'fields of an older Ingress',
      path('{path: /, pathType: Exact, backend: {serviceName: web}}'),
      ['strict decoding error: unknown field "spec.rules[0].http.paths[0].backend.serviceName"'],
    ],
    ['a slice without a family', slice('endpoints: [{addresses: [10.0.0.1]}]'), ['addressType: Required value']],
    [
      'an endpoint of the other family',
      slice('addressType: IPv6\nendpoints: [{addresses: [10.0.0.1]}]'),
      ['endpoints[0].addresses[0]: Invalid value: "10.0.0.1": must be a valid IPv6 address'],
    ],
    [
      'an endpoint without addresses',
      slice('addressType: IPv4\nendpoints: [{}]'),
      ['endpoints[0].addresses: Required value: must contain at least 1 address'],
    ],
    [
      'a name of one segment',
      slice('addressType: FQDN\nendpoints: [{addresses: [web]}]'),
      [
        'endpoints[0].addresses[0]: Invalid value: "web": should be a domain with at least two segments separated by dots',
      ],
    ],
    [
      'a zone twice',
      slice('addressType: IPv4\nendpoints: [{addresses: [10.0.0.1], hints: {forZones: [{name: a}, {name: a}]}}]'),
      ['endpoints[0].hints.forZones[1].name: Duplicate value: "a"'],
    ],
    [
      'a zone that stands in the old place',
      slice(
        'addressType: IPv4\nendpoints: [{addresses: [10.0.0.1], deprecatedTopology: {topology.kubernetes.io/zone: a}}]',
      ),
      [
        'endpoints[0].deprecatedTopology[topology.kubernetes.io/zone]: Internal error: reserved key was not removed in conversion',
      ],
    ],
    [
      'a subset without addresses',
      endpoints('{ports: [{port: 80}]}'),
      ['subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`'],
    ],
    [
      'two ports without names',
      endpoints('{addresses: [{ip: 10.0.0.1}], ports: [{port: 80}, {port: 81}]}'),
      ['subsets[0].ports[0].name: Required value', 'subsets[0].ports[1].name: Required value'],
    ],
    [
      'a toleration of everything that is none',
      pod('tolerations: [{operator: Exists, value: x}]'),
      [
        'spec.tolerations[0].operator: Invalid value: core.Toleration{Key:"", Operator:"Exists", Value:"x", Effect:"", TolerationSeconds:(*int64)(nil)}: value must be empty when `operator` is \'Exists\'',
      ],
    ],
    [
      'an affinity without a topology',
      pod(
        'affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{labelSelector: {}, topologyKey: "a b"}]}}',
      ),
      [
        "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ],
    ],
    [
      'a mirror pod without a node',
      pod('', '{kubernetes.io/config.mirror: x}'),
      [
        'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
      ],
    ],
  ])('%s', (_name, yaml, errors) => {
    expect(errorsOf(yaml)).toEqual(errors);
  });

  it('nothing in an Ingress that is sound, which has no effect here', () => {
    const { errors, notModelled } = readManifests(path(`{path: /, pathType: Prefix, ${BACKEND}}`));
    expect(errors).toEqual([]);
    expect(notModelled.map(({ kind, name, text }) => `${kind} ${name}: ${text}`)).toEqual([
      'Ingress default/web: read, but no controller for it is modelled yet: it opens no way in',
    ]);
  });
});
