/**
 * Where a load balancer asks the agent which nodes have endpoints, once kube-proxy is replaced (pkg/service/healthserver, v1.19). There is no
 * `/healthz` of kube-proxy's on port 10256: `kubeProxyReplacementHealthzBindAddr` is empty by default.
 */
import type { ClusterNode, ClusterService } from '../../../kube/cluster.ts';
import type { HttpAnswer, Listener } from '../../../linux/config.ts';

export function healthListeners(services: readonly ClusterService[], node: ClusterNode): readonly Listener[] {
  return services.flatMap((service): Listener[] => {
    const { namespace, name, type, externalTrafficPolicy, healthCheckNodePort: port } = service;
    if (type !== 'LoadBalancer' || externalTrafficPolicy !== 'Local' || port === undefined) return [];
    const ready = service.ports.flatMap(({ endpoints }) =>
      endpoints.filter((one) => one.ready && one.node === node.name),
    );
    const count = new Set(ready.map(({ ip }) => ip)).size;
    const why = `a load balancer asks here whether this node has endpoints of ${namespace}/${name}: it has ${count}`;
    const origin = { by: 'cilium-agent', for: `Service ${namespace}/${name}`, why };
    return [{ proto: 'tcp', port, program: 'cilium-agent', http: { '*': answerOf(namespace, name, count) }, origin }];
  });
}

function answerOf(namespace: string, name: string, count: number): HttpAnswer {
  const body = `${JSON.stringify({ service: { namespace, name }, localEndpoints: count })}\n`;
  return {
    status: count > 0 ? '200 OK' : '503 Service Unavailable',
    headers: [
      'Content-Type: application/json',
      'X-Content-Type-Options: nosniff',
      `X-Load-Balancing-Endpoint-Weight: ${count}`,
      `Content-Length: ${body.length}`,
    ],
    body,
  };
}
