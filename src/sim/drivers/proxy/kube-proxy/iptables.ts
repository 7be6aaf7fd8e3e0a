/** One full sync of the iptables proxier, as rule operations (pkg/proxy/iptables/proxier.go `syncProxyRules`, v1.33). */
import type { Rule, RuleOp, TableName } from '../../../linux/netfilter/iptables/rule.ts';
import { KUBE_FIREWALL, localnetRule } from '../../parts/kubelet.ts';
import { append, newChain } from '../../parts/rules.ts';
import { forwardRules, markMasqRules, nodePortJumps, postroutingRules } from './base-rules.ts';
import type { RuleContext } from './decide.ts';
import * as facts from './facts.ts';
import type { NodeView, ProxyOptions } from './options.ts';
import type { ServicePort } from './service-port.ts';
import { type ServicePortRules, servicePortRules } from './service-rules.ts';

/** A chain of what kube-proxy hands to iptables-restore, which empties the chain before it fills it. */
export interface RestoreChain {
  readonly table: TableName;
  readonly name: string;
  readonly rules: readonly Rule[];
  /** `ns/name` of the Service that alone uses it; absent for the shared chains. */
  readonly service?: string;
}

/** Every chain of a full sync: those of the filter table first, the shared ones before those of the Services. */
export function restoreChains(ports: readonly ServicePort[], view: NodeView, options: ProxyOptions): RestoreChain[] {
  const context = ruleContext(ports, view, options);
  const services = ports.map((port) => ({ service: port.service, ...servicePortRules(port, context) }));
  const join = (part: keyof Omit<ServicePortRules, 'chains'>): Rule[] => services.flatMap((service) => service[part]);
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
    ...services.flatMap(({ service, chains }) => chains.map(({ name, rules }) => ({ ...nat(name, rules), service }))),
  ];
}

function ruleContext(ports: readonly ServicePort[], view: NodeView, options: ProxyOptions): RuleContext {
  let endpoints = 0;
  for (const port of ports) endpoints += port.endpoints.length;
  return {
    masqueradeAll: options.masqueradeAll,
    detector: view.detector,
    nodeIP: view.nodeIP,
    isLargeCluster: endpoints > facts.LARGE_CLUSTER_ENDPOINTS,
  };
}

/** All chains first: a rule may jump to any of them. */
export function restoreOps(chains: readonly RestoreChain[]): RuleOp[] {
  const ops: RuleOp[] = chains.map(({ table, name }) => newChain(table, name));
  for (const { table, name, rules } of chains) for (const rule of rules) ops.push(append(table, name, rule));
  return ops;
}
