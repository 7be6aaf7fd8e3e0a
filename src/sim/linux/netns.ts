/** One network namespace, ready to be visited: its configuration, indexed once, and its memory. */
import { type Cidr, cidr, familyOf, type Ip } from '../wire/ip.ts';
import { isScoped } from '../wire/ip6.ts';
import { addressesOf } from './addresses.ts';
import { type BpfIndex, indexBpf } from './bpf/attach.ts';
import type { Address, Device, FdbEntry, Listener, Neighbour, NetnsConfig, NsId, Route, Sysctl } from './config.ts';
import { SYSCTL_DEFAULTS } from './config.ts';
import { type Memory, makeMemory } from './memory.ts';
import type { HookName, Ruleset } from './netfilter/iptables/rule.ts';
import type { NftTable } from './netfilter/nftables/ruleset.ts';
import { type Schedule, scheduleOf } from './netfilter/schedule.ts';
import { orderOfRoute, routesOf } from './routing/tables.ts';

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
  /** Global IPv4 addresses of each device, with their networks. */
  readonly globals: ReadonlyMap<string, readonly { readonly ip: Ip; readonly net: Cidr }[]>;
  /** What a device without an address borrows: the first global one, not of loopback if there is another. */
  readonly fallbackAddress: Ip | undefined;
  /** Of IPv6, by device, those that were added last first: the order in which a source is looked for. */
  readonly addresses6: readonly Address[];
  /** Keyed `dev|ip`. */
  readonly neighbours: ReadonlyMap<string, Neighbour>;
  /** Keyed `dev|mac`. */
  readonly fdb: ReadonlyMap<string, readonly FdbEntry[]>;
  readonly sysctl: Sysctl;
  readonly listeners: readonly Listener[];
  readonly bpf: BpfIndex | null;
  /** Who is called at each netfilter hook, by family. */
  readonly netfilter: Readonly<Record<4 | 6, Netfilter>>;
}

/** Netfilter for one address family. */
export interface Netfilter {
  readonly rules: Ruleset;
  readonly schedule: Readonly<Record<HookName, Schedule>>;
}

/** One routing table: routes to single hosts by address, the others sorted by prefix length (longest first), then metric. */
export interface RouteTable {
  readonly hosts: ReadonlyMap<Ip, Route>;
  readonly nets: readonly Route[];
  /** Of IPv6; among them those to hosts that mean something on one link only. */
  readonly nets6: readonly Route[];
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
  const routes = [...routesOf(config)].sort(orderOfRoute);
  const ports = new Map<string, string[]>();
  for (const d of config.devices) if (d.kind === 'bridge' || d.kind === 'fabric') ports.set(d.name, []);
  for (const d of config.devices) if (d.master !== undefined) ports.get(d.master)?.push(d.name);
  const fdb = new Map<string, FdbEntry[]>();
  for (const e of config.fdb) {
    const key = `${e.dev}|${e.mac}`;
    fdb.set(key, [...(fdb.get(key) ?? []), e]);
  }
  return {
    devices: new Map(config.devices.map((d) => [d.name, d])),
    ports,
    tables: { local: tableOf(routes, 'local'), main: tableOf(routes, 'main') },
    globals: globalsOf(config.addresses),
    fallbackAddress: fallbackOf(config),
    addresses6: addresses6Of(config),
    neighbours: new Map(config.neighbours.map((n) => [`${n.dev}|${n.ip}`, n])),
    fdb,
    sysctl: { ...SYSCTL_DEFAULTS, ...config.sysctl },
    listeners: config.listeners,
    bpf: config.bpf ? indexBpf(config.bpf) : null,
    netfilter: { 4: netfilterOf(config, 4), 6: netfilterOf(config, 6) },
  };
}

const NO_RULES: Ruleset = new Map();

function netfilterOf(config: NetnsConfig, family: 4 | 6): Netfilter {
  const rules = family === 4 ? config.iptables : (config.ip6tables ?? NO_RULES);
  const nftables = (config.nftables ?? []).filter((table) => sees(table, family));
  const hasNat = rules.has('nat') || nftables.some(translates);
  const parts = { rules, nftables, hasIpvs: config.ipvs !== undefined, hasNat };
  const tracks = needsConntrack(rules, nftables) || config.sysctl['ipv4.vs.conntrack'] === 1;
  return {
    rules,
    schedule: {
      PREROUTING: scheduleOf(parts, 'PREROUTING', tracks),
      INPUT: scheduleOf(parts, 'INPUT', tracks),
      FORWARD: scheduleOf(parts, 'FORWARD', tracks),
      OUTPUT: scheduleOf(parts, 'OUTPUT', tracks),
      POSTROUTING: scheduleOf(parts, 'POSTROUTING', tracks),
    },
  };
}

const translates = ({ chains }: NftTable): boolean => [...chains.values()].some(({ base }) => base?.type === 'nat');

const sees = ({ family }: NftTable, packets: 4 | 6): boolean =>
  family === 'inet' || (family === 'ip') === (packets === 4);

/** Connection tracking runs only where a rule of the family asks for it (nf_ct_netns_get). */
function needsConntrack(rules: Ruleset, nftables: readonly NftTable[]): boolean {
  if (rules.has('nat') || nftables.some(asksConntrack)) return true;
  for (const table of rules.values())
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
  const isKeyed = (route: Route): boolean => isHost(route) && !(route.dst.family === 6 && isScoped(route.dst.base));
  for (const route of own) if (isKeyed(route) && !hosts.has(route.dst.base)) hosts.set(route.dst.base, route);
  const nets = own.filter((route) => !isKeyed(route));
  return {
    hosts,
    nets: nets.filter(({ dst }) => dst.family === 4),
    nets6: nets.filter(({ dst }) => dst.family === 6),
  };
}

/** Within a device the kernel keeps the wider scope first, and of one scope the newest first (`ipv6_link_dev_addr`). */
function addresses6Of(config: NetnsConfig): readonly Address[] {
  const all = addressesOf(config).filter(({ ip }) => familyOf(ip) === 6);
  if (all.length === 0) return all;
  const newest = [...all].reverse();
  return config.devices.flatMap(({ name }) => {
    const own = newest.filter(({ dev }) => dev === name);
    return [...own.filter(({ scope }) => scope === 'global'), ...own.filter(({ scope }) => scope !== 'global')];
  });
}

function globalsOf(addresses: readonly Address[]): NetnsIndex['globals'] {
  const byDevice = new Map<string, { ip: Ip; net: Cidr }[]>();
  for (const { dev, ip, prefix, scope } of addresses) {
    if (scope !== 'global' || familyOf(ip) === 6) continue;
    const net = { text: `${ip}/32`, base: ip, prefix: 32, family: 4 as const };
    const entry = { ip, net: prefix === 32 ? net : cidr(`${ip}/${prefix}`) };
    const own = byDevice.get(dev);
    if (own) own.push(entry);
    else byDevice.set(dev, [entry]);
  }
  return byDevice;
}

function fallbackOf({ addresses, devices }: NetnsConfig): Ip | undefined {
  const loopbacks = new Set(devices.filter((d) => d.kind === 'loopback').map((d) => d.name));
  const globals = addresses.filter((a) => a.scope === 'global' && familyOf(a.ip) === 4);
  return (globals.find((a) => !loopbacks.has(a.dev)) ?? globals[0])?.ip;
}
