/** The `cache` plugin (plugin/cache of CoreDNS v1.14.7). */
import type { DnsMessage, DnsQuestion, DnsRecord } from '../../../wire/dns.ts';

export type Cache = ReadonlyMap<
  string,
  { readonly message: DnsMessage; readonly untilNs: number; readonly atNs: number }
>;

/** The longest that something is kept. */
export interface CacheSeconds {
  readonly success: number;
  readonly denial: number;
}

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

/** Successes and denials for the shortest time that their records name, up to a limit; failures not at all (SIMPLIFIED: 5 s for SERVFAIL). */
export function keep(
  cache: Cache,
  message: DnsMessage,
  nowNs: number,
  most: CacheSeconds | null,
): { readonly cache: Cache; readonly message: DnsMessage } {
  const { question, rcode } = message;
  if (most === null || (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN')) return { cache, message };
  const records = [...message.answers, ...message.authority, ...message.additional];
  if (records.length === 0) return { cache, message };
  const limit = message.answers.length > 0 ? most.success : most.denial;
  const seconds = Math.min(limit, ...records.map(({ ttlSeconds }) => ttlSeconds));
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
