/** For each reason of a drop: what happened there, and the smallest change that would let the packet through. */
import { podNetworkWith, podNs } from '../../kube/cluster.ts';
import type { Device } from '../../linux/config.ts';
import type { DropReason } from '../../linux/step.ts';
import type { IpPacket } from '../../wire/frame.ts';
import { type Ip, parseIp } from '../../wire/ip.ts';
import { isFault, serviceName } from './names.ts';
import { innerPacket, neighbourWords } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import type { Case } from './verdict-case.ts';

export interface Reason {
  /** A clause without a full stop; the verdict puts what the program learned before it. */
  readonly sentence: string;
  readonly remedy: string | null;
}

interface Scene {
  readonly c: Case;
  readonly drop: StepOf<'drop'>;
  readonly place: string;
  readonly packet: IpPacket | undefined;
  /** The destination with its owner. */
  readonly to: string;
  /** What the culprit names: a device, a route, a sysctl. */
  readonly culprit: string;
  /** The device that the culprit names. */
  readonly device: string;
}

export function reasonOf(c: Case, drop: StepOf<'drop'>): Reason {
  const packet = innerPacket(drop.frame);
  const place = c.names.ns(drop.ns);
  const to = packet ? c.names.ipLong(packet.dst) : 'the destination';
  const culprit = drop.culprit?.text ?? '';
  const device = culprit.split(' ')[0] || 'the device';
  const reason = REASONS[drop.reason]({ c, drop, place, packet, to, culprit, device });
  return isFault(drop.culprit?.origin)
    ? { sentence: `${reason.sentence} (you changed this)`, remedy: reason.remedy ?? `Undo your change on ${place}` }
    : reason;
}

function byProgram({ place, culprit }: Scene): Reason {
  return { sentence: `an eBPF program on ${place} drops it (${culprit})`, remedy: null };
}

/** Devices of a namespace that are down: their routes are gone with them (fib_sync_down_dev). */
export function downDevices(c: Case, ns: string): readonly Device[] {
  return c.world.namespaces.get(ns)?.devices.filter(({ up }) => !up) ?? [];
}

const REASONS: Readonly<Record<DropReason, (scene: Scene) => Reason>> = {
  NETFILTER_DROP: ({ place }) => ({ sentence: `a rule on ${place} drops it`, remedy: null }),
  CT_CLASH: ({ place }) => ({
    sentence: `connection tracking on ${place} already has a faster packet of the same socket, which leads to another endpoint`,
    remedy: 'Use a kernel of 5.6 or later, or options single-request-reopen in dnsConfig.',
  }),
  DEV_DOWN: ({ place, device }) => ({
    sentence: `${device} of ${place} is down`,
    remedy: `Set it up: ip link set ${device} up   # on ${place}`,
  }),
  NO_CARRIER: noCarrier,
  TC_INGRESS: byProgram,
  TC_EGRESS: byProgram,
  SOCK_REJECTED: ({ c, drop }) => ({
    sentence: c.service
      ? `${serviceName(c.service)} has no endpoint that is ready, so the call fails on ${c.names.ns(c.from)} before any packet is sent`
      : drop.detail,
    remedy: c.service ? 'Make a pod ready that the Service selects' : null,
  }),
  OTHERHOST: ({ place }) => ({
    sentence: `the frame reached ${place}, but is addressed to another MAC address`,
    remedy: null,
  }),
  BRIDGE_NO_EGRESS_PORT: ({ place, drop }) => ({
    sentence: `the bridge on ${place} has no port to send it to: ${drop.detail}`,
    remedy: null,
  }),
  BRIDGE_NOT_HAIRPIN: hairpin,
  IP_INNOROUTES: noRoute,
  IP_OUTNOROUTES: noRoute,
  IP_RPFILTER: ({ place, packet, culprit, drop }) => ({
    sentence: `${place} does not believe the source ${packet?.src ?? ''}: ${drop.detail} (${culprit})`,
    remedy: `Send from an address that ${place} would answer by the same device, or: sysctl -w net.ipv4.conf.all.rp_filter=0   # on ${place}`,
  }),
  IP_MARTIAN: ({ place, drop }) => ({ sentence: `${place} ignores the packet: ${drop.detail}`, remedy: null }),
  IP_FORWARDING_OFF: forwardingOff,
  IP_BLACKHOLE: ({ place, to, culprit }) => ({
    sentence: `${place} has a blackhole route for ${to} (${culprit}) and drops the packet silently`,
    remedy: `Send to an address that exists, or remove that route on ${place}.`,
  }),
  TTL_EXPIRED: ({ place, to }) => ({
    sentence: `the TTL reached its end on ${place}, before the packet got to ${to}`,
    remedy: 'Send with a larger TTL.',
  }),
  RX_TOO_BIG: ({ drop }) => ({
    sentence: `the two ends of a link have different MTUs: ${drop.detail}, so the frame is lost and nobody is told`,
    remedy: `Give both ends the same MTU.`,
  }),
  PKT_TOO_BIG: ({ place, culprit, packet }) => ({
    sentence: `the packet (${packet?.len ?? '?'} bytes) does not fit the way on from ${place} (${culprit}), and may not be cut (DF)`,
    remedy: 'Send less, or allow fragments (no DF).',
  }),
  NEIGH_FAILED: neighbourFailed,
  VXLAN_NO_REMOTE: noRemote,
  VXLAN_INVALID_HDR: ({ place }) => ({
    sentence: `no tunnel device of ${place} has the VNI of the outer packet`,
    remedy: `Give the tunnel devices of both nodes the same VNI.`,
  }),
  IP_NOPROTO: ({ place }) => ({
    sentence: `${place} has no IP-in-IP tunnel, so it does not know what to do with the envelope`,
    remedy: `Both nodes must use the same encapsulation: ip link show type ipip   # on ${place}`,
  }),
  NO_SOCKET: ({ place, drop }) => ({
    sentence: `the packet reached ${place}, but ${drop.detail}`,
    remedy: `Start a program on that port of ${place}.`,
  }),
  UNEXPECTED_SEGMENT: ({ place, packet, c }) => ({
    sentence: `${place} got a segment from ${packet ? c.names.ipLong(packet.src) : 'a stranger'} that fits none of its connections, and reset it`,
    remedy: null,
  }),
  NAT_FAILED: ({ place, drop }) => ({
    sentence: `${place} could not translate the packet: ${drop.detail}`,
    remedy: null,
  }),
  IPVS_NO_SERVER: ({ place, culprit }) => ({
    sentence: `the virtual server ${culprit} of IPVS on ${place} has no real server that takes new connections`,
    remedy: 'Give the Service a ready endpoint.',
  }),
  IPVS_SERVER_GONE: ({ place }) => ({
    sentence: `the real server that IPVS on ${place} had chosen for this connection is gone`,
    remedy: 'Try again: the next connection goes to another real server.',
  }),
  HOPS_MAX: () => ({
    sentence: 'the packet goes round in circles',
    remedy: 'Look for two routes that point at each other.',
  }),
};

function noCarrier({ c, drop, place, device: dev }: Scene): Reason {
  const device = c.world.namespaces.get(drop.ns)?.devices.find(({ name }) => name === dev);
  if (device?.kind !== 'veth' && device?.kind !== 'nic')
    return { sentence: `${dev} of ${place} has no carrier`, remedy: null };
  const far = c.names.ns(device.peer.ns);
  return {
    sentence: `${dev} of ${place} has no carrier: the other end of its cable, ${device.peer.dev} of ${far}, is down`,
    remedy: `Set it up: ip link set ${device.peer.dev} up   # on ${far}`,
  };
}

/** net/bridge/br_forward.c, should_deliver: a frame leaves by the port it came in by only in hairpin mode. */
function hairpin({ device: port, place }: Scene): Reason {
  return {
    sentence: `the pod reached itself through its Service, so the frame would have to leave by the port it came in by (${port} on ${place}), and hairpin mode is off there`,
    remedy: `Turn hairpin mode on: bridge link set dev ${port} hairpin on   # on ${place}`,
  };
}

function noRoute({ c, drop, place, to: asked, packet, culprit }: Scene): Reason {
  // A tunnel's own packet goes to another address than the packet inside: the culprit names it.
  const named = parseIp(culprit.split(':')[0] ?? '');
  const to = named.ok ? c.names.ipLong(named.value) : asked;
  const [down] = downDevices(c, drop.ns);
  if (down) {
    return {
      sentence: `${place} has no route to ${to}: ${down.name} is down, and its routes went with it`,
      remedy: `Set it up: ip link set ${down.name} up   # on ${place}`,
    };
  }
  const gateway = c.world.cluster.externals.find((host) => host.name === drop.ns && host.isGateway);
  if (gateway)
    return {
      sentence: `the router outside (${place}) has no route to ${to}: this small Internet has no such address`,
      remedy: `Send to an address that it has: ${gateway.lo.join(', ')}`,
    };
  const owner = packet && c.names.nodeOfPodRange(packet.dst);
  const range = packet && owner && owner.name !== drop.ns ? podNetworkWith(owner, packet.dst)?.text : undefined;
  return {
    sentence: `${place} has no route to ${to}, not even a default route`,
    remedy: `Give ${place} a route to ${range ?? to}.`,
  };
}

function forwardingOff({ c, drop, place, to }: Scene): Reason {
  if (!c.names.node(drop.ns))
    return { sentence: `the packet for ${to} came to ${place}, which is not a router`, remedy: null };
  return {
    sentence: `the packet is for ${to}, and ${place} may not forward it: net.ipv4.ip_forward is 0`,
    remedy: `Turn forwarding on: sysctl -w net.ipv4.ip_forward=1   # on ${place}`,
  };
}

/** The address that a question for a neighbour is about. */
function asksFor({ frame }: StepOf<'drop'>): string | undefined {
  const said = neighbourWords(frame);
  return said?.asks ? said.target : undefined;
}

function neighbourFailed({ c, drop, place }: Scene): Reason {
  const asked = c.steps
    .slice(0, drop.i)
    .findLast((s) => s.kind === 'neighbour' && s.ns === drop.ns && s.state === 'FAILED');
  if (asked?.kind !== 'neighbour')
    return { sentence: `nobody told ${place} the MAC address of the next hop`, remedy: null };
  const { ip, dev } = asked;
  const who = c.names.ip(ip);
  if (c.world.namespaces.get(drop.ns)?.devices.some((d) => d.name === dev && d.kind === 'vxlan'))
    return noTunnelNeighbour(c, place, dev, ip);
  const lost = c.steps.find((s) => s.kind === 'drop' && s.reason !== 'OTHERHOST' && asksFor(s) === ip);
  if (lost?.kind === 'drop') {
    const why = reasonOf(c, lost);
    return {
      sentence: `${place} asked on ${dev} for ${who} (ARP), and the question was lost: ${why.sentence}`,
      remedy: why.remedy,
    };
  }
  const holder = holderOf(c, ip);
  if (holder && !holder.device.up)
    return {
      sentence: `${holder.device.name} of ${holder.name} is down, so nobody answered when ${place} asked for ${ip} (ARP)`,
      remedy: `Set it up: ip link set ${holder.device.name} up   # on ${holder.name}`,
    };
  if (who !== ip)
    return {
      sentence: `${place} asked on ${dev} for ${who} (${ip}), and got no answer to ARP`,
      remedy: `Check that ${who} is up and on the same link as ${dev} of ${place}.`,
    };
  const kind = c.names.nodeOfPodRange(ip) ? 'pod' : 'machine';
  return {
    sentence: `no ${kind} has the address ${ip}: ${place} asked for it on ${dev}, and nobody answered (ARP)`,
    remedy: `Send to an address that a ${kind} has.`,
  };
}

/** On a tunnel without a group, nobody can be asked: the entry must be written (nolearning, RFC 7348 section 4.2). */
function noTunnelNeighbour(c: Case, place: string, dev: string, ip: Ip): Reason {
  const mac = holderOf(c, ip)?.device.mac ?? 'MAC';
  return {
    sentence: `${dev} of ${place} has no neighbour entry for ${c.names.ipLong(ip)}, and ARP cannot ask for it: the tunnel carries no broadcast`,
    remedy: `Write it: ip neigh add ${ip} lladdr ${mac} dev ${dev} nud permanent   # on ${place}`,
  };
}

/** The device that has an address, wherever it is in the cluster. */
function holderOf(c: Case, ip: Ip): { readonly name: string; readonly device: Device } | null {
  const pod = c.names.podAt(ip);
  const node = c.names.nodeAt(ip) ?? (pod ? undefined : c.names.nodeOfPodRange(ip));
  const id = node?.name ?? (pod && podNs(pod)) ?? c.world.cluster.externals.find((host) => host.ip === ip)?.name;
  const config = id === undefined ? undefined : c.world.namespaces.get(id);
  const dev = config?.addresses.find((a) => a.ip === ip)?.dev;
  const device = config?.devices.find((d) => d.name === dev);
  return id !== undefined && device ? { name: c.names.ns(id), device } : null;
}

function noRemote({ c, drop, place, packet }: Scene): Reason {
  const lookup = c.steps
    .slice(0, drop.i)
    .findLast((s) => s.kind === 'fdb' && s.packet === drop.packet && s.ns === drop.ns);
  const node = packet && c.names.nodeOfPodRange(packet.dst);
  if (lookup?.kind !== 'fdb')
    return { sentence: `the tunnel of ${place} does not know which node to send to`, remedy: null };
  const { dev, mac } = lookup;
  const whose = node ? `, the tunnel device of ${node.name}` : '';
  return {
    sentence: `${dev} of ${place} has no FDB entry for ${mac}${whose}, so it does not know to which node to send`,
    remedy: `Write it: bridge fdb append ${mac} dev ${dev} dst ${node?.ip ?? 'NODE-IP'}   # on ${place}`,
  };
}
