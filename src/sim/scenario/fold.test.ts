import { describe, expect, it } from 'vitest';
import type { KubeObject, ServiceObject, WorkloadObject } from '../kube/objects.ts';
import { compactScenario } from './compact.ts';
import { BASE_STATE, DEFAULT_SCENARIO } from './defaults.ts';
import { foldScenario } from './fold.ts';
import type { ClusterSize, PolicyState, ScenarioEvent, ScenarioState, SeenCluster } from './scenario.ts';

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
const podDeleted = { type: 'PodDeleted', ref: 'default/probe' } as const;
const scaled = (name: string, replicas: number) =>
  ({ type: 'WorkloadScaled', ref: `Deployment default/${name}`, replicas }) as const;
const unready = (ref: string) => ({ type: 'ReadinessSet', ref, ready: false }) as const;
const ready = (ref: string) => ({ type: 'ReadinessSet', ref, ready: true }) as const;
const proxyStopped = (node: string, seen?: SeenCluster) =>
  ({ type: 'ProxyStopped', node, ...(seen && { seen }) }) as const;
const proxyStarted = (node: string): ScenarioEvent => ({ type: 'ProxyStarted', node });
const deny: KubeObject = { kind: 'NetworkPolicy', namespace: 'default', name: 'deny', spec: {} };
const switched = (to: PolicyState) => ({ type: 'PolicySwitched', ref: 'NetworkPolicy default/deny', to }) as const;
const agentStopped = { type: 'AgentStopped', node: 'node-1' } as const;
const route: ScenarioEvent = { type: 'RouteDeleted', ns: 'node-1', line: 'default via 192.168.56.1 dev eth0' };
const stopped: ScenarioEvent = { type: 'ListenerStopped', ns: 'default/web-1', proto: 'tcp', port: 80 };
const mtu = (dev: string, mtuBytes: number) => ({ type: 'MtuSet', ns: 'node-1', dev, mtuBytes }) as const;
const forward = (value: number) => ({ type: 'SysctlSet', ns: 'node-1', key: 'net.ipv4.ip_forward', value }) as const;

const { cni: _cni, balancer: _balancer, faults: _faults, probe: _probe, seed: _seed, ...standing } = BASE_STATE;
const SEEN: SeenCluster = { ...standing, changes: [] };

const { objects: _objects, proxy: _proxy, ...size } = standing;
const sized = (more: Partial<ClusterSize> = {}): ScenarioEvent => ({ type: 'ClusterSized', ...size, ...more });

type Row = readonly [why: string, events: readonly ScenarioEvent[], expected: Partial<ScenarioState>];

const rows: readonly Row[] = [
  ['nothing said is the standard cluster', [], BASE_STATE],
  [
    'the last position of a switch is the one that counts',
    [applied(true, deny), switched('off'), switched('staged')],
    { objects: [deny], faults: [switched('staged')] },
  ],
  ['a policy that is on again leaves no trace', [applied(true, deny), switched('off'), switched('on')], { faults: [] }],
  ['a switch of a policy that is not there does nothing', [applied(true, pod), switched('off')], { faults: [] }],
  [
    'what a stopped agent has seen is not what was switched later',
    [applied(true, deny), switched('off'), agentStopped, switched('on')],
    { faults: [switched('off'), agentStopped, switched('on')] },
  ],
  [
    'a policy that is edited keeps its switch',
    [
      applied(true, deny),
      switched('staged'),
      applied(false, { ...deny, spec: { podSelector: { matchLabels: { a: 'b' } } } }),
    ],
    { faults: [switched('staged')] },
  ],
  [
    'a policy that is deleted takes its switch with it, and nothing else',
    [
      applied(true, deny, pod),
      switched('off'),
      podDeleted,
      { type: 'PolicyDeleted', ref: 'NetworkPolicy default/deny' },
    ],
    { objects: [pod], faults: [podDeleted] },
  ],
  [
    'only policies are deleted so',
    [applied(true, pod), { type: 'PolicyDeleted', ref: 'Pod default/probe' }],
    { objects: [pod] },
  ],
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
    { objects: [deployment('a'), deployment('b')], faults: [scaled('a', 0)] },
  ],
  [
    'scaling to what the manifest says is saying nothing',
    [applied(false, deployment('a', { replicas: 4 })), { type: 'WorkloadScaled', ref: 'default/a', replicas: 4 }],
    { objects: [deployment('a', { replicas: 4 })], faults: [] },
  ],
  [
    'scaling up and down again leaves no trace',
    [applied(false, deployment('a')), scaled('a', 5), scaled('a', 3), scaled('a', 1)],
    { faults: [] },
  ],
  [
    'a manifest applied again takes back what was scaled and made unready by hand',
    [applied(false, deployment('a')), scaled('a', 5), unready('Deployment default/a'), applied(false, deployment('a'))],
    { faults: [] },
  ],
  [
    'a Pod cannot be scaled, and what is not there neither',
    [applied(false, pod), { type: 'WorkloadScaled', ref: 'default/probe', replicas: 3 }],
    { objects: [pod], faults: [] },
  ],
  ['nodes get zones', [sized({ zones: ['a', '', 'b'] })], { zones: ['a', '', 'b'] }],
  ['zones of nodes that are not there say nothing', [sized({ zones: ['a', '', '', 'b'] })], { zones: ['a'] }],
  ['every node gets a cache for names', [sized({ nodeLocalDns: true })], { nodeLocalDns: true }],
  ['a size without it takes it away', [sized({ nodeLocalDns: true }), sized()], BASE_STATE],
  ['a size without zones takes them away', [sized({ zones: ['a'] }), sized()], BASE_STATE],
  [
    'nodes stand in a second subnet',
    [sized({ farSubnet: { cidr: '192.168.57.0/24', fromNode: 3 } })],
    { farSubnet: { cidr: '192.168.57.0/24', fromNode: 3 } },
  ],
  [
    'a size without it puts them back',
    [sized({ farSubnet: { cidr: '192.168.57.0/24', fromNode: 3 } }), sized()],
    BASE_STATE,
  ],
  [
    'a proxy that was stopped before has not heard of zones',
    [proxyStopped('node-1'), sized({ zones: ['a'] })],
    { zones: ['a'], faults: [proxyStopped('node-1', SEEN)] },
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
    'ready again leaves no trace',
    [unready('default/web-1'), unready('default/web-2'), ready('default/web-1'), ready('default/web-2')],
    { faults: [] },
  ],
  [
    'a pod of an unready workload is made ready',
    [unready('Deployment default/web'), ready('default/web-1')],
    { faults: [unready('Deployment default/web'), ready('default/web-1')] },
  ],
  [
    'a proxy that was started again was never stopped',
    [applied(true, deployment('a')), proxyStopped('node-1'), scaled('a', 3), proxyStarted('node-1'), scaled('a', 1)],
    { faults: [] },
  ],
  [
    'what comes after a stopped proxy is not merged with what it has seen',
    [applied(true, deployment('a')), scaled('a', 3), unready('default/x'), proxyStopped('node-1'), scaled('a', 1)],
    { faults: [scaled('a', 3), unready('default/x'), proxyStopped('node-1'), scaled('a', 1)] },
  ],
  [
    'a proxy is stopped once; starting another one changes nothing',
    [proxyStopped('node-1'), proxyStopped('node-1'), proxyStarted('node-2')],
    { faults: [proxyStopped('node-1')] },
  ],
  [
    'a stopped proxy keeps what it saw before other manifests and another mode',
    [
      applied(true, deployment('a')),
      podDeleted,
      proxyStopped('node-1'),
      applied(true, deployment('b')),
      { type: 'ProxyChosen', proxy: 'kube-proxy', mode: 'ipvs' },
    ],
    {
      objects: [deployment('b')],
      faults: [podDeleted, proxyStopped('node-1', { ...SEEN, objects: [deployment('a')], changes: [podDeleted] })],
    },
  ],
  [
    'a stopped proxy has not heard of addresses that load balancers got since',
    [proxyStopped('node-1'), { type: 'BalancerChosen', balancer: 'cloud', mode: 'proxy' }],
    { balancer: { id: 'cloud', mode: 'proxy' }, faults: [proxyStopped('node-1', SEEN)] },
  ],
  [
    'and keeps nothing of its own where all is again as it saw it',
    [
      proxyStopped('node-1'),
      { type: 'ProxyChosen', proxy: 'kube-proxy', mode: 'ipvs' },
      { type: 'ProxyChosen', proxy: 'kube-proxy', mode: 'iptables' },
    ],
    { faults: [proxyStopped('node-1')] },
  ],
  [
    'another object applied does not bring it back',
    [applied(false, pod), podDeleted, applied(false, deployment('a'))],
    { faults: [podDeleted] },
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
