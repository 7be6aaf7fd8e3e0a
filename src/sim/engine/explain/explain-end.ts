/** Where packets begin and end. */
import { type IpPacket, icmpName, isIcmp, isIcmpError, isReset, type Protocol } from '../../wire/frame.ts';
import type { Ip } from '../../wire/ip.ts';
import { isUnderlay } from '../world.ts';
import { dropSentence, dropTitle } from './drop-words.ts';
import { lineEvidence } from './evidence.ts';
import { listenerLine } from './lines.ts';
import { isFabric, isFault, type Names, type ServiceDoor, writerOf } from './names.ts';
import {
  endsOf,
  innerPacket,
  isArp,
  kindOfPacket,
  type NeighbourWords,
  neighbourWords,
  packetOf,
  portsOf,
  refusalOf,
} from './packet-words.ts';
import { isOnDummy, type Scene, type StepOf, type Told, visitSoFar } from './scene.ts';
import { whySource } from './seen-source.ts';
import { inside } from './where.ts';

type SendScene = Scene<StepOf<'send'>>;
type DeliverScene = Scene<StepOf<'deliver'>>;

export function explainSend(scene: SendScene): Told {
  const { step, here } = scene;
  if (isArp(step.frame)) return explainArpSend(scene);
  const packet = innerPacket(step.frame);
  const who = step.by === 'kernel' ? `The kernel of ${here}` : `${step.by} on ${here}`;
  return {
    title: `${who} sends ${step.what}`,
    sentence: packet ? sendSentence(scene, packet, who) : `${who} sends ${step.what}.`,
  };
}

/** ARP is a broadcast; IPv6 asks a group that hardly anybody else is in. */
const audienceOf = ({ protocol }: NeighbourWords): string =>
  protocol === 'ARP'
    ? 'everybody on the link'
    : 'those on the link whose addresses end in the same 24 bits, in an ICMPv6 packet to their group';

function explainArpSend({ step, here, names, world }: SendScene): Told {
  const said = neighbourWords(step.frame);
  const title = `${here}: ${step.what}`;
  if (said?.asks)
    return {
      title,
      sentence: `${here} knows the IP address of the next hop, ${names.ipLong(said.target)}, but a link needs a MAC address: it asks ${audienceOf(said)}.`,
    };
  if (isFabric(world, step.ns))
    return {
      title: `The cloud's network: ${step.what}`,
      sentence: `The network knows whose card has that address, and answers in its place, with that card's MAC address ${said?.mac ?? ''}.`,
    };
  return {
    title,
    sentence: `${here} has that address, and answers the one who asked with its MAC address ${said?.mac ?? ''}.`,
  };
}

function sendSentence(scene: SendScene, packet: IpPacket, who: string): string {
  const { step, here, names, trace } = scene;
  const { src, dst } = endsOf(packet);
  const what = step.what.replace(/: (.*)$/, ' ($1)');
  const owner = names.ip(packet.dst);
  const to = owner === packet.dst ? dst : `${dst} (${owner})`;
  if (isIcmpError(packet.l4))
    return `${who} tells ${owner} what went wrong: ${step.what}. The error quotes the packet that caused it, so that the sender can find the program that it belongs to.`;
  if (isReset(packet.l4))
    return `No program of ${here} has this connection, so the kernel itself answers ${to} with ${refusalOf(packet.l4.proto)}.`;
  if (step.answers !== undefined || packet.src !== trace.from.ip) {
    const asked = trace.to.ip !== null && names.service(trace.to.ip);
    const blind = asked ? ` It answers the addresses that it saw, and knows nothing of the Service.` : '';
    return `${who} answers: ${what}, from ${src} to ${to}.${blind}`;
  }
  const isFirst = trace.steps.find((s) => s.kind === 'send' && s.ns === step.ns && !isArp(s.frame))?.i === step.i;
  const virtual = isFirst && names.service(packet.dst) ? ` ${virtualSentence(scene, packet)}` : '';
  return `${who} sends ${what} from ${src} to ${to}.${virtual}`;
}

/** In IPVS mode nodes do have the address, on a device that leads nowhere. */
function virtualSentence({ step, world, names, ns }: SendScene, { dst }: IpPacket): string {
  const balancer = world.cluster.balancer?.machine?.name;
  if (balancer !== undefined && names.service(dst)?.loadBalancerIPs.includes(dst) && !names.pod(step.ns))
    return `That is an address of the load balancer, which ${names.ns(balancer)} has for this Service.`;
  const node = names.pod(step.ns)?.node;
  const nearest = node === undefined ? ns : (world.namespaces.get(node) ?? ns);
  if (isOnDummy(nearest, dst))
    return `That is a virtual address: every node has it, on a dummy device that leads nowhere, so that IPVS gets the packet and translates it.`;
  return `That is a virtual address: no machine has it on a device, so something on the way must translate it.`;
}

/** Of `ss`. */
const SS_LETTERS: Readonly<Record<Protocol, string>> = {
  tcp: 't',
  udp: 'u',
  sctp: 'S',
  icmp: 't',
  'ipv6-icmp': 't',
  ipencap: 'w',
};

const isTracked = (scene: DeliverScene): boolean => visitSoFar(scene).some((s) => s.kind === 'conntrack');

export function explainDeliver(scene: DeliverScene): Told {
  const { step, here, names } = scene;
  const packet = innerPacket(step.frame);
  const kind = kindOfPacket(step.frame);
  if (isArp(step.frame)) return explainArpDelivery(scene);
  const ss = inside(names, step.ns, `ss -l${SS_LETTERS[packet?.l4.proto ?? 'tcp']}n`);
  switch (step.to) {
    case 'tunnel':
      if (packetOf(step.frame)?.l4.proto === 'ipencap')
        return {
          title: `Reaches the tunnel on ${here}`,
          sentence: `Protocol 4 belongs to the tunnel device, not to a program: there is no port, and no socket.`,
          checks: [`ip -d link show type ipip   # on ${here}`],
        };
      return {
        title: `Reaches the tunnel's UDP port on ${here}`,
        sentence: `The UDP port belongs to the tunnel device, not to a program. ${isTracked(scene) ? 'Its conntrack entry stays unreplied for ever' : 'Conntrack was told to leave it alone'}, because packets the other way use another source port.`,
        checks: [`ss -lunp   # on ${here}: the port has no process`],
      };
    case 'icmp':
      return {
        title: `${kind} reaches ${here}`,
        sentence: `The kernel of ${here} answers ICMP itself; no program has to listen. ${seenText(scene)}`,
      };
    case 'nobody':
      return explainNobody(scene, ss);
    case 'socket': {
      const { socket } = step;
      const evidence = socket
        ? [lineEvidence(`Listening sockets of ${here}`, 'ss -lntu', listenerLine(socket), socket.origin)]
        : [];
      const program = socket?.program ?? step.what.split(/'s | learns/)[0] ?? 'the program';
      return {
        title: `Arrives at ${program} on ${here}`,
        sentence: arrivalSentence(scene, program),
        evidence,
        checks: socket ? [ss] : [],
      };
    }
  }
}

/** ARP: everybody on the link hears the question, one answers. */
function explainArpDelivery({ step, here, world }: DeliverScene): Told {
  const isMine = step.to !== 'nobody';
  if (isMine && isFabric(world, step.ns))
    return {
      title: "The question reaches the cloud's network",
      sentence: `It asks for an address of a machine's network card. The network knows it, so nobody else hears the question.`,
    };
  if (isUnderlay(step.ns))
    return { title: 'Not for the switch', sentence: 'The switch has no address of its own, and stays silent.' };
  const isAnswer = neighbourWords(step.frame)?.asks === false;
  if (isAnswer)
    return {
      title: `${here} learns the MAC address`,
      sentence: `${here} keeps the answer as a neighbour entry, and the packets that waited for it go on.`,
    };
  return {
    title: isMine ? `The question is for ${here}` : `Not for ${here}`,
    sentence: isMine
      ? `The address that is asked for belongs to ${here}, so its kernel answers.`
      : `${here} does not have that address, and stays silent.`,
  };
}

function explainNobody({ step, here }: DeliverScene, ss: string): Told {
  const packet = innerPacket(step.frame);
  if (packet && isIcmp(packet.l4))
    return {
      title: `Nobody on ${here} waits for this`,
      sentence: `${here} gets the ICMP message and ignores it: ${step.what}.`,
    };
  if (kindOfPacket(step.frame) !== 'TCP SYN' && packet?.l4.proto === 'tcp')
    return {
      title: `${here} knows no such connection`,
      sentence: `The segment arrived, but ${here} never asked ${endsOf(packet).src} for anything. Its kernel ends what it does not know with a RST.`,
      checks: [ss],
    };
  const how = refusalOf(packet?.l4.proto ?? 'tcp');
  return {
    title: `Nobody listens on ${here}`,
    sentence: `The packet arrived: ${step.what}. The network has done its work; the kernel of ${here} refuses with ${how}.`,
    evidence: [lineEvidence(`Listening sockets of ${here}`, 'ss -lntu', null)],
    checks: [ss],
  };
}

/** `It sees 10.244.1.3 (tool-1) as the sender, and TTL 62.` */
function seenText({ step, names }: DeliverScene): string {
  const packet = innerPacket(step.frame);
  return packet ? `It sees ${names.ipLong(packet.src)} as the sender, and TTL ${packet.ttl}.` : '';
}

function arrivalSentence(scene: DeliverScene, program: string): string {
  const { step, here, names, trace } = scene;
  const packet = innerPacket(step.frame);
  const kind = kindOfPacket(step.frame);
  if (!packet) return `${kind} reaches ${program} on ${here}.`;
  if (isIcmpError(packet.l4))
    return `${program} on ${here} learns from ${names.ipLong(packet.src)} that its packet did not get through: ${icmpName(packet.l4).replaceAll('-', ' ')}.`;
  if (kind === 'TCP RST')
    return `${program} on ${here} learns that the other side ${step.ns === trace.from.ns ? 'refuses: connection refused' : 'does not know this connection: reset'}.`;
  // A Service may lead a pod to itself: then it is both.
  const isRequest = trace.packets.find(({ id }) => id === step.packet)?.lane === 'request';
  if (step.ns !== trace.from.ns || (isRequest && packet.src !== trace.from.ip)) {
    return `${kind} reaches ${program} on ${here}. ${clientSentence(scene, packet)}`;
  }
  const same =
    packet.src === trace.to.ip
      ? `It comes from ${names.ipLong(packet.src)}, the address that was asked, so it fits.`
      : seenText(scene);
  return `${kind} reaches ${program} on ${here}. ${same}`;
}

/** `The program sees 10.244.1.0:34567 (node-2's flannel.1), not the client's 192.168.56.100, with TTL 62: …`. */
function clientSentence({ step, names, trace }: DeliverScene, packet: IpPacket): string {
  const { from, to, steps } = trace;
  const port = portsOf(packet.l4)?.sport ?? null;
  const isHidden = from.ip !== null && packet.src !== from.ip;
  const door = to.ip === null || to.port === null ? null : doorTo(names, to.ip, to.port, packet.l4.proto);
  const why = whySource({ steps, packet: step.packet, until: step.i, seen: packet, client: from.ip, door, names });
  const instead = isHidden ? `, not the client's own address ${from.ip},` : '';
  return `The program sees ${names.endpoint(packet.src, port)}${instead} as its client, and TTL ${packet.ttl}.${why === '' ? '' : ` ${why}`}`;
}

const doorTo = (names: Names, ip: Ip, port: number, proto: Protocol): ServiceDoor | null =>
  proto === 'tcp' || proto === 'udp' || proto === 'sctp' ? (names.door(ip, port, proto) ?? null) : null;

export function explainDrop(scene: Scene<StepOf<'drop'>>): Told {
  const { step, names } = scene;
  const { culprit } = step;
  const by = culprit?.origin ? ` Written by ${writerOf(culprit.origin)}.` : '';
  const blame = isFault(culprit?.origin) ? ' You changed this.' : by;
  const isIpvs = step.reason === 'IPVS_NO_SERVER' || step.reason === 'IPVS_SERVER_GONE';
  const evidence =
    culprit && culprit.kind !== 'none'
      ? [
          lineEvidence(
            `What decided: ${culprit.kind.replace('-', ' ')}`,
            isIpvs ? 'ipvsadm -Ln' : `reason ${step.reason}`,
            culprit.text,
            culprit.origin,
          ),
        ]
      : [];
  return {
    title: dropTitle(step.reason),
    sentence: `${dropSentence(step, names)}${blame}`,
    evidence,
    checks: [
      isIpvs
        ? `ipvsadm -Ln   # on ${scene.here}`
        : `perf trace -e skb:kfree_skb   # on ${scene.here}: reason ${step.reason}`,
    ],
  };
}
