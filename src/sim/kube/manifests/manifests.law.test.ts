import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_OBJECTS } from '../default-objects.ts';
import type { ContainerObject, KubeObject, NamespaceObject, ServiceObject, WorkloadObject } from '../objects.ts';
import { objectRef } from '../objects-merge.ts';
import { randomCluster } from '../policy/random-cluster.ts';
import { MODELLED } from './kinds.ts';
import { readManifests } from './parse.ts';
import { writeManifests } from './write.ts';

/** Names that YAML 1.1 would take for something else when they stand without quotes. */
const trap = fc.constantFrom('yes', 'no', 'on', 'y', 'null', 'true', 'nan', 'a1e3', 'e3');
const name = fc.oneof(fc.stringMatching(/^[a-z]([-a-z0-9]{0,8}[a-z0-9])?$/), trap);
const labelText = fc.oneof(
  fc.constantFrom('1.0', '0x1f', '22-22', '1e3', '2024-01-01', '~a', '').filter((text) => text !== '~a'),
  name,
);
const labels = fc.dictionary(fc.oneof(name, fc.constantFrom('app.kubernetes.io/name', '1')), labelText, {
  minKeys: 1,
  maxKeys: 3,
});
const port = fc.integer({ min: 1, max: 65535 });

/** The object without fields that are undefined, as the reader makes it. */
const set = <T extends object>(object: { [Field in keyof T]: T[Field] | undefined }): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined });

const container: fc.Arbitrary<ContainerObject> = fc.record({
  name,
  ports: fc.array(
    fc
      .record({
        containerPort: port,
        protocol: maybe(fc.constantFrom('UDP' as const, 'SCTP' as const)),
        host: maybe(port),
      })
      // Not the container's own port: on the host's network that would say nothing.
      .map(({ host, ...one }) => ({ ...one, hostPort: host === one.containerPort ? undefined : host }))
      .map((one) => set<ContainerObject['ports'][number]>(one)),
    { maxLength: 3 },
  ),
});

const initContainer: fc.Arbitrary<ContainerObject> = fc
  .record({ restartPolicy: maybe(fc.constant('Always' as const)), container })
  .map(({ container: { name: drawn, ports }, restartPolicy }) =>
    // A name of its own: containers and init containers share one set.
    set<ContainerObject>({ name: `init-${drawn}`, restartPolicy, ports }),
  );

/** One port of the node, twice in one pod, is refused. */
function withoutTwins(pod: WorkloadObject): WorkloadObject {
  const taken = new Set<string>();
  const once = (containers: readonly ContainerObject[]): readonly ContainerObject[] =>
    containers.map((one) => ({
      ...one,
      ports: one.ports.map(({ hostPort, ...rest }) => {
        const key = `${rest.protocol} ${hostPort}`;
        if (hostPort === undefined || taken.has(key)) return rest;
        taken.add(key);
        return { ...rest, hostPort };
      }),
    }));
  return {
    ...pod,
    containers: once(pod.containers),
    ...(pod.initContainers ? { initContainers: once(pod.initContainers) } : {}),
  };
}

const workload: fc.Arbitrary<WorkloadObject> = fc
  .record({
    kind: fc.constantFrom('Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'),
    namespace: name,
    name,
    replicas: maybe(fc.constantFrom(0, 2, 3)),
    labels,
    containers: fc.uniqueArray(container, { minLength: 1, maxLength: 2, selector: (one) => one.name }),
    initContainers: maybe(fc.uniqueArray(initContainer, { minLength: 1, maxLength: 2, selector: (one) => one.name })),
    nodeName: maybe(fc.constant('node-1')),
    ready: maybe(fc.constant(false)),
  })
  .map((one) => (one.kind === 'Pod' || one.kind === 'DaemonSet' ? { ...one, replicas: undefined } : one))
  .map((one) => withoutTwins(set<WorkloadObject>(one)));

const service: fc.Arbitrary<ServiceObject> = fc
  .record({
    kind: fc.constant('Service' as const),
    namespace: name,
    name,
    type: maybe(fc.constantFrom('NodePort' as const, 'LoadBalancer' as const)),
    families: fc.constantFrom<Partial<ServiceObject>>(
      {},
      { clusterIP: '10.96.0.77' },
      { clusterIP: 'fd00::77', clusterIPs: ['fd00::77', '10.96.0.77'], ipFamilyPolicy: 'RequireDualStack' },
      { ipFamilies: ['IPv6'] },
      { ipFamilies: ['IPv6', 'IPv4'], ipFamilyPolicy: 'PreferDualStack' },
    ),
    healthCheck: maybe(port),
    selector: maybe(labels),
    ports: fc.uniqueArray(fc.record({ name, port: port.filter((one) => one !== 10250) }), {
      minLength: 1,
      maxLength: 3,
      comparator: (a, b) => a.name === b.name || a.port === b.port,
    }),
    internalTrafficPolicy: maybe(fc.constant('Local' as const)),
    publishNotReadyAddresses: maybe(fc.constant(true)),
    trafficDistribution: maybe(fc.constantFrom('PreferClose', 'PreferSameZone', 'PreferSameNode')),
    topologyMode: maybe(fc.constant('Auto' as const)),
    externalIPs: maybe(fc.constant(['198.51.100.7'])),
    affinity: fc.constantFrom(0, 60, 10_800),
  })
  .map(({ affinity, families, healthCheck, ...one }) =>
    set<ServiceObject>({
      ...one,
      ...families,
      // Only a load balancer asks there, and only where it matters on which node.
      ...(one.type === 'LoadBalancer' && healthCheck
        ? { externalTrafficPolicy: 'Local', healthCheckNodePort: healthCheck }
        : {}),
      sessionAffinity: affinity === 0 ? undefined : 'ClientIP',
      sessionAffinityTimeoutSeconds: affinity === 60 ? 60 : undefined,
    }),
  );

const namespace: fc.Arbitrary<NamespaceObject> = fc
  .record({ kind: fc.constant('Namespace' as const), name, labels: maybe(labels) })
  .map((one) => set<NamespaceObject>(one));

const policy: fc.Arbitrary<KubeObject> = fc
  .integer({ min: 0, max: 2 ** 31 - 1 })
  .map((seed) => randomCluster(seed).policies)
  .filter((policies) => policies.length > 0)
  .chain((policies) => fc.constantFrom(...policies));

const objects: fc.Arbitrary<KubeObject[]> = fc.uniqueArray(fc.oneof(workload, service, namespace, policy), {
  maxLength: 8,
  selector: objectRef,
});

describe('writing and reading back', () => {
  it('gives the same objects', () => {
    fc.assert(
      fc.property(objects, (some) => {
        const { objects: back, errors } = readManifests(writeManifests(some));
        expect(errors).toEqual([]);
        expect(back).toEqual(some);
      }),
    );
  });

  it('holds for the default cluster, which brings nothing that is not modelled', () => {
    const { objects: back, notModelled, assumed } = readManifests(writeManifests(DEFAULT_OBJECTS));
    expect(back).toEqual(DEFAULT_OBJECTS);
    expect(notModelled.map(({ text }) => text)).toEqual([
      "2 Deployments: image does not change a packet's path",
      "1 Pod: image does not change a packet's path",
    ]);
    expect(assumed).toEqual([]);
  });
});

const key = fc.oneof(
  fc.constantFrom(
    'apiVersion',
    'kind',
    'metadata',
    'name',
    'spec',
    'ports',
    'port',
    'template',
    'selector',
    'labels',
    'containers',
    'items',
    '__proto__',
    'constructor',
    'toString',
    '<<',
  ),
  fc.string({ maxLength: 4 }),
);
const { anything } = fc.letrec<{ anything: unknown }>((tie) => ({
  anything: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      1.5,
      1e300,
      'v1',
      'apps/v1',
      'List',
      'Service',
      'Pod',
      'Deployment',
      '',
    ),
    fc.string({ maxLength: 6 }),
    fc.array(tie('anything'), { maxLength: 4 }),
    fc.dictionary(key, tie('anything'), { maxKeys: 5 }),
  ),
}));

const POLICIES = ['NetworkPolicy', 'AdminNetworkPolicy', 'ClusterNetworkPolicy'] as const;

/** Something of the outline of an object, with anything in its fields. */
const objectLike = fc
  .record({
    kind: fc.constantFrom('Service', 'Pod', 'Deployment', 'Job', 'Namespace', 'StatefulSet', ...POLICIES),
    metadata: anything,
    spec: anything,
    template: anything,
    ports: anything,
  })
  .map(({ kind, metadata, spec, template, ports }) => ({
    apiVersion: MODELLED.get(kind)?.apiVersion ?? '',
    kind,
    metadata,
    spec:
      fc.stringify(spec).length % 2 === 0
        ? spec
        : {
            ...{ ports, template: { metadata, spec: template }, containers: [template], selector: ports },
            ...{ subject: template, ingress: [{ from: [ports], ports: [template] }], egress: [{ to: [template] }] },
          },
  }));

describe('hostile text', () => {
  const survives = (text: string): void => {
    const { objects: read, errors } = readManifests(text);
    if (errors.length > 0) expect(read).toEqual([]);
    for (const error of errors) expect(error.text).not.toBe('');
  };

  it('of any letters is survived', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'-?:{}[]&*!|>\'"%@`#,<\n ab0') })),
        survives,
      ),
    );
  });

  it('of any structure is survived', () => {
    fc.assert(
      fc.property(fc.oneof(anything, objectLike), (value) => survives(JSON.stringify(value) ?? '')),
      { numRuns: 1_000 },
    );
  });

  const bomb = [
    'a0: &a0 [x,x,x,x,x,x,x,x,x]',
    ...Array.from(
      { length: 12 },
      (_, n) => `a${n + 1}: &a${n + 1} [${Array.from({ length: 9 }, () => `*a${n}`).join()}]`,
    ),
  ].join('\n');
  it.each<[string, string, RegExp]>([
    ['an alias bomb', bomb, /^more than \d+ values/],
    ['an alias of itself', 'a: &a [*a]', /^nested too deeply/],
    ['brackets', '['.repeat(100_000), /./],
    ['deep brackets that are closed', `${'['.repeat(5_000)}${']'.repeat(5_000)}`, /^nested too deeply/],
    ['dashes', '- '.repeat(50_000), /./],
    ['colons', `${'a: '.repeat(5_000)}b`, /./],
    [
      'a hundred thousand keys',
      Array.from({ length: 100_000 }, (_, n) => `k${n}: 1`).join('\n'),
      /^Object 'Kind' is missing/,
    ],
    ['a hundred thousand aliases', `a: &a 1\nb: [${'*a,'.repeat(100_000)}]`, /^Object 'Kind' is missing/],
    ['a prototype', '{"__proto__": {"kind": "Pod"}, "apiVersion": "v1"}', /^Object 'Kind' is missing/],
    [
      'a prototype in labels',
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {__proto__: x}}',
      /name part must consist/,
    ],
    [
      'a number without an end',
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: .inf}',
      /^json: unsupported value: Infinity/,
    ],
  ])('as %s is refused', (_name, text, expected) => {
    const { errors, objects: read } = readManifests(text);
    expect(errors[0]?.text).toMatch(expected);
    expect(read).toEqual([]);
    expect({}).not.toHaveProperty('kind');
  });
});
