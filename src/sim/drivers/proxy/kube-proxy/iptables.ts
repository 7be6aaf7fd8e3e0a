/** One full sync of the iptables proxier, as rule operations (pkg/proxy/iptables/proxier.go `syncProxyRules`, v1.33). */
import { JoinedMaps } from '../../../base/joined-map.ts';
import { Kept } from '../../../base/kept.ts';
import type { Chain, Rule, RuleOp, TableName } from '../../../linux/netfilter/iptables/rule.ts';
import { KUBE_FIREWALL, localnetRule } from '../../parts/kubelet.ts';
import { forwardRules, markMasqRules, nodePortJumps, postroutingRules } from './base-rules.ts';
import type { RuleContext } from './decide.ts';
import * as facts from './facts.ts';
import { syncKey } from './node-view.ts';
import type { NodeView, ProxyOptions } from './options.ts';
import type { PortsOfService } from './service-port.ts';
import { type ServicePortRules, servicePortRules } from './service-rules.ts';

/** A chain of what kube-proxy hands to iptables-restore. */
export interface RestoreChain {
  readonly table: TableName;
  readonly name: string;
  readonly rules: readonly Rule[];
  /** `ns/name` of the Service that alone uses it; absent for the shared chains. */
  readonly service?: string;
}

type Named = readonly [name: string, chain: Chain];

/** One full sync as operations. The chains of Services are one operation: there may be tens of thousands. */
export function syncOps(services: readonly PortsOfService[], view: NodeView, options: ProxyOptions): RuleOp[] {
  const each = writtenServices(services, view, options);
  const chains = ownChains.make(syncKey(view), each, ({ own }) => own);
  return [...restoreOps(sharedChains(each, view, options)), { op: 'restore-all', table: 'nat', chains }];
}

/** Of how many nodes and settings the chains of the last sync are kept: a new sync then costs what has changed. */
const SYNCS_KEPT = 16;
const ownChains = new JoinedMaps<WrittenService, Chain>(SYNCS_KEPT);

/** Every chain of a full sync: those of the filter table first, the shared ones before those of the Services. */
export function restoreChains(
  services: readonly PortsOfService[],
  view: NodeView,
  options: ProxyOptions,
): RestoreChain[] {
  const each = writtenServices(services, view, options);
  const own = services.flatMap((ports, at) =>
    (each[at]?.own ?? []).map(
      ([name, { rules }]): RestoreChain => ({ table: 'nat', name, rules, service: ports[0]?.service ?? '' }),
    ),
  );
  return [...sharedChains(each, view, options), ...own];
}

export const restoreOps = (chains: readonly RestoreChain[]): RuleOp[] =>
  chains.map(({ table, name, rules }) => ({ op: 'restore', table, chain: name, rules }));

function sharedChains(each: readonly WrittenService[], view: NodeView, options: ProxyOptions): RestoreChain[] {
  const join = (part: SharedPart): Rule[] => {
    const rules: Rule[] = [];
    for (const { shared } of each) {
      const own = shared[part];
      if (own !== NONE) for (const rule of own) rules.push(rule);
    }
    return rules;
  };
  const filter = (name: string, rules: readonly Rule[]): RestoreChain => ({ table: 'filter', name, rules });
  const nat = (name: string, rules: readonly Rule[]): RestoreChain => ({ table: 'nat', name, rules });
  const writesFirewall = view.family === 4 && options.localhostNodePorts;
  return [
    filter(facts.SERVICES, join('filterServices')),
    filter(facts.EXTERNAL_SERVICES, join('filterExternalServices')),
    filter(facts.FORWARD, forwardRules(options)),
    filter(facts.NODEPORTS, join('filterNodePorts')),
    filter(facts.PROXY_FIREWALL, join('filterProxyFirewall')),
    ...(writesFirewall ? [filter(KUBE_FIREWALL, [localnetRule('kube-proxy')])] : []),
    nat(facts.SERVICES, [...join('natServices'), ...nodePortJumps(view, options)]),
    nat(facts.NODEPORTS, join('natNodePorts')),
    nat(facts.POSTROUTING, postroutingRules(options)),
    nat(facts.MARK_MASQ, markMasqRules(options)),
  ];
}

const NONE: readonly Rule[] = [];

/** As kube-proxy, which writes again only the Services that changed: of ten thousand, a changed endpoint touches one. */
const written = new Kept<PortsOfService, WrittenService>();

function writtenServices(
  services: readonly PortsOfService[],
  view: NodeView,
  options: ProxyOptions,
): readonly WrittenService[] {
  const context = ruleContext(services, view, options);
  return written.list(services, JSON.stringify(context), (ports) => writeService(ports, context));
}

type SharedPart = keyof Omit<ServicePortRules, 'chains'>;

interface WrittenService {
  readonly shared: Readonly<Record<SharedPart, readonly Rule[]>>;
  readonly own: readonly Named[];
}

function writeService(ports: PortsOfService, context: RuleContext): WrittenService {
  const rules = ports.map((port) => servicePortRules(port, context));
  const join = (part: SharedPart): readonly Rule[] => {
    const joined = rules.flatMap((one) => one[part]);
    return joined.length === 0 ? NONE : joined;
  };
  return {
    shared: {
      natServices: join('natServices'),
      natNodePorts: join('natNodePorts'),
      filterServices: join('filterServices'),
      filterExternalServices: join('filterExternalServices'),
      filterNodePorts: join('filterNodePorts'),
      filterProxyFirewall: join('filterProxyFirewall'),
    },
    own: rules.flatMap(({ chains }) => chains.map((chain): Named => [chain.name, { ...chain, policy: null }])),
  };
}

function hasMoreEndpoints(services: readonly PortsOfService[], max: number): boolean {
  let endpoints = 0;
  for (const ports of services) {
    for (const port of ports) endpoints += port.endpoints.length;
    if (endpoints > max) return true;
  }
  return false;
}

function ruleContext(services: readonly PortsOfService[], view: NodeView, options: ProxyOptions): RuleContext {
  return {
    masqueradeAll: options.masqueradeAll,
    detector: view.detector,
    nodeIP: view.nodeIP,
    isLargeCluster: hasMoreEndpoints(services, facts.LARGE_CLUSTER_ENDPOINTS),
    countsLoopback: options.nfacct && options.localhostNodePorts && view.family === 4,
  };
}
