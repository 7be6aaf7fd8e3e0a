/** A new connection gets its real server (`ip_vs_schedule` and `ip_vs_sched_persist`, net/netfilter/ipvs/ip_vs_core.c). */
import { destinationOf, type IpvsConnection, type IpvsConnections, type PortPacket, sourceOf } from './connection.ts';
import { SCHEDULERS } from './schedulers.ts';
import { findReal, type IpPort, type IpvsSysctl, type RealServer, scheduleOrder, type VirtualServer } from './table.ts';

const NS_PER_S = 1_000_000_000;

export interface Scheduled {
  readonly connection: IpvsConnection;
  readonly real: RealServer;
  /** `template`: the client was bound to this server by an earlier connection. */
  readonly by: 'scheduler' | 'template';
}

/** Null: the virtual server has no real server for it. */
export function schedule(
  connections: IpvsConnections,
  virtual: VirtualServer,
  packet: PortPacket,
  sysctl: IpvsSysctl,
  nowNs: number,
): Scheduled | null {
  const init = { proto: packet.l4.proto, client: sourceOf(packet), virtual: destinationOf(packet) };
  if (virtual.persistentSeconds === undefined) {
    const real = choose(connections, virtual, init.proto, init.client);
    if (!real) return null;
    const connection = connections.add({ ...init, server: placeOf(real), template: null }, nowNs);
    return { connection, real, by: 'scheduler' };
  }
  return schedulePersistent(connections, virtual, init, virtual.persistentSeconds, sysctl, nowNs);
}

type Init = Pick<IpvsConnection, 'proto' | 'client' | 'virtual'>;

/** The template binds the client's address, not its port. SIMPLIFIED: without the special template of FTP. */
function schedulePersistent(
  connections: IpvsConnections,
  virtual: VirtualServer,
  init: Init,
  seconds: number,
  sysctl: IpvsSysctl,
  nowNs: number,
): Scheduled | null {
  const { proto, client } = init;
  const known = connections.templateOf(proto, client.ip, virtual);
  const bound = known && findReal(virtual, known.server);
  const isUsable = bound && (bound.weight > 0 || sysctl['ipv4.vs.expire_quiescent_template'] === 0);
  if (known && !isUsable) connections.dropTemplate(known);
  const real = isUsable ? bound : choose(connections, virtual, proto, client);
  if (!real) return null;
  const server = placeOf(real);
  const template =
    isUsable && known ? known : connections.addTemplate(proto, client.ip, virtual, server, seconds * NS_PER_S);
  const connection = connections.add({ ...init, server, template }, nowNs);
  connections.touchTemplate(template, nowNs);
  return { connection, real, by: isUsable ? 'template' : 'scheduler' };
}

function choose(
  connections: IpvsConnections,
  virtual: VirtualServer,
  proto: IpvsConnection['proto'],
  client: IpPort,
): RealServer | null {
  return SCHEDULERS[virtual.scheduler]({
    virtual,
    servers: scheduleOrder(virtual),
    client,
    loadOf: (server) => connections.loadOf(proto, virtual, server),
    mark: connections.markOf(proto, virtual),
  });
}

const placeOf = ({ ip, port }: RealServer): IpPort => ({ ip, port });
