import { describe, expect, it } from 'vitest';
import { buildCluster } from './build-cluster.ts';
import type { ClusterChange, ClusterInput } from './cluster-input.ts';
import type { ContainerPortObject, KubeObject, WorkloadObject } from './objects.ts';

const base: Omit<ClusterInput, 'objects'> = {
  nodes: 2,
  podCIDR: '10.244.0.0/16',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/12',
  nodeNetwork: '192.168.56.0/24',
  mtuBytes: 1500,
  deletedPods: [],
  stoppedListeners: [],
};

function built(objects: readonly KubeObject[], change: Partial<ClusterInput> = {}) {
  const result = buildCluster({ ...base, objects, ...change });
  if (!result.ok) throw new Error(result.error.map(({ text }) => text).join('\n'));
  const { pods } = result.value.cluster;
  return { pods, notes: result.value.notes.map(({ ref, text }) => `${ref}: ${text}`) };
}

const work = (name: string, port: ContainerPortObject, change: Partial<WorkloadObject> = {}): WorkloadObject => ({
  kind: 'Pod',
  namespace: 'default',
  name,
  labels: {},
  containers: [{ name, ports: [port] }],
  ...change,
});
const on8080: ContainerPortObject = { containerPort: 80, hostPort: 8080 };
const host = { hostNetwork: true } as const;
const NO_PORTS = "node(s) didn't have free ports for the requested pod ports";

describe('the scheduler counts ports of nodes', () => {
  it.each<[string, KubeObject[], string[], string[]]>([
    [
      'one host port, one node each, and the third waits',
      ['a', 'b', 'c'].map((name) => work(name, on8080)),
      ['node-2', 'node-1'],
      [`Pod default/c: 0/2 nodes are available: 2 ${NO_PORTS}`],
    ],
    [
      'pods on the host are in the way of each other and of host ports',
      [
        work('a', { containerPort: 8080 }, { ...host, nodeName: 'node-1' }),
        work('b', on8080),
        work('c', { containerPort: 8080 }, host),
      ],
      ['node-1', 'node-2'],
      [`Pod default/c: 0/2 nodes are available: 2 ${NO_PORTS}`],
    ],
    [
      'another protocol and another address are other ports',
      [
        work('a', { ...on8080, hostIP: '192.168.56.11' }, { nodeName: 'node-1' }),
        work('b', { ...on8080, hostIP: '10.0.0.1' }, { nodeName: 'node-1' }),
        work('c', { ...on8080, protocol: 'UDP' }, { nodeName: 'node-1' }),
      ],
      ['node-1', 'node-1', 'node-1'],
      [],
    ],
    [
      'all addresses are in the way of each one: kubelet says so to a pod that passed by the scheduler',
      [
        work('a', { ...on8080, hostIP: '192.168.56.11' }, { nodeName: 'node-1' }),
        work('b', on8080, { nodeName: 'node-1' }),
      ],
      ['node-1'],
      [`Pod default/b: Failed on node-1 (NodePorts): Pod was rejected: Predicate NodePorts failed: ${NO_PORTS}`],
    ],
    [
      'a DaemonSet misses the node whose port is taken',
      [work('a', on8080, { nodeName: 'node-2' }), work('agent', on8080, { kind: 'DaemonSet' })],
      ['node-2', 'node-1'],
      [
        `DaemonSet default/agent: 0/2 nodes are available: 1 ${NO_PORTS}, 1 node(s) didn't satisfy plugin(s) [NodeAffinity]`,
      ],
    ],
    [
      "a sidecar's host port counts, and leads nowhere",
      [
        work(
          'a',
          { containerPort: 80 },
          {
            nodeName: 'node-1',
            initContainers: [{ name: 'mesh', restartPolicy: 'Always', ports: [{ containerPort: 81, hostPort: 8080 }] }],
          },
        ),
        work('b', on8080),
      ],
      ['node-1', 'node-2'],
      [
        'Pod default/a: hostPort 8080 of mesh: kubelet asks the runtime for the host ports of `containers` alone, so nothing leads there',
      ],
    ],
  ])('%s', (_name, objects, nodes, notes) => {
    const found = built(objects);
    expect(found.pods.map(({ node }) => node)).toEqual(nodes);
    expect(found.notes).toEqual(notes);
  });

  it('a port that becomes free goes to the pod that waited', () => {
    const objects = ['a', 'b', 'c'].map((name) => work(name, on8080));
    const found = built(objects, { deletedPods: ['default/a'] });
    expect(found.pods.map(({ name, node }) => `${name} ${node}`)).toEqual(['b node-1', 'c node-2']);
    expect(found.notes).toEqual([]);
  });

  it('a pod that is moved to the host gives its address back and takes its port', () => {
    const before = [work('a', { containerPort: 80 }, { nodeName: 'node-1' })];
    const after = [
      work('a', { containerPort: 80 }, { ...host, nodeName: 'node-1' }),
      work('b', { containerPort: 80 }, { nodeName: 'node-1' }),
    ];
    const history: ClusterChange[] = [
      { type: 'ManifestsApplied', objects: before, replace: true },
      { type: 'ManifestsApplied', objects: after, replace: false },
    ];
    const ips = built(after, { history }).pods.map(({ name, ip }) => `${name} ${ip}`);
    expect(ips).toEqual(['a 192.168.56.11', 'b 10.244.0.3']);
  });
});

describe('pods on the host', () => {
  it('have the address of their node, take none of its range, and listen among its programs', () => {
    const { pods } = built([
      work('agent', { containerPort: 9100 }, { ...host, nodeName: 'node-1' }),
      work('web', { containerPort: 80 }, { nodeName: 'node-1' }),
    ]);
    expect(pods.map(({ ip, hostNetwork }) => [ip, hostNetwork])).toEqual([
      ['192.168.56.11', true],
      ['10.244.0.2', undefined],
    ]);
  });

  it('that declare nothing cannot both be assumed on one port of one node', () => {
    const silent = (name: string): WorkloadObject => ({
      ...work(name, on8080, { ...host, nodeName: 'node-1', labels: { app: 'x' } }),
      containers: [{ name, ports: [] }],
    });
    const service: KubeObject = {
      kind: 'Service',
      namespace: 'default',
      name: 'x',
      selector: { app: 'x' },
      ports: [{ port: 80, targetPort: 9000 }],
    };
    const { pods } = built([silent('a'), silent('b'), service]);
    expect(pods.map(({ ready, listens }) => [ready, listens.length])).toEqual([
      [true, 1],
      [false, 0],
    ]);
  });
});
