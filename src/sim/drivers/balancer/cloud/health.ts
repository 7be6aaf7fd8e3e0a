/** Which nodes a cloud's balancer sends to, and how one can look it up. */
import type { Cluster, ClusterNode, ClusterService } from '../../../kube/cluster.ts';
import type { AskNodes, HealthCheck, ToolOutput } from '../../contract.ts';
import { HEALTH_PATH, HEALTH_WAIT_MS, PROXY_HEALTH_PORT } from './facts.ts';

export const isBalanced = ({ loadBalancerIPs }: ClusterService): boolean => loadBalancerIPs.length > 0;

/** Local: does this node have endpoints? Cluster: does its kube-proxy live, as any node will do? */
export const checkOf = ({ externalTrafficPolicy, healthCheckNodePort }: ClusterService): HealthCheck => ({
  port: externalTrafficPolicy === 'Local' ? (healthCheckNodePort ?? PROXY_HEALTH_PORT) : PROXY_HEALTH_PORT,
  path: HEALTH_PATH,
  waitMs: HEALTH_WAIT_MS,
});

export interface Rotation {
  readonly nodes: readonly ClusterNode[];
  /** Nobody is healthy, so that all get packets: there is nothing to lose. */
  readonly isLastResort: boolean;
}

export function rotationOf({ nodes }: Cluster, service: ClusterService, ask: AskNodes): Rotation {
  const healthy = new Set(ask(checkOf(service)).flatMap(({ node, isHealthy }) => (isHealthy ? [node] : [])));
  return healthy.size === 0
    ? { nodes, isLastResort: true }
    : { nodes: nodes.filter(({ name }) => healthy.has(name)), isLastResort: false };
}

/** Who gets packets for a Service, and who does not. */
export function rotationSentence(cluster: Cluster, service: ClusterService, ask: AskNodes): string {
  const { nodes, isLastResort } = rotationOf(cluster, service, ask);
  const { port, path } = checkOf(service);
  const asked = `It asks each node http://NODE:${port}${path}`;
  if (isLastResort) return `${asked}: nobody answers well, so all nodes get packets.`;
  const names = nodes.map(({ name }) => name).join(', ');
  const left = cluster.nodes.length - nodes.length;
  return `${asked} and sends to ${names}${left === 0 ? '' : `; ${left} of ${cluster.nodes.length} are out of rotation`}.`;
}

/** One for each check: what it asked each node, and what the node said. */
export function healthTools(cluster: Cluster, ask: AskNodes): readonly ToolOutput[] {
  const services = cluster.services.filter(isBalanced);
  const byPort = new Map(services.map((service) => [checkOf(service).port, checkOf(service)]));
  return [...byPort.values()].map((check) => {
    const asked = services.filter((service) => checkOf(service).port === check.port);
    const names = asked.map(({ namespace, name }) => `${namespace}/${name}`).join(', ');
    const health = ask(check);
    const good = health.filter(({ isHealthy }) => isHealthy).length;
    const end = good === 0 ? 'Nobody is healthy, so all are used.' : `${good} of ${health.length} are in rotation.`;
    return {
      command: `curl -i http://NODE:${check.port}${check.path}`,
      about: `Health check for ${names}: ${end}`,
      lines: health.flatMap(({ node, isHealthy, answer }) => [
        `${node}: ${isHealthy ? 'healthy' : 'unhealthy'}`,
        ...answer.filter((line) => line.trim() !== '').map((line) => `  ${line.replace(/\t/g, '  ')}`),
      ]),
    };
  });
}
