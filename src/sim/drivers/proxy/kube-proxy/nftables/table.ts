/** The table of one full sync (pkg/proxy/nftables/proxier.go `setupNFTables` and `syncProxyRules`, v1.30 to v1.36). */
import { JoinedMaps } from '../../../../base/joined-map.ts';
import { Kept } from '../../../../base/kept.ts';
import { LayeredMap } from '../../../../base/layered-map.ts';
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
import { syncKey } from '../node-view.ts';
import type { PortsOfService } from '../service-port.ts';
import { baseChains } from './base-chains.ts';
import type { NftServiceContext } from './decide-service.ts';
import * as facts from './facts.ts';
import { checksClusterIps, type NftOptions, type NftView } from './options.ts';
import { serviceObjects } from './service-objects.ts';
import { DESTINATION, fromPod, PORT, rule, vmap } from './statements.ts';

const V6_LOOPBACK = cidr('::1/128');

const origin = (why: string): Origin => ({ by: 'kube-proxy', why });

/** SIMPLIFIED: objects are made in a fixed order; the real one is that of a Go map, any. */
export function syncedTable(services: readonly PortsOfService[], view: NftView, options: NftOptions): NftTable {
  const context: NftServiceContext = {
    layout: options.layout,
    family: view.family,
    mark: (1 << options.masqueradeBit) >>> 0,
    masqueradeAll: options.masqueradeAll,
    detector: view.detector,
    nodeIP: view.nodeIP,
  };
  const given = JSON.stringify(context);
  const each = written.list(services, given, (ports) => writeService(ports, context));
  const sets = sharedSets(view, options).map((set) => [set.name, filledSet(set, each, view)] as const);
  const fixed = [...baseChains(options.layout), ...fixedChains(view, options, context)];
  const named = fixed.map((chain) => [chain.name, chain] as const);
  return {
    family: view.family === 4 ? 'ip' : 'ip6',
    name: facts.TABLE,
    comment: 'rules for kube-proxy',
    sets: new LayeredMap(
      new Map(sets),
      setsOf.make(syncKey(view), each, (of) => of.sets),
    ),
    chains: new LayeredMap(
      new Map(named),
      chainsOf.make(syncKey(view), each, (of) => of.chains),
    ),
  };
}

/** A set that the node alone decides has its elements already. */
function filledSet(set: NftSet, each: readonly WrittenService[], view: NftView): NftSet {
  if (set.elements.size > 0) return set;
  return {
    ...set,
    elements: elementsOf.make(`${syncKey(view)} ${set.name}`, each, (of) => of.elements.get(set.name) ?? []),
  };
}

type Entries<T> = readonly (readonly [string, T])[];

/** Of how many nodes and settings the objects of the last sync are kept: a new sync then costs what has changed. */
const SYNCS_KEPT = 16;
const SHARED_SETS = 8;
const elementsOf = new JoinedMaps<WrittenService, NftElement>(SYNCS_KEPT * SHARED_SETS);
const setsOf = new JoinedMaps<WrittenService, NftSet>(SYNCS_KEPT);
const chainsOf = new JoinedMaps<WrittenService, NftChain>(SYNCS_KEPT);

/** As kube-proxy, which writes again only the Services that changed. */
const written = new Kept<PortsOfService, WrittenService>();

interface WrittenService {
  readonly elements: ReadonlyMap<string, Entries<NftElement>>;
  readonly sets: Entries<NftSet>;
  readonly chains: Entries<NftChain>;
}

/** Ports of one Service share an address: of two equal elements of a set the later one stands. */
function writeService(ports: PortsOfService, context: NftServiceContext): WrittenService {
  const objects = ports.map((port) => serviceObjects(port, context));
  const elements = new Map<string, Map<string, NftElement>>();
  for (const [set, element] of objects.flatMap((own) => own.elements)) {
    const known = elements.get(set) ?? new Map<string, NftElement>();
    elements.set(set, known.set(element.key, element));
  }
  return {
    elements: new Map(Array.from(elements, ([set, own]) => [set, [...own]])),
    sets: objects.flatMap((own) => own.sets.map((set) => [set.name, set] as const)),
    chains: objects.flatMap((own) => own.chains.map((chain) => [chain.name, chain] as const)),
  };
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
function sharedSets(view: NftView, options: NftOptions): NftSet[] {
  const address: NftType = view.family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  const destination: readonly NftType[] = [address, 'inet_proto', 'inet_service'];
  const make = (kind: NftSet['kind'], name: string, type: readonly NftType[], comment: string): NftSet => ({
    kind,
    name,
    type,
    comment,
    elements: new Map(),
  });
  const refused = (what: string): string => `vmap to drop or reject packets to ${what} with no endpoints`;
  const port: readonly NftType[] = ['inet_proto', 'inet_service'];
  return [
    ...(checksClusterIps(options.layout) ? [make('set', facts.CLUSTER_IPS, [address], 'Active ClusterIPs')] : []),
    ...(servesAllAddresses(view, options)
      ? []
      : [
          {
            ...make('set', facts.NODEPORT_IPS, [address], 'IPs that accept NodePort traffic'),
            elements: servedElements(view, options),
          },
        ]),
    make('map', facts.FIREWALL_IPS, destination, 'destinations that are subject to LoadBalancerSourceRanges'),
    make('map', facts.NO_ENDPOINT_NODEPORTS, port, refused('service nodeports')),
    make('map', facts.NO_ENDPOINT_SERVICES, destination, refused('services')),
    make('map', facts.SERVICE_IPS, destination, 'ClusterIP, ExternalIP and LoadBalancer IP traffic'),
    make('map', facts.SERVICE_NODEPORTS, port, 'NodePort traffic'),
    ...(options.layout === 'C'
      ? [make('set', facts.HAIRPINS, [address, address, 'inet_proto', 'inet_service'], 'service hairpin connections')]
      : []),
  ];
}

function servedElements(view: NftView, options: NftOptions): NftSet['elements'] {
  const why = origin('node ports answer here');
  return new Map(servedAddresses(view, options).map((key) => [key, { key, origin: why }]));
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
    ...(checksClusterIps(options.layout) ? [chain(facts.CLUSTER_IPS_CHECK, ...unusedAddresses(view))] : []),
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
