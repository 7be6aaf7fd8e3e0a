import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase64url } from '../base/base64url.ts';
import type { FarSubnet } from '../kube/cluster-input.ts';
import type { KubeObject, ServiceObject, WorkloadObject } from '../kube/objects.ts';
import { randomCiliumPolicies } from '../kube/policy/random-cilium.ts';
import { randomCluster } from '../kube/policy/random-cluster.ts';
import { compactScenario } from './compact.ts';
import { decodeScenario } from './decode.ts';
import { foldScenario } from './fold.ts';
import type { Moment } from './moment.ts';
import type { Probe, ProbeTo } from './probe.ts';
import { BOUTIQUE, SHOP } from './sample-scenarios.ts';
import type { ClusterEvent, Scenario, ScenarioEvent, SeenCluster } from './scenario.ts';
import { decodeLink, encodeLink } from './url.ts';

const optional = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined });
/** Without the fields that came out undefined, which JSON cannot say. */
const said = <T>(value: unknown): T => JSON.parse(JSON.stringify(value)) as T;

const name = fc.oneof(
  fc.constantFrom('web', 'api', 'default', 'kube-dns'),
  fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/),
);
const portName = fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/);
const portNumber = fc.integer({ min: 1, max: 65_535 });
const protocol = fc.constantFrom('TCP', 'UDP', 'SCTP');
const ipText = fc.oneof(fc.ipV4(), fc.constantFrom('fd00::1', '::1'));
const cidrText = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, prefix]) => `${ip}/${prefix}`);
const labelMap = fc.dictionary(
  fc.stringMatching(/^[a-z]([a-zA-Z0-9_.]{0,6}[a-z])?$/),
  fc.stringMatching(/^([A-Za-z0-9]{0,8})$/),
  { maxKeys: 3 },
);
const ref = fc.tuple(name, name).map(([namespace, own]) => `${namespace}/${own}`);
const line = fc.stringMatching(/^[ -~]{1,60}$/);

const containerPorts = fc.array(
  fc.record({
    name: optional(portName),
    containerPort: portNumber,
    protocol: optional(protocol),
    hostPort: optional(portNumber),
    hostIP: optional(ipText),
  }),
  { maxLength: 3 },
);
const workload: fc.Arbitrary<WorkloadObject> = fc
  .record({
    kind: fc.constantFrom('Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'),
    namespace: fc.oneof(name, fc.constant('default')),
    name,
    replicas: optional(fc.integer({ min: 0, max: 9 })),
    labels: optional(labelMap),
    containers: fc.array(fc.record({ name: optional(name), ports: containerPorts }), { maxLength: 2 }),
    initContainers: optional(
      fc.array(fc.record({ name, restartPolicy: optional(fc.constant('Always')), ports: containerPorts }), {
        maxLength: 2,
      }),
    ),
    hostNetwork: optional(fc.boolean()),
    nodeName: optional(name),
    dnsPolicy: optional(fc.constantFrom('ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None')),
    dnsConfig: optional(
      fc.constantFrom(
        {},
        { nameservers: ['10.0.0.2'] },
        { searches: ['my.dns'], options: [{ name: 'ndots', value: '2' }] },
      ),
    ),
    hostname: optional(name),
    subdomain: optional(name),
    ready: optional(fc.boolean()),
  })
  .map((drawn) =>
    said({
      ...drawn,
      labels: drawn.labels ?? { app: drawn.name },
      containers: drawn.containers.map((container) => ({ ...container, name: container.name ?? drawn.name })),
    }),
  );

const service: fc.Arbitrary<ServiceObject> = fc
  .record({
    kind: fc.constant('Service'),
    namespace: name,
    name,
    type: optional(fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName')),
    clusterIP: optional(fc.oneof(fc.constant('None'), ipText)),
    clusterIPs: optional(fc.array(ipText, { maxLength: 2 })),
    ipFamilyPolicy: optional(fc.constantFrom('SingleStack', 'PreferDualStack', 'RequireDualStack')),
    ipFamilies: optional(fc.array(fc.constantFrom('IPv4', 'IPv6'), { maxLength: 2 })),
    healthCheckNodePort: optional(portNumber),
    externalName: optional(name),
    selector: optional(labelMap),
    ports: fc.array(
      fc.record({
        name: optional(portName),
        protocol: optional(protocol),
        port: portNumber,
        targetPort: optional(fc.oneof(portNumber, portName)),
        nodePort: optional(portNumber),
      }),
      { maxLength: 3 },
    ),
    externalTrafficPolicy: optional(fc.constantFrom('Cluster', 'Local')),
    internalTrafficPolicy: optional(fc.constantFrom('Cluster', 'Local')),
    sessionAffinity: optional(fc.constantFrom('None', 'ClientIP')),
    sessionAffinityTimeoutSeconds: optional(fc.integer({ min: 1, max: 86_400 })),
    externalIPs: optional(fc.array(ipText, { maxLength: 2 })),
    loadBalancerSourceRanges: optional(fc.array(cidrText, { maxLength: 2 })),
    loadBalancerClass: optional(fc.constantFrom('service.k8s.aws/nlb', 'internal')),
    loadBalancerIP: optional(ipText),
    allocateLoadBalancerNodePorts: optional(fc.boolean()),
    publishNotReadyAddresses: optional(fc.boolean()),
    trafficDistribution: optional(fc.constantFrom('PreferClose', 'PreferSameZone', 'PreferSameNode')),
    topologyMode: optional(fc.constant('Auto' as const)),
  })
  .map(said<ServiceObject>);

const object: fc.Arbitrary<KubeObject> = fc.oneof(
  workload,
  service,
  fc.record({ kind: fc.constant('Namespace' as const), name, labels: optional(labelMap) }).map(said<KubeObject>),
  fc
    .constantFrom('deny', 'allow')
    .map((own): KubeObject => ({ kind: 'NetworkPolicy', namespace: 'default', name: own, spec: {} })),
  fc.integer({ min: 0, max: 2 ** 31 - 1 }).chain((seed): fc.Arbitrary<KubeObject> => {
    const policies = [...randomCluster(seed).policies, ...randomCiliumPolicies(seed)];
    return policies.length === 0 ? workload : fc.constantFrom(...policies);
  }),
);

const end = fc.oneof(
  fc.record({ kind: fc.constant('pod' as const), ref }),
  fc.record({ kind: fc.constantFrom('node' as const, 'external' as const), ref: name }),
);
const target: fc.Arbitrary<ProbeTo> = fc.oneof(
  end,
  fc.record({
    kind: fc.constant('service' as const),
    ref,
    via: fc.constantFrom('name' as const, 'clusterIP' as const, 'loadBalancer' as const, 'externalIP' as const),
  }),
  fc.record({ kind: fc.constant('ip' as const), ip: ipText }),
  fc.record({ kind: fc.constant('name' as const), name: fc.constantFrom('api', 'api.shop', 'example.com.') }),
);
const probe: fc.Arbitrary<Probe> = fc
  .record({
    from: end,
    to: target,
    proto: fc.constantFrom('tcp', 'udp', 'ping', 'traceroute'),
    port: optional(portNumber),
    options: optional(
      fc.record({
        ttl: optional(fc.integer({ min: 1, max: 255 })),
        sizeBytes: optional(fc.integer({ min: 0, max: 9000 })),
        df: optional(fc.constantFrom('do', 'dont')),
        src: optional(ipText),
        endpoint: optional(fc.constant('10.244.1.2:8080')),
        handshakeOnly: optional(fc.boolean()),
        family: optional(fc.constantFrom('IPv4', 'IPv6')),
        waitMs: optional(fc.integer({ min: 1, max: 9999 })),
      }),
    ),
  })
  .map(said<Probe>);

const of = <Type extends ScenarioEvent['type']>(type: Type) => fc.constant(type);
/** Few names, so that changes meet each other and the objects. */
const someRef = fc.oneof(
  ref,
  fc.constantFrom('web', 'api').map((own) => `default/${own}`),
  fc.constantFrom('Deployment default/web', 'StatefulSet default/web'),
);
const policyRef = fc.constantFrom(
  'NetworkPolicy default/deny',
  'NetworkPolicy default/allow',
  'ClusterNetworkPolicy guard',
);
const podRef = someRef.map((given) => given.replace(/^.* /, ''));
const clusterEvent: fc.Arbitrary<ClusterEvent> = fc.oneof(
  fc.record({ type: of('WorkloadScaled'), ref: someRef, replicas: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ type: of('ReadinessSet'), ref: someRef, ready: fc.boolean() }),
  fc.record({ type: of('PodDeleted'), ref: podRef }),
  fc.record({
    type: of('PolicySwitched'),
    ref: policyRef,
    to: fc.constantFrom('on' as const, 'staged' as const, 'off' as const),
  }),
);
const nodeName = fc.constantFrom('node-1', 'node-2');
const size = {
  nodes: fc.integer({ min: 1, max: 20 }),
  podCIDR: cidrText,
  nodeMask: fc.integer({ min: 1, max: 30 }),
  serviceCIDR: fc.oneof(cidrText, fc.constant('10.96.0.0/12')),
  nodeNetwork: fc.oneof(cidrText, fc.constant('192.168.56.0/24')),
  mtuBytes: fc.integer({ min: 68, max: 9000 }),
  farSubnet: optional(
    fc
      .record({
        cidr: cidrText,
        fromNode: fc.integer({ min: 2, max: 9 }),
        podRoutes: optional(fc.constant(true as const)),
      })
      .map(said<FarSubnet>),
  ),
  ipv6: optional(
    fc.record({
      role: fc.constantFrom('only' as const, 'first' as const, 'second' as const),
      podCIDR: cidrText,
      nodeMask: fc.integer({ min: 1, max: 128 }),
      serviceCIDR: cidrText,
      nodeNetwork: cidrText,
    }),
  ),
  nodeLocalDns: optional(fc.constant(true as const)),
  zones: optional(fc.array(fc.constantFrom('', 'zone-a', 'eu-1b'), { maxLength: 6 })),
};
const ipvsProtocol = fc.constantFrom('tcp', 'udp', 'sctp');
const chosenBalancer = fc.record({ id: fc.constantFrom('cloud', 'none'), mode: fc.constantFrom('proxy', 'none') });
const seen: fc.Arbitrary<SeenCluster> = fc
  .record({
    ...size,
    objects: fc.array(object, { maxLength: 3 }),
    proxy: fc.record({ id: fc.constantFrom('kube-proxy', 'none'), mode: fc.constantFrom('iptables', 'ipvs') }),
    balancer: optional(chosenBalancer),
    changes: fc.array(clusterEvent, { maxLength: 3 }),
  })
  .map(said<SeenCluster>);
const event: fc.Arbitrary<ScenarioEvent> = fc
  .oneof(
    fc.record({ type: of('ClusterSized'), ...size }),
    fc.record({ type: of('ManifestsApplied'), objects: fc.array(object, { maxLength: 6 }), replace: fc.boolean() }),
    fc.record({ type: of('CniChosen'), cni: fc.constantFrom('flannel', 'calico'), mode: fc.constantFrom('vxlan', '') }),
    fc.record({
      type: of('ProxyChosen'),
      proxy: fc.constantFrom('kube-proxy', 'none'),
      mode: fc.constantFrom('iptables', 'none'),
    }),
    chosenBalancer.map(({ id, mode }) => ({ type: 'BalancerChosen' as const, balancer: id, mode })),
    clusterEvent,
    clusterEvent,
    fc.record({ type: of('PolicyDeleted'), ref: policyRef }),
    fc.record({ type: of('ProxyStopped'), node: nodeName, seen: optional(seen) }),
    fc.record({ type: of('ProxyStarted'), node: nodeName }),
    fc.record({ type: of('AgentStopped'), node: nodeName, seen: optional(seen) }),
    fc.record({ type: of('AgentStarted'), node: nodeName }),
    fc.record({ type: of('CniConfRemoved'), node: nodeName }),
    fc.record({ type: of('CniConfRestored'), node: nodeName }),
    fc.record({ type: of('ListenerStopped'), ns: ref, proto: fc.constantFrom('tcp', 'udp'), port: portNumber }),
    fc.record({ type: of('DeviceSetDown'), ns: name, dev: fc.constantFrom('eth0', 'cni0') }),
    fc.record({ type: fc.constantFrom('RouteDeleted', 'NeighbourDeleted', 'FdbEntryDeleted'), ns: name, line }),
    fc.record({
      type: of('RuleDeleted'),
      ns: name,
      table: fc.constantFrom('nat', 'filter'),
      line,
      nth: optional(fc.nat(9)),
    }),
    fc.record({ type: of('ProxySynced'), node: nodeName }),
    fc.record({
      type: of('NftRuleDeleted'),
      ns: name,
      table: fc.constantFrom('ip kube-proxy', 'ip6 kube-proxy'),
      chain: fc.constantFrom('services', 'service-ULMVA6XW-ns1/svc1/tcp/p80'),
      line,
      nth: optional(fc.nat(9)),
    }),
    fc.record({
      type: of('NftElementDeleted'),
      ns: name,
      table: fc.constant('ip kube-proxy'),
      set: fc.constant('service-ips'),
      key: fc.constant('10.96.0.1 . tcp . 443'),
    }),
    fc.record({ type: of('VirtualServerDeleted'), ns: name, proto: ipvsProtocol, at: fc.constant('10.96.0.1:443') }),
    fc.record({
      type: of('RealServerDeleted'),
      ns: name,
      proto: ipvsProtocol,
      at: fc.constant('10.96.0.1:443'),
      server: fc.constant('10.244.1.2:8080'),
    }),
    fc.record({
      type: of('IpsetMemberDeleted'),
      ns: name,
      set: fc.constant('KUBE-CLUSTER-IP'),
      member: fc.constant('10.96.0.1,tcp:443'),
    }),
    fc.record({
      type: of('AddressDeleted'),
      ns: name,
      dev: fc.constant('kube-ipvs0'),
      ip: fc.constant('10.96.0.1'),
    }),
    fc.record({ type: of('SysctlSet'), ns: name, key: fc.constant('net.ipv4.ip_forward'), value: fc.nat(1) }),
    fc.record({ type: of('MtuSet'), ns: name, dev: fc.constant('eth0'), mtuBytes: fc.integer({ min: 68, max: 9000 }) }),
    fc.record({ type: of('ProbeSet'), probe }),
    fc.record({ type: of('SeedSet'), seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }),
  )
  .map(said<ScenarioEvent>);

const scenario: fc.Arbitrary<Scenario> = fc.record({ events: fc.array(event, { maxLength: 16 }) });
const moment: fc.Arbitrary<Moment> = fc
  .record({ step: fc.nat(500), view: optional(fc.constantFrom('rules', 'rules/node-1')) })
  .map(said<Moment>);

describe('laws of a scenario', () => {
  it('what we make, we can open', () => {
    fc.assert(
      fc.property(scenario, (drawn) => {
        expect(decodeScenario({ version: 1, ...drawn })).toEqual({ ok: true, value: drawn });
      }),
    );
  });

  it('compacting keeps the meaning, and compacting twice is compacting once', () => {
    fc.assert(
      fc.property(scenario, (drawn) => {
        const compact = compactScenario(drawn);
        expect(foldScenario(compact)).toStrictEqual(foldScenario(drawn));
        expect(compactScenario(compact)).toStrictEqual(compact);
      }),
    );
  });

  it('a link gives back the compact scenario and the moment', () => {
    fc.assert(
      fc.property(scenario, moment, (drawn, at) => {
        expect(decodeLink(encodeLink(drawn, at))).toStrictEqual({
          ok: true,
          value: { scenario: compactScenario(drawn), moment: at },
        });
      }),
    );
  });
});

describe('laws of what comes from outside', () => {
  const links = [SHOP, BOUTIQUE].map((sample) => encodeLink(sample, { step: 9 }));

  it('random bytes never open and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(decodeLink(`#1.${toBase64url(bytes)}`).ok).toBe(false);
      }),
    );
  });

  it('any text after the # is an answer', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        expect(decodeLink(`#${text}`)).toHaveProperty('ok');
      }),
    );
  });

  it('a link that was changed on its way is an error or a whole scenario', () => {
    const change = fc.tuple(fc.constantFrom(...links), fc.nat(1000), fc.nat(4), fc.stringMatching(/^[\w-]{0,4}$/));
    fc.assert(
      fc.property(change, ([link, at, cut, put]) => {
        const changed = link.slice(0, at % link.length) + put + link.slice((at % link.length) + cut);
        const opened = decodeLink(changed);
        if (opened.ok) expect(links.map((whole) => decodeLink(whole))).toContainEqual(opened);
        else expect(opened.error.what).not.toBe('');
      }),
      { numRuns: 300 },
    );
  });

  it('any JSON is a scenario or says why not', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        for (const json of [a, { version: 1, events: a }, { version: 1, events: [a, b] }]) {
          const decoded = decodeScenario(json);
          if (!decoded.ok) expect(decoded.error.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});
