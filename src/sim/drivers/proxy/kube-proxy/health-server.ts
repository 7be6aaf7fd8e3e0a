/**
 * The sockets of a running kube-proxy (pkg/proxy/healthcheck, v1.28 to v1.35): one HTTP server for each Service with a health check node
 * port, where a load balancer asks which nodes have endpoints, and its own health. SIMPLIFIED: always healthy while it runs, no clock, so
 * no `Date` header and no times; the metrics server on 127.0.0.1:10249 is left out.
 */
import type { ClusterService } from '../../../kube/cluster.ts';
import { clusterIPIn } from '../../../kube/families.ts';
import type { HttpAnswer, Listener } from '../../../linux/config.ts';
import { cidrHas, familyOf, type Ip } from '../../../wire/ip.ts';
import type { NodeView, ProxyOptions } from './options.ts';

/** `healthzBindAddress` is 0.0.0.0:10256. */
export const HEALTHZ_PORT = 10_256;
const PROGRAM = 'kube-proxy';

export function healthListeners(
  services: readonly ClusterService[],
  view: NodeView,
  { nodePortAddresses }: Pick<ProxyOptions, 'nodePortAddresses'>,
  unlessNamed: 'every address' | 'the primary address',
): Listener[] {
  const nets = nodePortAddresses.filter((net) => net.family === view.family);
  const primary = view.nodeIP === null ? [] : [view.nodeIP];
  const named = view.localAddresses.filter((ip) => nets.some((net) => cidrHas(net, ip)));
  const isEvery = nets.some((net) => net.prefix === 0) || (nets.length === 0 && unlessNamed === 'every address');
  const addresses: readonly (Ip | undefined)[] = isEvery ? [undefined] : nets.length > 0 ? named : primary;
  return services.flatMap((service) => serviceHealth(service, view, addresses));
}

/** Of the process, which has one for both of its proxiers. */
export function ownHealth(): Listener {
  return {
    proto: 'tcp',
    port: HEALTHZ_PORT,
    program: PROGRAM,
    http: {
      '/healthz': json('200 OK', [], '{"nodeEligible": true}'),
      '/livez': json('200 OK', [], '{}'),
      '*': answer('404 Not Found', ['Content-Type: text/plain; charset=utf-8', NOSNIFF], '404 page not found\n'),
    },
    origin: { by: PROGRAM, why: 'its own health, for whoever watches it' },
  };
}

function serviceHealth(service: ClusterService, view: NodeView, addresses: readonly (Ip | undefined)[]): Listener[] {
  const { namespace, name, type, externalTrafficPolicy, healthCheckNodePort: port } = service;
  const isChecked = type === 'LoadBalancer' && externalTrafficPolicy === 'Local' && port !== undefined;
  if (!isChecked || clusterIPIn(service, view.family) === undefined) return [];
  const count = localReady(service, view);
  const http = { '*': serviceAnswer(namespace, name, count) };
  const why = `a load balancer asks here whether this node has endpoints of ${namespace}/${name}: it has ${count} that ${count === 1 ? 'is' : 'are'} ready`;
  const origin = { by: PROGRAM, for: `Service ${namespace}/${name}`, why };
  return addresses.map((ip) => ({ proto: 'tcp', port, program: PROGRAM, http, origin, ...(ip ? { ip } : {}) }));
}

/** Addresses, not ports, and none that only serves because it is the last resort (`LocalReadyEndpoints`). */
function localReady({ ports }: ClusterService, { nodeName, family }: NodeView): number {
  const local = ports.flatMap(({ endpoints }) =>
    endpoints.filter(({ ip, node, ready }) => node === nodeName && ready && familyOf(ip) === family),
  );
  return new Set(local.map(({ ip }) => ip)).size;
}

function serviceAnswer(namespace: string, name: string, count: number): HttpAnswer {
  const body = [
    '{',
    '\t"service": {',
    `\t\t"namespace": ${JSON.stringify(namespace)},`,
    `\t\t"name": ${JSON.stringify(name)}`,
    '\t},',
    `\t"localEndpoints": ${count},`,
    '\t"serviceProxyHealthy": true',
    '}',
  ].join('\n');
  const status = count > 0 ? '200 OK' : '503 Service Unavailable';
  return json(status, [`X-Load-Balancing-Endpoint-Weight: ${count}`], body);
}

const NOSNIFF = 'X-Content-Type-Options: nosniff';

const json = (status: string, headers: readonly string[], body: string): HttpAnswer =>
  answer(status, ['Content-Type: application/json', NOSNIFF, ...headers], body);

const answer = (status: string, headers: readonly string[], body: string): HttpAnswer => ({
  status,
  headers: [...headers, `Content-Length: ${body.length}`],
  body,
});
