import { describe, expect, it } from 'vitest';
import { decodeMoment, decodeScenario, parseScenario, printScenario } from './decode.ts';
import { DEFAULT_SCENARIO } from './defaults.ts';
import { EVENTS_MAX, OBJECTS_MAX } from './limits.ts';
import { BOUTIQUE, SHOP } from './sample-scenarios.ts';
import type { Scenario } from './scenario.ts';

const saved = (...events: readonly unknown[]) => ({ version: 1, events });
const pod = (more: object) => ({
  type: 'ManifestsApplied',
  replace: true,
  objects: [{ kind: 'Pod', namespace: 'default', name: 'a', labels: {}, containers: [], ...more }],
});
const service = (more: object) => ({
  type: 'ManifestsApplied',
  replace: true,
  objects: [{ kind: 'Service', namespace: 'default', name: 'a', ports: [], ...more }],
});
const probe = (more: object) => ({
  type: 'ProbeSet',
  probe: { from: { kind: 'pod', ref: 'default/a' }, to: { kind: 'ip', ip: '10.0.0.1' }, proto: 'tcp', ...more },
});
const sized = {
  type: 'ClusterSized',
  nodes: 3,
  podCIDR: '10.0.0.0/8',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/12',
  nodeNetwork: '192.168.56.0/24',
  mtuBytes: 1500,
};
const proxyStopped = (more: object) => {
  const { type: _, ...size } = sized;
  const proxy = { id: 'kube-proxy', mode: 'ipvs' };
  return { type: 'ProxyStopped', node: 'node-1', seen: { ...size, objects: [], proxy, changes: [], ...more } };
};
const deployments = (count: number, replicas: number) =>
  Array.from({ length: count }, (_, i) => ({ ...pod({}).objects[0], kind: 'Deployment', name: `d${i}`, replicas }));

describe('decoding a scenario', () => {
  it.each<[string, Scenario]>([
    ['the default', DEFAULT_SCENARIO],
    ['a shop', SHOP],
    ['a boutique', BOUTIQUE],
  ])('gives %s back from its file', (_name, scenario) => {
    expect(parseScenario(printScenario(scenario))).toEqual({ ok: true, value: scenario });
  });

  it.each<[string, unknown, string, RegExp]>([
    ['no object', 5, 'document', /not a Hopscope scenario/],
    ['a list', [], 'document', /not a Hopscope scenario/],
    ['no version', { events: [] }, 'version', /does not say its version/],
    ['half a version', { version: 1.5, events: [] }, 'version', /does not say its version/],
    ['a newer version', { version: 9, events: [] }, 'version', /newer Hopscope/],
    ['no events', { version: 1 }, 'events', /missing/],
    ['a field from the future', { version: 1, events: [], camera: 1 }, 'camera', /not known to this version/],
    ['an unknown event', saved({ type: 'NodeRebooted' }), 'events.0.type', /does not know: "NodeRebooted"/],
    [
      'a second subnet with every node',
      saved({ ...sized, farSubnet: { cidr: '192.168.57.0/24', fromNode: 1 } }),
      'events.0.farSubnet.fromNode',
      /from 2 to 500/,
    ],
    ['a zone that is no label value', saved({ ...sized, zones: ['a b'] }), 'events.0.zones.0', /name of a zone/],
    ['an unknown kind', saved(pod({ kind: 'CronJob' })), 'events.0.objects.0.kind', /does not model: "CronJob"/],
    ['an unknown field of an object', saved(pod({ hostPID: true })), 'events.0.objects.0.hostPID', /not known/],
    ['a name with capitals', saved(pod({ name: 'Web' })), 'events.0.objects.0.name', /name of a-z/],
    ['a name that is too long', saved(service({ name: 'a'.repeat(64) })), 'events.0.objects.0.name', /at most 63/],
    [
      'a label with a space',
      saved(pod({ labels: { app: 'a b' } })),
      'events.0.objects.0.labels',
      /as Kubernetes allows/,
    ],
    ['labels that are a list', saved(pod({ labels: [] })), 'events.0.objects.0.labels', /set of labels/],
    [
      'a key that names a prototype',
      saved(pod({ labels: JSON.parse('{"__proto__":"x"}') })),
      'events.0.objects.0.labels',
      /as Kubernetes/,
    ],
    [
      'a port out of range',
      saved(service({ ports: [{ port: 70_000 }] })),
      'events.0.objects.0.ports.0.port',
      /1 to 65535/,
    ],
    [
      'a clusterIP that is none',
      saved(service({ clusterIP: '10.96.0' })),
      'events.0.objects.0.clusterIP',
      /must be an IP address/,
    ],
    ['a network without a prefix', saved({ ...sized, podCIDR: '10.0.0.0' }), 'events.0.podCIDR', /must be a network/],
    ['no nodes', saved({ ...sized, nodes: 0 }), 'events.0.nodes', /1 to/],
    [
      'a probe from a service',
      saved(probe({ from: { kind: 'service', ref: 'a/b', via: 'name' } })),
      'events.0.probe.from.kind',
      /must start/,
    ],
    [
      'an endpoint without a port',
      saved(probe({ options: { endpoint: '10.0.0.1' } })),
      'events.0.probe.options.endpoint',
      /ip:port/,
    ],
    [
      'a line break in a rule',
      saved({ type: 'RouteDeleted', ns: 'node-1', line: 'a\nb' }),
      'events.0.line',
      /printed line/,
    ],
    [
      'a device name with a slash',
      saved({ type: 'DeviceSetDown', ns: 'node-1', dev: 'a/b' }),
      'events.0.dev',
      /network device/,
    ],
    [
      'too many events',
      saved(...Array.from({ length: EVENTS_MAX + 1 }, () => ({ type: 'SeedSet', seed: 1 }))),
      'events',
      /at most/,
    ],
    [
      'too many objects in all',
      saved(
        { type: 'ManifestsApplied', replace: false, objects: deployments(OBJECTS_MAX, 1) },
        { ...pod({}), replace: false },
      ),
      'objects',
      /is the limit/,
    ],
    [
      'too many pods',
      saved({ type: 'ManifestsApplied', replace: true, objects: deployments(5, 500) }),
      'pods',
      /2500 pods/,
    ],
    [
      'too many pods in what a stopped proxy saw',
      saved(proxyStopped({ objects: deployments(5, 500) })),
      'pods',
      /2500 pods/,
    ],
    [
      'more pods by scaling than there may be',
      saved(
        { type: 'ManifestsApplied', replace: true, objects: deployments(5, 1) },
        ...deployments(5, 1).map(({ name }) => ({ type: 'WorkloadScaled', ref: `default/${name}`, replicas: 500 })),
      ),
      'pods',
      /2500 pods/,
    ],
    [
      'a stopped proxy inside what a stopped proxy saw',
      saved(proxyStopped({ changes: [{ type: 'ProxyStopped', node: 'node-2' }] })),
      'events.0.seen.changes.0.type',
      /about pods/,
    ],
  ])('refuses %s', (_what, json, where, what) => {
    const decoded = decodeScenario(json);
    expect(decoded).toMatchObject({ ok: false, error: [{ where }] });
    expect(decoded.ok ? '' : decoded.error[0]?.what).toMatch(what);
  });

  it.each<[string, object]>([
    ['IPv6', probe({ to: { kind: 'ip', ip: 'fd00::1' }, options: { endpoint: '[fd00::2]:80' } })],
    ['a label called constructor', pod({ labels: { constructor: 'x', 'example.com/a': '' } })],
    ['a headless Service', service({ clusterIP: 'None' })],
    ['a kind before the name', { type: 'WorkloadScaled', ref: 'Deployment default/web', replicas: 0 }],
    ['a stopped proxy', { type: 'ProxyStopped', node: 'node-1' }],
    ['a stopped daemon', { type: 'AgentStopped', node: 'node-1' }],
    ['a stopped proxy with what it saw', proxyStopped({ changes: [{ type: 'PodDeleted', ref: 'default/a' }] })],
    ['a started proxy', { type: 'ProxyStarted', node: 'node-1' }],
    ['an unready pod', { type: 'ReadinessSet', ref: 'default/web-1', ready: false }],
  ])('allows %s', (_what, event) => {
    expect(decodeScenario(saved(event))).toEqual({ ok: true, value: { events: [event] } });
  });

  it('does not repeat a long text in its message', () => {
    const decoded = decodeScenario(saved({ type: 'x'.repeat(100_000) }));
    expect(JSON.stringify(decoded).length).toBeLessThan(1000);
  });

  it('names a few problems of many', () => {
    const decoded = decodeScenario(saved(...Array.from({ length: 100 }, () => ({ type: 'SeedSet', seed: -1 }))));
    expect(decoded.ok ? 0 : decoded.error.length).toBe(10);
  });

  it.each([
    ['no JSON', '{', /not JSON/],
    ['a file that is too large', ' '.repeat(300_000), /is the limit/],
  ])('refuses %s', (_what, text, what) => {
    const parsed = parseScenario(text);
    expect(parsed.ok ? '' : parsed.error[0]?.what).toMatch(what);
  });
});

describe('decoding a moment', () => {
  it.each<[unknown, boolean]>([
    [{ step: 0 }, true],
    [{ step: 9, view: 'rules/node-1' }, true],
    [{ step: -1 }, false],
    [{ step: 0.5 }, false],
    [{ step: 0, view: '<b>' }, false],
    [null, false],
  ])('%j: %s', (json, ok) => {
    expect(decodeMoment(json).ok).toBe(ok);
  });
});
