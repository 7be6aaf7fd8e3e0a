/**
 * The `cache` plugin (plugin/cache of CoreDNS v1.14.7), with kubeadm's settings: `cache 30 { disable success cluster.local; disable denial
 * cluster.local }`. The API server tells of every change at once, so only what others answered is kept.
 */
import { CLUSTER_DOMAIN } from '../../../kube/dns/cluster-dns.ts';
import { type DnsMessage, type DnsQuestion, type DnsRecord, isInZone } from '../../../wire/dns.ts';

export type Cache = ReadonlyMap<
  string,
  { readonly message: DnsMessage; readonly untilNs: number; readonly atNs: number }
>;

const MAX_SECONDS = 30;
const NS_PER_SECOND = 1_000_000_000;

const keyOf = ({ name, type }: DnsQuestion): string => `${name} ${type}`;

/** With what is left of its time. */
export function cached(cache: Cache, query: DnsMessage, nowNs: number): DnsMessage | null {
  const entry = cache.get(keyOf(query.question));
  if (!entry || entry.untilNs <= nowNs) return null;
  const passed = Math.floor((nowNs - entry.atNs) / NS_PER_SECOND);
  const left = (records: readonly DnsRecord[]): readonly DnsRecord[] =>
    records.map((record) => ({ ...record, ttlSeconds: Math.max(0, record.ttlSeconds - passed) }));
  const { answers, authority, additional } = entry.message;
  const { id } = query;
  return { ...entry.message, id, answers: left(answers), authority: left(authority), additional: left(additional) };
}

/** Successes and denials for the shortest time that their records name, at most 30 s; failures not at all (SIMPLIFIED: 5 s for SERVFAIL). */
export function keep(
  cache: Cache,
  message: DnsMessage,
  nowNs: number,
): { readonly cache: Cache; readonly message: DnsMessage } {
  const { question, rcode } = message;
  if (isInZone(question.name, CLUSTER_DOMAIN) || (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN'))
    return { cache, message };
  const records = [...message.answers, ...message.authority, ...message.additional];
  if (records.length === 0) return { cache, message };
  const seconds = Math.min(MAX_SECONDS, ...records.map(({ ttlSeconds }) => ttlSeconds));
  const capped = (of: readonly DnsRecord[]): readonly DnsRecord[] =>
    of.map((record) => ({ ...record, ttlSeconds: Math.min(record.ttlSeconds, seconds) }));
  const kept: DnsMessage = {
    ...message,
    answers: capped(message.answers),
    authority: capped(message.authority),
    additional: capped(message.additional),
  };
  const entry = { message: kept, atNs: nowNs, untilNs: nowNs + seconds * NS_PER_SECOND };
  return { cache: new Map([...cache, [keyOf(question), entry]]), message: kept };
}
