/**
 * Labs that are written as Linux, not as a cluster: network namespaces with what `ip`, `bridge`, `sysctl` and `ip6tables-restore` were
 * told, in their own words. The recorder reads the same file.
 */
import type { Result } from '../../sim/base/result.ts';
import type {
  Address,
  Device,
  FdbEntry,
  Listener,
  Neighbour,
  NetnsConfig,
  NsId,
  Route,
  Sysctl,
} from '../../sim/linux/config.ts';
import { parseRuleset } from '../../sim/linux/netfilter/iptables/parse.ts';
import type { Ruleset } from '../../sim/linux/netfilter/iptables/rule.ts';
import { parseNft } from '../../sim/linux/netfilter/nftables/parse.ts';
import { cidr, ip } from '../../sim/wire/ip.ts';
import { isLinkLocal, LOOPBACK_6 } from '../../sim/wire/ip6.ts';
import { mac, ZERO_MAC } from '../../sim/wire/mac.ts';

export interface NetnsLab {
  readonly name: string;
  /** Neighbours and bridges know everybody before a probe is sent. */
  readonly warm: boolean;
  /** Ports that mean something; all others are ephemeral. */
  readonly ports: readonly number[];
  readonly namespaces: Readonly<Record<string, LabNamespace>>;
}

interface LabNamespace {
  readonly devices: readonly LabDevice[];
  /** `eth0 fd00:1::2/64`. */
  readonly addresses: readonly string[];
  /** `default via fd00:1::1 dev eth0`. */
  readonly routes?: readonly string[];
  /** `eth0 fd00:1::1 02:00:00:00:00:01`. */
  readonly neighbours?: readonly string[];
  /** `vxlan1 02:00:00:00:00:01 fd00:9::2`: device, MAC, where to. */
  readonly fdb?: readonly string[];
  readonly sysctl?: Readonly<Record<string, number>>;
  readonly iptables?: readonly string[];
  readonly ip6tables?: readonly string[];
  readonly nft?: readonly string[];
  readonly listen?: { readonly tcp?: readonly number[]; readonly udp?: readonly number[] };
}

interface LabDevice {
  readonly name: string;
  readonly kind: 'veth' | 'bridge' | 'vxlan';
  readonly mac: string;
  readonly mtu?: number;
  /** `node-1/veth-a`. */
  readonly peer?: string;
  readonly master?: string;
  readonly hairpin?: true;
  readonly vxlan?: { readonly vni: number; readonly local: string; readonly dev: string; readonly port: number };
}

export const isNetnsLab = (input: object): input is NetnsLab => 'namespaces' in input;

export function netnsLabConfigs(lab: NetnsLab): ReadonlyMap<NsId, NetnsConfig> {
  return new Map(Object.entries(lab.namespaces).map(([id, ns]) => [id, configOf(id, ns)]));
}

function configOf(id: NsId, ns: LabNamespace): NetnsConfig {
  const loopback: Device = { kind: 'loopback', name: 'lo', mac: ZERO_MAC, mtuBytes: 65_536, up: true };
  return {
    id,
    devices: [loopback, ...ns.devices.map(deviceOf)],
    addresses: [
      { dev: 'lo', ip: ip('127.0.0.1'), prefix: 8, scope: 'host' },
      { dev: 'lo', ip: LOOPBACK_6, prefix: 128, scope: 'host' },
      ...ns.addresses.map(addressOf),
    ],
    routes: (ns.routes ?? []).map(routeOf),
    neighbours: (ns.neighbours ?? []).map(neighbourOf),
    fdb: (ns.fdb ?? []).map(fdbOf),
    sysctl: (ns.sysctl ?? {}) as Partial<Sysctl>,
    iptables: rulesOf(ns.iptables),
    ip6tables: rulesOf(ns.ip6tables),
    ...(ns.nft ? { nftables: read(parseNft(ns.nft.join('\n'))) } : {}),
    ipsets: [],
    listeners: [...listeners('tcp', ns.listen?.tcp), ...listeners('udp', ns.listen?.udp)],
  };
}

const listeners = (proto: 'tcp' | 'udp', ports: readonly number[] = []): Listener[] =>
  ports.map((port) => ({ proto, port, program: 'server' }));

function deviceOf(device: LabDevice): Device {
  const base = {
    name: device.name,
    mac: mac(device.mac),
    mtuBytes: device.mtu ?? 1500,
    up: true,
    ...(device.master === undefined ? {} : { master: device.master }),
    ...(device.hairpin ? { hairpin: true } : {}),
  };
  if (device.kind === 'veth') {
    const [ns = '', dev = ''] = (device.peer ?? '').split('/');
    return { ...base, kind: 'veth', peer: { ns, dev } };
  }
  if (device.kind === 'bridge') return { ...base, kind: 'bridge' };
  const { vni, local, dev, port } = device.vxlan ?? { vni: 1, local: '::', dev: '', port: 4789 };
  // As netlink makes them; `ip link` would ask for a checksum.
  const vxlan = { vni, local: ip(local), lower: dev, dstPort: port, learning: false, udpChecksum: false };
  return { ...base, kind: 'vxlan', vxlan };
}

function addressOf(line: string): Address {
  const [dev = '', text = ''] = line.split(' ');
  const [own = '', prefix = ''] = text.split('/');
  return { dev, ip: ip(own), prefix: Number(prefix), scope: isLinkLocal(ip(own)) ? 'link' : 'global' };
}

const TYPES = ['blackhole', 'unreachable', 'prohibit'] as const;

function routeOf(line: string): Route {
  const words = line.split(' ');
  const type = TYPES.find((name) => name === words[0]);
  if (type) words.shift();
  const after = (word: string): string | undefined =>
    words.includes(word) ? words[words.indexOf(word) + 1] : undefined;
  const [via, dev, src, mtu] = [after('via'), after('dev'), after('src'), after('mtu')];
  const isV6 = line.includes(':');
  return {
    dst: cidr(words[0] === 'default' ? (isV6 ? '::/0' : '0.0.0.0/0') : (words[0] ?? '')),
    type: type ?? 'unicast',
    table: 'main',
    scope: via === undefined && !isV6 ? 'link' : 'global',
    ...(via === undefined ? {} : { via: ip(via) }),
    ...(dev === undefined ? {} : { dev }),
    ...(src === undefined ? {} : { src: ip(src) }),
    ...(mtu === undefined ? {} : { mtuBytes: Number(mtu) }),
    ...(words.includes('onlink') ? { onlink: true } : {}),
  };
}

function neighbourOf(line: string): Neighbour {
  const [dev = '', address = '', lladdr = ''] = line.split(' ');
  return { dev, ip: ip(address), mac: mac(lladdr) };
}

function fdbOf(line: string): FdbEntry {
  const [dev = '', address = '', dst = ''] = line.split(' ');
  return { dev, mac: mac(address), dst: ip(dst) };
}

const rulesOf = (lines: readonly string[] | undefined): Ruleset =>
  lines ? read(parseRuleset(lines.join('\n'))) : new Map();

function read<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(`the lab's rules are not readable: ${JSON.stringify(result.error)}`);
  return result.value;
}
