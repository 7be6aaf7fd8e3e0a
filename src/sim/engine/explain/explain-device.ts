/** Devices: what it means that a frame is seen here. */
import { attachedTo } from '../../linux/bpf/attach.ts';
import type { Device } from '../../linux/config.ts';
import type { Step } from '../../linux/step.ts';
import { isUnderlay } from '../world.ts';
import { deviceEvidence, lineEvidence } from './evidence.ts';
import { frameLine } from './lines.ts';
import { isFabric } from './names.ts';
import { envelopeWords, innerPacket, kindOfPacket, type NeighbourWords, neighbourWords } from './packet-words.ts';
import { deviceOf, type Scene, type StepOf, type Told, visitSoFar } from './scene.ts';
import { capture, inside } from './where.ts';

type DeviceScene = Scene<StepOf<'dev'>>;

export function explainDevice(scene: DeviceScene): Told {
  const { step, here, names } = scene;
  const device = deviceOf(scene.ns, step.dev);
  const way = step.dir === 'in' ? 'in by' : 'out by';
  const packet = innerPacket(step.frame);
  const said = neighbourWords(step.frame);
  const command = capture(step.dev, said ? (said.protocol === 'ARP' ? 'arp' : 'icmp6') : `host ${packet?.src ?? ''}`);
  return {
    title: isUnderlay(step.ns)
      ? `${kindOfPacket(step.frame)} ${step.dir} at ${isFabric(scene.world, step.ns) ? "the cloud's network" : 'the switch'}`
      : `${kindOfPacket(step.frame)} ${way} ${step.dev} of ${here}`,
    sentence: said ? neighbourSentence(scene, said) : deviceSentence(scene, device),
    evidence: [
      lineEvidence(`What a capture on ${step.dev} of ${here} shows`, command, frameLine(step.frame)),
      ...deviceEvidence(scene.ns, here, step.dev),
    ],
    checks: isUnderlay(step.ns)
      ? []
      : [inside(names, step.ns, command), inside(names, step.ns, `ip -d link show dev ${step.dev}`)],
  };
}

function neighbourSentence({ step, here, names, world }: DeviceScene, said: NeighbourWords): string {
  const isCloud = isFabric(world, step.ns);
  const where = isCloud ? "The cloud's network" : isUnderlay(step.ns) ? 'The switch' : here;
  const asker = names.ip(said.to);
  if (!said.asks)
    return step.dir === 'in'
      ? `${where} gets the answer for ${asker}: ${said.target} is at ${said.mac}.`
      : `The answer goes to ${asker} alone, by ${step.dev}.`;
  return step.dir === 'in'
    ? `${where} hears on ${step.dev}: who has ${said.target}?${isCloud ? '' : ' Everybody on this link gets the question.'}`
    : `The question goes out by ${step.dev}: who has ${said.target}? Tell ${said.from}.`;
}

function deviceSentence(scene: DeviceScene, device: Device | undefined): string {
  if (isUnderlay(scene.step.ns)) return wireSentence(scene);
  switch (device?.kind) {
    case 'veth':
      return vethSentence(scene, device);
    case 'bridge':
      return bridgeSentence(scene, device);
    case 'vxlan':
    case 'vxlan-external':
    case 'geneve':
      return vxlanSentence(scene, device);
    case 'ipip':
      return ipipSentence(scene, device);
    case 'loopback':
      return `${scene.step.dev} is ${scene.here}'s loopback: what is sent here comes straight back in, and never leaves ${scene.here}.`;
    case 'nic':
      return nicSentence(scene);
    default:
      return `The packet goes ${scene.step.dir} at ${scene.step.dev} of ${scene.here}.`;
  }
}

function wireSentence({ step, ns, names }: DeviceScene): string {
  const device = deviceOf(ns, step.dev);
  if (deviceOf(ns, device?.master)?.kind === 'fabric')
    return step.dir === 'out' && device?.kind === 'nic'
      ? `The cloud's network hands the packet to ${names.ns(device.peer.ns)}.`
      : `The packet reaches the cloud's network, which is no switch: it looks at the destination address, too.`;
  if (step.dir === 'out' && device?.kind === 'nic')
    return `The switch sends the frame out of the port where ${names.ns(device.peer.ns)} is connected.`;
  if (!step.outer)
    return `The switch of the node network looks at MAC addresses only. It forwards the frame and changes nothing.`;
  return `The switch sees ${envelopeWords(step.frame)} between two nodes. The pod addresses are inside it, so this network needs no route to any pod.`;
}

function vethSentence(scene: DeviceScene, device: Device & { kind: 'veth' | 'nic' }): string {
  const { step, here, names } = scene;
  const far = `${device.peer.dev} of ${names.ns(device.peer.ns)}`;
  if (device.peer.ns === step.ns) return cableSentence(scene, device);
  const isInPod = names.pod(step.ns) !== undefined;
  if (isInPod && step.dir === 'out')
    return `${step.dev} is one end of a veth pair, a virtual cable: what ${here} puts in here comes out of ${far}.`;
  if (isInPod) return `The packet comes out of the pod's end of the veth pair, and ${here} takes it in.`;
  if (step.dir === 'out') {
    const hairpin = cameInBy(scene) === step.dev;
    const back = hairpin ? ` It leaves by the port it came in by, which a bridge allows only in hairpin mode.` : '';
    return `${step.dev} is the node's end of the veth pair of ${names.ns(device.peer.ns)}: what goes in here comes out of its ${device.peer.dev}.${back}`;
  }
  if (isMet(scene))
    return `The packet comes out of ${names.ns(device.peer.ns)}'s veth pair, and meets the program that is attached there.`;
  if (device.master === undefined)
    return `The packet comes out of ${names.ns(device.peer.ns)}'s veth pair. ${here} routes it.`;
  return `The packet comes out of ${names.ns(device.peer.ns)}'s veth pair. This end is a port of the bridge ${device.master}, so ${here} first looks at MAC addresses, not at routes.`;
}

/** Both ends are in the same machine. */
function cableSentence(
  { step, here, ns }: DeviceScene,
  { name, peer, master }: Device & { kind: 'veth' | 'nic' },
): string {
  if (step.dir === 'out')
    return `${name} is one end of a cable inside ${here}: what goes in here comes out of ${peer.dev}.`;
  if (deviceOf(ns, master)?.kind === 'openvswitch')
    return `The frame comes out of the cable inside ${here}, at a port of the datapath ${master}: a switch that asks its flows, and neither routes nor rules.`;
  if (master === undefined) return `The packet comes out of the cable inside ${here}, and ${here} takes it in.`;
  return `The frame comes out of the cable inside ${here}, at a port of the bridge ${master}: for the bridge, all that is behind ${name} might as well be plugged in here.`;
}

/** An eBPF program waits at this device for what comes in. */
const isMet = ({ ns, step }: DeviceScene): boolean =>
  attachedTo(ns.bpf, step.dev).some(({ at }) => at.hook === `tc ${step.dir === 'in' ? 'ingress' : 'egress'}`);

/** The device by which the packet entered this visit. */
function cameInBy(scene: Scene): string | undefined {
  const first = visitSoFar(scene).find((s): s is StepOf<'dev'> => s.kind === 'dev' && s.dir === 'in');
  return first?.dev;
}

const wasTranslated = (steps: readonly Step[]): boolean => steps.some((s) => s.kind === 'nat' && s.manip === 'dst');

function bridgeSentence(scene: DeviceScene, device: Device): string {
  const { step, here } = scene;
  if (step.dir === 'in') {
    const seen = wasTranslated(visitSoFar(scene))
      ? ` PREROUTING already ran at the bridge port, so a capture on ${device.name} shows the new destination, not the one the program asked for.`
      : '';
    return `The frame is addressed to the MAC of ${device.name} itself, so the bridge hands it up and ${here} routes it.${seen}`;
  }
  const isOwn = cameInBy(scene) === undefined;
  const from = isOwn ? `${here} made this packet and` : here;
  return `${from} sends it into the bridge ${device.name}, on the network where its next hop lives. The bridge finds the port by MAC address.`;
}

function vxlanSentence(scene: DeviceScene, device: Device): string {
  const { step, here } = scene;
  const ttl = innerPacket(step.frame)?.ttl;
  if (step.dir === 'out')
    return `${device.name} is a tunnel device: what is sent here gets wrapped into a UDP packet for another node. Here it still has its own addresses, and TTL ${ttl}.`;
  if (deviceOf(scene.ns, device.master)?.kind === 'openvswitch')
    return `The unwrapped frame appears on ${device.name}, a port of the datapath ${device.master}, as it was when it left the other node's pod: ${here} does not look at its IP header.`;
  if (isMet(scene))
    return `The unwrapped packet appears on ${device.name} as if it had arrived by a wire, and meets the program that is attached there.`;
  return `The unwrapped packet appears on ${device.name} as if it had arrived by a wire. For ${here} it is a new arrival: it starts again at PREROUTING.`;
}

function ipipSentence(scene: DeviceScene, device: Device): string {
  const { step, here } = scene;
  const ttl = innerPacket(step.frame)?.ttl;
  if (step.dir === 'out')
    return `${device.name} is a tunnel device: what is sent here gets put into another IP packet, to the next hop that the route names. A capture shows bare packets here, because the device has no Ethernet; TTL ${ttl}.`;
  return `The unwrapped packet appears on ${device.name} as if it had arrived by a wire. For ${here} it is a new arrival: it starts again at PREROUTING.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function nicSentence({ step, here, names }: DeviceScene): string {
  if (step.outer && names.node(step.ns) === undefined)
    return step.dir === 'in'
      ? `${capital(envelopeWords(step.frame))} between two nodes arrives at ${here}, which routes it by its outer addresses and never looks inside.`
      : `The packet leaves ${here} for the subnet of the other node, still in its envelope.`;
  if (step.outer && step.dir === 'out')
    return `The packet leaves ${here}. From outside only node addresses can be seen; the pod's packet travels inside.`;
  if (step.outer)
    return `${capital(envelopeWords(step.frame))} from another node arrives. ${here} does not know yet that a pod's packet is inside.`;
  return step.dir === 'out'
    ? `The packet leaves ${here} for the node network by ${step.dev}.`
    : `The packet arrives from the node network on ${step.dev}.`;
}

/**
 * br_nf_pre_routing_finish_bridge and br_nf_dev_queue_xmit (net/bridge/br_netfilter_hooks.c, Linux 6.18): a DNATed frame whose
 * new destination is on the same bridge is bridged, with a new destination MAC; the source MAC and the TTL stay.
 */
export function explainBridgedDnat({ step, here, macs }: Scene<StepOf<'bridged-dnat'>>): Told {
  const owner = macs.get(step.after) ?? null;
  const ttl = innerPacket(step.frame)?.ttl;
  return {
    title: `Same bridge: only the MAC changes`,
    sentence: `The new destination is on the same bridge, so ${here} does not route: it changes the destination MAC to ${owner === null ? step.after : `that of ${owner}`} and bridges the frame. The TTL stays ${ttl}, because bridging is not forwarding.`,
    checks: [
      `sysctl net.bridge.bridge-nf-call-iptables   # on ${here}`,
      `ip neigh show dev ${step.dev}   # on ${here}`,
    ],
  };
}
