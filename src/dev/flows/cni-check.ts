/**
 * Sends a probe through the reference cluster with any CNI and any mode of it, and tells what a person with tcpdump would: what the
 * receiver sees, and what is on the wire between the nodes.
 */
import { LAB, readdressed } from '../../sim/drivers/conformance/lab-cluster.ts';
import { cniById, proxyById } from '../../sim/drivers/registry.ts';
import { assemble } from '../../sim/engine/assemble.ts';
import { makeChoices } from '../../sim/engine/choices.ts';
import { type Ran, runProgram } from '../../sim/engine/run-program.ts';
import { isUnderlay } from '../../sim/engine/world.ts';
import type { Cluster } from '../../sim/kube/cluster.ts';
import type { Step } from '../../sim/linux/step.ts';
import { type Frame, type IpPacket, innermost, isLaterFragment } from '../../sim/wire/frame.ts';
import { cidrNth, ip } from '../../sim/wire/ip.ts';

export interface CniSetting {
  readonly cni: string;
  readonly mode: string;
  /** A mode of kube-proxy, or `none`. */
  readonly proxy: string;
  readonly cluster?: Cluster;
  readonly warm?: boolean;
  readonly options?: {
    readonly ttl?: number;
    readonly sizeBytes?: number;
    readonly df?: 'do' | 'dont';
    readonly src?: string;
  };
}

export interface Seen {
  readonly outcome: string;
  /** `10.244.1.3 ttl 63`, as the receiver of the first packet sees its sender; null: it never arrived. */
  readonly arrival: string | null;
  /** TTL of the first answer at the client. */
  readonly answerTtl: number | null;
  /** Headers of the first packet on the node network, outermost first, and the frame's bytes. */
  readonly wire: string | null;
  readonly ran: Ran;
}

const ETHERNET_BYTES = 14;

/** As an address management with tunnels gives it. */
export const WITH_TUNNELS: Cluster = {
  ...LAB,
  nodes: LAB.nodes.map((node) => ({ ...node, tunnelIp: cidrNth(node.podCIDR, 64) })),
};

/** The reference cluster under a CNI, and what a text with the usual pod addresses reads there. */
export interface Lab {
  readonly cluster: Cluster;
  there(text: string): string;
}

export function labOf(cni: string, mode: string): Lab {
  const makeIpam = cniById(cni).ipam?.(mode);
  const given = readdressed(LAB, makeIpam);
  if (!given.noClusterCIDR) return { cluster: cni === 'calico' ? WITH_TUNNELS : LAB, there: (text) => text };
  const now = new Map<string, string>(LAB.pods.map((pod, i) => [pod.ip, given.pods[i]?.ip ?? pod.ip]));
  return { cluster: given, there: (text) => text.replace(/[\d.]*\d/g, (word) => now.get(word) ?? word) };
}

/** `10.244.1.2:8080`, `[fd00::2]:8080`, or an address alone. */
function endOf(text: string): readonly string[] {
  const [, six, port] = /^\[(.+)\]:(\d+)$/.exec(text) ?? [];
  if (six !== undefined && port !== undefined) return [six, port];
  return text.includes('::') ? [text] : text.split(':');
}

/** `tool-1 icmp 10.244.2.2`, `client tcp 192.168.56.11:30080`. */
export function probe(text: string, setting: CniSetting): Seen {
  const { cluster = LAB, warm = true, options = {} } = setting;
  const [from = '', proto = '', to = ''] = text.split(' ');
  const [dst = '', port = '0'] = endOf(to);
  const proxy = proxyById(setting.proxy === 'none' ? 'none' : 'kube-proxy');
  const drivers = { cni: cniById(setting.cni), cniMode: setting.mode, cniOptions: {}, proxy, proxyMode: setting.proxy };
  const ns = cluster.pods.some(({ name }) => name === from) ? `default/${from}` : from;
  const ran = runProgram(assemble(cluster, drivers), warm, makeChoices(1), {
    ns,
    dst: ip(dst),
    proto: proto as 'tcp' | 'udp' | 'icmp' | 'traceroute',
    port: Number(port),
    waitMs: 500,
    ...options,
    src: options.src === undefined ? undefined : ip(options.src),
  });
  const { outcome, errno } = ran.result;
  const first = ran.steps.find(isSent)?.packet;
  const delivered = ran.steps.filter((step) => step.kind === 'deliver' && step.to !== 'tunnel' && !isArp(step));
  const request = delivered.find(({ packet }) => packet === first);
  const answer = delivered.find(({ packet, ns: where }) => packet !== first && where === ns);
  return {
    outcome: errno === undefined ? outcome : `${outcome} ${errno}`,
    arrival: request ? arrivalText(request) : null,
    answerTtl: (answer && innerOf(answer.frame)?.ttl) ?? null,
    wire: wireOf(ran.steps.filter(({ packet }) => packet === first)),
    ran,
  };
}

const isSent = (step: Step): boolean => step.kind === 'send' && !isArp(step);
const isArp = ({ frame }: Step): boolean => 'payload' in frame && frame.payload.kind === 'arp';
const innerOf = (frame: Frame | IpPacket): IpPacket | undefined => ('ttl' in frame ? frame : innermost(frame));

function arrivalText({ frame }: Step): string | null {
  const packet = innerOf(frame);
  return packet ? `${packet.src} ttl ${packet.ttl}` : null;
}

function wireOf(steps: readonly Step[]): string | null {
  const step = steps.find(({ kind, ns }) => kind === 'dev' && isUnderlay(ns));
  if (!step || !('payload' in step.frame) || step.frame.payload.kind !== 'ip') return null;
  return `${stackOf(step.frame.payload)}, ${step.frame.payload.len + ETHERNET_BYTES} bytes`;
}

function stackOf(packet: IpPacket): string {
  const { l4 } = packet;
  const here = `${packet.src} > ${packet.dst} ttl ${packet.ttl}`;
  if (isLaterFragment(l4)) return `${here} / fragment`;
  if (l4.proto === 'ipencap') return `${here}${packet.df ? ' df' : ''} / ${stackOf(l4.inner)}`;
  if (l4.proto !== 'udp' || !l4.vxlan) return `${here} / ${l4.proto}`;
  const { vni, inner, geneve } = l4.vxlan;
  const type = geneve ? 'geneve' : 'vxlan';
  const within = inner.payload.kind === 'ip' ? stackOf(inner.payload) : 'arp';
  const checksum = l4.checksum === 'none' ? ' nocsum' : '';
  return `${here}${packet.df ? ' df' : ''} / udp ${l4.dport}${checksum} / ${type} ${vni} / ${within}`;
}

/** Device crossings of the first packet that carry it whole: `tool-1/eth0> node-1/lxc…<`. */
export function devicesOf({ ran }: Seen): string[] {
  const first = ran.steps.find(isSent)?.packet;
  return ran.steps.flatMap((step) =>
    step.kind === 'dev' && step.packet === first && !isUnderlay(step.ns)
      ? [`${step.ns.replace('default/', '')}/${step.dev}${step.dir === 'out' ? '>' : '<'}`]
      : [],
  );
}
