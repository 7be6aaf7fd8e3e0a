/**
 * What `ipvsadm` configures in a namespace: virtual servers, each with real servers behind it (net/netfilter/ipvs/ip_vs_ctl.c).
 * SIMPLIFIED: real servers are reached by address translation (`-m`) or direct routing (`-g`), not by tunnels (`-i`); no firewall marks, no
 * connection limits (`--u-threshold`), no persistence by network.
 */
import type { PortProtocol } from '../../wire/frame.ts';
import type { Ip } from '../../wire/ip.ts';
import type { Origin } from '../origin.ts';

export type SchedulerName = 'rr' | 'wrr' | 'lc' | 'wlc' | 'sh' | 'mh' | 'dh' | 'sed' | 'nq';
export type IpvsProtocol = PortProtocol;

/** `ipvsadm -b`: hash the client's port too; look further when the hashed server takes no connections. */
export type SchedulerFlag = 'sh-port' | 'sh-fallback' | 'mh-port' | 'mh-fallback';

export interface IpPort {
  readonly ip: Ip;
  readonly port: number;
}

/** `-A -t 10.96.0.1:443 -s rr [-p 10800]`. */
export interface VirtualServer extends IpPort {
  readonly proto: IpvsProtocol;
  readonly scheduler: SchedulerName;
  readonly flags?: readonly SchedulerFlag[];
  /** A client comes back to the same real server for so long after its last new connection. */
  readonly persistentSeconds?: number;
  /** In the order in which they were added. */
  readonly realServers: readonly RealServer[];
  readonly origin?: Origin;
}

/** `-a -t 10.96.0.1:443 -r 172.18.0.2:6443 -m -w 1`. */
export interface RealServer extends IpPort {
  /** `-g`: the packet goes to it as it is, and it answers the client itself; absent: `-m`. */
  readonly forward?: 'route';
  /** 0: its connections live on, it gets no new ones. */
  readonly weight: number;
  /** The weight that it had before it was set to 0. */
  readonly lastWeight?: number;
  readonly origin?: Origin;
}

/** The sysctls of IPVS, by their names under `net.` (Documentation/networking/ipvs-sysctl.rst). */
export interface IpvsSysctl {
  /** Connections keep their conntrack entry, so that iptables sees a request and its answer as one flow. */
  readonly 'ipv4.vs.conntrack': 0 | 1;
  /** 1: a SYN on a connection that has ended is scheduled anew. */
  readonly 'ipv4.vs.conn_reuse_mode': 0 | 1;
  /** A connection whose real server is gone ends at once, not at its timeout. */
  readonly 'ipv4.vs.expire_nodest_conn': 0 | 1;
  /** Persistence does not lead to a real server of weight 0. */
  readonly 'ipv4.vs.expire_quiescent_template': 0 | 1;
}

export const IPVS_SYSCTL_DEFAULTS: IpvsSysctl = {
  'ipv4.vs.conntrack': 0,
  'ipv4.vs.conn_reuse_mode': 1,
  'ipv4.vs.expire_nodest_conn': 0,
  'ipv4.vs.expire_quiescent_template': 0,
};

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export const endpointText = ({ ip, port }: IpPort): string => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

export const virtualKey = (proto: IpvsProtocol, at: IpPort): string => `${proto} ${endpointText(at)}`;

const tables = new WeakMap<readonly VirtualServer[], ReadonlyMap<string, VirtualServer>>();
const serversBy = new WeakMap<VirtualServer, ReadonlyMap<string, RealServer>>();
const orders = new WeakMap<VirtualServer, readonly RealServer[]>();

/** One hash lookup (`ip_vs_service_find`): the number of Services does not matter. */
export function findVirtual(
  table: readonly VirtualServer[],
  proto: IpvsProtocol,
  at: IpPort,
): VirtualServer | undefined {
  let index = tables.get(table);
  if (!index) {
    index = new Map(table.map((virtual) => [virtualKey(virtual.proto, virtual), virtual]));
    tables.set(table, index);
  }
  return index.get(virtualKey(proto, at));
}

export function findReal(virtual: VirtualServer, at: IpPort): RealServer | undefined {
  let index = serversBy.get(virtual);
  if (!index) {
    index = new Map(virtual.realServers.map((real) => [endpointText(real), real]));
    serversBy.set(virtual, index);
  }
  return index.get(endpointText(at));
}

/** As schedulers see them: each new one is put first (`list_add_rcu` in `__ip_vs_update_dest`). */
export function scheduleOrder(virtual: VirtualServer): readonly RealServer[] {
  let order = orders.get(virtual);
  if (!order) {
    order = [...virtual.realServers].reverse();
    orders.set(virtual, order);
  }
  return order;
}
