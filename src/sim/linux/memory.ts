/** What packets teach one network namespace. Written only while a packet visits; empty (or primed by configuration) at the start. */
import type { Ip } from '../wire/ip.ts';
import type { Mac } from '../wire/mac.ts';
import type { BpfMemory } from './bpf/map.ts';
import { IpvsConnections } from './ipvs/connection.ts';
import { ConntrackTable } from './netfilter/conntrack.ts';
import type { DynamicSets } from './netfilter/nftables/dynamic-sets.ts';
import type { ServerMemory } from './servers/program.ts';
import type { Skb } from './skb.ts';
import type { Socket } from './sockets/socket.ts';

export interface Memory {
  /** Neighbours learned by ARP, keyed `dev|ip`. */
  readonly neighbours: Map<string, LearnedNeighbour>;
  /** Bridge forwarding databases, keyed `bridge|mac`, giving the port. */
  readonly fdb: Map<string, string>;
  readonly conntrack: ConntrackTable;
  readonly ipvs: IpvsConnections;
  /** What packets wrote into nftables sets. */
  readonly nftSets: DynamicSets;
  /** xt_recent lists: name, then address, giving the time last seen (ns). */
  readonly recent: Map<string, Map<Ip, number>>;
  /** What `-m nfacct` counted, by name. */
  readonly accounts: Map<string, Account>;
  /** Path MTUs learned from ICMP, in bytes. */
  readonly pathMtu: Map<Ip, number>;
  /** What packets wrote into eBPF maps of this node. */
  readonly bpf: BpfMemory;
  readonly sockets: Socket[];
  /** What the processes behind its ports remember, by program. */
  readonly servers: Map<string, ServerMemory>;
  /** Fragments that wait for their rest, keyed `src|dst|proto|id`. */
  readonly fragments: Map<string, Skb[]>;
}

/** One line of `nfacct list`. */
export interface Account {
  readonly packets: number;
  readonly bytes: number;
}

export interface LearnedNeighbour {
  state: 'INCOMPLETE' | 'REACHABLE' | 'FAILED';
  mac: Mac | null;
  /** Requests sent so far (`mcast_solicit` is 3). */
  probes: number;
  /** Packets that wait for the answer. */
  readonly queue: Skb[];
}

export function makeMemory(): Memory {
  return {
    neighbours: new Map(),
    fdb: new Map(),
    conntrack: new ConntrackTable(),
    ipvs: new IpvsConnections(),
    nftSets: new Map(),
    recent: new Map(),
    accounts: new Map(),
    pathMtu: new Map(),
    bpf: new Map(),
    sockets: [],
    servers: new Map(),
    fragments: new Map(),
  };
}
