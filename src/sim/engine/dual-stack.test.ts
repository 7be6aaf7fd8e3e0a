/** A cluster of both families as a person meets it: what is sent over IPv6, what is said of it, and what can be broken. */
import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import { DEFAULT_OBJECTS } from '../kube/default-objects.ts';
import { usualIpv6 } from '../kube/ipv6-networks.ts';
import type { KubeObject } from '../kube/objects.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { Probe } from '../scenario/probe.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import { explain } from './explain/explain.ts';
import { ruleDiffs } from './rule-diff.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

/** The default objects, with Services of both families. */
const OBJECTS: readonly KubeObject[] = DEFAULT_OBJECTS.map((object) =>
  object.kind === 'Service' ? { ...object, ipFamilyPolicy: 'PreferDualStack' } : object,
);

const SIZE = {
  nodes: 3,
  podCIDR: '10.244.0.0/16',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/12',
  nodeNetwork: '192.168.56.0/24',
  mtuBytes: 1500,
};

const START: readonly ScenarioEvent[] = [
  { type: 'ManifestsApplied', objects: OBJECTS, replace: true },
  { type: 'ClusterSized', ...SIZE, ipv6: usualIpv6('second') },
];

function world(...more: readonly ScenarioEvent[]): World {
  const built = buildWorld(foldScenario({ events: [...START, ...more] }));
  if (!built.ok) throw new Error(built.error.map(({ what }) => what).join('\n'));
  return built.value;
}

const TO_WEB: Probe = {
  from: { kind: 'pod', ref: 'default/toolbox' },
  to: { kind: 'service', ref: 'default/web', via: 'clusterIP' },
  proto: 'tcp',
  port: 80,
};
const BY_NAME: Probe['to'] = { kind: 'service', ref: 'default/web', via: 'name' };
const OVER_SIX: Probe = { ...TO_WEB, options: { family: 'IPv6' } };

const said = (trace: Trace, of: World, step: number) => explain(trace, of, step);
const firstOf = (trace: Trace, kind: string): number =>
  must(
    trace.steps.find((s) => s.kind === kind),
    kind,
  ).i;

describe('a probe', () => {
  it('goes to the first address unless another family is asked for', () => {
    const both = world();
    expect(traceProbe(both, TO_WEB).to.ip).toMatch(/^10\.1/);
    expect(traceProbe(both, OVER_SIX).to.ip).toMatch(/^fd00:10:96::/);
  });

  it('over IPv6 arrives, and its sentence puts addresses before a port into brackets', () => {
    const { verdict } = traceProbe(world(), OVER_SIX);
    expect(verdict.good).toBe(true);
    expect(verdict.sentence).toMatch(
      /Service default\/web \(\[fd00:10:96::[\da-f]+\]:80\) led to web-\S+ on node-\d, \[fd00:10:244:/,
    );
  });

  it('of a family that the Service does not have finds no address', () => {
    const single = world({ type: 'ManifestsApplied', objects: DEFAULT_OBJECTS, replace: true });
    expect(traceProbe(single, OVER_SIX).verdict.sentence).toBe('Service default/web has no IPv6 address.');
    expect(traceProbe(single, { ...OVER_SIX, to: BY_NAME }).verdict).toMatchObject({
      sentence: 'No IPv6 address: Service default/web is of IPv4 alone, so its name has no AAAA record.',
      remedy: expect.stringContaining('ipFamilyPolicy: PreferDualStack'),
    });
  });

  it('by name asks for the records of its family alone, and else takes IPv6, as glibc does', () => {
    const both = world();
    const asked = (options: Probe['options']) => {
      const { to, lookup } = traceProbe(both, { ...TO_WEB, to: BY_NAME, ...(options && { options }) });
      return [to.ip?.includes(':'), (lookup?.queries ?? 0) % 2];
    };
    expect(asked(undefined)).toEqual([true, 0]);
    expect(asked({ family: 'IPv4' })[0]).toBe(false);
    expect(asked({ family: 'IPv6' })[0]).toBe(true);
  });
});

describe('what is said of its rules', () => {
  it('is of ip6tables, and counts the endpoints of IPv6', () => {
    const both = world();
    const trace = traceProbe(both, OVER_SIX);
    const rule = said(trace, both, firstOf(trace, 'rule'));
    expect(rule.evidence[0]?.command).toMatch(/^ip6tables -t /);
    expect(said(trace, both, firstOf(trace, 'nat')).sentence).toContain('1 of 3, chosen at random');
  });
});

describe('a deleted rule', () => {
  const jump = (table: string): ScenarioEvent => ({
    type: 'RuleDeleted',
    ns: 'node-1',
    table,
    line: '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
  });
  it.each<[string, ScenarioEvent, boolean, boolean]>([
    ['of ip6tables', jump('ip6 nat'), true, false],
    ['of iptables', jump('nat'), false, true],
  ])('%s breaks its own family alone', (_name, deleted, four, six) => {
    const broken = world(deleted);
    expect([traceProbe(broken, TO_WEB).verdict.good, traceProbe(broken, OVER_SIX).verdict.good]).toEqual([four, six]);
  });
});

describe('the control loop', () => {
  it('tells what changed in both families', () => {
    const [diff] = ruleDiffs(world(), world({ type: 'WorkloadScaled', ref: 'default/web', replicas: 4 }));
    const endpoints = must(diff, 'a change').added.filter((line) => line.includes('-j DNAT'));
    expect(endpoints.filter((line) => line.includes('fd00:10:244:'))).toHaveLength(1);
    expect(endpoints.filter((line) => line.includes('10.244.'))).toHaveLength(1);
  });
});

describe('Calico', () => {
  const calico = (mode: string, ...objects: readonly KubeObject[]): World =>
    world(
      { type: 'CniChosen', cni: 'calico', mode },
      ...objects.map((o) => ({ type: 'ManifestsApplied', objects: [o], replace: false }) as const),
    );
  const allowed = (more: object): KubeObject => ({
    kind: 'NetworkPolicy',
    namespace: 'default',
    name: 'web',
    spec: { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [more] }] },
  });
  const both = (of: World) => [TO_WEB, OVER_SIX].map((probe) => traceProbe(of, probe).verdict.good);

  it('has blocks of both families, and tunnels where IPv6 has them', () => {
    const [first] = calico('vxlan').cluster.nodes;
    expect(first?.blocks?.map(({ family, prefix }) => [family, prefix])).toEqual([
      [4, 26],
      [6, 122],
    ]);
    expect(first?.tunnelIps).toHaveLength(2);
    expect(calico('ipip').cluster.nodes[0]?.tunnelIps).toHaveLength(1);
  });

  it.each<[string, object, boolean[]]>([
    ['a network of IPv4', { ipBlock: { cidr: '0.0.0.0/0' } }, [true, false]],
    ['a network of IPv6', { ipBlock: { cidr: '::/0' } }, [false, true]],
    ['pods', { podSelector: { matchLabels: { app: 'toolbox' } } }, [true, true]],
    ['other pods', { podSelector: { matchLabels: { app: 'api' } } }, [false, false]],
  ])('a policy for %s speaks of its own family', (_name, peer, expected) => {
    expect(both(calico('bgp'))).toEqual([true, true]);
    expect(both(calico('vxlan', allowed(peer)))).toEqual(expected);
  });

  it('carries IPv6 alone without IP-in-IP only', () => {
    const only = { type: 'ClusterSized', ...SIZE, ipv6: usualIpv6('only') } as const;
    const built = (mode: string) =>
      buildWorld(foldScenario({ events: [...START, only, { type: 'CniChosen', cni: 'calico', mode }] })).ok;
    expect(['bgp', 'ipip', 'vxlan'].map(built)).toEqual([true, false, true]);
  });
});

describe('a CNI without IPv6', () => {
  it.each([
    ['weave', 'fastdp'],
    ['canal', 'vxlan'],
    ['vpc-addresses', 'secondary-ips'],
    ['cloud-routes', 'routes'],
  ])('%s says why', (cni, mode) => {
    const built = buildWorld(foldScenario({ events: [...START, { type: 'CniChosen', cni, mode }] }));
    const told = built.ok ? [] : built.error.map(({ what }) => what);
    expect(told).toEqual([expect.stringMatching(/IPv6.*\. Choose IPv4 alone/)]);
  });
});
