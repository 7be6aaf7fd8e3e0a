import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidrHas } from '../wire/ip.ts';
import { buildCluster } from './build-cluster.ts';
import type { Cluster } from './cluster.ts';
import type { ClusterChange, ClusterInput } from './cluster-input.ts';
import type { KubeObject, ServiceObject, WorkloadKind, WorkloadObject } from './objects.ts';
import { changeObjects } from './objects-merge.ts';

const base: ClusterInput = {
  nodes: 3,
  podCIDR: '10.244.0.0/16',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/24',
  nodeNetwork: '192.168.56.0/24',
  mtuBytes: 1500,
  objects: [],
  deletedPods: [],
  stoppedListeners: [],
};

function built(change: Partial<ClusterInput>): Cluster {
  const result = buildCluster({ ...base, ...change });
  if (!result.ok) throw new Error(result.error.map(({ text }) => text).join('\n'));
  return result.value.cluster;
}

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const kind = fc.constantFrom<WorkloadKind>('Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job');
const workload: fc.Arbitrary<WorkloadObject> = fc
  .record({ kind, name, replicas: fc.nat(5), port: fc.integer({ min: 1, max: 65535 }) })
  .map(({ port, ...rest }) => ({
    ...rest,
    namespace: 'default',
    labels: { app: rest.name },
    containers: [{ name: rest.name, ports: [{ containerPort: port }] }],
  }));
const service: fc.Arbitrary<ServiceObject> = fc
  .record({ name, type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer') })
  .map((rest) => ({
    ...rest,
    kind: 'Service',
    namespace: 'default',
    selector: { app: rest.name },
    ports: [{ port: 80 }],
  }));
const objects = fc.array(fc.oneof(workload, service), { maxLength: 12 });

const applied = objects.map((some): ClusterChange => ({ type: 'ManifestsApplied', objects: some, replace: false }));
const scaled = fc
  .record({ name, replicas: fc.nat(8) })
  .map((one): ClusterChange => ({ type: 'WorkloadScaled', ref: `default/${one.name}`, replicas: one.replicas }));
/** Deletes by StatefulSet names, which can be known beforehand, and by bare Pods' names. */
const deleted = name.chain((one) =>
  fc.constantFrom<ClusterChange>(
    { type: 'PodDeleted', ref: `default/${one}` },
    { type: 'PodDeleted', ref: `default/${one}-0` },
  ),
);
const history = fc.array(fc.oneof(applied, scaled, deleted), { maxLength: 8 });

const objectsAfter = (changes: readonly ClusterChange[]): readonly KubeObject[] =>
  changes.reduce<readonly KubeObject[]>(changeObjects, []);
const cameToBe = (changes: readonly ClusterChange[]): Cluster =>
  built({ history: changes, objects: objectsAfter(changes) });

const places = ({ pods }: Cluster): ReadonlyMap<string, string> =>
  new Map(pods.map((pod) => [`${pod.owner} ${pod.name}`, `${pod.node} ${pod.ip}`]));

describe('a cluster', () => {
  it('is the same each time', () => {
    fc.assert(
      fc.property(objects, (some) => {
        expect(built({ objects: some })).toEqual(built({ objects: some }));
      }),
    );
  });

  it('gives every address once, inside its network', () => {
    fc.assert(
      fc.property(history, (changes) => {
        const { pods, services, nodes, serviceCIDR } = cameToBe(changes);
        const podIps = pods.map(({ ip }) => ip);
        const clusterIps = services.flatMap(({ clusterIP }) => (clusterIP && clusterIP !== 'None' ? [clusterIP] : []));
        const nodePorts = services.flatMap(({ ports }) => ports.flatMap(({ nodePort }) => nodePort ?? []));
        const podNames = pods.map((pod) => pod.name);
        for (const all of [podIps, clusterIps, nodePorts.map(String), podNames])
          expect(new Set<string>(all).size).toBe(all.length);
        for (const pod of pods) {
          const { podCIDR } = nodes.find((node) => node.name === pod.node)!;
          expect(cidrHas(podCIDR, pod.ip)).toBe(true);
        }
        for (const ip of clusterIps) expect(cidrHas(serviceCIDR, ip)).toBe(true);
      }),
    );
  });

  it('leaves everything in its place when something is added', () => {
    fc.assert(
      fc.property(objects, workload, (some, added) => {
        const isNew = some.every((object) => object.kind !== added.kind || object.name !== added.name);
        fc.pre(isNew);
        const after = places(built({ objects: [...some, added] }));
        for (const [pod, place] of places(built({ objects: some }))) expect(after.get(pod)).toBe(place);
      }),
    );
  });

  it('leaves everything in its place when something is applied, scaled or deleted later', () => {
    fc.assert(
      fc.property(history, fc.oneof(applied, scaled, deleted), (changes, last) => {
        const before = places(cameToBe(changes));
        const after = places(cameToBe([...changes, last]));
        // A StatefulSet's pod that was deleted is a new pod of the same name.
        const isReplaced = (pod: string): boolean =>
          last.type === 'PodDeleted' && pod.endsWith(last.ref.replace('default/', ' '));
        for (const [pod, place] of after) if (before.has(pod) && !isReplaced(pod)) expect(place).toBe(before.get(pod));
      }),
    );
  });

  it('is the same whether it came to be at once or in steps of one object', () => {
    fc.assert(
      fc.property(objects, (some) => {
        const steps = some.map(
          (object): ClusterChange => ({ type: 'ManifestsApplied', objects: [object], replace: false }),
        );
        const distinct = objectsAfter(steps);
        fc.pre(distinct.length === some.length);
        expect(cameToBe(steps)).toEqual(built({ objects: distinct }));
      }),
    );
  });

  it('has as many pods as asked for, as long as there are addresses', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 60 }), (nodes, replicas) => {
        const web: WorkloadObject = {
          kind: 'Deployment',
          namespace: 'default',
          name: 'web',
          labels: {},
          containers: [],
          replicas,
        };
        const { pods } = built({ nodes, podCIDR: '10.244.0.0/25', nodeMask: 28, objects: [web] });
        expect(pods.length).toBe(Math.min(replicas, nodes * 13));
        const perNode = pods.reduce(
          (counts, { node }) => counts.set(node, (counts.get(node) ?? 0) + 1),
          new Map<string, number>(),
        );
        const counts = [...perNode.values()];
        if (counts.length === nodes) expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('of 100 nodes, 1000 pods and 500 Services is built at once', () => {
    const many: KubeObject[] = Array.from({ length: 500 }, (_, index) => index).flatMap((index) => [
      {
        kind: 'Deployment',
        namespace: 'default',
        name: `app-${index}`,
        replicas: 2,
        labels: { app: `app-${index}`, tier: 'x' },
        containers: [{ name: 'c', ports: [{ containerPort: 80 }] }],
      },
      {
        kind: 'Service',
        namespace: 'default',
        name: `app-${index}`,
        selector: { tier: 'x', app: `app-${index}` },
        ports: [{ port: 80 }],
        type: 'NodePort',
      },
    ]);
    const input = { nodes: 100, serviceCIDR: '10.96.0.0/12', objects: many };
    expect(built(input).pods).toHaveLength(1000);
  });
});
