/** The table of one full sync (pkg/proxy/nftables/proxier.go `setupNFTables` and `syncProxyRules`, v1.30 to v1.36). */
import { must } from '../../../../base/assert.ts';
import { networkSet } from '../../../../linux/netfilter/nftables/networks.ts';
import type {
  NftChain,
  NftElement,
  NftMatch,
  NftRule,
  NftSet,
  NftTable,
  NftType,
} from '../../../../linux/netfilter/nftables/ruleset.ts';
import type { Origin } from '../../../../linux/origin.ts';
import { type Cidr, cidr, cidrHas, type Ip, LOOPBACK_NET } from '../../../../wire/ip.ts';
import type { ServicePort } from '../service-port.ts';
import { baseChains } from './base-chains.ts';
import type { NftServiceContext } from './decide-service.ts';
import * as facts from './facts.ts';
import type { NftOptions, NftView } from './options.ts';
import { serviceObjects } from './service-objects.ts';
import { DESTINATION, fromPod, PORT, rule, vmap } from './statements.ts';

const V6_LOOPBACK = cidr('::1/128');

const origin = (why: string): Origin => ({ by: 'kube-proxy', why });

/** SIMPLIFIED: objects are made in a fixed order; the real one is that of a Go map, any. */
export function syncedTable(ports: readonly ServicePort[], view: NftView, options: NftOptions): NftTable {
  const context: NftServiceContext = {
    layout: options.layout,
    family: view.family,
    mark: (1 << options.masqueradeBit) >>> 0,
    masqueradeAll: options.masqueradeAll,
    detector: view.detector,
    nodeIP: view.nodeIP,
  };
  const elements = new Map<string, Map<string, NftElement>>();
  const shared = sharedSets(view, options, elements);
  const sets = new Map<string, NftSet>(shared.map((set) => [set.name, set]));
  const chains = new Map<string, NftChain>();
  for (const chain of [...baseChains(options.layout), ...fixedChains(view, options, context)])
    chains.set(chain.name, chain);
  for (const port of ports) {
    const own = serviceObjects(port, context);
    for (const [set, element] of own.elements) must(elements.get(set), `set ${set}`).set(element.key, element);
    for (const set of own.sets) sets.set(set.name, set);
    for (const chain of own.chains) chains.set(chain.name, chain);
  }
  const family = view.family === 4 ? 'ip' : 'ip6';
  return { family, name: facts.TABLE, comment: 'rules for kube-proxy', sets, chains };
}

/**
 * A chain that falls out of use is emptied in its sync and deleted by a sync at least a second later: until then kernels before 6.2 may
 * still hold a reference to it. `before` is what the last sync wanted.
 */
export function withStaleChains(table: NftTable, before: NftTable): NftTable {
  const stale = [...before.chains.keys()].filter((name) => !table.chains.has(name));
  const emptied = stale.map((name): [string, NftChain] => [name, { name, rules: [] }]);
  return { ...table, chains: new Map([...table.chains, ...emptied]) };
}

/** The sets and maps that Services share, with the elements that the node alone decides; the others are filled in later. */
function sharedSets(view: NftView, options: NftOptions, elements: Map<string, Map<string, NftElement>>): NftSet[] {
  const address: NftType = view.family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  const destination: readonly NftType[] = [address, 'inet_proto', 'inet_service'];
  const make = (kind: NftSet['kind'], name: string, type: readonly NftType[], comment: string): NftSet => {
    const own = new Map<string, NftElement>();
    elements.set(name, own);
    return { kind, name, type, comment, elements: own };
  };
  const refused = (what: string): string => `vmap to drop or reject packets to ${what} with no endpoints`;
  const port: readonly NftType[] = ['inet_proto', 'inet_service'];
  const sets = [
    make('set', facts.CLUSTER_IPS, [address], 'Active ClusterIPs'),
    ...(servesAllAddresses(view, options)
      ? []
      : [make('set', facts.NODEPORT_IPS, [address], 'IPs that accept NodePort traffic')]),
    make('map', facts.FIREWALL_IPS, destination, 'destinations that are subject to LoadBalancerSourceRanges'),
    make('map', facts.NO_ENDPOINT_NODEPORTS, port, refused('service nodeports')),
    make('map', facts.NO_ENDPOINT_SERVICES, destination, refused('services')),
    make('map', facts.SERVICE_IPS, destination, 'ClusterIP, ExternalIP and LoadBalancer IP traffic'),
    make('map', facts.SERVICE_NODEPORTS, port, 'NodePort traffic'),
    ...(options.layout === 'C'
      ? [make('set', facts.HAIRPINS, [address, address, 'inet_proto', 'inet_service'], 'service hairpin connections')]
      : []),
  ];
  const served = elements.get(facts.NODEPORT_IPS);
  for (const key of servedAddresses(view, options)) served?.set(key, { key, origin: origin('node ports answer here') });
  return sets;
}

function servesAllAddresses({ family }: NftView, { nodePortAddresses }: NftOptions): boolean {
  return nodePortAddresses.some((net) => net.family === family && net.prefix === 0);
}

/** The primary address, unless networks are named. This mode has no node ports on loopback. */
function servedAddresses(view: NftView, { nodePortAddresses }: NftOptions): readonly Ip[] {
  const nets = nodePortAddresses.filter((net) => net.family === view.family);
  const named = view.localAddresses.filter((ip) => nets.some((net) => cidrHas(net, ip)));
  const served = nets.length > 0 ? named : view.nodeIP === null ? [] : [view.nodeIP];
  return served.filter((ip) => !cidrHas(loopbackOf(view), ip));
}

const loopbackOf = ({ family }: NftView): Cidr => (family === 6 ? V6_LOOPBACK : LOOPBACK_NET);

function fixedChains(view: NftView, options: NftOptions, context: NftServiceContext): NftChain[] {
  const isC = options.layout === 'C';
  const chain = (name: string, ...rules: readonly NftRule[]): NftChain => ({ name, rules });
  const nodePorts = servesAllAddresses(view, options) ? notLoopback(view) : AT_NODEPORT_IPS;
  const isLocal: NftMatch = { kind: 'fib', side: 'daddr', type: 'local' };
  const served = servesAllAddresses(view, options) ? [isLocal, nodePorts] : [nodePorts];
  const lookUp = (map: string, why: string): NftRule => rule([vmap(DESTINATION, map)], origin(why));
  return [
    chain(
      facts.SERVICES,
      ...(isC ? masqueradeFromOutside(context) : []),
      lookUp(facts.SERVICE_IPS, 'an address and port of a Service stands for its endpoints'),
      rule([...served, vmap(PORT, facts.SERVICE_NODEPORTS)], origin('a port of the node may stand for a Service')),
    ),
    chain(facts.SERVICE_CHECK, lookUp(facts.NO_ENDPOINT_SERVICES, 'who has no endpoint cannot answer')),
    chain(
      facts.NODEPORT_CHECK,
      rule([nodePorts, vmap(PORT, facts.NO_ENDPOINT_NODEPORTS)], origin('a node port without endpoints cannot answer')),
    ),
    chain(facts.FIREWALL_CHECK, lookUp(facts.FIREWALL_IPS, 'a load balancer may name who is let in')),
    chain(facts.CLUSTER_IPS_CHECK, ...unusedAddresses(view)),
    ...(isC ? [] : [chain(facts.MARK_MASQ, markRule(context.mark))]),
    chain(facts.MASQUERADING, ...(isC ? masqueradingC(context.mark) : masquerading(context.mark))),
    { ...chain(facts.REJECT, REJECT_RULE), comment: REJECT_COMMENT },
  ];
}

const AT_NODEPORT_IPS: NftMatch = { kind: 'in-set', key: ['daddr'], set: facts.NODEPORT_IPS };
const REJECT_COMMENT = `helper for @${facts.NO_ENDPOINT_SERVICES} / @${facts.NO_ENDPOINT_NODEPORTS}`;
const REJECT_RULE = rule(
  [{ kind: 'reject', with: 'icmp-port-unreachable' }],
  origin('the client learns at once that nobody answers'),
);

const notLoopback = (view: NftView): NftMatch => ({
  kind: 'address',
  side: 'daddr',
  nets: [loopbackOf(view)],
  invert: true,
});

const markRule = (value: number): NftRule =>
  rule(
    [{ kind: 'mark-set', op: 'or', value }],
    origin('remembers until POSTROUTING that this packet must be masqueraded'),
  );

function unusedAddresses({ family, serviceCidrs }: NftView): NftRule[] {
  const reject = rule(
    [
      { kind: 'in-set', key: ['daddr'], set: facts.CLUSTER_IPS },
      { kind: 'reject', with: 'icmp-port-unreachable' },
    ],
    origin('a Service has this address, but not this port'),
    'Reject traffic to invalid ports of ClusterIPs',
  );
  const ranges = serviceCidrs.filter((net) => net.family === family);
  if (ranges.length === 0) return [reject];
  const drop = rule(
    [{ kind: 'address', side: 'daddr', ...networkSet(ranges) }, { kind: 'drop' }],
    origin('no Service has this address, and it must not leave the cluster'),
    'Drop traffic to unallocated ClusterIPs',
  );
  return [reject, drop];
}

function masquerading(mark: number): NftRule[] {
  return [
    rule(
      [{ kind: 'mark', mask: mark, value: 0 }, { kind: 'return' }],
      origin('only packets that some Service rule marked are masqueraded'),
    ),
    rule(
      [{ kind: 'mark-set', op: 'xor', value: mark }],
      origin('the mark goes, so that a packet which passes here again (in a tunnel) is left alone'),
    ),
    rule(
      [{ kind: 'masquerade', fullyRandom: true }],
      origin('the answer must come back to this node, which undoes the DNAT'),
    ),
  ];
}

function masqueradingC(mark: number): NftRule[] {
  return [
    rule(
      [
        { kind: 'mark', mask: mark, value: 0, invert: true },
        { kind: 'mark-set', op: 'xor', value: mark },
        { kind: 'masquerade', fullyRandom: true },
      ],
      origin('packets that some Service rule marked are masqueraded, and the mark goes'),
    ),
    rule(
      [
        { kind: 'ct-status', status: 'dnat' },
        { kind: 'in-set', key: ['saddr', 'daddr', 'l4proto', 'dport'], set: facts.HAIRPINS },
        { kind: 'masquerade', fullyRandom: true },
      ],
      origin('a pod that reached itself would answer itself directly'),
    ),
  ];
}

/** SIMPLIFIED: with masqueradeAll the same rule without the source; no listing of that was at hand. */
function masqueradeFromOutside({ masqueradeAll, detector, mark }: NftServiceContext): NftRule[] {
  if (!masqueradeAll && !detector) return [];
  const isService: NftMatch = { kind: 'in-set', key: ['daddr'], set: facts.CLUSTER_IPS };
  const sources = masqueradeAll || !detector ? [] : [fromPod(detector, 'not')];
  return [
    rule(
      [isService, ...sources, { kind: 'mark-set', op: 'or', value: mark }],
      origin('the answer must come back through this node when the client is not a pod'),
      masqueradeAll ? 'masquerade clusterIP traffic' : 'masquerade clusterIP traffic from outside cluster',
    ),
  ];
}
