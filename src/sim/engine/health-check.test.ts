/** What a load balancer hears when it asks a node for its health: kube-proxy's own HTTP servers, in every mode. */
import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import { HEALTHZ_PORT } from '../drivers/proxy/kube-proxy/health-server.ts';
import type { KubeObject } from '../kube/objects.ts';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import type { Verdict } from './trace.ts';
import type { World } from './world.ts';

const labels = { app: 'gate' };
const OBJECTS: readonly KubeObject[] = [
  {
    kind: 'Deployment',
    namespace: 'default',
    name: 'gate',
    labels,
    replicas: 1,
    containers: [{ name: 'gate', ports: [{ containerPort: 8080 }] }],
  },
  {
    kind: 'Service',
    namespace: 'default',
    name: 'gate',
    type: 'LoadBalancer',
    externalTrafficPolicy: 'Local',
    selector: labels,
    ports: [{ port: 80, targetPort: 8080 }],
  },
];

function world(mode: string, ...events: ScenarioEvent[]): World {
  const applied: ScenarioEvent = { type: 'ManifestsApplied', objects: OBJECTS, replace: false };
  const chosen: ScenarioEvent = { type: 'ProxyChosen', proxy: 'kube-proxy', mode };
  const built = buildWorld(foldScenario({ events: [...DEFAULT_SCENARIO.events, applied, chosen, ...events] }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const service = ({ cluster }: World) =>
  must(
    cluster.services.find(({ name }) => name === 'gate'),
    'the Service',
  );
const home = ({ cluster }: World): string =>
  must(cluster.pods.find(({ owner }) => owner === 'Deployment default/gate')?.node, 'its node');
const elsewhere = (of: World): string =>
  must(of.cluster.nodes.find(({ name }) => name !== home(of))?.name, 'another node');

function ask(of: World, node: string, port: number, path: string): Verdict {
  const client = must(of.cluster.externals[0]?.name, 'a client');
  const from = { kind: 'external', ref: client } as const;
  return traceProbe(of, { from, to: { kind: 'node', ref: node }, proto: 'tcp', port, options: { path } }).verdict;
}

const bodyOf = ({ printed }: Verdict): unknown => JSON.parse(printed.slice(printed.indexOf('\n\n') + 2));

describe.each(['iptables', 'nftables', 'ipvs'])('in %s mode', (mode) => {
  const of = world(mode);
  const port = must(service(of).healthCheckNodePort, 'a health check node port');

  it('a node with an endpoint says 200, and how many it has', () => {
    const { outcome, printed, sentence, ...rest } = ask(of, home(of), port, '/healthz');
    expect(outcome).toBe('connected');
    expect(printed.split('\n').slice(0, 5)).toEqual([
      'HTTP/1.1 200 OK',
      'Content-Type: application/json',
      'X-Content-Type-Options: nosniff',
      'X-Load-Balancing-Endpoint-Weight: 1',
      expect.stringMatching(/^Content-Length: \d+$/),
    ]);
    expect(bodyOf({ outcome, printed, sentence, ...rest })).toEqual({
      service: { namespace: 'default', name: 'gate' },
      localEndpoints: 1,
      serviceProxyHealthy: true,
    });
    expect(sentence).toContain('kube-proxy says 200 OK');
  });

  it('a node without one says 503', () => {
    const verdict = ask(of, elsewhere(of), port, '/');
    expect(verdict.printed).toMatch(/^HTTP\/1\.1 503 Service Unavailable\n/);
    expect(bodyOf(verdict)).toMatchObject({ localEndpoints: 0 });
    expect(verdict.sentence).toContain('it has 0 that are ready');
  });

  it('an endpoint that is not ready does not count', () => {
    const unready = world(mode, { type: 'ReadinessSet', ref: 'Deployment default/gate', ready: false });
    expect(bodyOf(ask(unready, home(unready), port, '/healthz'))).toMatchObject({ localEndpoints: 0 });
  });

  it.each([
    ['/healthz', 'HTTP/1.1 200 OK'],
    ['/livez', 'HTTP/1.1 200 OK'],
    ['/', 'HTTP/1.1 404 Not Found'],
  ])('kube-proxy answers %s for itself: %s', (path, first) => {
    expect(ask(of, home(of), HEALTHZ_PORT, path).printed.split('\n')[0]).toBe(first);
  });

  it('a proxy that is stopped answers nobody', () => {
    const stopped = world(mode, { type: 'ProxyStopped', node: home(of) });
    expect(ask(stopped, home(of), port, '/healthz').outcome).toBe('refused');
    expect(ask(stopped, home(of), HEALTHZ_PORT, '/healthz').outcome).toBe('refused');
  });
});

it('without kube-proxy nobody listens', () => {
  const of = world('iptables', { type: 'ProxyChosen', proxy: 'none', mode: 'none' });
  expect(ask(of, home(of), HEALTHZ_PORT, '/healthz').outcome).toBe('refused');
});
