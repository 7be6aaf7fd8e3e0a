/** Ports of nodes that lead to pods, and pods on the host's network, for every CNI of the registry. */
import { describe, expect, it } from 'vitest';
import { CNIS } from '../drivers/registry.ts';
import { readManifests } from '../kube/manifests/parse.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { ProbeFrom, ProbeTo } from '../scenario/probe.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import { podStory } from './story/pod-story.ts';
import type { World } from './world.ts';

const YAML = `
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  nodeName: node-1
  containers:
  - name: web
    image: w
    ports:
    - {containerPort: 80, hostPort: 8080}
    - {containerPort: 81, hostPort: 8081, hostIP: 192.168.56.11}
    - {containerPort: 53, protocol: UDP, hostPort: 5353}
  - {name: closed, image: c, ports: [{containerPort: 80}, {containerPort: 82, hostPort: 8082}]}
---
apiVersion: v1
kind: Pod
metadata: {name: near}
spec: {nodeName: node-1, containers: [{name: near, image: busybox}]}
---
apiVersion: v1
kind: Pod
metadata: {name: far}
spec: {nodeName: node-2, containers: [{name: far, image: busybox}]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, labels: {app: agent}}
spec:
  nodeName: node-2
  hostNetwork: true
  containers: [{name: agent, image: a, ports: [{containerPort: 9100}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: rival}
spec:
  nodeName: node-2
  hostNetwork: true
  containers: [{name: rival, image: a, ports: [{containerPort: 10250}]}]
---
apiVersion: v1
kind: Service
metadata: {name: agent}
spec: {selector: {app: agent}, ports: [{port: 80, targetPort: 9100}]}
`;
const { objects, errors } = readManifests(YAML);

function world(cni: string, mode: string): World {
  const events: ScenarioEvent[] = [
    { type: 'ManifestsApplied', objects, replace: true },
    { type: 'CniChosen', cni, mode },
  ];
  const built = buildWorld(foldScenario({ events }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const pod = (name: string): ProbeFrom => ({ kind: 'pod', ref: `default/${name}` });
const node = (ref: string): ProbeFrom => ({ kind: 'node', ref });
const CLIENT: ProbeFrom = { kind: 'external', ref: 'client' };
const at = (ip: string): ProbeTo => ({ kind: 'ip', ip });

/** Whom the pod sees, as a kernel showed it (Linux 6.18, the rules of `portmap.test.ts`, bridge with hairpin). */
const seen: readonly [string, ProbeFrom, ProbeTo, number, RegExp][] = [
  [
    'a client outside',
    CLIENT,
    node('node-1'),
    8080,
    /hostPort 8080 of Pod default\/web .* the client's own address, 192\.168\.56\.100/,
  ],
  ['the node itself', node('node-1'), node('node-1'), 8080, /sees the client's own address, 192\.168\.56\.11/],
  [
    'the node at 127.0.0.1',
    node('node-1'),
    at('127.0.0.1'),
    8080,
    /led to .*web on node-1, (10\.244\.\d+|192\.168\.56)\.\d+:80; it sees .* instead of the client's 127\.0\.0\.1/,
  ],
  ['a pod of another node', pod('far'), node('node-1'), 8080, /led to .*web on node-1/],
  ['a pod of the same node', pod('near'), node('node-1'), 8080, /led to .*web on node-1/],
  ['the pod itself', pod('web'), node('node-1'), 8080, /led to .*web on node-1.* instead of the client's/],
  ['the host address that it is for', CLIENT, at('192.168.56.11'), 8081, /hostPort 8081 of Pod default\/web/],
];

const refused: readonly [string, ProbeFrom, ProbeTo, number, RegExp][] = [
  [
    'another node',
    CLIENT,
    node('node-2'),
    8080,
    /hostPort 8080 exists only on nodes that run Pod default\/web, and node-2 is none/,
  ],
  ['another address than its own', node('node-1'), at('127.0.0.1'), 8081, /is for 192\.168\.56\.11 only/],
  [
    'a container that does not run',
    CLIENT,
    node('node-1'),
    8082,
    /hostPort 8082 of Pod default\/web led to .*:82 \(web\), but nobody listens there/,
  ],
  ['a port that is no host port', CLIENT, node('node-1'), 8083, /nobody listens on 192\.168\.56\.11:8083/],
];

const sent = (inWorld: World, from: ProbeFrom, to: ProbeTo, port: number) =>
  traceProbe(inWorld, { from, to, proto: 'tcp', port }).verdict;

const ALL = CNIS.flatMap(({ id, modes, hostPorts }) => modes.map((mode) => [id, mode.id, hostPorts(mode.id)] as const));

describe.each(ALL.filter(([, , way]) => way === 'nobody'))('%s %s', (id, mode) => {
  it.each(seen)('has nobody for a hostPort, asked by %s', (_name, from, to, port) => {
    const verdict = sent(world(id, mode), from, to, port);
    expect(verdict.sentence).toMatch(/is not reached at .*: nothing on node-1 translates/);
    expect(verdict.outcome).toBe('refused');
  });
});

describe.each(ALL.filter(([, , way]) => way !== 'nobody'))('%s %s: host ports', (id, mode, way) => {
  const here = world(id, mode);

  it.each(seen)('hostPort, asked by %s', (_name, from, to, port, says) => {
    const verdict = sent(here, from, to, port);
    // A CNI's own programs may show the pod another address than portmap does.
    expect(verdict.sentence).toMatch(
      way === 'portmap' ? says : /hostPort \d+ of Pod default\/web .* led to .*web on node-1/,
    );
    expect(verdict.outcome).toBe('connected');
  });

  it.each(refused)('hostPort, asked at %s', (_name, from, to, port, says) => {
    const verdict = sent(here, from, to, port);
    expect(verdict.sentence).toMatch(says);
    expect(verdict.outcome).toBe('refused');
  });
});

describe.each(ALL)('%s %s: pods on the host', (id, mode) => {
  const here = world(id, mode);

  it('a pod on the host has no namespace, no cable and the address of its node', () => {
    expect(here.namespaces.has('default/agent')).toBe(false);
    expect(here.cluster.pods.find(({ name }) => name === 'agent')?.ip).toBe('192.168.56.12');
    const peers = here.namespaces
      .get('node-2')
      ?.devices.flatMap((device) => ('peer' in device ? [device.peer.ns] : []));
    expect(peers).not.toContain('default/agent');
  });

  it('a pod on the host is reached at its node, behind a Service and at localhost', () => {
    const service: ProbeTo = { kind: 'service', ref: 'default/agent', via: 'clusterIP' };
    for (const [from, to, port] of [
      [pod('near'), pod('agent'), 9100],
      [pod('far'), service, 80],
      [CLIENT, node('node-2'), 9100],
      [pod('agent'), at('127.0.0.1'), 9100],
    ] as const) {
      const verdict = sent(here, from, to, port);
      expect(verdict.sentence).toMatch(/agent, a pod on the host's network of node-2/);
      expect(verdict.outcome).toBe('connected');
    }
  });

  it('a pod on the host starts its packets in the namespace of its node', () => {
    expect(traceProbe(here, { from: pod('agent'), to: pod('near'), proto: 'ping' }).from.ns).toBe('node-2');
  });
});

describe('the story of a pod', () => {
  const here = world('flannel', 'vxlan');

  it('with host ports: portmap is given them, and writes its rules', () => {
    const call = podStory(here, 'default/web')?.steps.find(({ actor }) => actor === 'portmap');
    const text = call?.evidence.map((one) => one.text).join('\n') ?? '';
    expect(text.replace(/\s+/g, ' ')).toContain('"hostPort": 8080, "containerPort": 80, "protocol": "tcp"');
    expect(text).toContain('CNI-HOSTPORT-DNAT');
  });

  it('on the host: no namespace is made, and no plugin is called', () => {
    const steps = podStory(here, 'default/agent')?.steps ?? [];
    expect(steps.map(({ actor }) => actor)).toEqual([
      'kube-scheduler',
      'containerd',
      'kubelet',
      'kube-controller-manager',
    ]);
    expect(steps.flatMap(({ appears }) => appears)).toEqual([]);
  });

  it('of another pod is not touched by pods on the host', () => {
    expect(podStory(here, 'default/far')?.steps.find(({ id }) => id === 'start')?.appears).toEqual([]);
  });
});

describe('what is told', () => {
  const { cluster, notes } = world('flannel', 'vxlan');

  it('of a port that the node itself has', () => {
    expect(errors).toEqual([]);
    expect(notes.map(({ text }) => text)).toContain(
      'container rival: CrashLoopBackOff: listen tcp :10250: bind: address already in use (kubelet of node-2 has the port)',
    );
    expect(cluster.pods.find(({ name }) => name === 'rival')?.ready).toBe(false);
  });
});
