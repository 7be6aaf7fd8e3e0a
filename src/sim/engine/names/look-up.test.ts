/** A row for each walk through the search list: what is typed, which absolute names are asked for, and what comes of it. */
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../kube/objects.ts';
import { foldScenario } from '../../scenario/fold.ts';
import type { Probe } from '../../scenario/probe.ts';
import type { ScenarioEvent } from '../../scenario/scenario.ts';
import { buildWorld } from '../build-world.ts';
import { traceProbe } from '../converse.ts';
import { dnsIn } from '../packets.ts';
import type { Trace } from '../trace.ts';

const server = (namespace: string, name: string): KubeObject => ({
  kind: 'Deployment',
  namespace,
  name,
  labels: { app: name },
  containers: [{ name, ports: [{ name: 'http', containerPort: 8080 }] }],
});
const service = (namespace: string, name: string, more: object = {}): KubeObject => ({
  kind: 'Service',
  namespace,
  name,
  selector: { app: name },
  ports: [{ name: 'http', port: 80, targetPort: 8080 }],
  ...more,
});
const client = (name: string, more: object = {}): KubeObject => ({
  kind: 'Pod',
  namespace: 'default',
  name,
  labels: { app: name },
  containers: [{ name, ports: [] }],
  ...more,
});
const objects: readonly KubeObject[] = [
  server('shop', 'api'),
  service('shop', 'api', { clusterIP: '10.96.13.7' }),
  server('default', 'web'),
  service('default', 'web', { clusterIP: '10.96.13.8' }),
  service('default', 'out', { type: 'ExternalName', externalName: 'www.example.com', ports: [] }),
  client('toolbox'),
  client('few', { dnsConfig: { options: [{ name: 'ndots', value: '1' }] } }),
  client('host', { hostNetwork: true }),
  client('host-first', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }),
  client('outside', { dnsPolicy: 'Default' }),
];
const APPLIED: ScenarioEvent = { type: 'ManifestsApplied', objects, replace: true };

function send(name: string, from = 'toolbox', ...events: ScenarioEvent[]): Trace {
  const built = buildWorld(foldScenario({ events: [APPLIED, ...events] }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  const probe: Probe = {
    from: { kind: 'pod', ref: `default/${from}` },
    to: { kind: 'name', name },
    proto: 'tcp',
    port: 80,
  };
  return traceProbe(built.value, probe);
}

/** Absolute names in the order in which they are asked for, and how often where that is more than once. */
function asked({ steps }: Trace): readonly string[] {
  return steps.flatMap((step) => (step.kind === 'name-query' ? [step.query.replace(/cluster\.local\.$/, '~')] : []));
}

const outcome = ({ verdict, to }: Trace): string => (verdict.good ? `${to.ip}` : verdict.printed);
const CURL = 'curl: (6) Could not resolve host:';

describe('the search list', () => {
  it.each<[string, string, string, readonly string[], string]>([
    ['its own namespace', 'web', 'toolbox', ['web.default.svc.~'], '10.96.13.8'],
    ['another one', 'api.shop', 'toolbox', ['api.shop.default.svc.~', 'api.shop.svc.~'], '10.96.13.7'],
    [
      'with svc',
      'api.shop.svc',
      'toolbox',
      ['api.shop.svc.default.svc.~', 'api.shop.svc.svc.~', 'api.shop.svc.~'],
      '10.96.13.7',
    ],
    [
      'in full, with four dots',
      'api.shop.svc.cluster.local',
      'toolbox',
      [
        'api.shop.svc.cluster.local.default.svc.~',
        'api.shop.svc.cluster.local.svc.~',
        'api.shop.svc.cluster.local.~',
        'api.shop.svc.~',
      ],
      '10.96.13.7',
    ],
    ['with a dot at the end', 'api.shop.svc.cluster.local.', 'toolbox', ['api.shop.svc.~'], '10.96.13.7'],
    [
      'of the Internet',
      'example.com',
      'toolbox',
      ['example.com.default.svc.~', 'example.com.svc.~', 'example.com.~', 'example.com.'],
      '203.0.113.10',
    ],
    ['the same with ndots:1', 'example.com', 'few', ['example.com.'], '203.0.113.10'],
    [
      'one dot with ndots:1',
      'api.shop',
      'few',
      ['api.shop.', 'api.shop.default.svc.~', 'api.shop.svc.~'],
      '10.96.13.7',
    ],
    ['in the wrong namespace', 'api', 'toolbox', ['api.default.svc.~', 'api.svc.~', 'api.~', 'api.'], `${CURL} api`],
    ['an alias', 'out', 'toolbox', ['out.default.svc.~'], '203.0.113.10'],
    ["on the host's network", 'web', 'host', ['web.'], `${CURL} web`],
    ['unless the policy says so', 'web', 'host-first', ['web.default.svc.~'], '10.96.13.8'],
    ['policy Default', 'web', 'outside', ['web.'], `${CURL} web`],
  ])('%s: %s from %s', (_why, name, from, names, ends) => {
    const trace = send(name, from);
    expect(asked(trace)).toEqual(names);
    expect(outcome(trace)).toBe(ends);
    expect(trace.lookup?.queries).toBe(names.length * 2);
  });
});

describe('a lookup is packets', () => {
  const trace = send('api.shop');

  it('that go through the Service to a pod of CoreDNS, and back', () => {
    const arrival = trace.steps.find((step) => step.kind === 'deliver' && step.socket?.program === 'coredns');
    expect(arrival?.ns).toMatch(/^kube-system\/coredns-/);
    expect(
      trace.steps.some(
        (step) => step.kind === 'nat' && step.before.dst === '10.96.0.10' && step.after.dst.endsWith('.254'),
      ),
    ).toBe(true);
  });

  it('A and AAAA at once, from one port', () => {
    const [a, aaaa] = trace.packets.map(({ firstStep }) => trace.steps[firstStep]);
    const ports = [a, aaaa].map(
      (step) => step && 'ttl' in step.frame && 'sport' in step.frame.l4 && step.frame.l4.sport,
    );
    expect([a, aaaa].map((step) => step && dnsIn(step.frame)?.question.type)).toEqual(['A', 'AAAA']);
    expect(ports[0]).toBe(ports[1]);
  });

  it('before those of the program, whose own draws stay as they are without a name', () => {
    const own = trace.steps.slice(trace.lookup?.steps);
    expect(own.every((step) => !dnsIn(step.frame))).toBe(true);
    const built = buildWorld(foldScenario({ events: [APPLIED] }));
    if (!built.ok) throw new Error('no world');
    const byAddress = traceProbe(built.value, { ...trace.probe, to: { kind: 'ip', ip: '10.96.13.7' } });
    expect(own.map(({ kind, ns }) => `${kind} ${ns}`)).toEqual(byAddress.steps.map(({ kind, ns }) => `${kind} ${ns}`));
  });
});

describe('what goes wrong', () => {
  const scaled: ScenarioEvent = { type: 'WorkloadScaled', ref: 'Deployment kube-system/coredns', replicas: 0 };
  const unready: ScenarioEvent = { type: 'ReadinessSet', ref: 'Deployment kube-system/coredns', ready: false };

  it.each<[string, ScenarioEvent]>([
    ['no pod', scaled],
    ['no ready pod', unready],
  ])('%s of CoreDNS: refused at once, and the search ends', (_what, event) => {
    const trace = send('web', 'toolbox', event);
    expect(asked(trace)).toEqual(['web.default.svc.~', 'web.default.svc.~']);
    expect(trace.lookup?.tookMs).toBe(0);
    expect(trace.verdict).toMatchObject({ printed: `${CURL} web`, outcome: 'unresolved' });
    expect(trace.verdict.sentence).toMatch(/no name server was heard.*kube-system\/kube-dns has no ready endpoints/);
  });

  it('listed pods that do not answer: two waits of five seconds for a name, and for the name as it is', () => {
    const down = ['node-1', 'node-2'].map((ns): ScenarioEvent => ({ type: 'DeviceSetDown', ns, dev: 'flannel.1' }));
    const built = buildWorld(foldScenario({ events: [APPLIED] }));
    if (!built.ok) throw new Error('no world');
    const dead = built.value.cluster.pods
      .filter(({ namespace }) => namespace === 'kube-system')
      .map(
        ({ namespace, name }): ScenarioEvent => ({ type: 'DeviceSetDown', ns: `${namespace}/${name}`, dev: 'eth0' }),
      );
    const trace = send('web', 'toolbox', ...down, ...dead);
    expect(asked(trace)).toEqual(['web.default.svc.~', 'web.default.svc.~', 'web.', 'web.']);
    expect(trace.lookup?.tookMs).toBe(20_000);
    expect(trace.verdict.printed).toBe(`${CURL} web`);
    expect(trace.verdict.sentence).toMatch(/Each question waited 5 seconds: 20 in all/);
  });

  it('a name of another namespace: the right name is told', () => {
    const { verdict } = send('api');
    expect(verdict.sentence).toMatch(/all 4 names .* \(NXDOMAIN\)\. There is a Service api in namespace shop/);
    expect(verdict.remedy).toBe('Write api.shop, or in full api.shop.svc.cluster.local.');
  });

  it('a pod that does not ask the cluster', () => {
    const { verdict } = send('web', 'host');
    expect(verdict.sentence).toMatch(/default\/host asks 203\.0\.113\.53, which knows nothing of the cluster/);
    expect(verdict.remedy).toMatch(/ClusterFirstWithHostNet/);
  });

  it.each<[string, boolean]>([
    ['iptables', true],
    ['nftables', true],
    ['ipvs', false],
  ])('A and AAAA on two CPUs, %s: one may be lost, and is waited for, then both come one by one', (mode, isLost) => {
    const took = Array.from({ length: 24 }, (_, seed) => {
      const state = { ...foldScenario({ events: [APPLIED] }), seed, proxy: { id: 'kube-proxy', mode } };
      const built = buildWorld(state);
      if (!built.ok) throw new Error('no world');
      const trace = traceProbe(built.value, {
        from: { kind: 'pod', ref: 'default/toolbox' },
        to: { kind: 'name', name: 'web' },
        proto: 'tcp',
        port: 80,
        options: { dns: { race: true } },
      });
      expect(trace.verdict.good).toBe(true);
      const lost = trace.packets.filter(({ fate }) => fate === 'dropped').map(({ title }) => title);
      expect(lost).toEqual(trace.lookup?.tookMs === 0 ? [] : ['DNS AAAA? web.default.svc.cluster.local.']);
      return trace.lookup?.tookMs;
    });
    // IPVS sends both to one endpoint, because they come from one port; rules draw for each.
    expect([...new Set(took)].sort()).toEqual(isLost ? [0, 5000] : [0]);
  });

  it('egress is denied: the policy is named, and what names need', () => {
    const policy: KubeObject = {
      kind: 'NetworkPolicy',
      namespace: 'default',
      name: 'shut',
      spec: { podSelector: { matchLabels: { app: 'toolbox' } }, policyTypes: ['Egress'], egress: [] },
    };
    const { verdict, lookup } = send(
      'web',
      'toolbox',
      { type: 'ManifestsApplied', objects: [policy], replace: false },
      { type: 'CniChosen', cni: 'calico', mode: 'vxlan' },
    );
    expect(lookup?.tookMs).toBe(20_000);
    expect(verdict.sentence).toMatch(/NetworkPolicy default\/shut selects default\/toolbox for egress/);
    expect(verdict.remedy).toMatch(/Names need UDP and TCP port 53 to kube-dns\.$/);
  });
});
