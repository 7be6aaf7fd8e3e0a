/** One network namespace, ready to be visited: its configuration, indexed once, and its memory. */
import { type Cidr, cidr } from '../wire/ip.ts';
import type { Address, Device, FdbEntry, Listener, Neighbour, NetnsConfig, NsId, Route, Sysctl } from './config.ts';
import { SYSCTL_DEFAULTS } from './config.ts';
import { type Memory, makeMemory } from './memory.ts';
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
  /** Both sorted by prefix length (longest first), then metric. */
  readonly tables: { readonly local: readonly Route[]; readonly main: readonly Route[] };
  readonly networks: ReadonlyMap<Address, Cidr>;
  /** Keyed `dev|ip`. */
  readonly neighbours: ReadonlyMap<string, Neighbour>;
  /** Keyed `dev|mac`. */
  readonly fdb: ReadonlyMap<string, readonly FdbEntry[]>;
  readonly sysctl: Sysctl;
  /** Connection tracking runs only where a rule asks for it (nf_ct_netns_get). */
  readonly tracks: boolean;
  readonly listeners: readonly Listener[];
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
  for (const d of config.devices) if (d.kind === 'bridge') ports.set(d.name, []);
  for (const d of config.devices) if (d.master !== undefined) ports.get(d.master)?.push(d.name);
  const fdb = new Map<string, FdbEntry[]>();
  for (const e of config.fdb) {
    const key = `${e.dev}|${e.mac}`;
    fdb.set(key, [...(fdb.get(key) ?? []), e]);
  }
  return {
    devices: new Map(config.devices.map((d) => [d.name, d])),
    ports,
    tables: { local: routes.filter((r) => r.table === 'local'), main: routes.filter((r) => r.table === 'main') },
    networks: new Map(config.addresses.map((a) => [a, cidr(`${a.ip}/${a.prefix}`)])),
    neighbours: new Map(config.neighbours.map((n) => [`${n.dev}|${n.ip}`, n])),
    fdb,
    sysctl: { ...SYSCTL_DEFAULTS, ...config.sysctl },
    tracks: needsConntrack(config),
    listeners: config.listeners,
  };
}

function needsConntrack(config: NetnsConfig): boolean {
  if (config.iptables.has('nat')) return true;
  for (const table of config.iptables.values())
    for (const chain of table.chains.values())
      if (chain.rules.some((r) => r.matches.some((m) => m.kind === 'conntrack'))) return true;
  return false;
}
