import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import type { ClusterService } from '../../../kube/cluster.ts';
import { applyRuleOps } from '../../../linux/netfilter/iptables/build.ts';
import { printRuleset } from '../../../linux/netfilter/iptables/print.ts';
import { printTable } from '../../../linux/netfilter/nftables/print.ts';
import { intToIp, ip, ipToInt } from '../../../wire/ip.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import type { Fragment } from '../../contract.ts';
import { KUBE_PROXY } from './driver.ts';

const node = must(LAB.nodes[0], 'node-1');
const nth = (base: string, n: number) => intToIp(ipToInt(ip(base)) + n);

function serviceOf(n: number, endpoints: readonly number[], kind: number): ClusterService {
  const model = must(LAB.services[0], 'a Service');
  const port = must(model.ports[0], 'its port');
  const endpoint = must(port.endpoints[0], 'its endpoint');
  const own = endpoints.map((at) => ({ ...endpoint, node: `node-${1 + (at % 2)}`, ip: nth('10.244.1.0', at) }));
  const named = (name: string, number: number) => ({ ...port, name, port: number, endpoints: own });
  return {
    ...model,
    name: `svc-${n}`,
    clusterIP: nth('10.96.1.0', n),
    ports: kind === 1 ? [named('a', 80), named('b', 81)] : [{ ...named('a', 80), nodePort: 30_000 + n }],
    ...(kind === 2 ? { sessionAffinity: { type: 'ClientIP', timeoutSeconds: 60 } } : {}),
    // Two Services may have one external address: their entries meet in one map.
    ...(kind === 3 ? { type: 'LoadBalancer', externalIPs: [ip('203.0.113.9')], externalTrafficPolicy: 'Local' } : {}),
  };
}

const service = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.uniqueArray(fc.nat(20), { maxLength: 4 }), fc.nat(3))
  .map(([n, endpoints, kind]) => serviceOf(n, endpoints, kind));

/** A Service of the same name is replaced where it stands; one without endpoints left may go. */
function edited(before: readonly ClusterService[], next: ClusterService, isGone: boolean): readonly ClusterService[] {
  const others = before.map((one) => (one.name === next.name ? next : one));
  if (isGone) return others.filter(({ name }) => name !== next.name);
  return others.includes(next) ? others : [...others, next];
}

function textOf({ iptables = [], nftables = [], ipvs = [], ipsets = [], addresses = [] }: Fragment): unknown {
  return [printRuleset(applyRuleOps(iptables)), nftables.map(printTable), ipvs, ipsets, addresses];
}

describe('a sync after others', () => {
  it.each(['iptables', 'nftables', 'nftables-1-36', 'ipvs'])('%s: writes what one from nothing would', (mode) => {
    const planned = (services: readonly ClusterService[]) =>
      textOf(KUBE_PROXY.plan({ ...LAB, services }, node, mode).node);
    fc.assert(
      fc.property(fc.array(fc.tuple(service, fc.boolean()), { minLength: 1, maxLength: 12 }), (edits) => {
        let services: readonly ClusterService[] = Array.from({ length: 9 }, (_, n) => serviceOf(n, [n], n % 3));
        for (const [next, isGone] of edits) {
          services = edited(services, next, isGone);
          expect(planned(services)).toEqual(planned(structuredClone(services)));
        }
      }),
      { numRuns: 15 },
    );
  });
});

describe('a changed endpoint', () => {
  it.each(['iptables', 'nftables'])('%s: the chains of the other Services stay the very same', (mode) => {
    const services = Array.from({ length: 100 }, (_, n) => serviceOf(n, [n, n + 1], 0));
    const chainsOf = (list: readonly ClusterService[]) => {
      const { iptables = [], nftables = [] } = KUBE_PROXY.plan({ ...LAB, services: list }, node, mode).node;
      return nftables[0]?.chains ?? must(applyRuleOps(iptables).get('nat'), 'nat').chains;
    };
    const before = chainsOf(services);
    const after = chainsOf(services.with(50, serviceOf(50, [7, 8], 0)));
    const changed = [...after].filter(([name, chain]) => before.get(name)?.rules !== chain.rules);
    const own = changed.filter(([name]) => /^(KUBE-(SVC|SEP|EXT)|service|endpoint|external)-[A-Z2-7]{8}/.test(name));
    // Its own chain, one for each new endpoint, and where its node port leads.
    expect(own).toHaveLength(4);
  });
});
