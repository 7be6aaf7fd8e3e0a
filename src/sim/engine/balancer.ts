/**
 * The load balancer of a world. Before it is configured it asks the nodes whether they are well, with packets of that very world: what a
 * node answers depends on no balancer.
 */
import { LazyMap } from '../base/lazy-map.ts';
import { once } from '../base/once.ts';
import type { AskNodes, HealthCheck, NodeHealth, NodesSeen, ToolOutput } from '../drivers/contract.ts';
import { BALANCERS } from '../drivers/registry.ts';
import type { Cluster, ClusterNode, ClusterService } from '../kube/cluster.ts';
import { inFamily } from '../kube/families.ts';
import type { LoadBalancerController } from '../kube/load-balancers.ts';
import type { NetnsConfig, NsId } from '../linux/config.ts';
import type { Step } from '../linux/step.ts';
import type { ScenarioState } from '../scenario/scenario.ts';
import { makeChoices } from './choices.ts';
import { innerPacket } from './explain/packet-words.ts';
import { externalConfig, NIC, switchPort } from './node-network.ts';
import { type Ran, runProgram } from './run-program.ts';
import { FAR_UNDERLAY, UNDERLAY, type World } from './world.ts';

type Namespaces = ReadonlyMap<NsId, NetnsConfig>;
type Chosen = ScenarioState['balancer'];

const driverOf = ({ id }: Chosen) => BALANCERS.find((driver) => driver.id === id);

/** Who watches Services of type LoadBalancer; undefined: nobody. */
export const controllerOf = (chosen: Chosen): LoadBalancerController | undefined =>
  driverOf(chosen)?.controller(chosen.mode) ?? undefined;

/** The namespaces with what machines outside have for the balancer. */
export function withBalancer(plain: Namespaces, cluster: Cluster, chosen: Chosen, view: NodesSeen): Namespaces {
  const driver = driverOf(chosen);
  const outside = driver?.outside;
  if (!driver || !outside) return plain;
  const makers = new Map<NsId, () => NetnsConfig>();
  for (const id of plain.keys()) makers.set(id, () => plain.get(id) as NetnsConfig);
  for (const host of cluster.externals)
    makers.set(host.name, () =>
      externalConfig(cluster, host, () => outside(inFamily(cluster, 4), host, chosen.mode, view)),
    );
  return new LazyMap(makers);
}

/** Asks when somebody wants to know, and each thing once. `world` must not ask in turn. */
function askNodes(cluster: Cluster, world: () => Namespaces, seed: number): AskNodes {
  const from = cluster.balancer?.machine;
  const namespaces = once(world);
  const known = new Map<string, readonly NodeHealth[]>();
  return (check) => {
    const key = `${check.port} ${check.path} ${check.waitMs}`;
    const before = known.get(key);
    if (before || !from) return before ?? [];
    const health = inFamily(cluster, 4).nodes.map((node): NodeHealth => {
      const ran = runProgram(namespaces(), true, makeChoices(seed), programOf(from.name, node.ip, check));
      const answer = answerOf(check, from.name, ran);
      return { node: node.name, isHealthy: answer[0]?.startsWith('HTTP/1.1 200') === true, answer };
    });
    known.set(key, health);
    return health;
  };
}

const programOf = (ns: NsId, dst: Cluster['nodes'][number]['ip'], { port, path, waitMs }: HealthCheck) =>
  ({ ns, dst, proto: 'tcp', port, waitMs, request: `GET ${path} HTTP/1.1` }) as const;

function answerOf({ waitMs }: HealthCheck, from: NsId, { result, steps }: Ran): readonly string[] {
  const answer = steps.findLast((step) => step.kind === 'deliver' && step.ns === from && httpText(step) !== null);
  if (answer) return httpText(answer) ?? [];
  if (result.outcome === 'refused') return ['Connection refused'];
  if (result.outcome === 'timeout') return [`no answer within ${waitMs / 1_000} s`];
  return [result.icmp ?? result.errno ?? result.outcome];
}

function httpText({ frame }: Step): readonly string[] | null {
  const l4 = innerPacket(frame)?.l4;
  if (l4?.proto !== 'tcp' || !('note' in l4) || !l4.note?.startsWith('HTTP/')) return null;
  return [l4.note, ...(l4.rest?.split('\n') ?? [])];
}

/** What the balancer thinks of the nodes, as one can look it up at a machine. */
export const balancerTools = ({ cluster, balancer }: World, machine: string): readonly ToolOutput[] =>
  (balancer && driverOf(balancer)?.tools?.(inFamily(cluster, 4), machine, balancer.mode, balancer.view)) ?? [];

/** Where packets for the address of a Service's load balancer come to; null where it has none. */
export function balancerSentence({ cluster, balancer }: World, service: ClusterService): string | null {
  if (!balancer || service.loadBalancerIPs.length === 0) return null;
  return driverOf(balancer)?.tells?.(inFamily(cluster, 4), service, balancer.mode, balancer.view) ?? null;
}

/** The nodes as they are with these faults. `world` must not ask in turn. */
export function nodesSeen(cluster: Cluster, world: () => Namespaces, { faults, seed }: ScenarioState): NodesSeen {
  const ends = new Set(faults.flatMap((fault) => (fault.type === 'DeviceSetDown' ? [`${fault.ns} ${fault.dev}`] : [])));
  return {
    ask: askNodes(cluster, world, seed),
    isLost: (node) =>
      ends.has(`${node} ${NIC}`) || [UNDERLAY, FAR_UNDERLAY].some((ns) => ends.has(`${ns} ${switchPort(node)}`)),
  };
}

/** What a node's program answers ARP for. */
export const announcedBy = (cluster: Cluster, chosen: Chosen, view: NodesSeen) => (node: ClusterNode) =>
  driverOf(chosen)?.announces?.(inFamily(cluster, 4), node, chosen.mode, view) ?? [];
