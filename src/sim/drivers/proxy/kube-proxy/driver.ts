import { once } from '../../../base/once.ts';
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import type { NodePlan, ProxyDriver } from '../../contract.ts';
import { baseJumps, servesLoopback } from './base-rules.ts';
import { restoreChains, restoreOps } from './iptables.ts';
import { viewOf } from './node-view.ts';
import { PROXY_DEFAULTS, type ProxyOptions } from './options.ts';
import { servicePorts } from './service-port.ts';

export const KUBE_PROXY: ProxyDriver = {
  id: 'kube-proxy',
  label: 'kube-proxy',
  about: 'The proxy that comes with Kubernetes: one DaemonSet pod per node writes rules for every Service.',
  modes: [
    {
      id: 'iptables',
      label: 'iptables',
      about: 'A chain per Service and per endpoint in the nat table; a random choice for each new connection.',
    },
  ],
  evidence: 'kernel-verified',
  factsFrom: 'v1.33 (the rule text is the same from v1.28 to v1.36)',
  refuses: () => null,
  plan: (cluster, node) => planIptables(cluster, node, PROXY_DEFAULTS),
};

/** SIMPLIFIED: the IPv4 proxier only; a dual-stack node runs a second one for IPv6. */
export function planIptables(cluster: Cluster, node: ClusterNode, options: ProxyOptions): NodePlan {
  const view = viewOf(cluster, node, options);
  const rules = once(() => {
    const ports = servicePorts(cluster.services, view.family, view.nodeName);
    return [...baseJumps(view.family), ...restoreOps(restoreChains(ports, view, options))];
  });
  return {
    node: {
      // Written when somebody reads them: of a hundred nodes a packet visits two.
      get iptables() {
        return rules();
      },
      ...(servesLoopback(view, options) ? { sysctl: { 'ipv4.conf.all.route_localnet': 1 } } : {}),
    },
  };
}
