/**
 * Maglev hashing (net/netfilter/ipvs/ip_vs_mh.c; Eisenbud et al., NSDI 2016): each server takes free places of a table in an order of its
 * own until the table is full, so that few clients move when a server comes or goes.
 */
import type { Ip } from '../../../wire/ip.ts';
import { foldAddress } from '../address.ts';
import { hsiphash, type SipKey } from '../hash.ts';
import type { RealServer } from '../table.ts';
import { type Scheduler, takesNew } from './scheduler.ts';
import { greatestCommonDivisor } from './wrr.ts';

/** CONFIG_IP_VS_MH_TAB_INDEX is 12: the fifth prime of the kernel's list, and weights of at most 6 bits. */
export const TAB_SIZE = 4093;
const TAB_BITS = 6;
/** The keys are constants, so every kernel builds the same table (`generate_hash_secret`). */
const OFFSET_KEY: SipKey = [2654435761n, 2654435761n];
const SKIP_KEY: SipKey = [2654446892n, 2654446892n];

export const mh: Scheduler = ({ virtual, servers, client }) => {
  const table = tableOf(servers);
  const port = virtual.flags?.includes('mh-port') ? client.port : 0;
  const hash = hashKey(client.ip, port, OFFSET_KEY, 0) % TAB_SIZE;
  const chosen = table[hash];
  if (chosen === undefined || takesNew(chosen)) return chosen ?? null;
  return virtual.flags?.includes('mh-fallback') ? fallback(table, client.ip, port, hash) : null;
};

function fallback(table: readonly RealServer[], ip: Ip, port: number, hash: number): RealServer | null {
  for (let i = 0; i < TAB_SIZE; i++) {
    const found = table[hashKey(ip, port, OFFSET_KEY, (i + hash) % TAB_SIZE) % TAB_SIZE];
    if (found && takesNew(found)) return found;
  }
  return null;
}

const hashKey = (ip: Ip, port: number, key: SipKey, offset: number): number =>
  hsiphash((offset + port + foldAddress(ip)) >>> 0, key);

const tables = new WeakMap<readonly RealServer[], readonly RealServer[]>();

function tableOf(servers: readonly RealServer[]): readonly RealServer[] {
  let table = tables.get(servers);
  if (!table) {
    table = populate(servers);
    tables.set(servers, table);
  }
  return table;
}

interface Claim {
  readonly server: RealServer;
  readonly skip: number;
  /** Places that it takes before the next server has its turn. */
  readonly turns: number;
  next: number;
}

/** A server whose weight was set to 0 keeps its places: its clients are refused, the others do not move. */
function populate(servers: readonly RealServer[]): RealServer[] {
  const claims = claimsOf(servers).filter((claim) => claim.turns > 0);
  const table: RealServer[] = [];
  let taken = 0;
  while (claims.length > 0 && taken < TAB_SIZE) {
    for (const claim of claims) {
      for (let turn = 0; turn < claim.turns && taken < TAB_SIZE; turn++) {
        while (table[claim.next]) claim.next = (claim.next + claim.skip) % TAB_SIZE;
        table[claim.next] = claim.server;
        taken += 1;
      }
    }
  }
  return table;
}

function claimsOf(servers: readonly RealServer[]): Claim[] {
  const weights = servers.map(lastWeight);
  const unit = weights.reduce(greatestCommonDivisor, 0);
  if (unit === 0) return [];
  const bits = 32 - Math.clz32(Math.floor(Math.max(...weights) / unit));
  const shift = Math.max(0, bits - TAB_BITS);
  return servers.map((server, i) => {
    const weight = weights[i] ?? 0;
    return {
      server,
      next: hashKey(server.ip, server.port, OFFSET_KEY, 0) % TAB_SIZE,
      skip: (hashKey(server.ip, server.port, SKIP_KEY, 0) % (TAB_SIZE - 1)) + 1,
      turns: Math.floor(weight / unit) >> shift || (weight === 0 ? 0 : 1),
    };
  });
}

const lastWeight = ({ weight, lastWeight = weight }: RealServer): number => (weight === 0 ? lastWeight : weight);
