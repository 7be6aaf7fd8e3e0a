/**
 * What `hubble observe` prints of a conversation (hubble/pkg/printer, compact output), with the aggregation level that is the default,
 * medium (bpf/lib/trace.h): what comes in at a device is not reported, and of a connection only what brings a TCP flag for the first time.
 * SIMPLIFIED: the second report of a connection after five seconds is left out, and the day is always 1 January.
 */
import { type Cluster, podNs } from '../../../kube/cluster.ts';
import { indexOf } from '../../../kube/cluster-index.ts';
import type { Step } from '../../../linux/step.ts';
import { type Frame, type IpPacket, innermost } from '../../../wire/frame.ts';
import type { Ip } from '../../../wire/ip.ts';
import type { FlowLine, FlowLog } from '../../contract.ts';
import { routerIp } from './addresses.ts';
import { HOST, REMOTE_NODE, RESERVED_LABELS, WORLD } from './facts.ts';
import { identityOf } from './identities.ts';

type Notify = Extract<Step, { kind: 'bpf-notify' }>;
type Policy = Extract<Step, { kind: 'bpf-policy' }>;
type Sock = Extract<Step, { kind: 'bpf-sock' }>;

export const HUBBLE: FlowLog = { command: 'hubble observe', lines: flowLines };

function flowLines(steps: readonly Step[], cluster: Cluster, hostOf: (ns: string) => string): readonly FlowLine[] {
  const seen = new Set<string>();
  return steps.flatMap((step): FlowLine[] => {
    if (step.kind === 'bpf-sock') return sockLines(step, cluster, hostOf(step.ns));
    if (step.kind === 'bpf-policy') return policyLines(step, cluster, hostOf(step.ns));
    if (step.kind !== 'bpf-notify' || !isReported(step, seen)) return [];
    const text = notifyLine(step, cluster, hostOf(step.ns));
    return text === null ? [] : [{ step: step.i, text }];
  });
}

function isReported(step: Notify, seen: Set<string>): boolean {
  if (step.dropped !== undefined || step.request !== undefined) return true;
  const packet = packetOf(step);
  if (!packet || step.point.startsWith('from-') || step.ct === 'unknown') return false;
  const { src, dst, l4 } = packet;
  const connection = `${step.ns} ${step.point} ${l4.proto} ${src} ${dst} ${portsOf(packet)?.join(' ')}`;
  const flags = 'flags' in l4 ? [...l4.flags] : [''];
  const fresh = flags.filter((flag) => !seen.has(`${connection} ${flag}`));
  for (const flag of fresh) seen.add(`${connection} ${flag}`);
  return fresh.length > 0;
}

function notifyLine(step: Notify, cluster: Cluster, node: string): string | null {
  const packet = packetOf(step);
  if (!packet) return null;
  const ports = portsOf(packet);
  const src = who(cluster, node, packet.src, ports?.[0], step.src);
  const dst = who(cluster, node, packet.dst, ports?.[1], step.dst);
  if (step.request !== undefined) {
    const what = `${step.point} ${step.dropped === undefined ? 'FORWARDED' : 'DROPPED'}`;
    return `${stamp(step)}: ${src} -> ${dst} ${what} (${step.request})`;
  }
  const [first, arrow, second] = step.ct === 'reply' ? [dst, '<-', src] : [src, '->', dst];
  const isDrop = step.dropped !== undefined;
  const what = isDrop ? `${step.dropped} DROPPED` : `${step.point} FORWARDED`;
  return `${stamp(step)}: ${first} ${isDrop ? '<>' : arrow} ${second} ${what} (${summary(packet)})`;
}

/** A verdict is told for the first packet of a connection, and for each that is denied. */
function policyLines(step: Policy, cluster: Cluster, node: string): FlowLine[] {
  const packet = packetOf(step);
  if (!packet) return [];
  const ports = portsOf(packet);
  const src = who(cluster, node, packet.src, ports?.[0], step.src);
  const dst = who(cluster, node, packet.dst, ports?.[1], step.dst);
  const [arrow, word] = step.isAllowed ? ['->', 'ALLOWED'] : ['<>', 'DENIED'];
  const what = `policy-verdict:${step.match} ${step.direction.toUpperCase()} ${word}`;
  return [{ step: step.i, text: `${stamp(step)}: ${src} ${arrow} ${dst} ${what} (${summary(packet)})` }];
}

const POINTS = {
  connect4: ['pre-xlate-fwd', 'post-xlate-fwd'],
  sendmsg4: ['pre-xlate-fwd', 'post-xlate-fwd'],
  recvmsg4: ['pre-xlate-rev', 'post-xlate-rev'],
} as const;

/** A translated socket call is told twice: as it was, and as it became. */
function sockLines(step: Sock, cluster: Cluster, node: string): FlowLine[] {
  const packet = packetOf(step);
  const pod = indexOf(cluster).pod(step.ns);
  const own = who(cluster, node, pod?.ip ?? indexOf(cluster).node(step.ns)?.ip ?? ('0.0.0.0' as Ip), undefined, 0);
  const proto = packet?.l4.proto === 'udp' ? 'UDP' : 'TCP';
  const line = (address: Sock['before'], point: string, verdict: string): FlowLine => {
    const peer = who(cluster, node, address.ip, address.port, 0);
    const ends = step.call === 'recvmsg4' ? `${peer} <> ${own}` : `${own} <> ${peer}`;
    return { step: step.i, text: `${stamp(step)}: ${ends} ${point} ${verdict} (${proto})` };
  };
  const [pre, post] = POINTS[step.call];
  const before = line(step.before, pre, 'TRACED');
  return step.after ? [before, line(step.after, post, 'TRANSLATED')] : [before];
}

/** `default/web-1:8080 (ID:12438)`, `192.168.56.12:4240 (remote-node)`. */
function who(cluster: Cluster, node: string, address: Ip, port: number | undefined, identity: number): string {
  const index = indexOf(cluster);
  const pod = index.nodeAt(address) ? undefined : index.podAt(address);
  const service = index.servicesAt(address)[0];
  const name = pod ? podNs(pod) : service ? `${service.namespace}/${service.name}` : address;
  const id = identity || identityAt(cluster, node, address);
  const label = RESERVED_LABELS[id]?.replace('reserved:', '') ?? `ID:${id}`;
  return `${name}${port === undefined ? '' : `:${port}`} (${label})`;
}

/** Where the program did not know, the agent asks its ipcache. */
function identityAt(cluster: Cluster, node: string, address: Ip): number {
  const owner = cluster.nodes.find((one) => one.ip === address || routerIp(one) === address);
  if (owner) return owner.name === node ? HOST : REMOTE_NODE;
  const pod = indexOf(cluster).podAt(address);
  return pod ? identityOf(cluster, pod) : WORLD;
}

/** ICMP and later fragments have none. */
const portsOf = ({ l4 }: IpPacket): readonly [number, number] | null => ('sport' in l4 ? [l4.sport, l4.dport] : null);

function packetOf({ frame }: Step): IpPacket | undefined {
  if (!('kind' in frame)) return innermost(frame);
  return innermost({ payload: frame } as Frame);
}

const FLAGS: readonly (readonly [string, string])[] = [
  ['S', 'SYN'],
  ['A', 'ACK'],
  ['P', 'PSH'],
  ['F', 'FIN'],
  ['R', 'RST'],
];

/** As gopacket names them (layers/icmp4.go). */
const ICMP: Readonly<Record<string, string>> = {
  '0/0': 'EchoReply',
  '8/0': 'EchoRequest',
  '3/0': 'DestinationUnreachable(Net)',
  '3/1': 'DestinationUnreachable(Host)',
  '3/3': 'DestinationUnreachable(Port)',
  '3/4': 'DestinationUnreachable(FragmentationNeeded)',
  '11/0': 'TimeExceeded(TTLExceeded)',
};

function summary({ l4 }: IpPacket): string {
  if ('flags' in l4) {
    const names = FLAGS.filter(([letter]) => l4.flags.includes(letter)).map(([, name]) => name);
    return `TCP Flags: ${names.join(', ')}`;
  }
  if ('type' in l4) return `ICMPv4 ${ICMP[`${l4.type}/${l4.code}`] ?? `${l4.type}(${l4.code})`}`;
  return l4.proto.toUpperCase();
}

/** `Jan  1 00:00:00.403` (time.StampMilli). */
function stamp({ atNs }: Step): string {
  const ms = Math.floor(atNs / 1e6);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [s, min] = [Math.floor(ms / 1000), Math.floor(ms / 60_000)];
  return `Jan  1 00:${two(min % 60)}:${two(s % 60)}.${String(ms % 1000).padStart(3, '0')}`;
}
