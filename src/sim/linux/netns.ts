/** One network namespace, ready to be visited: its configuration, indexed once, and its memory. */
import { type Cidr, cidr, familyOf, type Ip } from '../wire/ip.ts';
import { type BpfIndex, indexBpf } from './bpf/attach.ts';
import type { Address, Device, FdbEntry, Listener, Neighbour, NetnsConfig, NsId, Route, Sysctl } from './config.ts';
import { SYSCTL_DEFAULTS } from './config.ts';
import { type Memory, makeMemory } from './memory.ts';
import type { HookName } from './netfilter/iptables/rule.ts';
import type { NftTable } from './netfilter/nftables/ruleset.ts';
import { type Schedule, scheduleOf } from './netfilter/schedule.ts';
import { routesOf } from './routing/tables.ts';

export interface Netns extends NetnsIndex {
  readonly id: NsId;
  readonly config: NetnsConfig;
  readonly memory: Memory;
}

/** What can be computed from the configuration alone, shared by all traces of a world. */
interface NetnsIndex {
  readonly devices: ReadonlyMap<string, Device>;
  /** Ports of each bridge, in order. */
  readonly ports: ReadonlyMap<string, readonly string[]>;
  readonly tables: { readonly local: RouteTable; readonly main: RouteTable };
  /** Global addresses of each device, with their networks. */
  readonly globals: ReadonlyMap<string, readonly { readonly ip: Ip; readonly net: Cidr }[]>;
  /** What a device without an address borrows: the first global one, not of loopback if there is another. */
  readonly fallbackAddress: Ip | undefined;
  /** Keyed `dev|ip`. */
  readonly neighbours: ReadonlyMap<string, Neighbour>;
  /** Keyed `dev|mac`. */
  readonly fdb: ReadonlyMap<string, readonly FdbEntry[]>;
  readonly sysctl: Sysctl;
  /** Connection tracking runs only where a rule asks for it (nf_ct_netns_get). */
  readonly tracks: boolean;
  readonly listeners: readonly Listener[];
  readonly bpf: BpfIndex | null;
  /** Who is called at each netfilter hook. */
  readonly schedule: Readonly<Record<HookName, Schedule>>;
}

/** One routing table: routes to single hosts by address, the others sorted by prefix length (longest first), then metric. */
export interface RouteTable {
  readonly hosts: ReadonlyMap<Ip, Route>;
  readonly nets: readonly Route[];
}

const indexes = new WeakMap<NetnsConfig, NetnsIndex>();

export function openNetns(config: NetnsConfig): Netns {
  let index = indexes.get(config);
  if (!index) {
    index = indexOf(config);
    indexes.set(config, index);
  }
  return { ...index, id: config.id, config, memory: makeMemory() };
}

function indexOf(config: NetnsConfig): NetnsIndex {
  const routes = [...routesOf(config)].sort((a, b) => b.dst.prefix - a.dst.prefix || (a.metric ?? 0) - (b.metric ?? 0));
  const ports = new Map<string, string[]>();
  for (const d of config.devices) if (d.kind === 'bridge' || d.kind === 'fabric') ports.set(d.name, []);
  for (const d of config.devices) if (d.master !== undefined) ports.get(d.master)?.push(d.name);
  const fdb = new Map<string, FdbEntry[]>();
  for (const e of config.fdb) {
    const key = `${e.dev}|${e.mac}`;
    fdb.set(key, [...(fdb.get(key) ?? []), e]);
  }
  const tracks = needsConntrack(config);
  return {
    devices: new Map(config.devices.map((d) => [d.name, d])),
    ports,
    tables: { local: tableOf(routes, 'local'), main: tableOf(routes, 'main') },
    globals: globalsOf(config.addresses),
    fallbackAddress: fallbackOf(config),
    neighbours: new Map(config.neighbours.map((n) => [`${n.dev}|${n.ip}`, n])),
    fdb,
    sysctl: { ...SYSCTL_DEFAULTS, ...config.sysctl },
    tracks,
    listeners: config.listeners,
    bpf: config.bpf ? indexBpf(config.bpf) : null,
    schedule: {
      PREROUTING: scheduleOf(config, 'PREROUTING', tracks),
      INPUT: scheduleOf(config, 'INPUT', tracks),
      FORWARD: scheduleOf(config, 'FORWARD', tracks),
      OUTPUT: scheduleOf(config, 'OUTPUT', tracks),
      POSTROUTING: scheduleOf(config, 'POSTROUTING', tracks),
    },
  };
}

function needsConntrack(config: NetnsConfig): boolean {
  if (config.iptables.has('nat') || config.sysctl['ipv4.vs.conntrack'] === 1) return true;
  if ((config.nftables ?? []).some(asksConntrack)) return true;
  for (const table of config.iptables.values())
    for (const chain of table.chains.values())
      if (chain.rules.some((r) => r.matches.some((m) => m.kind === 'conntrack'))) return true;
  return false;
}

function asksConntrack(table: NftTable): boolean {
  return [...table.chains.values()].some(
    ({ base, rules }) =>
      base?.type === 'nat' ||
      rules.some((r) => r.statements.some((s) => s.kind === 'ct-state' || s.kind === 'ct-status')),
  );
}

const isHost = (route: Route): boolean => route.dst.prefix === (route.dst.family === 4 ? 32 : 128);

/** `routes` come sorted; of two routes to one host the first stands. */
function tableOf(routes: readonly Route[], table: 'local' | 'main'): RouteTable {
  const hosts = new Map<Ip, Route>();
  const own = routes.filter((r) => r.table === table);
  for (const route of own) if (isHost(route) && !hosts.has(route.dst.base)) hosts.set(route.dst.base, route);
  return { hosts, nets: own.filter((route) => !isHost(route)) };
}

function globalsOf(addresses: readonly Address[]): NetnsIndex['globals'] {
  const byDevice = new Map<string, { ip: Ip; net: Cidr }[]>();
  for (const { dev, ip, prefix, scope } of addresses) {
    if (scope !== 'global') continue;
    const net = { text: `${ip}/32`, base: ip, prefix: 32, family: familyOf(ip) };
    const entry = { ip, net: prefix === 32 ? net : cidr(`${ip}/${prefix}`) };
    const own = byDevice.get(dev);
    if (own) own.push(entry);
    else byDevice.set(dev, [entry]);
  }
  return byDevice;
}

function fallbackOf({ addresses, devices }: NetnsConfig): Ip | undefined {
  const loopbacks = new Set(devices.filter((d) => d.kind === 'loopback').map((d) => d.name));
  const globals = addresses.filter((a) => a.scope === 'global');
  return (globals.find((a) => !loopbacks.has(a.dev)) ?? globals[0])?.ip;
}
