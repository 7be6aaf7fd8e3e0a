import { describe, expect, it } from 'vitest';
import { buildCluster } from './build-cluster.ts';
import type { Cluster, ClusterService } from './cluster.ts';
import type { ClusterChange, ClusterInput } from './cluster-input.ts';
import { DEFAULT_OBJECTS } from './default-objects.ts';
import type { KubeObject, ServiceObject, WorkloadObject } from './objects.ts';
import { changeObjects } from './objects-merge.ts';

const base: ClusterInput = {
  nodes: 2,
  podCIDR: '10.244.0.0/16',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/12',
  nodeNetwork: '192.168.56.0/24',
  mtuBytes: 1500,
  objects: DEFAULT_OBJECTS,
  deletedPods: [],
  stoppedListeners: [],
};

function built(change: Partial<ClusterInput> = {}) {
  const result = buildCluster({ ...base, ...change });
  if (!result.ok) throw new Error(result.error.map(({ text }) => text).join('\n'));
  return result.value;
}

const problems = (change: Partial<ClusterInput>): readonly string[] => {
  const result = buildCluster({ ...base, ...change });
  return result.ok ? [] : result.error.map(({ ref, text }) => (ref === 'cluster' ? text : `${ref}: ${text}`));
};

const podLines = ({ pods }: Cluster): readonly string[] => pods.map(({ name, node, ip }) => `${name} ${node} ${ip}`);

const service = (cluster: Cluster, name: string): ClusterService => cluster.services.find((s) => s.name === name)!;

const endpointTexts = (cluster: Cluster, name: string): readonly string[] =>
  service(cluster, name).ports.flatMap(({ endpoints }) => endpoints.map(({ ip, port }) => `${ip}:${port}`));

const workload = (name: string, change: Partial<WorkloadObject> = {}): WorkloadObject => ({
  kind: 'Deployment',
  namespace: 'default',
  name,
  labels: { app: name },
  containers: [{ name, ports: [{ name: 'http', containerPort: 8080 }] }],
  ...change,
});

const serviceOf = (name: string, change: Partial<ServiceObject> = {}): ServiceObject => ({
  kind: 'Service',
  namespace: 'default',
  name,
  selector: { app: name },
  ports: [{ port: 80, targetPort: 8080 }],
  ...change,
});

describe('an edit', () => {
  it('leaves every Service that it does not touch the very same value', () => {
    const objects = ['a', 'b'].flatMap((name): KubeObject[] => [workload(name), serviceOf(name)]);
    const before = built({ objects }).cluster;
    const again = built({ objects }).cluster;
    const after = built({ objects, readiness: [{ ref: 'Deployment default/b', ready: false }] }).cluster;
    expect(service(again, 'b')).toBe(service(before, 'b'));
    expect(service(after, 'a')).toBe(service(before, 'a'));
    expect(service(after, 'b')).not.toEqual(service(before, 'b'));
  });
});

describe('the default cluster', () => {
  const { cluster, notes } = built();

  it('has nodes, machines around them and nothing to explain', () => {
    expect(cluster.nodes.map(({ name, ip, podCIDR, role }) => [name, ip, podCIDR.text, role])).toEqual([
      ['node-1', '192.168.56.11', '10.244.0.0/24', 'control-plane'],
      ['node-2', '192.168.56.12', '10.244.1.0/24', 'worker'],
    ]);
    expect(cluster.externals.map(({ name, ip, lo, isGateway }) => [name, ip, lo, isGateway])).toEqual([
      ['internet', '192.168.56.1', ['203.0.113.10', '203.0.113.53'], true],
      ['client', '192.168.56.100', [], false],
    ]);
    expect(notes).toEqual([]);
  });

  it('has pods with stable names, spread over the nodes', () => {
    expect(podLines(cluster)).toMatchInlineSnapshot(`
      [
        "web-55489cf447-wglxq node-2 10.244.1.2",
        "web-55489cf447-6nrgm node-1 10.244.0.2",
        "web-55489cf447-7qddn node-2 10.244.1.3",
        "api-5f8bd499d9-nvftv node-1 10.244.0.3",
        "api-5f8bd499d9-wrkxg node-2 10.244.1.4",
        "toolbox node-1 10.244.0.4",
      ]
    `);
  });

  it('has Services with addresses and endpoints', () => {
    const lines = cluster.services.map((s) => `${s.name} ${s.type} ${s.clusterIP} ${s.ports[0]?.nodePort}`);
    expect(lines).toMatchInlineSnapshot(`
      [
        "kubernetes ClusterIP 10.96.0.1 undefined",
        "web NodePort 10.106.175.246 30080",
        "api NodePort 10.97.53.212 30081",
      ]
    `);
    expect(endpointTexts(cluster, 'web')).toEqual(['10.244.0.2:8080', '10.244.1.2:8080', '10.244.1.3:8080']);
    expect(service(cluster, 'kubernetes').ports[0]?.endpoints).toEqual([
      { ip: '192.168.56.11', port: 6443, ready: true, serving: true, terminating: false },
    ]);
  });
});

describe('sizes and networks that do not fit', () => {
  it.each<[string, Partial<ClusterInput>, string[]]>([
    [
      'Pod and Service networks overlap',
      { podCIDR: '10.96.0.0/16' },
      ['The pod network 10.96.0.0/16 overlaps the Service network 10.96.0.0/12'],
    ],
    [
      'pod and node networks overlap',
      { podCIDR: '192.168.0.0/16' },
      ['The pod network 192.168.0.0/16 overlaps the node network 192.168.56.0/24'],
    ],
    [
      'more nodes than ranges',
      { podCIDR: '10.244.0.0/23', nodes: 3 },
      ['nodes: 3 do not fit: 10.244.0.0/23 with a /24 for each node has room for 2'],
    ],
    [
      'more nodes than addresses for them',
      { nodes: 245, nodeNetwork: '192.168.56.0/24' },
      [
        "nodes: 245 do not fit: 192.168.56.0/24 has addresses for 243 nodes (from .11 upward, without the client's .100); choose a larger node network",
      ],
    ],
    [
      'a node network without a place for the client',
      { nodeNetwork: '192.168.56.0/28' },
      [
        'nodeNetwork: 192.168.56.0/28 is too small: gateway at .1, nodes from .11 and the client at .100 need a /25 or larger',
      ],
    ],
    [
      'more pods than a stage can show',
      { objects: [workload('web', { replicas: 1_000_000_000 })] },
      ['1000000000 pods in all are too many: at most 5000 are supported'],
    ],
    ['no node', { nodes: 0 }, ['nodes: 0: at least 1 is needed']],
    ['a mask above the pod network', { nodeMask: 12 }, ['nodeMask: 12: must be between 16 and 30 for 10.244.0.0/16']],
    ['a word for a network', { podCIDR: 'pods' }, ['podCIDR: "pods" is not a network: "pods" is not an IP address']],
    ['IPv6', { serviceCIDR: 'fd00::/112' }, ['serviceCIDR: fd00::/112 is IPv6, and IPv4 belongs there']],
  ])('%s', (_name, change, texts) => {
    expect(problems(change)).toEqual(texts);
  });
});

describe('Service addresses that cannot be given', () => {
  const web = (change: Partial<ServiceObject>): Partial<ClusterInput> => ({
    objects: [serviceOf('other', { clusterIP: '10.96.0.20' }), serviceOf('web', change)],
  });
  it.each<[string, Partial<ClusterInput>, string]>([
    [
      'outside the range',
      web({ clusterIP: '10.0.0.1' }),
      'Service default/web: spec.clusterIPs: Invalid value: []string{"10.0.0.1"}: failed to allocate IP 10.0.0.1: the provided IP (10.0.0.1) is not in the valid range. The range of valid IPs is 10.96.0.0/12',
    ],
    [
      'of a family that the cluster does not have',
      web({ clusterIP: 'fd00::10' }),
      'Service default/web: spec.clusterIPs[0]: Invalid value: []string{"fd00::10"}: IPv6 is not configured on this cluster',
    ],
    [
      'somebody else has it',
      web({ clusterIP: '10.96.0.20' }),
      'Service default/web: spec.clusterIPs: Invalid value: []string{"10.96.0.20"}: failed to allocate IP 10.96.0.20: provided IP is already allocated',
    ],
    [
      'the API server has it',
      web({ clusterIP: '10.96.0.1' }),
      'Service default/web: spec.clusterIPs: Invalid value: []string{"10.96.0.1"}: failed to allocate IP 10.96.0.1: provided IP is already allocated',
    ],
    [
      'a node port outside the range',
      web({ type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }),
      'Service default/web: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    ],
    [
      'a node port of another Service',
      {
        objects: ['a', 'b'].map((name) =>
          serviceOf(name, { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
        ),
      },
      'Service default/b: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    ],
  ])('%s', (_name, change, text) => {
    expect(problems(change)).toEqual([text]);
  });
});

describe('pods', () => {
  it.each<[string, KubeObject, readonly string[]]>([
    ['a StatefulSet numbers them', workload('db', { kind: 'StatefulSet', replicas: 2 }), ['db-0', 'db-1']],
    ['a DaemonSet has one for each node', workload('agent', { kind: 'DaemonSet' }), ['agent-.....', 'agent-.....']],
    ['a Deployment goes through a ReplicaSet', workload('web'), ['web-[b-z2-9]{8,10}-.....']],
    ['a ReplicaSet does not', workload('web', { kind: 'ReplicaSet' }), ['web-.....']],
    ['a Job has one', workload('once', { kind: 'Job' }), ['once-.....']],
    ['zero replicas', workload('web', { replicas: 0 }), []],
  ])('%s', (_name, object, names) => {
    const { pods } = built({ objects: [object] }).cluster;
    expect(pods.map(({ name }) => name)).toEqual(names.map((pattern) => expect.stringMatching(`^${pattern}$`)));
  });

  it('without a free address wait in host-local words, and take one that becomes free', () => {
    const change = { nodes: 1, podCIDR: '10.244.0.0/29', nodeMask: 29, objects: [workload('web', { replicas: 6 })] };
    const full = built(change);
    expect(full.cluster.pods.map(({ ip }) => ip)).toEqual(['2', '3', '4', '5', '6'].map((n) => `10.244.0.${n}`));
    expect(full.notes.map(({ text }) => text)).toEqual([
      'ContainerCreating on node-1: failed to allocate for range 0: no IP addresses available in range set: 10.244.0.1-10.244.0.6',
    ]);
    const first = full.cluster.pods[0]!;
    const after = built({ ...change, deletedPods: [`default/${first.name}`] });
    expect(after.cluster.pods).toHaveLength(5);
    expect(after.notes).toHaveLength(1);
  });

  it('that are deleted come back under a new name with the next address; a bare Pod does not', () => {
    const before = built().cluster;
    const web = before.pods[0]!;
    const after = built({ deletedPods: [`default/${web.name}`, 'default/toolbox', 'default/never-was'] }).cluster;
    const kept = podLines(before).filter((line) => !line.startsWith('toolbox') && !line.startsWith(web.name));
    expect(podLines(after).slice(0, -1)).toEqual(kept);
    expect(after.pods.at(-1)).toMatchObject({ owner: web.owner, ip: expect.not.stringMatching(web.ip) });
    expect(after.pods.at(-1)!.name).not.toBe(web.name);
  });

  it('of a StatefulSet come back under the same name', () => {
    const objects = [workload('db', { kind: 'StatefulSet', replicas: 2 })];
    const after = built({ objects, deletedPods: ['default/db-0'] }).cluster;
    expect(podLines(after)).toEqual(['db-1 node-2 10.244.1.2', 'db-0 node-1 10.244.0.3']);
  });

  it('keep their places when a workload above them is scaled, given how it came to be', () => {
    const standing = [workload('a', { replicas: 2 }), workload('b', { replicas: 2 })];
    const history: ClusterChange[] = [
      { type: 'ManifestsApplied', objects: standing, replace: true },
      { type: 'WorkloadScaled', ref: 'default/a', replicas: 4 },
    ];
    const before = podLines(built({ objects: standing }).cluster);
    const after = podLines(
      built({ objects: history.reduce<readonly KubeObject[]>(changeObjects, []), history }).cluster,
    );
    expect(after.slice(0, 4)).toEqual(before);
    expect(after).toHaveLength(6);
  });

  it('that are bare come back when they are applied again', () => {
    const apply: ClusterChange = {
      type: 'ManifestsApplied',
      objects: [workload('x', { kind: 'Pod' })],
      replace: false,
    };
    const gone: ClusterChange = { type: 'PodDeleted', ref: 'default/x' };
    const count = (history: ClusterChange[]) => built({ objects: apply.objects, history }).cluster.pods.length;
    expect([count([apply, gone]), count([apply, gone, apply])]).toEqual([0, 1]);
  });

  it('that cannot be made are told', () => {
    const objects = [
      workload('lost', { nodeName: 'node-9' }),
      workload('a', { kind: 'Pod' }),
      workload('a-0', { kind: 'Pod' }),
    ];
    const { notes } = built({ objects: [...objects, workload('a', { kind: 'StatefulSet' })] });
    expect(notes.map(({ ref, text }) => `${ref}: ${text}`)).toEqual([
      'Deployment default/lost: nodeName node-9: there is no such node',
      'StatefulSet default/a: pods "a-0" already exists: another object made a pod of that name',
    ]);
  });
});

describe('listening', () => {
  const listens = (objects: readonly KubeObject[], stopped: ClusterInput['stoppedListeners'] = []) =>
    built({ objects, stoppedListeners: stopped }).cluster.pods.map((pod) =>
      pod.listens.map(({ proto, port, program, up }) => `${proto} ${port} ${program}${up === false ? ' stopped' : ''}`),
    );
  const silent = [{ name: 'main', ports: [] }];

  it('is what the containers declare', () => {
    const containers = [
      { name: 'dns', ports: [{ containerPort: 53, protocol: 'UDP' as const }, { containerPort: 53 }] },
      { name: 'metrics', ports: [{ containerPort: 9153 }] },
    ];
    expect(listens([workload('dns', { containers })])).toEqual([['udp 53 dns', 'tcp 53 dns', 'tcp 9153 metrics']]);
  });

  it('is assumed where a Service sends to a pod that declares nothing', () => {
    const objects = [workload('web', { containers: silent }), serviceOf('web')];
    expect(listens(objects)).toEqual([['tcp 8080 main']]);
    expect(built({ objects }).notes).toEqual([
      {
        kind: 'assumed',
        ref: 'Deployment default/web',
        text: 'declares no ports, so it is assumed to listen on TCP 8080, where Service default/web sends',
      },
    ]);
  });

  it('is not assumed where the pod declares another port: a wrong targetPort stays wrong', () => {
    expect(listens([workload('web'), serviceOf('web', { ports: [{ port: 80, targetPort: 9090 }] })])).toEqual([
      ['tcp 8080 web'],
    ]);
  });

  it('can be stopped', () => {
    const objects = [workload('db', { kind: 'StatefulSet' })];
    expect(listens(objects, [{ ns: 'default/db-0', proto: 'tcp', port: 8080 }])).toEqual([['tcp 8080 db stopped']]);
    const nodes = built({ stoppedListeners: [{ ns: 'node-1', proto: 'tcp', port: 6443 }] }).cluster.nodes;
    expect(nodes[0]?.listens.map(({ port, up }) => [port, up])).toEqual([
      [10250, undefined],
      [6443, false],
    ]);
  });
});

describe('Services', () => {
  const of = (change: Partial<ServiceObject>, pods: Partial<WorkloadObject> = { replicas: 2 }) =>
    built({ objects: [workload('web', { nodeName: 'node-1', ...pods }), serviceOf('web', change)] });

  it.each<[string, Partial<ServiceObject>, Partial<WorkloadObject>, readonly string[]]>([
    ['a number', { ports: [{ port: 80, targetPort: 8080 }] }, {}, ['10.244.0.2:8080']],
    ['a name', { ports: [{ port: 80, targetPort: 'http' }] }, {}, ['10.244.0.2:8080']],
    ['a name that no container has', { ports: [{ port: 80, targetPort: 'grpc' }] }, {}, []],
    ['a name of another protocol', { ports: [{ port: 80, targetPort: 'http', protocol: 'UDP' }] }, {}, []],
    ['nothing: the port itself', { ports: [{ port: 80 }] }, {}, ['10.244.0.2:80']],
    ['no selector', { selector: {} }, {}, []],
    ['a selector that matches nothing', { selector: { app: 'web', tier: 'front' } }, {}, []],
    ['a selector in another namespace', { namespace: 'shop' }, {}, []],
    ['sorted as text', {}, { replicas: 20 }, undefined as never],
  ])('endpoints: targetPort or selector is %s', (name, change, pods, expected) => {
    const texts = endpointTexts(of(change, pods).cluster, 'web');
    if (name === 'sorted as text') {
      expect(texts).toEqual([...texts].sort());
      expect(texts).toHaveLength(20);
    } else expect(texts).toEqual(expected);
  });

  it.each<[string, Partial<ServiceObject>, object]>([
    ['not ready', {}, { ready: false, serving: false, terminating: false }],
    ['not ready, but published', { publishNotReadyAddresses: true }, { ready: true, serving: false }],
  ])('endpoint conditions: %s', (_name, change, conditions) => {
    expect(service(of(change, { ready: false }).cluster, 'web').ports[0]?.endpoints[0]).toMatchObject(conditions);
  });

  it.each<[string, Partial<ServiceObject>, object]>([
    ['headless', { clusterIP: 'None' }, { clusterIP: 'None' }],
    ['explicit address', { clusterIP: '10.96.7.7' }, { clusterIP: '10.96.7.7' }],
    [
      'affinity by default',
      { sessionAffinity: 'ClientIP' },
      { sessionAffinity: { type: 'ClientIP', timeoutSeconds: 10800 } },
    ],
    ['external addresses', { externalIPs: ['198.51.100.7'] }, { externalIPs: ['198.51.100.7'] }],
  ])('%s', (_name, change, expected) => {
    expect(service(of(change).cluster, 'web')).toMatchObject(expected);
  });

  it('of type ExternalName have no address', () => {
    const { cluster } = of({ type: 'ExternalName', externalName: 'example.com', ports: [] });
    expect(service(cluster, 'web')).not.toHaveProperty('clusterIP');
  });

  it('of type LoadBalancer wait for a cloud, with a port for its health checks', () => {
    const { cluster, notes } = of({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    expect(service(cluster, 'web')).toMatchObject({ loadBalancerIPs: [], healthCheckNodePort: expect.any(Number) });
    expect(notes.map(({ text }) => text)).toEqual([expect.stringContaining('EXTERNAL-IP <pending>: nobody')]);
  });

  it('share one node port between TCP and UDP of one port', () => {
    const ports = [
      { name: 'tcp', port: 53 },
      { name: 'udp', port: 53, protocol: 'UDP' as const },
    ];
    const [tcp, udp] = service(of({ type: 'NodePort', ports }).cluster, 'web').ports;
    expect(tcp?.nodePort).toBe(udp?.nodePort);
  });

  it('named kubernetes stay as the API server makes them', () => {
    const { cluster, notes } = built({ objects: [serviceOf('kubernetes')] });
    expect(cluster.services).toHaveLength(1);
    expect(notes.map(({ kind }) => kind)).toEqual(['ignored']);
  });
});
