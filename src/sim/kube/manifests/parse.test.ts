import { describe, expect, it } from 'vitest';
import { ERRORS_MAX } from './limits.ts';
import { printManifestError, readManifests } from './parse.ts';

const lines = (...all: string[]): string => `${all.join('\n')}\n`;
const errorsOf = (text: string): readonly string[] => readManifests(text).errors.map(printManifestError);
const textsOf = (text: string): readonly string[] => readManifests(text).errors.map((error) => error.text);

const service = (spec: string, metadata = '{name: web}'): string =>
  lines('apiVersion: v1', 'kind: Service', `metadata: ${metadata}`, `spec: ${spec}`);
const pod = (spec: string, metadata = '{name: web}'): string =>
  lines('apiVersion: v1', 'kind: Pod', `metadata: ${metadata}`, `spec: ${spec}`);
const deployment = (spec: string): string =>
  lines('apiVersion: apps/v1', 'kind: Deployment', 'metadata: {name: web}', `spec: ${spec}`);

const LABEL_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

describe('objects', () => {
  it.each<[string, string, object]>([
    [
      'a Service with defaults left out',
      service('{type: ClusterIP, selector: {app: web}, ports: [{port: 80, protocol: TCP, targetPort: 80}]}'),
      { kind: 'Service', namespace: 'default', name: 'web', selector: { app: 'web' }, ports: [{ port: 80 }] },
    ],
    [
      'a Service with everything',
      service(
        '{type: NodePort, clusterIP: 10.96.7.7, selector: {app: web}, externalTrafficPolicy: Local, sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}, publishNotReadyAddresses: true, trafficDistribution: PreferSameNode, ports: [{name: dns, port: 53, protocol: UDP, targetPort: dns, nodePort: 30053}]}',
        '{name: web, namespace: shop, annotations: {service.kubernetes.io/topology-mode: auto}}',
      ),
      {
        kind: 'Service',
        namespace: 'shop',
        name: 'web',
        type: 'NodePort',
        clusterIP: '10.96.7.7',
        selector: { app: 'web' },
        externalTrafficPolicy: 'Local',
        sessionAffinity: 'ClientIP',
        sessionAffinityTimeoutSeconds: 60,
        publishNotReadyAddresses: true,
        trafficDistribution: 'PreferSameNode',
        topologyMode: 'Auto',
        ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 'dns', nodePort: 30053 }],
      },
    ],
    [
      'a Deployment',
      deployment(
        '{replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web, tier: front}}, spec: {containers: [{name: web, image: nginx, ports: [{name: http, containerPort: 80}]}]}}}',
      ),
      {
        kind: 'Deployment',
        namespace: 'default',
        name: 'web',
        replicas: 2,
        labels: { app: 'web', tier: 'front' },
        containers: [{ name: 'web', ports: [{ name: 'http', containerPort: 80 }] }],
      },
    ],
    [
      'a Pod that is not ready',
      pod('{containers: [{name: web, image: nginx}]}', '{name: web, annotations: {hopscope/ready: "false"}}'),
      {
        kind: 'Pod',
        namespace: 'default',
        name: 'web',
        labels: {},
        containers: [{ name: 'web', ports: [] }],
        ready: false,
      },
    ],
    [
      'a Job, with as many pods as run at once',
      lines(
        'apiVersion: batch/v1',
        'kind: Job',
        'metadata: {name: once}',
        'spec: {parallelism: 5, completions: 3, template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}',
      ),
      {
        kind: 'Job',
        namespace: 'default',
        name: 'once',
        replicas: 3,
        labels: {},
        containers: [{ name: 'a', ports: [] }],
      },
    ],
    [
      'a Namespace',
      lines('apiVersion: v1', 'kind: Namespace', 'metadata: {name: shop}'),
      { kind: 'Namespace', name: 'shop' },
    ],
    [
      'null where nothing is set',
      service('{ports: [{port: 80, name: null}], selector: null}'),
      { ports: [{ port: 80 }] },
    ],
    [
      'a merged default',
      lines(
        'apiVersion: v1',
        'kind: Service',
        'metadata: {name: a}',
        'spec:',
        '  ports:',
        '  - &p {port: 80, name: x}',
        '  - {<<: *p, name: z, port: 81}',
      ),
      {
        ports: [
          { name: 'x', port: 80 },
          { name: 'z', port: 81 },
        ],
      },
    ],
  ])('%s', (_name, text, expected) => {
    const { objects, errors } = readManifests(text);
    expect(errors).toEqual([]);
    expect(objects).toEqual([expect.objectContaining(expected)]);
  });

  it('come from several documents, JSON and Lists', () => {
    const json = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'c' } }, null, '\t');
    const list = lines(
      'apiVersion: v1',
      'kind: List',
      'items:',
      '- {apiVersion: v1, kind: Namespace, metadata: {name: b}}',
    );
    const { objects, errors } = readManifests(
      `# a comment\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n${list}---\n---\n${json}`,
    );
    expect(errors).toEqual([]);
    expect(objects.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('that stand twice count once, and namespaces are assumed', () => {
    const text = `${service('{ports: [{port: 80}]}', '{name: a, namespace: shop}')}---\n${service('{ports: [{port: 81}]}', '{name: a, namespace: shop}')}`;
    const { objects, assumed } = readManifests(text);
    expect(objects).toEqual([expect.objectContaining({ ports: [{ port: 81 }] })]);
    expect(assumed).toEqual([
      'Service shop/a stands twice: the later one counts, as with kubectl apply',
      'Namespace shop is not among the manifests: it is assumed to exist',
    ]);
  });
});

describe('errors', () => {
  it('name the place of the field', () => {
    const text = lines(
      'apiVersion: v1',
      'kind: Namespace',
      'metadata: {name: a}',
      '---',
      'apiVersion: v1',
      'kind: Service',
      'metadata:',
      '  name: web',
      'spec:',
      '  ports:',
      '  - name: http',
      '    port: 70000',
    );
    expect(errorsOf(text)).toEqual(
      [
        'line 12, column 11 (document 2), Service default/web: spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
        'line 12, column 11 (document 2), Service default/web: spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      ].map((line, index) => (index === 0 ? line : line.replace('line 12, column 11', 'line 11, column 5'))),
    );
  });

  it.each<[string, string, readonly string[]]>([
    ['no ports', service('{selector: {app: a}}'), ['spec.ports: Required value']],
    [
      'an unknown type',
      service('{type: Nodeport, ports: [{port: 80}]}'),
      [
        'spec.type: Unsupported value: "Nodeport": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [
      'an unknown traffic distribution, after everything else',
      service('{trafficDistribution: Nearby, ports: [{port: 0}]}'),
      [
        'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.trafficDistribution: Unsupported value: "Nearby": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
      ],
    ],
    [
      'an empty one',
      service('{trafficDistribution: "", ports: [{port: 80}]}'),
      [
        'spec.trafficDistribution: Unsupported value: "": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
      ],
    ],
    [
      'two ports without names',
      service('{ports: [{port: 80}, {port: 81}]}'),
      ['spec.ports[0].name: Required value', 'spec.ports[1].name: Required value'],
    ],
    [
      'a bad name',
      pod('{containers: [{name: a, image: b}]}', '{name: A_b}'),
      [`metadata.name: Invalid value: "A_b": ${LABEL_RULE}`],
    ],
    [
      'no name',
      pod('{containers: [{name: a, image: b}]}', '{}'),
      ['metadata.name: Required value: name or generateName is required'],
    ],
    [
      'a generated name',
      pod('{containers: [{name: a, image: b}]}', '{generateName: a-}'),
      ['from a-: cannot use generate name with apply'],
    ],
    ['no containers', pod('{containers: []}'), ['spec.containers: Required value']],
    ['no image', pod('{containers: [{name: a}]}'), ['spec.containers[0].image: Required value']],
    [
      'a port name twice',
      pod('{containers: [{name: a, image: b, ports: [{name: x, containerPort: 1}, {name: x, containerPort: 2}]}]}'),
      ['spec.containers[0].ports[1].name: Duplicate value: "x"'],
    ],
    [
      'a selector that does not match',
      deployment(
        '{selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: b}}, spec: {containers: [{name: a, image: b}]}}}',
      ),
      [
        'spec.template.metadata.labels: Invalid value: map[string]string{"app":"b"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'no selector',
      deployment('{template: {spec: {containers: [{name: a, image: b}]}}}'),
      ['spec.selector: Required value'],
    ],
    [
      'negative replicas',
      deployment(
        '{replicas: -1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}}',
      ),
      ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'a Job that restarts always',
      lines(
        'apiVersion: batch/v1',
        'kind: Job',
        'metadata: {name: a}',
        'spec: {template: {spec: {containers: [{name: a, image: b}]}}}',
      ),
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'an unknown field',
      service('{ports: [{port: 80, target: 8080}]}'),
      ['strict decoding error: unknown field "spec.ports[0].target"'],
    ],
    [
      'text for a number',
      service('{ports: [{port: "80"}]}'),
      ['json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32'],
    ],
    [
      'a broken number',
      service('{ports: [{port: 80.5}]}'),
      ['json: cannot unmarshal number 80.5 into Go struct field ServicePort.spec.ports.port of type int32'],
    ],
    [
      'a number for text',
      service('{ports: [{port: 80, name: 80}]}'),
      ['json: cannot unmarshal number into Go struct field ServicePort.spec.ports.name of type string'],
    ],
    [
      'a label that is a number',
      service('{selector: {version: 1.0}, ports: [{port: 80}]}'),
      ['json: cannot unmarshal number into Go struct field ServiceSpec.spec.selector of type string'],
    ],
    [
      'a map for a list',
      service('{ports: {port: 80}}'),
      ['json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort'],
    ],
    [
      'yes for text, as YAML 1.1 has it',
      pod('{containers: [{name: a, image: y}]}'),
      ['json: cannot unmarshal bool into Go struct field Container.spec.containers.image of type string'],
    ],
    [
      'an old version',
      lines('apiVersion: extensions/v1beta1', 'kind: Deployment', 'metadata: {name: a}'),
      ['no matches for kind "Deployment" in version "extensions/v1beta1": expected apps/v1'],
    ],
    [
      'no kind',
      lines('apiVersion: v1', 'metadata: {name: a}'),
      ['Object \'Kind\' is missing in \'{"apiVersion":"v1","metadata":{"name":"a"}}\''],
    ],
    ['no apiVersion', lines('kind: Pod'), ['Object \'apiVersion\' is missing in \'{"kind":"Pod"}\'']],
    ['no object', 'hello', ['json: cannot unmarshal string into Go value of type map[string]interface {}']],
    ['a key twice', lines('apiVersion: v1', 'kind: Service', 'kind: Pod'), ['yaml: key "kind" already set in map']],
    ['an unknown alias', lines('apiVersion: *v', 'kind: Service'), ["yaml: unknown anchor 'v' referenced"]],
    [
      'nothing of it is applied',
      `${service('{ports: [{port: 80}]}')}---\n${service('{}', '{name: b}')}`,
      ['spec.ports: Required value'],
    ],
  ])('%s', (_name, text, texts) => {
    const { objects, notModelled } = readManifests(text);
    expect(textsOf(text)).toEqual(texts);
    expect([objects, notModelled]).toEqual([[], []]);
  });

  it('point into broken YAML', () => {
    expect(readManifests('a:\n  - b\n c: d\n').errors[0]).toMatchObject({ document: 1, line: 3 });
  });

  it('are counted when there are too many', () => {
    const ports = Array.from({ length: 200 }, () => '{port: 0, targetPort: 1}').join(', ');
    const { errors } = readManifests(service(`{ports: [${ports}]}`));
    expect(errors).toHaveLength(ERRORS_MAX);
    expect(errors.at(-1)?.text).toMatch(/^and \d+ more errors$/);
  });
});

describe('limits', () => {
  const small = { lengthMax: 2_000, documentsMax: 2, podsMax: 2, servicesMax: 1 };
  const manyPods = deployment(
    '{replicas: 3, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}]}}}',
  );
  it.each<[string, string, string]>([
    ['text', '#'.repeat(2_001), 'the text has 2001 characters: at most 2000 are read at once'],
    ['documents', 'a\n---\nb\n---\nc\n', '3 documents are too many: at most 2 are read at once'],
    ['pods', manyPods, '3 pods in all are too many: at most 2 are supported'],
    [
      'Services',
      [1, 2].map((n) => service('{ports: [{port: 80}]}', `{name: s${n}}`)).join('---\n'),
      '2 Services are too many: at most 1 are supported',
    ],
  ])('of %s', (_name, text, message) => {
    expect(readManifests(text, small).errors.map((error) => error.text)).toEqual([message]);
  });
});

describe('what is not modelled', () => {
  const listed = (text: string) =>
    readManifests(text).notModelled.map((one) => `${one.line} ${one.kind} ${one.name}: ${one.text}`);

  it.each<[string, string, readonly string[]]>([
    [
      'a custom kind',
      lines('apiVersion: example.com/v1', 'kind: Widget', 'metadata: {name: w}'),
      ['1 Widget w: this kind is not modelled: it has no effect here'],
    ],
    [
      'a kind of the same name elsewhere',
      lines('apiVersion: serving.knative.dev/v1', 'kind: Service', 'metadata: {name: s}'),
      ['1 Service default/s: kind of serving.knative.dev/v1, which is not modelled: it has no effect here'],
    ],
    [
      'hostAliases',
      pod('{hostAliases: [{ip: 10.0.0.1}], containers: [{name: a, image: b}]}'),
      [
        '4 Pod default/web: spec.hostAliases: names are resolved without /etc/hosts',
        "1 Pod : 1 Pod: image does not change a packet's path",
      ],
    ],
    [
      'what says the default',
      pod('{hostNetwork: false, dnsPolicy: ClusterFirst, tolerations: [], containers: [{name: a, image: b}]}'),
      ["1 Pod : 1 Pod: image does not change a packet's path"],
    ],
  ])('%s', (_name, text, expected) => {
    expect(listed(text)).toEqual(expected);
  });
});
