/** The balancer makes each connection its own: to a node port of some node, from its own address. */
import { once } from '../../../base/once.ts';
import { hash32 } from '../../../base/rng.ts';
import { type Cluster, type ClusterService, type ClusterServicePort, servicePortName } from '../../../kube/cluster.ts';
import type { Chain, Match, Rule, RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../../linux/origin.ts';
import type { PortProtocol } from '../../../wire/frame.ts';
import type { Ip } from '../../../wire/ip.ts';
import type { AskNodes, Fragment } from '../../contract.ts';
import { append, comment, ctstate, DROP, hostNet, jump, newChain, RETURN } from '../../parts/rules.ts';
import { BALANCER } from './facts.ts';
import { isBalanced, type Rotation, rotationOf } from './health.ts';

/**
 * SIMPLIFIED: rules that translate both addresses stand for a program that accepts the connection and dials the node: what the node sees is
 * the same, and the bytes pass as they come.
 */
export function nodePorts(cluster: Cluster, ask: AskNodes): Fragment {
  const services = cluster.services.filter(isBalanced);
  const chains = new Map<string, Chain>();
  const ops = services.flatMap((service) =>
    service.loadBalancerIPs.flatMap((ip) =>
      service.ports.flatMap((port) => portOps(cluster, service, port, ip, ask, chains)),
    ),
  );
  const why = 'the node must answer to the balancer, not to the client';
  const masquerade: Rule = {
    matches: [ctstate('DNAT')],
    target: { kind: 'MASQUERADE', randomFully: true },
    origin: { by: BALANCER, why },
  };
  return {
    sysctl: { 'ipv4.ip_forward': 1 },
    iptables: [{ op: 'restore-all', table: 'nat', chains }, ...ops, append('nat', 'POSTROUTING', masquerade)],
  };
}

function portOps(
  cluster: Cluster,
  service: ClusterService,
  port: ClusterServicePort,
  ip: Ip,
  ask: AskNodes,
  chains: Map<string, Chain>,
): readonly RuleOp[] {
  const { nodePort } = port;
  if (nodePort === undefined) return [];
  const name = servicePortName(service, port);
  const suffix = hash32(`${name} ${port.protocol} ${ip}`).toString(16).padStart(8, '0').toUpperCase();
  const proto = port.protocol.toLowerCase() as PortProtocol;
  const signed = (why: string): Origin => ({ by: BALANCER, for: `Service ${service.namespace}/${service.name}`, why });
  const asked = (target: string, why: string): Rule => ({
    dst: { value: hostNet(ip) },
    proto: { value: proto },
    matches: [comment(name), { kind: proto, dport: { value: { from: port.port, to: port.port } } }],
    target: jump(target),
    origin: signed(why),
  });
  const chain = `BALANCE-${suffix}`;
  chains.set(
    chain,
    lazyChain(chain, () => pickRules(proto, nodePort, rotationOf(cluster, service, ask), signed)),
  );
  return [
    ...allowOps(service, `ALLOW-${suffix}`, asked, signed),
    append('nat', 'PREROUTING', asked(chain, 'a listener of this load balancer')),
  ];
}

/** The nodes are asked when the first packet comes: of a hundred Services it asks for one. */
function lazyChain(name: string, make: () => readonly Rule[]): Chain {
  const rules = once(make);
  return {
    name,
    policy: null,
    get rules() {
      return rules();
    },
  };
}

/** One of the nodes in rotation, each as likely as the others. */
function pickRules(
  proto: PortProtocol,
  nodePort: number,
  { nodes, isLastResort }: Rotation,
  signed: (why: string) => Origin,
): readonly Rule[] {
  return nodes.map((node, at): Rule => {
    const left = nodes.length - at;
    const chance: readonly Match[] = left === 1 ? [] : [{ kind: 'statistic', probability: 1 / left }];
    const why = isLastResort ? 'no node is healthy, so every node is used' : `${node.name} answered its health check`;
    return {
      proto: { value: proto },
      matches: chance,
      target: { kind: 'DNAT', to: node.ip, port: nodePort },
      origin: signed(why),
    };
  });
}

/** With ipMode Proxy no service proxy sees the client, so the balancer itself must keep others away. */
function allowOps(
  { loadBalancerSourceRanges: ranges }: ClusterService,
  chain: string,
  asked: (target: string, why: string) => Rule,
  signed: (why: string) => Origin,
): readonly RuleOp[] {
  if (ranges.length === 0) return [];
  const allow = ranges.map(
    (value): Rule => ({
      src: { value },
      matches: [],
      target: RETURN,
      origin: signed('loadBalancerSourceRanges names this source'),
    }),
  );
  const others: Rule = {
    matches: [],
    target: DROP,
    origin: signed('loadBalancerSourceRanges does not name this source'),
  };
  return [
    newChain('mangle', chain),
    append('mangle', 'PREROUTING', asked(chain, 'the load balancer looks at who asks')),
    ...[...allow, others].map((rule) => append('mangle', chain, rule)),
  ];
}
