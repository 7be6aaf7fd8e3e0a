/** What a scheduler is: it names the real server of a new connection, or none (include/net/ip_vs.h `struct ip_vs_scheduler`). */
import type { IpPort, RealServer, VirtualServer } from '../table.ts';

/** Connections of a real server, as `ipvsadm -Ln` counts them. */
export interface Load {
  readonly active: number;
  readonly inactive: number;
}

export interface Choice {
  readonly virtual: VirtualServer;
  /** The newest first, as the kernel keeps them. */
  readonly servers: readonly RealServer[];
  readonly client: IpPort;
  readonly loadOf: (server: RealServer) => Load;
  /** Written by the schedulers that go round. */
  readonly mark: RoundMark;
}

/** Where a round stands. It stays with the virtual server while real servers come and go. */
export interface RoundMark {
  /** The list at the last choice; null before the first. */
  servers: readonly RealServer[] | null;
  /** The server of the last choice; null: the round begins. */
  last: RealServer | null;
  /** wrr: servers of at least this weight have their turn. */
  weight: number;
}

export type Scheduler = (choice: Choice) => RealServer | null;

export const newMark = (): RoundMark => ({ servers: null, last: null, weight: 0 });

export const sameServer = (a: IpPort, b: IpPort): boolean => a.ip === b.ip && a.port === b.port;

export const positionOf = (servers: readonly RealServer[], server: RealServer | null): number =>
  server === null ? -1 : servers.findIndex((each) => sameServer(each, server));

export const takesNew = (server: RealServer): boolean => server.weight > 0;
