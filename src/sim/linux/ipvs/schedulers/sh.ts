/**
 * Source hashing (net/netfilter/ipvs/ip_vs_sh.c): the client's address picks one of 256 buckets, which servers fill in turn, each as many
 * as its weight. A bucket whose server takes no connections has no substitute, unless `sh-fallback` is set.
 */
import { foldAddress } from '../address.ts';
import { hash32 } from '../hash.ts';
import type { RealServer } from '../table.ts';
import { type Scheduler, takesNew } from './scheduler.ts';

/** CONFIG_IP_VS_SH_TAB_BITS. */
const TAB_BITS = 8;
const TAB_SIZE = 1 << TAB_BITS;

export const sh: Scheduler = ({ virtual, servers, client }) => {
  const buckets = bucketsOf(servers);
  const port = virtual.flags?.includes('sh-port') ? client.port : 0;
  const hash = hash32((port + foldAddress(client.ip)) >>> 0, TAB_BITS);
  const chosen = buckets[hash];
  if (chosen === undefined || takesNew(chosen)) return chosen ?? null;
  return virtual.flags?.includes('sh-fallback') ? fallback(buckets, hash) : null;
};

/** The search starts at a place that the hash decides, so the same client finds the same substitute. */
function fallback(buckets: readonly RealServer[], hash: number): RealServer | null {
  for (let i = 0; i < TAB_SIZE; i++) {
    const found = buckets[(hash + ((hash + i) % TAB_SIZE)) % TAB_SIZE];
    if (found && takesNew(found)) return found;
  }
  return null;
}

const tables = new WeakMap<readonly RealServer[], readonly RealServer[]>();

function bucketsOf(servers: readonly RealServer[]): readonly RealServer[] {
  let buckets = tables.get(servers);
  if (!buckets) {
    buckets = fill(servers);
    tables.set(servers, buckets);
  }
  return buckets;
}

/** A server of weight 0 keeps one bucket in each turn. */
function fill(servers: readonly RealServer[]): RealServer[] {
  const turn = servers.flatMap((server) =>
    Array.from({ length: Math.min(TAB_SIZE, Math.max(1, server.weight)) }, () => server),
  );
  return Array.from({ length: turn.length === 0 ? 0 : TAB_SIZE }, (_, i) => turn[i % turn.length] as RealServer);
}
