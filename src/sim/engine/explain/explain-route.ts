/** Routing decisions, TTL and next hops. */

import { printNeighbour } from '../../linux/print/ip-neigh.ts';
import { forwardingSysctl } from '../../linux/routing/forwarding.ts';
import { isUnderlay, UNDERLAY } from '../world.ts';
import { lineEvidence, neighbourEvidence, routeEvidence } from './evidence.ts';
import { routeLine } from './lines.ts';
import { isFabric } from './names.ts';
import { innerPacket, packetOf } from './packet-words.ts';
import { deviceOf, isForIpvs, isOnDummy, type Scene, type StepOf, sentByIpvs, type Told, visitSoFar } from './scene.ts';
import { inside } from './where.ts';

type RouteScene = Scene<StepOf<'route'>>;

const HOST_PREFIX = 32;
const innerIsBare = (step: RouteScene['step']): boolean => packetOf(step.frame)?.l4.proto === 'ipencap';

export function explainRoute(scene: RouteScene): Told {
  const { step, here, ns, names } = scene;
  if (isUnderlay(step.ns)) return explainFabric(scene);
  return {
    title: routeTitle(scene),
    sentence: routeSentence(scene),
    evidence: [routeEvidence(ns, here, step)],
    checks: [inside(names, step.ns, routeGet(scene))],
  };
}

/** What the cloud's own tools print of a single address, and of a range. */
const CARDS = 'aws ec2 describe-network-interfaces --filters Name=addresses.private-ip-address,Values=';
const ROUTE_TABLE = 'gcloud compute routes list   # or: aws ec2 describe-route-tables';

/** A cloud's network forwards by its own table. */
function explainFabric({ step, here, ns, names }: RouteScene): Told {
  const machine = names.ipLong(step.nextHop ?? step.dst);
  if (step.route?.dst.prefix === HOST_PREFIX) {
    const command = `${CARDS}${step.dst}`;
    return {
      title: `Cloud network: a card of ${names.ip(step.nextHop ?? step.dst)}`,
      sentence: `No node wrote a route for this, and there is no route table either: ${names.ipLong(step.dst)} has an address of the cloud's own network, and the network knows it as one of the card of ${machine}. It hands the packet to that machine. The TTL stays, so no traceroute shows it.`,
      evidence: [{ ...routeEvidence(ns, here, step), title: 'What the network knows of the address', command }],
      checks: [command],
    };
  }
  const net = step.route?.dst.text ?? step.dst;
  return {
    title: `Cloud route: to ${names.ip(step.nextHop ?? step.dst)}`,
    sentence: `No node wrote a route for this: the cloud's network has a route table of its own, and in it ${net} leads to ${machine}. It writes new MAC addresses and hands the packet to that machine. The TTL stays, so no traceroute shows it.`,
    evidence: [{ ...routeEvidence(ns, here, step), title: "The cloud's route table", command: ROUTE_TABLE }],
    checks: [ROUTE_TABLE],
  };
}

/** `ip route get DST [from SRC iif DEV]`: what the kernel would decide, asked in its own words. */
function routeGet(scene: RouteScene): string {
  const { step, ns } = scene;
  const source = packetOf(step.frame)?.src;
  const entered = visitSoFar(scene).findLast((s) => s.kind === 'hook' && s.hook === 'PREROUTING' && s.family === 'ip');
  const iif = entered?.kind === 'hook' ? entered.iif : undefined;
  if (step.direction === 'output' || iif === undefined || !deviceOf(ns, iif)) return `ip route get ${step.dst}`;
  return `ip route get ${step.dst} from ${source} iif ${iif}`;
}

function routeTitle({ step, here }: RouteScene): string {
  const way = [
    step.nextHop !== undefined && step.nextHop !== step.dst ? `via ${step.nextHop}` : '',
    step.dev ? `dev ${step.dev}` : '',
  ]
    .filter(Boolean)
    .join(' ');
  if (step.decision === 'local') return `Route: for ${here} itself`;
  if (step.decision === 'forward' || step.decision === 'output') return `Route: ${way}`;
  return `Route: ${step.decision.replace('-', ' ')}`;
}

function routeSentence(scene: RouteScene): string {
  const { step, here, names } = scene;
  const to = names.ipLong(step.dst);
  switch (step.decision) {
    case 'local':
      if (isOnDummy(scene.ns, step.dst))
        return `${to} is an address of ${here} itself: kube-proxy's IPVS mode puts the address of every Service on ${step.route?.dev ?? 'a dummy device'}, on each node. So ${step.direction === 'input' ? 'the packet goes to INPUT, where IPVS waits; no program has this address' : 'it stays here, and IPVS takes it at OUTPUT'}.${sourceSentence(scene)}`;
      if (isForIpvs(scene))
        return `${to} is an address of ${here} itself, so the packet goes up to INPUT. No program listens there: IPVS takes the packet before one would be looked for.`;
      return step.outer
        ? `The outer packet is addressed to ${here}: it goes up to INPUT and to the tunnel${innerIsBare(step) ? '' : "'s UDP port"}.`
        : `${step.dst} is an address of ${here} itself, so the packet goes up to a program here, not on to another machine.`;
    case 'multicast':
      return `${step.dst} is a group of IPv6: who is in it takes the packet, everybody else on the link leaves it alone.`;
    case 'broadcast':
      return `${step.dst} is a broadcast address of ${here}'s network.`;
    case 'forward':
    case 'output':
      return `${forwardSentence(scene)}${sourceSentence(scene)}`;
    case 'no-route':
      return `No route of ${here} covers ${to}, not even a default route: the packet has nowhere to go.`;
    case 'blackhole':
      return `The most specific route for ${to} is a blackhole: packets to it are thrown away without an answer.`;
    case 'unreachable':
    case 'prohibit':
      if (mayNotForward(scene))
        return `${to} is not an address of ${here}, and ${here} may not forward: net.ipv4.ip_forward is 0. Forwarding is what makes a machine a router.`;
      return `The most specific route for ${to} says "${step.decision}": the sender gets an ICMP error.`;
  }
}

/** With forwarding off, the lookup for somebody else's packet ends as unreachable, whatever the routes say (ip_route_input_slow). */
const mayNotForward = ({ step, ns }: RouteScene): boolean =>
  step.direction === 'input' &&
  step.route?.type !== 'unreachable' &&
  step.route?.type !== 'prohibit' &&
  ns.sysctl[forwardingSysctl(step.dst)] !== 1;

function forwardSentence(scene: RouteScene): string {
  const { step, here, ns, names } = scene;
  const { route } = step;
  const to = names.ipLong(step.dst);
  const best = route ? ` ${routeLine(route)} is the longest prefix that covers it.` : '';
  if (route?.nexthops)
    return `${here} has a route to ${to} with ${route.nexthops.length} next hops (ECMP). A hash of the connection's addresses${ns.sysctl['ipv4.fib_multipath_hash_policy'] === 1 && step.direction === 'input' ? ', protocol and ports' : ''} picks one, always the same for one connection: ${names.ipLong(step.nextHop ?? step.dst)}.`;
  const device = deviceOf(ns, step.dev);
  if (device?.kind === 'vxlan') {
    const node = names.nodeOfPodRange(step.dst);
    const whose = node ? `the pods of ${node.name} are` : 'it is';
    return `${here} must get the packet to ${to}.${best} So ${whose} behind the tunnel ${step.dev}, and the next hop is ${names.ipLong(step.nextHop ?? step.dst)}.`;
  }
  if (device?.kind === 'ipip') {
    const node = names.nodeOfPodRange(step.dst);
    const whose = node ? `the pods of ${node.name} are` : 'it is';
    return `${here} must get the packet to ${to}.${best} So ${whose} behind the tunnel ${step.dev}, and the next hop, ${names.ipLong(step.nextHop ?? step.dst)}, becomes the destination of the envelope.`;
  }
  if (route?.dst.prefix === HOST_PREFIX && route.via === undefined)
    return `${here} has a route for this one address, ${to}: it is at the other end of ${step.dev}. No bridge and no network lie between.`;
  if (route?.dst.prefix === 0) {
    const target = step.nextHop ? names.ipLong(step.nextHop) : step.dev;
    const untouched = names.service(step.dst) && names.node(step.ns) ? ', which no rule has translated' : '';
    const lost = names.podAt(step.dst) ? noBetterRoute(scene) : '';
    return `${here} knows no special way to ${to}${untouched}, so it takes the default route to ${target}.${lost}`;
  }
  if (step.nextHop !== undefined && step.nextHop !== step.dst)
    return `${here} must get the packet to ${to}.${best} The next machine is ${names.ipLong(step.nextHop)}, on ${step.dev}.`;
  return `${to} is on a network that ${here} is part of (${step.dev}): no further router is needed.`;
}

/** In a cloud, that a pod sends all to its node says nothing of where the way is known. */
function noBetterRoute({ step, names, world }: RouteScene): string {
  if (!isFabric(world, UNDERLAY)) return ' There is no better route to this pod.';
  return names.pod(step.ns) ? '' : " There is no better route to this pod here: the cloud's network has one.";
}

/** A machine with several addresses takes the one that the route prefers, before any translation. */
function sourceSentence({ step, here, ns }: RouteScene): string {
  if (step.src !== undefined && innerPacket(step.frame)?.src === step.src && isOnDummy(ns, step.src))
    return ` Because ${here} has the Service's address itself, it also takes ${step.src} as the source; masquerading will replace it.`;
  const own = ns.addresses.filter(({ scope }) => scope === 'global').length > 1;
  if (!own || step.outer || step.src === undefined || innerPacket(step.frame)?.src !== step.src) return '';
  return ` The route also decides which of its addresses ${here} uses as the source: ${step.src}.`;
}

/** net/ipv4/ip_forward.c: the check comes before the FORWARD hook, the decrement just before it. */
export function explainTtl(scene: Scene<StepOf<'ttl'>>): Told {
  const { step, here, names } = scene;
  const left = step.after;
  if (step.by !== undefined)
    return {
      title: `TTL ${step.before} becomes ${left}`,
      sentence: `${step.by} takes the place of a router on ${here}, so it takes one from the TTL itself; the kernel's forwarding is not involved.`,
    };
  return {
    title: `TTL ${step.before} becomes ${left}`,
    sentence: sentByIpvs(scene)
      ? `IPVS on ${here} sends the packet on as a router would, so it takes one from the TTL, although the packet never passes FORWARD.`
      : `${here} forwards the packet like a router, so it takes one from the TTL. Only forwarding does this: a bridge and a tunnel leave the TTL alone, so the receiver can count the routers.`,
    checks: [
      `sysctl net.ipv4.ip_forward   # on ${here}`,
      `traceroute -n ${innerPacket(step.frame)?.dst ?? ''}   # from ${names.ip(innerPacket(step.frame)?.src ?? ('' as never))}`,
    ],
  };
}

/** The program that answers ARP for an address on the segment of the nodes. */
function responderTo({ step, world }: Scene<StepOf<'neighbour'>>) {
  for (const { name } of world.cluster.nodes) {
    const found = world.namespaces.get(name)?.arpResponders?.find(({ ip }) => ip === step.ip);
    if (found) return { ns: name, program: found.program, why: found.origin?.why ?? '' };
  }
  return undefined;
}

/** Who answers ARP for an address that is not its own. */
function standIn({ step, ns, world }: Scene<StepOf<'neighbour'>>): string | undefined {
  const device = deviceOf(ns, step.dev);
  if (!device || !('peer' in device)) return undefined;
  const { ns: far, dev } = device.peer;
  const config = world.namespaces.get(far);
  const isProxy = config?.sysctl[`ipv4.conf.${dev}.proxy_arp`] === 1;
  return isProxy && !config.addresses.some(({ ip }) => ip === step.ip) ? far : undefined;
}

export function explainNeighbour(scene: Scene<StepOf<'neighbour'>>): Told {
  const { step, here, ns, names, world } = scene;
  const who = names.ipLong(step.ip);
  const check = [inside(names, step.ns, `ip neigh show dev ${step.dev}`)];
  const learned = lineEvidence(
    `Neighbours of ${step.dev} on ${here}`,
    `ip neigh show dev ${step.dev}`,
    step.state === 'NOARP' ? null : printNeighbour(step, step.state),
  );
  const evidence = step.entry
    ? [neighbourEvidence(ns, here, step.dev, step.entry)]
    : step.state === 'NOARP'
      ? []
      : [learned];
  const told = (title: string, sentence: string): Told => ({ title, sentence, evidence, checks: check });
  switch (step.state) {
    case 'PERMANENT': {
      const by = step.entry?.origin ? ` ${step.entry.origin.by} wrote it` : ' It is written down';
      return told(
        `Next hop ${step.ip} is ${step.mac}`,
        `The next hop is ${who}.${by}, so no ARP question is needed on ${step.dev}: the destination MAC is ${step.mac}.`,
      );
    }
    case 'REACHABLE':
      if (deviceOf(ns, step.dev)?.kind === 'nic' && isFabric(world, UNDERLAY) && names.podAt(step.ip))
        return told(
          `Next hop ${step.ip} is ${step.mac}`,
          `${who} has an address of the subnet that ${here} is in, so ${here} asked by ARP. No pod heard that: the cloud's network answered, with the MAC address of the network card that has the address, its node's.`,
        );
      if (responderTo(scene))
        return told(
          `Next hop ${step.ip} is ${step.mac}`,
          `No machine has the address ${step.ip}: a program, ${responderTo(scene)?.program} on ${names.ns(responderTo(scene)?.ns ?? '')}, answered the ARP request for it with the MAC address of its node (${responderTo(scene)?.why}). So all packets for this address come to that node.`,
        );
      if (standIn(scene))
        return told(
          `Next hop ${step.ip} is ${step.mac}`,
          `No machine has the address ${step.ip}. ${names.ns(standIn(scene) ?? '')} answers for it on this cable (proxy ARP), with the MAC address of its own end, so everything that ${here} sends goes there.`,
        );
      return told(
        `Next hop ${step.ip} is ${step.mac}`,
        `Routes give an IP address, links need a MAC address: ${here} knows from ARP that ${who} is at ${step.mac}.`,
      );
    case 'NOARP':
      return told(`No MAC address needed`, `${step.dev} has no use for MAC addresses, so there is nothing to look up.`);
    case 'INCOMPLETE':
      return told(
        `Nobody knows ${step.ip} yet`,
        `${here} knows the IP address of the next hop, ${who}, but not its MAC address. The packet waits while ARP asks on ${step.dev}.`,
      );
    case 'FAILED':
      return told(
        `Nobody answers for ${step.ip}`,
        `${here} asked three times, a second apart, who has ${who}, and nobody on ${step.dev} answered. The packets that waited are given up.`,
      );
  }
}
