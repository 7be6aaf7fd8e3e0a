import { describe, expect, it } from 'vitest';
import type { KubeObject, ServiceObject, WorkloadObject } from '../kube/objects.ts';
import { compactScenario } from './compact.ts';
import { BASE_STATE, DEFAULT_SCENARIO } from './defaults.ts';
import { foldScenario } from './fold.ts';
import type { ScenarioEvent, ScenarioState } from './scenario.ts';

const deployment = (name: string, more: Partial<WorkloadObject> = {}): WorkloadObject => ({
  kind: 'Deployment',
  namespace: 'default',
  name,
  labels: { app: name },
  containers: [{ name, ports: [{ containerPort: 8080 }] }],
  ...more,
});
const service = (more: Partial<ServiceObject> = {}): ServiceObject => ({
  kind: 'Service',
  namespace: 'default',
  name: 'web',
  selector: { app: 'web' },
  ports: [{ port: 80 }],
  ...more,
});
const applied = (replace: boolean, ...objects: KubeObject[]): ScenarioEvent => ({
  type: 'ManifestsApplied',
  objects,
  replace,
});
const pod = deployment('probe', { kind: 'Pod' });
const podDeleted: ScenarioEvent = { type: 'PodDeleted', ref: 'default/probe' };
const route: ScenarioEvent = { type: 'RouteDeleted', ns: 'node-1', line: 'default via 192.168.56.1 dev eth0' };
const stopped: ScenarioEvent = { type: 'ListenerStopped', ns: 'default/web-1', proto: 'tcp', port: 80 };
const mtu = (dev: string, mtuBytes: number) => ({ type: 'MtuSet', ns: 'node-1', dev, mtuBytes }) as const;
const forward = (value: number) => ({ type: 'SysctlSet', ns: 'node-1', key: 'net.ipv4.ip_forward', value }) as const;

type Row = readonly [why: string, events: readonly ScenarioEvent[], expected: Partial<ScenarioState>];

const rows: readonly Row[] = [
  ['nothing said is the standard cluster', [], BASE_STATE],
  [
    'the last choice wins',
    [
      { type: 'CniChosen', cni: 'calico', mode: 'ipip' },
      { type: 'CniChosen', cni: 'cilium', mode: 'native' },
      { type: 'ProxyChosen', proxy: 'none', mode: 'none' },
      { type: 'SeedSet', seed: 7 },
    ],
    { cni: { id: 'cilium', mode: 'native' }, proxy: { id: 'none', mode: 'none' }, seed: 7 },
  ],
  [
    'objects are added',
    [applied(false, deployment('a')), applied(false, deployment('b'))],
    { objects: [deployment('a'), deployment('b')] },
  ],
  [
    'or replace all that stood',
    [applied(false, deployment('a')), applied(true, deployment('b'))],
    { objects: [deployment('b')] },
  ],
  [
    'the same object is replaced where it stands',
    [applied(false, deployment('a'), deployment('b')), applied(false, deployment('a', { replicas: 2 }))],
    { objects: [deployment('a', { replicas: 2 }), deployment('b')] },
  ],
  [
    'the same name in another namespace or of another kind is another object',
    [applied(false, deployment('web'), deployment('web', { namespace: 'shop' }), service())],
    { objects: [deployment('web'), deployment('web', { namespace: 'shop' }), service()] },
  ],
  [
    'a workload is scaled, also to nothing',
    [applied(false, deployment('a'), deployment('b')), { type: 'WorkloadScaled', ref: 'default/a', replicas: 0 }],
    { objects: [deployment('a', { replicas: 0 }), deployment('b')] },
  ],
  [
    'scaling to one is saying nothing',
    [applied(false, deployment('a', { replicas: 4 })), { type: 'WorkloadScaled', ref: 'default/a', replicas: 1 }],
    { objects: [deployment('a')] },
  ],
  [
    'a Pod cannot be scaled, and what is not there neither',
    [applied(false, pod), { type: 'WorkloadScaled', ref: 'default/probe', replicas: 3 }],
    { objects: [pod] },
  ],
  ['deleting a line twice is two deletions', [route, route], { faults: [route, route] as ScenarioState['faults'] }],
  ['stopping twice is stopping', [stopped, stopped], { faults: [stopped] as ScenarioState['faults'] }],
  [
    'the last value of a setting wins',
    [mtu('eth0', 1400), forward(0), mtu('eth0', 1300)],
    { faults: [forward(0), mtu('eth0', 1300)] },
  ],
  [
    'settings of other devices stay',
    [mtu('eth0', 1400), mtu('cni0', 1300)],
    { faults: [mtu('eth0', 1400), mtu('cni0', 1300)] },
  ],
  [
    'a fault survives another CNI',
    [mtu('flannel.1', 1300), { type: 'CniChosen', cni: 'calico', mode: 'ipip' }],
    { faults: [mtu('flannel.1', 1300)] },
  ],
  [
    'a deleted Pod comes back when it is applied again',
    [applied(false, pod), podDeleted, applied(false, pod)],
    { faults: [] },
  ],
  [
    'another object applied does not bring it back',
    [applied(false, pod), podDeleted, applied(false, deployment('a'))],
    { faults: [podDeleted] as ScenarioState['faults'] },
  ],
];

describe('the fold', () => {
  it.each(rows)('%s', (_why, events, expected) => {
    expect(foldScenario({ events })).toEqual({ ...foldScenario({ events }), ...expected });
  });

  it.each<[string, KubeObject, KubeObject]>([
    [
      'a Service',
      service({
        type: 'ClusterIP',
        ports: [{ name: '', port: 80, targetPort: 80, protocol: 'TCP' }],
        externalTrafficPolicy: 'Cluster',
        internalTrafficPolicy: 'Cluster',
        sessionAffinity: 'None',
        sessionAffinityTimeoutSeconds: 5,
        externalIPs: [],
        loadBalancerSourceRanges: [],
        publishNotReadyAddresses: false,
      }),
      service(),
    ],
    [
      'a Service with ClientIP affinity of three hours',
      service({ sessionAffinity: 'ClientIP', sessionAffinityTimeoutSeconds: 10_800 }),
      service({ sessionAffinity: 'ClientIP' }),
    ],
    [
      'a workload',
      deployment('a', {
        replicas: 1,
        ready: true,
        containers: [{ name: 'a', ports: [{ name: '', containerPort: 8080, protocol: 'TCP' }] }],
      }),
      deployment('a'),
    ],
    ['a DaemonSet', deployment('a', { kind: 'DaemonSet', replicas: 3 }), deployment('a', { kind: 'DaemonSet' })],
    ['a Namespace', { kind: 'Namespace', name: 'shop', labels: {} }, { kind: 'Namespace', name: 'shop' }],
  ])('leaves out of %s what the API server would say anyway', (_what, said, meant) => {
    expect(foldScenario({ events: [applied(true, said)] }).objects).toStrictEqual([meant]);
  });
});

describe('a compact scenario', () => {
  it('is empty for the standard cluster, however it was reached', () => {
    const events: ScenarioEvent[] = [
      { type: 'CniChosen', cni: 'calico', mode: 'ipip' },
      { type: 'CniChosen', cni: 'flannel', mode: 'vxlan' },
    ];
    expect(compactScenario({ events })).toEqual({ events: [] });
  });

  it('is what the first visit shows already', () => {
    expect(compactScenario(DEFAULT_SCENARIO)).toEqual(compactScenario(compactScenario(DEFAULT_SCENARIO)));
    expect(DEFAULT_SCENARIO.events.map(({ type }) => type)).toEqual(['ManifestsApplied', 'ProbeSet', 'SeedSet']);
  });
});
