/** Forwarding databases, envelopes and fragments. */

import type { Device } from '../../linux/config.ts';
import { vxlanOverhead } from '../../linux/devices/vxlan.ts';
import type { Origin } from '../../linux/origin.ts';
import { isGroupMac } from '../../wire/mac.ts';
import { isUnderlay } from '../world.ts';
import { deviceEvidence, fdbEvidence, lineEvidence } from './evidence.ts';
import { innerPacket, packetOf } from './packet-words.ts';
import { deviceOf, type Scene, type StepOf, type Told } from './scene.ts';

/** What VXLAN adds over IPv4: outer IP 20, UDP 8, VXLAN 8, inner Ethernet 14 (RFC 7348, section 5). */
/** One IPv4 header (RFC 2003). */
const IPIP_OVERHEAD_BYTES = 20;

export function explainFdb(scene: Scene<StepOf<'fdb'>>): Told {
  const { step, here, ns, names, macs } = scene;
  const owner = macs.get(step.mac) ?? null;
  const who = owner === null ? step.mac : `${step.mac} (${owner})`;
  const device = deviceOf(ns, step.dev);
  if (device?.kind === 'openvswitch') return explainFlow(scene, device, who);
  const isTunnel = device?.kind === 'vxlan';
  const evidence = step.entry || isTunnel ? [fdbEvidence(ns, here, step.dev, step.entry)] : [];
  const checks = [`bridge fdb show ${isTunnel ? 'dev' : 'br'} ${step.dev}   # on ${here}`];
  const told = (title: string, sentence: string): Told => ({ title, sentence, evidence, checks });
  switch (step.decision) {
    case 'remote':
      return told(
        `FDB: behind ${step.dst}`,
        `The tunnel's forwarding database says behind which node a MAC address lives: ${who} is at ${step.dst === undefined ? 'a remote node' : names.ipLong(step.dst)}. That becomes the outer destination.`,
      );
    case 'port':
      return told(
        isUnderlay(step.ns) ? `Switch port ${step.port}` : `Bridge port ${step.port}`,
        `${step.dev} sends the frame to one port only: ${who} was last seen behind ${step.port}${step.learned ? ', as it learned from an earlier frame' : ''}.`,
      );
    case 'local':
      return told(
        `For ${step.dev} itself`,
        `The destination MAC belongs to ${step.dev}, so the bridge does not forward the frame: it hands it up to ${here}.`,
      );
    case 'flood':
      if (isGroupMac(step.mac))
        return told(`To all ports`, `The frame is for everybody (a broadcast), so ${step.dev} sends it to every port.`);
      return told(
        `Flooded to all ports`,
        `${step.dev} does not know where ${who} lives, so it sends the frame to every port except the one it came from.`,
      );
    case 'none':
      return told(
        `No FDB entry for ${step.mac}`,
        `${step.dev} does not know behind which node ${who} lives. It does not learn or flood here, so somebody has to write the entry, and nobody did.`,
      );
  }
}

/** What the flows of a datapath do, as `ovs-dpctl dump-flows` would show it (lib/odp-util.c). */
function explainFlow(
  { step, here, names }: Scene<StepOf<'fdb'>>,
  { name, tunnels, tunnelPort }: Extract<Device, { kind: 'openvswitch' }>,
  who: string,
): Told {
  const command = `ovs-dpctl dump-flows ${name}`;
  const told = (title: string, sentence: string, line: string, origin?: Origin): Told => ({
    title,
    sentence,
    evidence: [lineEvidence(`The flow of ${name} on ${here}`, command, line, origin)],
    checks: [`${command}   # on ${here}`],
  });
  const tunnel = tunnels.find(({ remote }) => remote === step.dst);
  if (step.decision === 'remote' && tunnel)
    return told(
      `Flow: into a tunnel to ${step.dst}`,
      `The datapath does what its flow says, and ${tunnel.origin?.by ?? 'the program'}, which fills it, had seen ${who} come from ${names.ipLong(tunnel.remote)}: into a tunnel to there, with number ${tunnel.id}, in which both nodes are named. The frame stays as it is: own MAC addresses, own TTL.`,
      `eth(dst=${step.mac}), actions:set(tunnel(tun_id=0x${tunnel.id.toString(16)},dst=${tunnel.remote},ttl=64,flags(df))),${tunnelPort}`,
      tunnel.origin,
    );
  if (step.decision === 'port')
    return told(
      `Flow: to this node's bridge`,
      `The frame came out of a tunnel, so the flow sends it to ${step.port} alone: every node sends to all others itself, and nothing goes back into a tunnel.`,
      `tunnel(),eth(dst=${step.mac}), actions:${step.port}`,
    );
  return told(
    `Flow: to all nodes`,
    isGroupMac(step.mac)
      ? `The frame is for everybody (a broadcast), so it goes into a tunnel to each other node: all pods of the cluster share this Ethernet.`
      : `Nobody has seen ${who} yet, so the frame goes into a tunnel to each other node.`,
    `eth(dst=${step.mac}), actions:${tunnels.map(({ remote }) => `set(tunnel(dst=${remote})),${tunnelPort}`).join(',')}`,
  );
}

/**
 * vxlan_xmit (drivers/net/vxlan/vxlan_core.c, Linux 6.18): TTL 64, DF not set whatever the inner packet says, source port a hash
 * of the inner flow.
 */
export function explainEncap(scene: Scene<StepOf<'encap'>>): Told {
  const { step, here, names, ns } = scene;
  const device = deviceOf(ns, step.dev);
  if (step.type === 'ipip') return explainIpip(scene);
  const isExternal = device !== undefined && 'dstPort' in device;
  const port = device?.kind === 'vxlan' ? device.vxlan.dstPort : isExternal ? device.dstPort : 8472;
  const told = isExternal
    ? ` ${step.dev} itself knows no peers: ${device.master === undefined ? 'the program that sent the packet here' : `the flow of ${device.master}`} had said where to and with which number (VNI ${step.vni}).`
    : '';
  return {
    title: `Encapsulated to ${step.dst}`,
    sentence: `${step.dev} puts the whole frame into a UDP packet from ${names.ipLong(step.src)} to ${names.ipLong(step.dst)}: ${vxlanOverhead(step.dst)} bytes more. This outer packet is ${here}'s own, with its own TTL of 64, so it now passes OUTPUT and POSTROUTING like a local program's.${told}`,
    evidence: deviceEvidence(ns, here, step.dev),
    checks: [`ip -d link show dev ${step.dev}   # on ${here}`, `tcpdump -p -ni any udp port ${port}   # on ${here}`],
  };
}

/** ip_tunnel_xmit (net/ipv4/ip_tunnel.c, Linux 6.18): TTL and DF come from the packet inside, the outer destination is the next hop. */
function explainIpip({ step, here, names, ns }: Scene<StepOf<'encap'>>): Told {
  const outer = packetOf(step.frame);
  const df = outer?.df ? ' and so is the ban on fragments (DF)' : '';
  return {
    title: `Encapsulated to ${step.dst}`,
    sentence: `${step.dev} puts the packet straight into another IP packet, protocol 4, from ${names.ipLong(step.src)} to ${names.ipLong(step.dst)}: ${IPIP_OVERHEAD_BYTES} bytes more, without Ethernet and without ports. The TTL of ${outer?.ttl ?? '?'} is copied from inside${df}. This outer packet is ${here}'s own, so it now passes OUTPUT and POSTROUTING like a local program's.`,
    evidence: deviceEvidence(ns, here, step.dev),
    checks: [`ip -d link show dev ${step.dev}   # on ${here}`, `tcpdump -p -ni any ip proto 4   # on ${here}`],
  };
}

export function explainDecap({ step, here, ns }: Scene<StepOf<'decap'>>): Told {
  const inner = innerPacket(step.frame);
  return {
    title: `Unwrapped by ${step.dev}`,
    sentence: `The envelope (${step.type === 'ipip' ? 'protocol 4' : `VNI ${step.vni}`}) comes off on ${here}. Inside is the packet as the other node sent it: TTL ${inner?.ttl ?? '?'}, because the way between the nodes counts as one link, however many routers it has.`,
    evidence: deviceEvidence(ns, here, step.dev),
    checks: [`ip -d link show dev ${step.dev}   # on ${here}`],
  };
}

export function explainFragment({ step, here }: Scene<StepOf<'fragment'>>): Told {
  return {
    title: `Cut into ${step.pieces} fragments`,
    sentence: `The packet is larger than the way out allows (MTU ${step.mtuBytes}). Its sender did not forbid it (DF is not set), so ${here} cuts it into ${step.pieces} pieces; only the first has the port numbers.`,
    checks: [`ip link show   # MTUs on ${here}`],
  };
}

export function explainReassemble({ step, here }: Scene<StepOf<'reassemble'>>): Told {
  const why =
    step.by === 'conntrack'
      ? 'Connection tracking needs the ports, and only the first piece has them'
      : 'The program must get one datagram';
  return {
    title: `${step.pieces} fragments joined`,
    sentence: `${why}, so ${here} waits for all ${step.pieces} pieces and joins them. The rules see one packet.`,
    checks: [`nstat -az IpReasmOKs   # on ${here}`],
  };
}
