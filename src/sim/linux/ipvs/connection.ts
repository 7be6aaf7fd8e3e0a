/**
 * The IPVS connection table of a namespace (net/netfilter/ipvs/ip_vs_conn.c): which real server has which connection, which client is bound
 * to which real server (persistence), and how many connections each real server has. Learned from packets, never configured.
 */
import type { IpPacket, PortProtocol, Sctp, Tcp, Udp } from '../../wire/frame.ts';
import type { Ip } from '../../wire/ip.ts';
import { type Load, newMark, type RoundMark } from './schedulers/scheduler.ts';
import { firstState, type IpvsDirection, type IpvsState, isActiveState, nextState, timeoutNs } from './states.ts';
import { endpointText, type IpPort, virtualKey } from './table.ts';

export interface IpvsConnection {
  readonly proto: PortProtocol;
  readonly client: IpPort;
  readonly virtual: IpPort;
  readonly server: IpPort;
  /** The persistence that chose the server. */
  readonly template: IpvsTemplate | null;
  state: IpvsState;
  expiresNs: number;
}

/** A client's persistence: it has no port, and lives on while its connections do. */
export interface IpvsTemplate {
  readonly key: string;
  readonly server: IpPort;
  readonly timeoutNs: number;
  expiresNs: number;
  /** Connections that it chose the server of. */
  controls: number;
}

/** A template that is due while it still controls connections is asked again later (`ip_vs_conn_expire`). */
const EXPIRE_LATER_NS = 60 * 1_000_000_000;
const IDLE: Load = { active: 0, inactive: 0 };

/** A packet with ports. */
export type PortPacket = IpPacket & { readonly l4: Tcp | Udp | Sctp };

export const hasPorts = (packet: IpPacket): packet is PortPacket => 'sport' in packet.l4;

export const sourceOf = ({ src, l4 }: PortPacket): IpPort => ({ ip: src, port: l4.sport });
export const destinationOf = ({ dst, l4 }: PortPacket): IpPort => ({ ip: dst, port: l4.dport });

/** Whether a translated packet is a request of this connection: from its client to its real server. */
export function isRequestOf({ proto, client, server }: IpvsConnection, packet: IpPacket): boolean {
  return (
    hasPorts(packet) &&
    packet.l4.proto === proto &&
    packet.src === client.ip &&
    packet.l4.sport === client.port &&
    packet.dst === server.ip &&
    packet.l4.dport === server.port
  );
}

const pairKey = (proto: string, from: IpPort, to: IpPort): string =>
  `${proto} ${endpointText(from)} ${endpointText(to)}`;

export class IpvsConnections {
  private readonly byRequest = new Map<string, IpvsConnection>();
  private readonly byReply = new Map<string, IpvsConnection>();
  private readonly templates = new Map<string, IpvsTemplate>();
  private readonly loads = new Map<string, Load>();
  private readonly marks = new Map<string, RoundMark>();
  /** Nothing is due before this time. */
  private nextDueNs = Number.POSITIVE_INFINITY;

  /** The connection of a packet from a client to a virtual server (`ip_vs_conn_in_get`). */
  ofRequest(proto: string, client: IpPort, virtual: IpPort): IpvsConnection | undefined {
    return this.byRequest.get(pairKey(proto, client, virtual));
  }

  /** The connection of a packet from a real server to a client (`ip_vs_conn_out_get`). */
  ofReply(proto: string, server: IpPort, client: IpPort): IpvsConnection | undefined {
    return this.byReply.get(pairKey(proto, server, client));
  }

  entries(): readonly IpvsConnection[] {
    return [...this.byRequest.values()];
  }

  loadOf(proto: IpvsConnection['proto'], virtual: IpPort, server: IpPort): Load {
    return this.loads.get(loadKey({ proto, virtual, server })) ?? IDLE;
  }

  markOf(proto: IpvsConnection['proto'], virtual: IpPort): RoundMark {
    const key = virtualKey(proto, virtual);
    const mark = this.marks.get(key) ?? newMark();
    this.marks.set(key, mark);
    return mark;
  }

  /** A new connection counts as inactive until a packet says otherwise (`ip_vs_bind_dest`). */
  add(init: Omit<IpvsConnection, 'state' | 'expiresNs'>, nowNs: number): IpvsConnection {
    const connection: IpvsConnection = { ...init, state: firstState(init.proto), expiresNs: nowNs };
    const { proto, client, virtual, server } = connection;
    this.byRequest.set(pairKey(proto, client, virtual), connection);
    this.byReply.set(pairKey(proto, server, client), connection);
    this.count(connection, { active: 0, inactive: 1 });
    if (connection.template) connection.template.controls += 1;
    return connection;
  }

  /** Moves the state on and starts its timer anew. */
  see(connection: IpvsConnection, packet: PortPacket, direction: IpvsDirection, nowNs: number): void {
    const before = isActiveState(connection.state);
    connection.state = nextState(connection.state, packet.l4, direction);
    const after = isActiveState(connection.state);
    if (before !== after) this.count(connection, after ? { active: 1, inactive: -1 } : { active: -1, inactive: 1 });
    connection.expiresNs = nowNs + timeoutNs(connection.state);
    this.nextDueNs = Math.min(this.nextDueNs, connection.expiresNs);
  }

  remove(connection: IpvsConnection): void {
    const { proto, client, virtual, server, template } = connection;
    this.byRequest.delete(pairKey(proto, client, virtual));
    this.byReply.delete(pairKey(proto, server, client));
    this.count(connection, isActiveState(connection.state) ? { active: -1, inactive: 0 } : { active: 0, inactive: -1 });
    if (template) template.controls -= 1;
  }

  templateOf(proto: IpvsConnection['proto'], client: Ip, virtual: IpPort): IpvsTemplate | undefined {
    return this.templates.get(templateKey(proto, client, virtual));
  }

  /** Its timer starts with each new connection (`ip_vs_conn_put` in `ip_vs_sched_persist`). */
  touchTemplate(template: IpvsTemplate, nowNs: number): void {
    template.expiresNs = nowNs + template.timeoutNs;
    this.nextDueNs = Math.min(this.nextDueNs, template.expiresNs);
  }

  addTemplate(
    proto: IpvsConnection['proto'],
    client: Ip,
    virtual: IpPort,
    server: IpPort,
    timeout: number,
  ): IpvsTemplate {
    const key = templateKey(proto, client, virtual);
    const template: IpvsTemplate = { key, server, timeoutNs: timeout, expiresNs: 0, controls: 0 };
    this.templates.set(key, template);
    return template;
  }

  /** Its real server is gone: nobody finds it any more (`ip_vs_check_template`). */
  dropTemplate(template: IpvsTemplate): void {
    if (this.templates.get(template.key) === template) this.templates.delete(template.key);
  }

  /** Ends what is due. Returns the connections that ended: with `vs.conntrack` their conntrack entries end with them. */
  expire(nowNs: number): readonly IpvsConnection[] {
    if (nowNs < this.nextDueNs) return [];
    const ended = this.entries().filter((connection) => connection.expiresNs <= nowNs);
    for (const connection of ended) this.remove(connection);
    for (const template of this.templates.values()) {
      if (template.expiresNs > nowNs) continue;
      if (template.controls > 0) template.expiresNs = nowNs + EXPIRE_LATER_NS;
      else this.dropTemplate(template);
    }
    const due = [...this.byRequest.values(), ...this.templates.values()].map((each) => each.expiresNs);
    this.nextDueNs = due.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY);
    return ended;
  }

  private count(connection: IpvsConnection, change: Load): void {
    const key = loadKey(connection);
    const { active, inactive } = this.loads.get(key) ?? IDLE;
    this.loads.set(key, { active: active + change.active, inactive: inactive + change.inactive });
  }
}

const templateKey = (proto: string, client: Ip, virtual: IpPort): string =>
  `${proto} ${client} ${endpointText(virtual)}`;

const loadKey = ({ proto, virtual, server }: Pick<IpvsConnection, 'proto' | 'virtual' | 'server'>): string =>
  pairKey(proto, virtual, server);
