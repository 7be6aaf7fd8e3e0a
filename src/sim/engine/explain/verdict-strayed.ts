/** Packets that left the cluster by the default route, because nothing translated or routed them, and were lost outside. */

import { podNetworkWith } from '../../kube/cluster.ts';
import { ipIn } from '../../kube/families.ts';
import { type Chain, type Rule, rulesetOf, toolOf } from '../../linux/netfilter/iptables/rule.ts';
import { familyOf, type Ip } from '../../wire/ip.ts';
import { routeLine, ruleLine } from './lines.ts';
import { serviceName } from './names.ts';
import { innerPacket, socketText } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import { askedText, type Case, type Finding } from './verdict-case.ts';
import { downDevices } from './verdict-reasons.ts';

export function findStrayed(c: Case, drop: StepOf<'drop'>): Finding | null {
  const isOutside = !c.names.node(drop.ns) && !c.names.pod(drop.ns);
  const packet = innerPacket(drop.frame);
  const left = leavingRoute(c, drop);
  if (!isOutside || !packet) return null;
  if (!left) return findFromOutside(c, drop);
  if (left.route?.dst.prefix !== 0) return findPastRouter(c, drop);
  if (c.names.service(packet.dst)) return findUntranslated(c, drop, left);
  return findUnrouted(c, drop, left) ?? findNowhere(c, drop, left);
}

/** A machine outside sends to an address that means something on the nodes only. */
function findFromOutside(c: Case, drop: StepOf<'drop'>): Finding | null {
  const packet = innerPacket(drop.frame);
  if (!packet || drop.reason !== 'IP_BLACKHOLE') return null;
  const service = c.names.service(packet.dst);
  const pod = c.names.podAt(packet.dst);
  if (!service && !pod) return null;
  const what = service
    ? `the address of ${serviceName(service)} is only ${c.world.namespaces.get(c.world.cluster.nodes[0]?.name ?? '')?.ipvs ? 'a virtual server of IPVS' : 'a rule'} on the nodes`
    : `only the nodes know the way to ${pod?.name}`;
  const doors = c.world.cluster.services.flatMap((s) =>
    s.ports.flatMap((p) =>
      p.nodePort === undefined ? [] : [`${doorAt(c, packet.dst, p.nodePort)} (${serviceName(s)})`],
    ),
  );
  const [door] = service ? doors.filter((text) => text.includes(`(${serviceName(service)})`)) : doors;
  return {
    step: drop.i,
    reason: drop.reason,
    ...(drop.culprit ? { culprit: drop.culprit } : {}),
    sentence: `${what}, and ${c.names.ns(c.from)} is outside the cluster, so ${dropper(c, drop)} dropped the packet`,
    remedy:
      door === undefined
        ? 'Give the Service the type NodePort or LoadBalancer.'
        : `From outside, use a node port: ${door}.`,
  };
}

type Left = StepOf<'route'>;

const base = (drop: StepOf<'drop'>, left: Left): Pick<Finding, 'step' | 'reason'> => ({
  step: left.i,
  reason: drop.reason,
});

/** The last decision of a node about the packet: the one that let it go. */
function leavingRoute(c: Case, drop: StepOf<'drop'>): Left | null {
  const found = c.steps
    .slice(0, drop.i)
    .findLast((s) => s.packet === drop.packet && s.kind === 'route' && c.names.node(s.ns) && !s.outer);
  return found?.kind === 'route' ? found : null;
}

const dropper = (c: Case, drop: StepOf<'drop'>): string => {
  const isRouter = c.world.cluster.externals.some((host) => host.name === drop.ns && host.isGateway);
  return isRouter ? `the router outside (${drop.ns})` : c.names.ns(drop.ns);
};

function findUntranslated(c: Case, drop: StepOf<'drop'>, left: Left): Finding {
  const { service } = c;
  const node = left.ns;
  const name = service ? serviceName(service) : askedText(c);
  const lost = `the packet left ${node} by the default route, and ${dropper(c, drop)} dropped it`;
  const ports = service?.ports.map((p) => `${p.port}/${p.protocol}`).join(', ') ?? '';
  if (c.door) {
    const missing = missingRule(c, node);
    const restore = `Restore the rule that the other nodes have: ${toolOf(familyAsked(c))} -t nat ${missing}   # on ${node}`;
    return {
      ...base(drop, left),
      sentence: `nothing on ${node} translates ${askedText(c)}, the address of ${name}, so ${lost}`,
      remedy: missing
        ? restore
        : `Run kube-proxy, or what replaces it: the address of a Service is nothing but a rule on each node.`,
      culprit: { kind: 'rule', text: missing ?? `no rule for ${askedText(c)}` },
    };
  }
  if (c.proto === 'icmp')
    return {
      ...base(drop, left),
      sentence: `${name} is translated for its own ports only (${ports}), and a ping has none, so ${lost}`,
      remedy: `Try the port instead: curl ${c.asked && socketText(c.asked.ip, service?.ports[0]?.port)}`,
    };
  const instead = c.probe.proto === 'traceroute' ? `Trace one of its ports with TCP` : 'Use a port that it has';
  return {
    ...base(drop, left),
    sentence: `${name} has no port ${c.asked?.port} (${c.proto.toUpperCase()}), so no rule translated the address: ${lost}`,
    remedy: `${instead}: ${ports}.`,
  };
}

/** A node port where a client of this family would ask. */
function doorAt({ world }: Case, asked: Ip, port: number): string {
  const [node] = world.cluster.nodes;
  return node ? socketText(ipIn(node, familyOf(asked)) ?? node.ip, port) : '';
}

/** Of the address that was asked for. */
const familyAsked = ({ asked }: Case): 4 | 6 => (asked ? familyOf(asked.ip) : 4);

function chainsOf(c: Case, id: string): readonly Chain[] {
  const config = c.world.namespaces.get(id);
  return config ? [...(rulesetOf(config, familyAsked(c)).get('nat')?.chains.values() ?? [])] : [];
}

/** A nat rule of this Service, or one that leads to it, that another node has and this one lost. */
function missingRule(c: Case, here: string): string | null {
  const other = c.world.cluster.nodes.find(({ name }) => name !== here);
  const rulesOf = (id: string | undefined): Map<string, Rule> => {
    const chains = id === undefined ? [] : chainsOf(c, id);
    return new Map(
      chains.flatMap((chain) => chain.rules.map((rule) => [ruleLine(chain.name, rule, familyAsked(c)), rule] as const)),
    );
  };
  const [own, others] = [rulesOf(here), rulesOf(other?.name)];
  const name = c.service ? serviceName(c.service) : '';
  const writers = new Set([...others.values()].filter((r) => r.origin?.for === name).map((r) => r.origin?.by));
  const isWriter = [...own.values()].some((r) => writers.has(r.origin?.by));
  const concerns = ({ origin }: Rule): boolean =>
    writers.has(origin?.by) && (origin?.for === undefined || origin.for === name);
  if (!isWriter) return null;
  const missing = [...others].flatMap(([line, rule]) => (!own.has(line) && concerns(rule) ? [line] : []));
  // Of several, the one in a chain that the packet walked.
  const walked = new Set(c.steps.flatMap((s) => (s.kind === 'rule' || s.kind === 'chain-end' ? [s.chain] : [])));
  return missing.find((line) => walked.has(line.split(' ')[1] ?? '')) ?? missing[0] ?? null;
}

/** A pod's address without its route: deleted, or gone with its device. */
function findUnrouted(c: Case, drop: StepOf<'drop'>, left: Left): Finding | null {
  const packet = innerPacket(drop.frame);
  const owner = packet && c.names.nodeOfPodRange(packet.dst);
  if (!packet || !owner) return null;
  const node = left.ns;
  const range = (podNetworkWith(owner, packet.dst) ?? owner.podCIDR).text;
  const pod = c.names.podAt(packet.dst)?.name ?? packet.dst;
  const whose = owner.name === node ? `its own pods` : `the pods of ${owner.name}`;
  const lost = `so the packet for ${pod} left by the default route and ${dropper(c, drop)} dropped it`;
  const culprit = { kind: 'route', text: `no route to ${range}` } as const;
  const [down] = downDevices(c, node);
  if (down) {
    return {
      ...base(drop, left),
      sentence: `${down.name} of ${node} is down, and the route to ${range}, ${whose}, went with it, ${lost}`,
      remedy: `Set it up: ip link set ${down.name} up   # on ${node}`,
      culprit: { kind: 'device', text: `${down.name} of ${node} is down` },
    };
  }
  const refused = findRefused(c, drop, left, { range, whose, lost });
  if (refused) return refused;
  const bridge = c.world.namespaces.get(node)?.devices.find((d) => d.master !== undefined)?.master;
  const route = owner.name === node ? (bridge ? `${range} dev ${bridge}` : null) : routeElsewhere(c, node, range);
  return {
    ...base(drop, left),
    sentence: `${node} has no route to ${range}, ${whose}, ${lost}`,
    remedy: route === null ? `Give ${node} a route to ${range}.` : `Restore it: ip route add ${route}   # on ${node}`,
    culprit,
  };
}

/** Its writer tried, and the kernel refused: the next hop is not on a link of the node. */
function findRefused(
  c: Case,
  drop: StepOf<'drop'>,
  left: Left,
  { range, whose, lost }: { readonly range: string; readonly whose: string; readonly lost: string },
): Finding | null {
  const node = left.ns;
  const refused = c.world.namespaces.get(node)?.refusedRoutes?.find(({ route }) => route.dst.text === range);
  const via = refused?.route.via;
  if (!refused || via === undefined) return null;
  const who = refused.route.origin?.by ?? 'somebody';
  const { router } = c.world.cluster;
  const tell = router ? `, or tell the router: ip route add ${range} via ${via}   # on ${router.name}` : '';
  return {
    ...base(drop, left),
    sentence: `${node} has no route to ${range}, ${whose}: ${who} asked for one via ${c.names.ipLong(via)}, and the kernel refused ("${refused.error}") because that address is in another subnet, ${lost}`,
    remedy: `Use a tunnel between the subnets${tell}`,
    culprit: { kind: 'route', text: `ip route add ${routeLine(refused.route)}: ${refused.error}` },
  };
}

/** The node knew a way, by the router of the node subnets; the router itself knew none. */
function findPastRouter(c: Case, drop: StepOf<'drop'>): Finding | null {
  const packet = innerPacket(drop.frame);
  const owner = packet && c.names.nodeOfPodRange(packet.dst);
  const { router } = c.world.cluster;
  const passed = c.steps
    .slice(0, drop.i)
    .findLast((s) => s.packet === drop.packet && s.kind === 'route' && s.ns === router?.name && !s.outer);
  if (!packet || !owner || !router || passed?.kind !== 'route' || passed.route?.dst.prefix !== 0) return null;
  const range = podNetworkWith(owner, packet.dst)?.text ?? packet.dst;
  return {
    step: passed.i,
    reason: drop.reason,
    sentence: `${router.name}, between the node subnets, has no route to ${range}, the pods of ${owner.name}: it sent the packet for ${c.names.ip(packet.dst)} on to the Internet, where ${drop.ns} dropped it`,
    remedy: `Use a tunnel between the subnets, or tell the router, by BGP or by hand: ip route add ${range} via ${owner.ip}   # on ${router.name}`,
    culprit: { kind: 'route', text: `no route to ${range}` },
  };
}

/** The same route as another node has it. */
function routeElsewhere(c: Case, here: string, dst: string): string | null {
  for (const { name } of c.world.cluster.nodes) {
    const route =
      name === here ? undefined : c.world.namespaces.get(name)?.routes.find((r) => r.dst.text === dst && r.via);
    if (route) return routeLine(route);
  }
  return null;
}

/** An address that nobody in the cluster has; perhaps one of the Service range that no Service uses. */
function findNowhere(c: Case, drop: StepOf<'drop'>, left: Left): Finding | null {
  const packet = innerPacket(drop.frame);
  if (!packet) return null;
  const isService = c.names.inServiceRange(packet.dst);
  if (drop.reason !== 'IP_BLACKHOLE') return null;
  if (!isService && c.names.ip(packet.dst) !== packet.dst) return null;
  const what = isService
    ? `no Service has the address ${packet.dst}`
    : `nobody in the cluster has the address ${packet.dst}`;
  return {
    ...base(drop, left),
    sentence: `${what}, so the packet left ${left.ns} by the default route and ${dropper(c, drop)} dropped it`,
    remedy: isService ? 'Use the address that a Service has: kubectl get services' : 'Send to an address that exists.',
  };
}
