/**
 * The front of most simulator tests: a cluster in a few lines of text, a probe in one, and the way that the packets took as text. The
 * engine's interfaces may change; these texts stay.
 *
 * Topology lines:
 *   node-1: web-1 tcp 8080, tool-1            pods of a node and what they listen on; addresses count up from .2
 *   node-2: mme sctp 3868                     tcp, udp or sctp; services likewise, tcp when nothing is said
 *   service solo 10.96.0.30:80 node-port 30082 local -> web-1:8080, web-2:8080
 *   fault node-1 sysctl ipv4.ip_forward=0 | device eth0 down | route 10.244.2.0/24 … | fdb … | neigh … | rule filter -A …
 * Probes: `tool-1 tcp 10.96.0.30:80`, `node-1 icmp 10.244.2.2 ttl=1`, `client udp node-1:30053 size=1472 df=do`.
 */
import { makeChoices } from '../../sim/engine/choices.ts';
import { applyFaults } from '../../sim/engine/faults.ts';
import { type Program, type Ran, runProgram } from '../../sim/engine/run-program.ts';
import type { FaultEvent } from '../../sim/scenario/scenario.ts';
import { innermost } from '../../sim/wire/frame.ts';
import { ip } from '../../sim/wire/ip.ts';
import { type LabInput, labWorld } from '../truth/lab.ts';

type Pod = LabInput['pods'][number];
type Service = LabInput['services'][number];

export interface Setting {
  readonly backend?: 'vxlan' | 'host-gw';
  /** A mode of kube-proxy, or `none`. */
  readonly proxy?: string;
  readonly cold?: boolean;
  readonly lab?: Partial<LabInput>;
}

export interface Told {
  /** Device crossings of each packet, one line a packet. */
  readonly path: string;
  /** `connected`, `refused ECONNREFUSED`, `timeout ETIMEDOUT` … */
  readonly outcome: string;
  readonly ran: Ran;
}

/** Sends a probe through a topology and tells what happened. */
export function follow(topology: string, probe: string, setting: Setting = {}): Told {
  const lab = labOf(topology, setting);
  const world = labWorld(lab, !setting.cold);
  const namespaces = applyFaults(world.namespaces, faultsOf(topology, lab));
  const { program, endpoint } = programOf(probe, lab);
  const ran = runProgram(namespaces, world.warm, makeChoices(world.seed, endpoint), program);
  const { outcome, errno } = ran.result;
  return { path: pathText(ran), outcome: errno === undefined ? outcome : `${outcome} ${errno}`, ran };
}

function labOf(topology: string, { backend = 'vxlan', proxy = 'iptables', lab }: Setting): LabInput {
  const lines = topology.split('\n').map((line) => line.trim());
  const names = lines.flatMap((line) => /^(node-\d+):/.exec(line)?.[1] ?? []);
  const nodes = names.map((name, i) => ({ name, ip: `192.168.56.${11 + i}`, podCIDR: `10.244.${i + 1}.0/24` }));
  const pods = lines.flatMap((line) => podsOf(line, names));
  return {
    name: 'check',
    podCIDR: '10.244.0.0/16',
    serviceCIDR: '10.96.0.0/12',
    underlay: { cidr: '192.168.56.0/24', gateway: '192.168.56.1' },
    cni: { type: 'flannel', backend },
    kubeProxy: proxy,
    nftLayout: 'B',
    nodes,
    pods,
    externals: [
      { name: 'internet', ip: '192.168.56.1', lo: ['203.0.113.10'] },
      { name: 'client', ip: '192.168.56.100' },
    ],
    hostListen: { internet: { tcp: [80] }, 'node-2': { tcp: [10250] } },
    services: lines.flatMap((line) => serviceOf(line, pods)),
    ...lab,
  };
}

function podsOf(line: string, nodes: readonly string[]): Pod[] {
  const found = /^(node-\d+):(.*)$/.exec(line);
  if (!found) return [];
  const node = found[1] ?? '';
  const parts = (found[2] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.map((part, i) => {
    const [name = '', proto, port] = part.split(' ');
    const listens = proto === undefined ? {} : { [proto]: [Number(port)] };
    return { name, node, ip: `10.244.${nodes.indexOf(node) + 1}.${i + 2}`, veth: `veth-${name}`, ...listens };
  });
}

function serviceOf(line: string, pods: readonly Pod[]): Service[] {
  const found = /^service (\S+) ([\d.]+):(\d+)(?: (udp|sctp))?(?: node-port (\d+))?( local)?( sticky)? ->(.*)$/.exec(
    line,
  );
  if (!found) return [];
  const [, name = '', clusterIP = '', port, proto = 'tcp', nodePort, local, sticky, list = ''] = found;
  const endpoints = list.split(',').flatMap((text) => {
    const [podName = '', target] = text.trim().split(':');
    const pod = pods.find((p) => p.name === podName);
    return pod ? [{ ip: pod.ip, port: Number(target), node: pod.node }] : [];
  });
  return [
    {
      namespace: 'default',
      name,
      proto: proto as Service['proto'],
      clusterIP,
      port: Number(port),
      endpoints,
      ...(nodePort === undefined ? {} : { nodePort: Number(nodePort) }),
      ...(local === undefined ? {} : { etp: 'Local' as const }),
      ...(sticky === undefined ? {} : { sessionAffinity: 'ClientIP' }),
    },
  ];
}

function faultsOf(topology: string, lab: LabInput): FaultEvent[] {
  return topology.split('\n').flatMap((line): FaultEvent[] => {
    const found = /^fault (\S+) (\w+) (.*)$/.exec(line.trim());
    if (!found) return [];
    const [, who = '', kind = '', rest = ''] = found;
    const ns = lab.pods.some((p) => p.name === who) ? `default/${who}` : who;
    const [first = '', second = ''] = rest.split(/[ =]/);
    if (kind === 'sysctl') return [{ type: 'SysctlSet', ns, key: first, value: Number(second) }];
    if (kind === 'device') return [{ type: 'DeviceSetDown', ns, dev: first }];
    if (kind === 'mtu') return [{ type: 'MtuSet', ns, dev: first, mtuBytes: Number(second) }];
    if (kind === 'route') return [{ type: 'RouteDeleted', ns, line: rest }];
    if (kind === 'neigh') return [{ type: 'NeighbourDeleted', ns, line: rest }];
    if (kind === 'fdb') return [{ type: 'FdbEntryDeleted', ns, line: rest }];
    return [{ type: 'RuleDeleted', ns, table: first, line: rest.slice(first.length + 1) }];
  });
}

function programOf(probe: string, lab: LabInput): { program: Program; endpoint: string | undefined } {
  const [from = '', proto = '', to = '', ...rest] = probe.split(' ');
  const options = new Map(rest.map((r) => r.split('=') as [string, string]));
  const number = (key: string): number | undefined => (options.has(key) ? Number(options.get(key)) : undefined);
  const [host = '', port = '0'] = to.split(':');
  const address = lab.nodes.find((n) => n.name === host)?.ip ?? lab.pods.find((p) => p.name === host)?.ip ?? host;
  const chosen = lab.pods.find((p) => p.name === options.get('endpoint'));
  const program: Program = {
    ns: lab.pods.some((p) => p.name === from) ? `default/${from}` : from,
    dst: ip(address),
    proto: proto as Program['proto'],
    port: Number(port),
    waitMs: number('wait') ?? 250,
    ttl: number('ttl'),
    sizeBytes: number('size'),
    df: options.get('df') as 'do' | 'dont' | undefined,
    src: options.has('src') ? ip(options.get('src') ?? '') : undefined,
    handshakeOnly: options.get('full') !== 'yes',
  };
  return { program, endpoint: chosen && `${chosen.ip}:${chosen.tcp?.[0] ?? chosen.udp?.[0]}` };
}

/** `p1 TCP S: tool-1/eth0> node-1/veth-tool-1< …`; `(…)` marks an outer packet. */
function pathText(ran: Ran): string {
  const lines = new Map<string, string[]>();
  for (const step of ran.steps) {
    if (step.kind !== 'dev' || !('payload' in step.frame) || step.frame.payload.kind !== 'ip' || step.ns === 'underlay')
      continue;
    const packet = innermost(step.frame);
    const wrapped = packet !== step.frame.payload;
    const place = `${step.ns.replace('default/', '')}/${step.dev}${step.dir === 'out' ? '>' : '<'}`;
    const line = lines.get(step.packet) ?? [];
    line.push(wrapped ? `(${place})` : place);
    lines.set(step.packet, line);
  }
  return [...lines].map(([id, places]) => `${id} ${places.join(' ')}`).join('\n');
}
