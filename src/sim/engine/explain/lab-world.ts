/** Worlds of the reference cluster for tests, with one thing changed. */

import { LAB } from '../../drivers/conformance/lab-cluster.ts';
import type { CniOptions } from '../../drivers/contract.ts';
import { cniById, proxyById } from '../../drivers/registry.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Device, NetnsConfig, NsId } from '../../linux/config.ts';
import type { Probe, ProbeFrom, ProbeTo } from '../../scenario/probe.ts';
import { assemble } from '../assemble.ts';
import { applyFaults } from '../faults.ts';
import type { World } from '../world.ts';

export interface LabChange {
  readonly cluster?: Cluster;
  /** Flannel when not given. */
  readonly cni?: string;
  readonly mode?: string;
  readonly proxy?: string;
  /** Of the proxy; its first mode when not given. */
  readonly proxyMode?: string;
  readonly options?: CniOptions;
  readonly cold?: true;
  /** A namespace and what becomes of it. */
  readonly ns?: Readonly<Record<NsId, (config: NetnsConfig) => NetnsConfig>>;
}

export function labWorld(change: LabChange = {}): World {
  const cluster = change.cluster ?? LAB;
  const proxy = proxyById(change.proxy ?? 'kube-proxy');
  const proxyMode = change.proxyMode ?? proxy.modes[0]?.id ?? '';
  const cni = cniById(change.cni ?? 'flannel');
  const cniMode = change.mode ?? cni.modes[0]?.id ?? '';
  const drivers = { cni, cniMode, cniOptions: change.options ?? {}, proxy, proxyMode };
  const namespaces = new Map(assemble(cluster, drivers));
  for (const [id, edit] of Object.entries(change.ns ?? {})) {
    const config = namespaces.get(id);
    if (config) namespaces.set(id, edit(config));
  }
  const base = { cluster, namespaces, cni: { id: cni.id, mode: cniMode }, proxy: { id: proxy.id, mode: proxyMode } };
  return { ...base, warm: !change.cold, seed: 1, notes: [] };
}

export const pod = (name: string): ProbeFrom => ({ kind: 'pod', ref: `default/${name}` });
export const node = (ref: string): ProbeFrom => ({ kind: 'node', ref });
export const outside = (ref: string): ProbeFrom => ({ kind: 'external', ref });
export const at = (ip: string): ProbeTo => ({ kind: 'ip', ip });
export const service = (name: string): ProbeTo => ({ kind: 'service', ref: name, via: 'clusterIP' });

export const tcp = (from: ProbeFrom, to: ProbeTo, port: number, endpoint?: string): Probe => ({
  from,
  to,
  proto: 'tcp',
  port,
  ...(endpoint === undefined ? {} : { options: { endpoint } }),
});

/** A device edited, as a person would with `ip link set`. */
export const device =
  (name: string, change: Partial<Pick<Device, 'up' | 'mtuBytes'>>) =>
  (config: NetnsConfig): NetnsConfig => ({
    ...config,
    devices: config.devices.map((d) => (d.name === name ? { ...d, ...change, origin: { by: 'you', fault: true } } : d)),
  });

/** As `sysctl -w` does: one key may write others. */
export const sysctl =
  (key: string, value: number) =>
  (config: NetnsConfig): NetnsConfig =>
    applyFaults(new Map([[config.id, config]]), [{ type: 'SysctlSet', ns: config.id, key, value }]).get(config.id) ??
    config;

export const withoutRoute =
  (dst: string) =>
  (config: NetnsConfig): NetnsConfig => ({ ...config, routes: config.routes.filter((r) => r.dst.text !== dst) });

/** `iptables -P FORWARD DROP`. */
export function forwardDrop(config: NetnsConfig): NetnsConfig {
  const filter = config.iptables.get('filter');
  const chain = filter?.chains.get('FORWARD');
  if (!filter || !chain) return config;
  const chains = new Map(filter.chains).set('FORWARD', { ...chain, policy: 'DROP' });
  return { ...config, iptables: new Map(config.iptables).set('filter', { ...filter, chains }) };
}
