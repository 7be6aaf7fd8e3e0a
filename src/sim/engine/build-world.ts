/** From the folded scenario to the world, or every reason why there is none. */
import { err, ok, type Result } from '../base/result.ts';
import type { BalancerDriver, CniDriver, DriverMode, ProxyDriver } from '../drivers/contract.ts';
import { BALANCERS, CNIS, PROXIES } from '../drivers/registry.ts';
import { buildCluster } from '../kube/build-cluster.ts';
import type { Cluster } from '../kube/cluster.ts';
import type { ClusterNote } from '../kube/cluster-input.ts';
import { withNodeLocalDns } from '../kube/dns/node-local.ts';
import { familiesAsked } from '../kube/families.ts';
import type { Problem } from '../scenario/problem.ts';
import type { ScenarioState } from '../scenario/scenario.ts';
import { assemble, proxyPlans } from './assemble.ts';
import { announcedBy, controllerOf, nodesSeen, withBalancer } from './balancer.ts';
import { clusterInputOf } from './cluster-input-of.ts';
import { applyFaults } from './faults.ts';
import { ipamOf } from './ipam-of.ts';
import { policyNotes } from './policy-notes.ts';
import { stoppedAgents, withoutUnwired, withStoppedAgents } from './stopped-agents.ts';
import { stoppedProxies, withStopped } from './stopped-proxies.ts';
import type { World } from './world.ts';

export function buildWorld(state: ScenarioState): Result<World, readonly Problem[]> {
  const cni = choose('CNI', CNIS, state.cni);
  const proxy = choose('kube-proxy', PROXIES, state.proxy);
  const balancer = choose('load balancer', BALANCERS, state.balancer);
  if (!cni.ok) return err([cni.error]);
  if (!proxy.ok) return err([proxy.error]);
  if (!balancer.ok) return err([balancer.error]);
  const refused = cni.value.refusesFamilies?.(familiesAsked(state.ipv6), state.cni.mode) ?? null;
  if (refused !== null) return err([{ where: cni.value.label, what: refused, hint: '' }]);
  const makeIpam = ipamOf(cni.value, state.cni.mode);
  const built = buildCluster(clusterInputOf(state, state.faults), makeIpam, controllerOf(state.balancer));
  if (!built.ok) return err(built.error.map(({ ref, text }): Problem => ({ where: ref, what: text, hint: '' })));
  const besideIpvs = proxy.value.usesIpvs?.(state.proxy.mode) ?? false;
  const asked = withNodeLocalDns(built.value.cluster, state.nodeLocalDns === true, besideIpvs);
  const agents = stoppedAgents(state, asked, cni.value);
  const cluster = withoutUnwired(asked, agents, cni.value.agent?.(state.cni.mode) ?? null);
  const notes = [
    ...built.value.notes,
    ...unwiredNotes(asked, cluster),
    ...policyNotes(cluster, cni.value, state.cni.mode),
  ];
  for (const [driver, mode] of [
    [cni.value, state.cni.mode],
    [proxy.value, state.proxy.mode],
    [balancer.value, state.balancer.mode],
  ] as const) {
    const reason = driver.refuses(cluster, mode);
    if (reason !== null) return err([{ where: driver.label, what: reason, hint: '' }]);
  }
  const drivers = {
    cni: withStoppedAgents(cni.value, agents),
    cniMode: state.cni.mode,
    cniOptions: {},
    proxy: proxy.value,
    proxyMode: state.proxy.mode,
  };
  const idle = cni.value.idleBeside?.(state.cni.mode, proxy.value.hasDaemon) ?? null;
  const stopped = stoppedProxies(state, cluster, makeIpam);
  const plans = withStopped(proxyPlans(cluster, drivers), stopped);
  const view = nodesSeen(cluster, () => applyFaults(plain, state.faults), state);
  const plain = assemble(cluster, drivers, plans, announcedBy(cluster, state.balancer, view));
  return ok({
    cluster,
    namespaces: applyFaults(withBalancer(plain, cluster, state.balancer, view), state.faults),
    balancer: { ...state.balancer, view },
    cni: state.cni,
    proxy: state.proxy,
    proxyPlans: plans,
    stoppedProxies: stopped,
    ...(agents.length > 0 ? { stoppedAgents: agents } : {}),
    warm: true,
    seed: state.seed,
    notes: idle ? [...notes, { kind: 'ignored', ref: idle.what, text: idle.why }] : notes,
  });
}

/** Pods that wait for a stopped daemon. */
function unwiredNotes(asked: Cluster, stands: Cluster): readonly ClusterNote[] {
  const known = new Set(asked.waiting);
  const late = (stands.waiting ?? []).filter((pod) => !known.has(pod));
  return late.map(({ namespace, name, node, error }) => ({
    kind: 'pending',
    ref: `Pod ${namespace}/${name}`,
    text: `ContainerCreating on ${node}: ${error}`,
  }));
}

/** A link may name a driver that this version does not have. */
function choose<D extends CniDriver | ProxyDriver | BalancerDriver>(
  what: string,
  drivers: readonly D[],
  chosen: { readonly id: string; readonly mode: string },
): Result<D, Problem> {
  const driver = drivers.find((d) => d.id === chosen.id);
  const names = (list: readonly { readonly id: string }[]): string => list.map((d) => d.id).join(', ');
  if (!driver)
    return err({
      where: what,
      what: `There is no ${what} "${chosen.id}" in this version.`,
      hint: `Choose one of: ${names(drivers)}.`,
    });
  const modes: readonly DriverMode[] = driver.modes;
  if (modes.some((m) => m.id === chosen.mode)) return ok(driver);
  return err({
    where: driver.label,
    what: `${driver.label} has no mode "${chosen.mode}".`,
    hint: `Choose one of: ${names(modes)}.`,
  });
}
