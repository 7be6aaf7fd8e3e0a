/** The iptables rules of IPVS mode: few, and as many for one Service as for thousands (pkg/proxy/ipvs/proxier.go `writeIptablesRules`, v1.33). */
import type { HookName, Match, Rule, RuleOp, TableName, Target } from '../../../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../../../linux/origin.ts';
import { cidr, LOOPBACK_NET } from '../../../../wire/ip.ts';
import {
  ACCEPT,
  comment,
  ctstate,
  DROP,
  dstType,
  hostNet,
  insert,
  jump,
  newChain,
  RETURN,
} from '../../../parts/rules.ts';
import { forwardRules, markMasqRules, postroutingRules, rejectIn } from '../base-rules.ts';
import { origin as originOf } from '../decide.ts';
import type { RestoreChain } from '../iptables.ts';
import type { LocalDetector, NodeView } from '../options.ts';
import type { ServicePort } from '../service-port.ts';
import * as facts from './facts.ts';
import type { IpvsOptions } from './options.ts';
import { allowsNode, type Members } from './sets.ts';

type Jump = readonly [table: TableName, from: HookName, to: string, note: string];

const PORTALS = 'kubernetes service portals';
const ACCESS = 'kubernetes ipvs access filter';
const FIREWALL = 'kube-proxy firewall rules';

/** In the order in which they are put first, so a base chain shows them in reverse. */
const JUMPS: readonly Jump[] = [
  ['nat', 'OUTPUT', facts.SERVICES, PORTALS],
  ['nat', 'PREROUTING', facts.SERVICES, PORTALS],
  ['nat', 'POSTROUTING', facts.POSTROUTING, 'kubernetes postrouting rules'],
  ['filter', 'FORWARD', facts.FORWARD, 'kubernetes forwarding rules'],
  ['filter', 'INPUT', facts.NODE_PORT, 'kubernetes health check rules'],
  ['filter', 'INPUT', facts.PROXY_FIREWALL, FIREWALL],
  ['filter', 'FORWARD', facts.PROXY_FIREWALL, FIREWALL],
  ['filter', 'INPUT', facts.IPVS_FILTER, ACCESS],
  ['filter', 'OUTPUT', facts.IPVS_OUT_FILTER, ACCESS],
];

const origin = (why: string): Origin => ({ by: 'kube-proxy', why });

export function ipvsJumps(): RuleOp[] {
  return JUMPS.flatMap(([table, from, to, note]) => {
    const rule: Rule = { matches: [comment(note)], target: jump(to), origin: origin(WHY_JUMP[to] ?? note) };
    return [newChain(table, to), insert(table, from, rule)];
  });
}

const WHY_JUMP: Readonly<Record<string, string>> = {
  [facts.SERVICES]: 'new connections to Services are marked here; IPVS translates them later',
  [facts.POSTROUTING]: 'packets marked for masquerade get the address of this node',
  [facts.FORWARD]: 'Service traffic is forwarded whatever the policy of FORWARD is',
  [facts.NODE_PORT]: 'load balancers may ask for the health of this node',
  [facts.PROXY_FIREWALL]: 'loadBalancerSourceRanges is checked before IPVS takes the packet',
  [facts.IPVS_FILTER]: 'the addresses on kube-ipvs0 are local: only the ports of their Services may be reached',
  [facts.IPVS_OUT_FILTER]: 'the node itself is a client that loadBalancerSourceRanges may refuse',
};

/** Every chain of a sync; all are rewritten each time. */
export function ipvsChains(
  refused: readonly Rule[],
  members: Members,
  view: NodeView,
  options: IpvsOptions,
): RestoreChain[] {
  const asks = askers(members, view.family);
  const nat = (name: string, rules: readonly Rule[]): RestoreChain => ({ table: 'nat', name, rules });
  const filter = (name: string, rules: readonly Rule[]): RestoreChain => ({ table: 'filter', name, rules });
  const postrouting = asks.noted('loopBack', 'dst,dst,src', { kind: 'MASQUERADE' }, WHY.hairpin);
  return [
    nat(facts.SERVICES, services(asks, view, options)),
    nat(facts.POSTROUTING, [...postrouting, ...postroutingRules(options)]),
    nat(facts.NODE_PORT, nodePorts(asks)),
    nat(facts.LOAD_BALANCER, [
      ...asks.noted('loadBalancerLocal', 'dst,dst', RETURN, WHY.keepSource),
      { matches: [], target: jump(facts.MARK_MASQ), origin: origin(WHY.external) },
    ]),
    nat(facts.MARK_MASQ, markMasqRules(options)),
    // This mode has no rule against INVALID.
    filter(facts.FORWARD, forwardRules({ ...options, conntrackTcpBeLiberal: true })),
    filter(facts.NODE_PORT, [
      asks.always('healthCheckNodePort', 'dst', ACCEPT, 'the load balancer asks which nodes have endpoints', true),
    ]),
    filter(
      facts.PROXY_FIREWALL,
      asks.noted('loadBalancerFW', 'dst,dst', jump(facts.SOURCE_RANGES_FIREWALL), WHY.ranges),
    ),
    filter(facts.SOURCE_RANGES_FIREWALL, [
      ...asks.noted('loadBalancerSourceCIDR', 'dst,dst,src', RETURN, 'loadBalancerSourceRanges names this source'),
      ...asks.noted(
        'loadBalancerSourceIP',
        'dst,dst,src',
        RETURN,
        'the node may call through the address of the balancer',
      ),
      { matches: [], target: DROP, origin: origin('loadBalancerSourceRanges does not name this source') },
    ]),
    filter(facts.IPVS_FILTER, accessFilter(asks, view.family)),
    filter(facts.IPVS_OUT_FILTER, refused),
  ];
}

const WHY = {
  hairpin: 'a pod that reaches itself through a Service must not see its own address as the client',
  keepSource: 'externalTrafficPolicy Local keeps the address of the client',
  external: 'the answer to traffic from outside must come back through this node',
  ranges: 'this Service has loadBalancerSourceRanges',
  notPod: 'the answer must come back through this node when the client is not a pod',
  ours: 'it is for a Service: no later rule may translate it',
} as const;

type Dirs = 'dst' | 'dst,dst' | 'src,dst' | 'dst,dst,src';

interface Askers {
  /** With the comment of the set, and only while the set has members. */
  noted(id: facts.SetId, dirs: Dirs, target: Target, why: string, more?: Partial<Rule>): Rule[];
  always(id: facts.SetId, dirs: Dirs, target: Target, why: string, isNoted?: boolean): Rule;
  isEmpty(id: facts.SetId): boolean;
}

function askers(members: Members, family: 4 | 6): Askers {
  const ask = (id: facts.SetId, dirs: Dirs): Match => ({
    kind: 'set',
    name: facts.setName(id, family),
    dirs: dirs.split(',') as ('src' | 'dst')[],
  });
  const isEmpty = (id: facts.SetId): boolean => members[id].size === 0;
  return {
    isEmpty,
    noted: (id, dirs, target, why, more = {}) =>
      isEmpty(id)
        ? []
        : [
            {
              ...more,
              matches: [comment(facts.SETS[id][2]), ask(id, dirs), ...(more.matches ?? [])],
              target,
              origin: origin(why),
            },
          ],
    always: (id, dirs, target, why, isNoted = false) => ({
      matches: [...(isNoted ? [comment(facts.SETS[id][2])] : []), ask(id, dirs)],
      target,
      origin: origin(why),
    }),
  };
}

const V6_LOOPBACK = cidr('::1/128');

function services(asks: Askers, view: NodeView, options: IpvsOptions): Rule[] {
  const loopback = view.family === 6 ? V6_LOOPBACK : LOOPBACK_NET;
  return [
    { src: { value: loopback }, matches: [], target: RETURN, origin: origin('IPVS does not serve 127.0.0.1') },
    ...asks.noted('loadBalancer', 'dst,dst', jump(facts.LOAD_BALANCER), WHY.external),
    ...clusterIPRule(asks, view, options),
    ...asks.noted('externalIP', 'dst,dst', jump(facts.MARK_MASQ), WHY.external),
    ...externalRules(asks, 'externalIP'),
    ...externalRules(asks, 'externalIPLocal'),
    {
      matches: [dstType('LOCAL')],
      target: jump(facts.NODE_PORT),
      origin: origin('what is addressed to the node itself may be for a node port'),
    },
    ...unnoted(asks, 'clusterIP'),
    ...unnoted(asks, 'loadBalancer'),
  ];
}

const unnoted = (asks: Askers, id: facts.SetId): Rule[] =>
  asks.isEmpty(id) ? [] : [asks.always(id, 'dst,dst', ACCEPT, WHY.ours)];

/** Without a detector only the node's own calls are marked, which come from the Service's address: kube-ipvs0 has it. */
function clusterIPRule(asks: Askers, { detector }: NodeView, { masqueradeAll }: IpvsOptions): Rule[] {
  const mark = jump(facts.MARK_MASQ);
  if (masqueradeAll) return asks.noted('clusterIP', 'dst,dst', mark, 'every client is masqueraded');
  if (detector) return asks.noted('clusterIP', 'dst,dst', mark, WHY.notPod, notFromPod(detector));
  return asks.noted('clusterIP', 'src,dst', mark, 'a client that has the address of a Service is this node');
}

const notFromPod = (detector: LocalDetector): Partial<Rule> =>
  detector.kind === 'cidr'
    ? { src: { value: detector.cidr, invert: true } }
    : { iif: { value: detector.device, invert: true } };

/** Traffic from other machines, and traffic for an address that this node has. */
function externalRules(asks: Askers, id: 'externalIP' | 'externalIPLocal'): Rule[] {
  const fromOutside: Match[] = [
    { kind: 'physdev', isIn: { value: true, invert: true } },
    { kind: 'addrtype', src: { value: 'LOCAL', invert: true } },
  ];
  return [
    ...asks.noted(id, 'dst,dst', ACCEPT, WHY.ours, { matches: fromOutside }),
    ...asks.noted(id, 'dst,dst', ACCEPT, WHY.ours, { matches: [dstType('LOCAL')] }),
  ];
}

function nodePorts(asks: Askers): Rule[] {
  const of = (local: facts.SetId, all: facts.SetId, protocol: 'tcp' | 'udp' | 'sctp', dirs: Dirs): Rule[] => {
    const proto = { proto: { value: protocol } };
    return [
      ...asks.noted(local, dirs, RETURN, WHY.keepSource, proto),
      ...asks.noted(all, dirs, jump(facts.MARK_MASQ), WHY.external, proto),
    ];
  };
  return [
    ...of('nodePortLocalTCP', 'nodePortTCP', 'tcp', 'dst'),
    ...of('nodePortLocalUDP', 'nodePortUDP', 'udp', 'dst'),
    ...of('nodePortLocalSCTP', 'nodePortSCTP', 'sctp', 'dst,dst'),
  ];
}

/** A Service's address is local on every node; without this its other ports would reach the node's own programs (issue 72236). */
function accessFilter(asks: Askers, family: 4 | 6): Rule[] {
  const ports = ['loadBalancer', 'clusterIP', 'externalIP', 'externalIPLocal'] as const;
  const asked = asks.always('ipvsIPs', 'dst', rejectIn(family), WHY_REJECT);
  return [
    ...ports.map((id) => asks.always(id, 'dst,dst', RETURN, 'it is for a port of a Service')),
    asks.always('healthCheckNodePort', 'dst', RETURN, 'it is for the health check of a Service'),
    { ...asked, matches: [ctstate('NEW'), ...asked.matches] },
  ];
}

const WHY_REJECT = 'a Service has this address, and no Service has this port of it';

/** A node that its own Service's source ranges do not name. */
export function refusedNodes(ports: readonly ServicePort[], { nodeIP }: NodeView): Rule[] {
  const refusing = ports.filter((port) => port.sourceRanges.length > 0 && !allowsNode(port, nodeIP));
  return refusing.flatMap((port) =>
    port.loadBalancerIPs.map(
      (ip): Rule => ({
        src: { value: hostNet(ip) },
        matches: [
          {
            kind: 'ipvs',
            vproto: { value: port.protocol },
            vaddr: { value: hostNet(ip) },
            vport: { value: port.port },
          },
        ],
        target: DROP,
        origin: originOf(port, 'loadBalancerSourceRanges does not name this node'),
      }),
    ),
  );
}
