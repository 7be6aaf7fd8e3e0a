/** The chains of one service port (pkg/proxy/nftables/proxier.go `syncProxyRules`, v1.33 to v1.35; layout C from listings of v1.36). */

import { must } from '../../../../base/assert.ts';
import { networkSet } from '../../../../linux/netfilter/nftables/networks.ts';
import type { NftChain, NftMatch, NftRule, NftStatement } from '../../../../linux/netfilter/nftables/ruleset.ts';
import { hostNet } from '../../../parts/rules.ts';
import { balancerSources, origin, sharesWhy } from '../decide.ts';
import type { ProxyEndpoint } from '../service-port.ts';
import type { NftDecided } from './decide-service.ts';
import * as facts from './facts.ts';
import { isEarly } from './options.ts';
import { destinationIs, FROM_NODE, fromPod, goto, jump, rule, sourceIs } from './statements.ts';

export function serviceChains(decided: NftDecided): NftChain[] {
  const { names, endpoints, usesExt, usesFirewall } = decided;
  const chains: NftChain[] = [];
  for (const [name, list] of [[names.service, endpoints.cluster] as const, [names.local, endpoints.local] as const]) {
    if (list === null || list.length === 0) continue;
    const first = name === decided.internalChain ? masqueradeInternal(decided) : [];
    chains.push({ name, rules: [...first, ...balancingRules(decided, list)] });
  }
  if (usesExt) chains.push({ name: names.external, rules: externalRules(decided) });
  if (usesFirewall) chains.push({ name: names.firewall, rules: [firewallRule(decided)] });
  return [...chains, ...endpointChains(decided)];
}

/** "Masquerade this": a chain that sets the mark, or the mark itself in layout C. */
const markMasq = ({ context }: NftDecided): NftStatement =>
  context.layout === 'C' ? { kind: 'mark-set', op: 'or', value: context.mark } : jump(facts.MARK_MASQ);

/** Layout C does it once for all clusterIPs. It names the clusterIP because what comes from outside walks the same chain. */
function masqueradeInternal(decided: NftDecided): NftRule[] {
  const { port, context, hasInternal } = decided;
  const { masqueradeAll, detector, layout } = context;
  if (layout === 'C' || !hasInternal || (!masqueradeAll && !detector)) return [];
  const toPort: NftMatch = { kind: 'dport', of: port.protocol, ports: [port.port] };
  const statements = [
    destinationIs(port.clusterIP),
    ...(isEarly(layout) ? [toPort] : []),
    ...(masqueradeAll || !detector ? [] : [fromPod(detector, 'not')]),
    markMasq(decided),
  ];
  return [rule(statements, origin(port, 'the answer must come back through this node when the client is not a pod'))];
}

/** Remembered clients first, then by chance. */
function balancingRules(decided: NftDecided, list: readonly ProxyEndpoint[]): NftRule[] {
  const { port, context, endpointNames: names } = decided;
  const namesOf = (endpoint: ProxyEndpoint) => must(names.get(endpoint), 'names of an endpoint');
  const why = sharesWhy(port, decided.endpoints, list);
  if (context.layout === 'C' && port.affinitySeconds === null) {
    const slots = list.map(({ ip, port: to }) => ({ ip, port: to }));
    return [
      rule(
        [
          { kind: 'l4proto', protos: [port.protocol] },
          { kind: 'dnat-numgen', slots },
        ],
        origin(port, why),
      ),
    ];
  }
  const remembered =
    port.affinitySeconds === null
      ? []
      : list.map((endpoint) => {
          const { chain, affinity } = namesOf(endpoint);
          const isKnown: NftMatch = { kind: 'in-set', key: ['saddr'], set: affinity };
          return rule(
            [isKnown, goto(chain)],
            origin(port, 'sessionAffinity is ClientIP and this client was here before'),
          );
        });
  const slots = list.map((endpoint) => goto(namesOf(endpoint).chain));
  return [...remembered, rule([{ kind: 'numgen-vmap', slots }], origin(port, why))];
}

/** What came to an external address, by who sent it. Policy Local is for the outside: pods and the node still reach every endpoint. */
function externalRules(decided: NftDecided): NftRule[] {
  const { port, hasExternal, externalChain } = decided;
  const rules = port.externalPolicyLocal
    ? shortCircuits(decided)
    : [
        rule(
          [markMasq(decided)],
          origin(port, 'the endpoint may be on another node, and the answer must come back through this one'),
        ),
      ];
  if (hasExternal) rules.push(rule([goto(externalChain)], origin(port, 'one of its endpoints gets the connection')));
  return rules;
}

function shortCircuits(decided: NftDecided): NftRule[] {
  const { port, names, context } = decided;
  const all = goto(names.service);
  const forPods =
    context.detector &&
    rule(
      [fromPod(context.detector), all],
      origin(port, 'a pod may use every endpoint, as through the clusterIP'),
      'short-circuit pod traffic',
    );
  return [
    ...(forPods ? [forPods] : []),
    rule(
      [FROM_NODE, markMasq(decided)],
      origin(port, 'the answer to the node must come back the same way'),
      'masquerade local traffic',
    ),
    rule(
      [FROM_NODE, all],
      origin(port, 'the node may use every endpoint, as through the clusterIP'),
      'short-circuit local traffic',
    ),
  ];
}

function firewallRule({ port, context }: NftDecided): NftRule {
  const sources = [...port.sourceRanges, ...balancerSources(port, context.nodeIP).map(hostNet)];
  const isElsewhere: NftMatch = { kind: 'address', side: 'saddr', ...networkSet(sources), invert: true };
  return rule([isElsewhere, { kind: 'drop' }], origin(port, 'loadBalancerSourceRanges does not name this source'));
}

/** One chain for each endpoint that some chain can choose; layout C needs them only to remember clients. */
function endpointChains(decided: NftDecided): NftChain[] {
  const { port, context, endpointNames: names } = decided;
  const isC = context.layout === 'C';
  const isSticky = port.affinitySeconds !== null;
  if (isC && !isSticky) return [];
  // What endpoints of one port share is made once: of 50,000 endpoints it would be most of the work.
  const toMasquerade = markMasq(decided);
  const isOurs: NftMatch = { kind: 'l4proto', protos: [port.protocol] };
  const whys = {
    hairpin: origin(port, 'a pod that reached itself would answer itself directly'),
    remember: origin(port, 'sessionAffinity is ClientIP: this client comes here again'),
    answer: origin(port, 'this endpoint answers'),
  };
  return Array.from(names, ([endpoint, { chain, affinity }]) => {
    const rules = isC ? [] : [rule([sourceIs(endpoint.ip), toMasquerade], whys.hairpin)];
    if (isSticky) rules.push(rule([{ kind: 'update', set: affinity, side: 'saddr' }], whys.remember));
    rules.push(rule([isOurs, { kind: 'dnat', to: endpoint.ip, port: endpoint.port }], whys.answer));
    return { name: chain, rules };
  });
}
