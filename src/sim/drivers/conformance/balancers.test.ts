/** What every load balancer owes, whatever it writes and wherever. A new one is greeted here as soon as it is in the registry. */
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Cluster, ClusterService } from '../../kube/cluster.ts';
import { applyRuleOps } from '../../linux/netfilter/iptables/build.ts';
import { parseRuleset } from '../../linux/netfilter/iptables/parse.ts';
import { printRuleset } from '../../linux/netfilter/iptables/print.ts';
import type { Origin } from '../../linux/origin.ts';
import { cidrHas, ip, ipToInt } from '../../wire/ip.ts';
import type { BalancerDriver, Fragment, NodesSeen } from '../contract.ts';
import { BALANCERS } from '../registry.ts';
import { APART, LAB } from './lab-cluster.ts';

const choices = BALANCERS.flatMap((driver) =>
  driver.modes.map((mode) => [`${driver.id}/${mode.id}`, driver, mode.id] as const),
);

/** The first node is well, the others are not. */
const view: NodesSeen = {
  isLost: (node) => node === 'node-3',
  ask: () =>
    LAB.nodes.map(({ name }, i) => ({
      node: name,
      isHealthy: i === 0,
      answer: [i === 0 ? 'HTTP/1.1 200 OK' : 'no answer'],
    })),
};

/** The cluster with two Services of type LoadBalancer, as the driver's controller would have them. */
function balanced(cluster: Cluster, driver: BalancerDriver, mode: string): Cluster {
  const controller = driver.controller(mode);
  if (!controller) return cluster;
  const pool = controller.pool(cluster.nodeNetwork.cidr);
  const machine = controller.machine;
  const host = machine && { name: machine, ip: ip('192.168.56.5'), lo: [], listens: [], isGateway: false };
  const isOurs = ({ name }: ClusterService): boolean => name === 'web' || name === 'api';
  return {
    ...cluster,
    nodes: cluster.nodes.map((node) => ({ ...node, listens: [...node.listens, ...(controller.listens ?? [])] })),
    balancer: { by: controller.by, pool, ...(host && { machine: { ...host, isBalancer: true } }) },
    externals: [...cluster.externals, ...(host ? [{ ...host, isBalancer: true } as const] : [])],
    services: cluster.services.map((service) => {
      if (!isOurs(service)) return service;
      const address = service.name === 'web' ? pool.first : pool.last;
      const check = service.externalTrafficPolicy === 'Local' ? { healthCheckNodePort: 32_000 } : {};
      return { ...service, type: 'LoadBalancer', loadBalancerIPs: [address], ...check };
    }),
  };
}

function fragmentsOf(cluster: Cluster, driver: BalancerDriver, mode: string): Fragment[] {
  return [...cluster.externals.flatMap((host) => driver.outside?.(cluster, host, mode, view) ?? [])];
}

const originsOf = ({ iptables = [], addresses = [], routes = [], listeners = [], ipvs = [] }: Fragment) => [
  ...iptables.flatMap((op) => ('rule' in op ? [op.rule.origin] : [])),
  ...[...addresses, ...routes, ...listeners, ...ipvs].map(({ origin }) => origin),
];

describe.each(choices)('%s', (_name, driver, mode) => {
  const cluster = balanced(LAB, driver, mode);
  const fragments = fragmentsOf(cluster, driver, mode);

  it('has its facts beside it', () => {
    expect(existsSync(new URL(`../balancer/${driver.id}/README.md`, import.meta.url))).toBe(true);
    expect(driver.factsFrom).toMatch(/\d/);
  });

  it('gives addresses from a pool that has a name, and one end', () => {
    const pool = driver.controller(mode)?.pool(LAB.nodeNetwork.cidr);
    if (!pool) return;
    expect(ipToInt(pool.last)).toBeGreaterThan(ipToInt(pool.first));
    expect(pool.text).toMatch(/^[\d./-]+$/);
    // Its own network, or addresses of the segment that its nodes and the client stand on.
    const home = pool.net ?? LAB.nodeNetwork.cidr;
    expect([cidrHas(home, pool.first), cidrHas(home, pool.last)]).toEqual([true, true]);
    const standing = [...LAB.nodes, ...LAB.externals].map((machine) => ipToInt(machine.ip));
    expect(standing.filter((at) => at >= ipToInt(pool.first) && at <= ipToInt(pool.last))).toEqual([]);
  });

  it('says why it does not give an address that is asked for', () => {
    const controller = driver.controller(mode);
    for (const why of ['outside', 'taken'] as const)
      expect(controller?.refusesAddress('10.0.0.1', why) ?? '10.0.0.1').toContain('10.0.0.1');
  });

  it('is a function of the cluster and of what the nodes said', () => {
    expect(fragmentsOf(cluster, driver, mode)).toEqual(fragments);
  });

  it('says who wrote each object and why', () => {
    const isTold = (origin: Origin | undefined): boolean =>
      origin !== undefined && /\S/.test(origin.by) && /[^.]$/.test(origin.why ?? '');
    expect(fragments.flatMap(originsOf).filter((origin) => !isTold(origin))).toEqual([]);
  });

  it('writes rules that are read back as the same rules', () => {
    for (const { iptables = [] } of fragments) {
      const text = printRuleset(applyRuleOps(iptables));
      const parsed = parseRuleset(text);
      expect(parsed.ok && printRuleset(parsed.value)).toBe(text);
    }
  });

  it('writes nothing where no Service has an address, and stands where nodes are apart', () => {
    const idle = fragmentsOf({ ...cluster, services: [] }, driver, mode);
    expect(idle.flatMap(({ ipvs = [], addresses = [] }) => [...ipvs, ...addresses])).toEqual([]);
    expect(() => fragmentsOf(balanced(APART, driver, mode), driver, mode)).not.toThrow();
  });
});
