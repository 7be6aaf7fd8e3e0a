/**
 * A proxy is a control loop: stop it, and its node keeps the rules that it wrote last, whatever becomes of the Services. So a node
 * with a stopped proxy is planned from the cluster that the proxy saw, and only then, and only when somebody looks.
 */
import { LazyMap } from '../base/lazy-map.ts';
import { once } from '../base/once.ts';
import type { NodePlan } from '../drivers/contract.ts';
import { PROXIES } from '../drivers/registry.ts';
import { buildCluster } from '../kube/build-cluster.ts';
import type { Cluster } from '../kube/cluster.ts';
import type { MakeIpam } from '../kube/ipam.ts';
import { isClusterEvent, seenAt } from '../scenario/changes.ts';
import { BASE_STATE } from '../scenario/defaults.ts';
import type { ScenarioState, SeenCluster } from '../scenario/scenario.ts';
import { controllerOf } from './balancer.ts';
import { clusterInputOf } from './cluster-input-of.ts';
import type { StoppedProxy } from './world.ts';

const NO_RULES: NodePlan = { node: {} };

/** SIMPLIFIED: addresses that the proxy saw are those of the CNI of today, also where it saw the cluster before the CNI was switched. */
export function stoppedProxies(
  state: ScenarioState,
  present: Cluster,
  makeIpam: MakeIpam | undefined,
): readonly StoppedProxy[] {
  return state.faults.flatMap((fault, at): readonly StoppedProxy[] => {
    if (fault.type !== 'ProxyStopped') return [];
    const { node } = fault;
    const isPresent = fault.seen === undefined && !state.faults.slice(at).some(isClusterEvent);
    if (isPresent) return [{ node, proxy: state.proxy, cluster: present }];
    const seen = fault.seen ?? seenAt(state, at);
    const cluster = once(() => clusterSeen(seen, makeIpam));
    return [
      {
        node,
        proxy: seen.proxy,
        get cluster() {
          return cluster();
        },
      },
    ];
  });
}

/** Null: it never saw one that could be built. */
export function clusterSeen(seen: SeenCluster, makeIpam: MakeIpam | undefined): Cluster | null {
  const built = buildCluster(
    clusterInputOf(seen, seen.changes),
    makeIpam,
    controllerOf(seen.balancer ?? BASE_STATE.balancer),
  );
  return built.ok ? built.value.cluster : null;
}

/** The plans of all nodes, those of stopped proxies as they were. */
export function withStopped(
  plans: ReadonlyMap<string, NodePlan>,
  stopped: readonly StoppedProxy[],
): ReadonlyMap<string, NodePlan> {
  if (stopped.length === 0) return plans;
  const byNode = new Map(stopped.map((one) => [one.node, one]));
  const makers = new Map<string, () => NodePlan>();
  for (const node of plans.keys()) {
    const one = byNode.get(node);
    makers.set(node, () => (one ? planSeen(one) : (plans.get(node) ?? NO_RULES)));
  }
  return new LazyMap(makers);
}

/** A node that came later, or a cluster that no proxy could have served: nothing was ever written. */
function planSeen({ node: name, proxy: { id, mode }, cluster }: StoppedProxy): NodePlan {
  const driver = PROXIES.find((proxy) => proxy.id === id);
  const node = cluster?.nodes.find((candidate) => candidate.name === name);
  if (!driver?.modes.some((known) => known.id === mode) || !cluster || !node) return NO_RULES;
  if (driver.refuses(cluster, mode) !== null) return NO_RULES;
  // Rules stay; the sockets went with the process.
  const { daemon: _gone, ...left } = driver.plan(cluster, node, mode);
  return left;
}
