/**
 * DNS messages as values (RFC 1035, RFC 3596, RFC 2782), with the lengths that they have on the wire. Names are absolute and in small
 * letters: `web.default.svc.cluster.local.`.
 */
import type { Ip } from './ip.ts';

export const DNS_PORT = 53;

export type DnsType = 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR' | 'SOA' | 'SRV' | 'TXT' | 'MX';
export const DNS_TYPES: readonly DnsType[] = ['A', 'AAAA', 'CNAME', 'NS', 'PTR', 'SOA', 'SRV', 'TXT', 'MX'];
export type Rcode = 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

export interface DnsQuestion {
  readonly name: string;
  readonly type: DnsType;
}

export type DnsRecord = { readonly name: string; readonly ttlSeconds: number } & DnsData;

export type DnsData =
  | { readonly type: 'A' | 'AAAA'; readonly address: Ip }
  | { readonly type: 'CNAME' | 'NS' | 'PTR'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: 'TXT'; readonly text: string }
  | {
      readonly type: 'SOA';
      readonly mname: string;
      readonly rname: string;
      readonly serial: number;
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
    };

export interface DnsMessage {
  readonly id: number;
  /** Absent: a query. */
  readonly rcode?: Rcode;
  readonly authoritative?: true;
  readonly truncated?: true;
  readonly recursionDesired?: true;
  readonly recursionAvailable?: true;
  readonly question: DnsQuestion;
  readonly answers: readonly DnsRecord[];
  readonly authority: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
  /** The OPT record of EDNS (RFC 6891): how long an answer its sender takes, and its cookie (RFC 7873). */
  readonly edns?: { readonly udpBytes: number; readonly cookie?: string };
  /** Names that stood before are pointers. */
  readonly compressed?: true;
}

export const isAnswer = (message: DnsMessage): message is DnsMessage & { readonly rcode: Rcode } =>
  message.rcode !== undefined;

/** A question and nothing else. */
export const dnsQuery = (
  id: number,
  question: DnsQuestion,
  more: Pick<DnsMessage, 'edns' | 'recursionDesired'> = { recursionDesired: true },
): DnsMessage => ({ id, ...more, question, answers: [], authority: [], additional: [] });

/** The answer to a query, as far as the query decides it. */
export const dnsReply = (query: DnsMessage, rcode: Rcode, more: Partial<DnsMessage> = {}): DnsMessage => ({
  id: query.id,
  rcode,
  ...(query.recursionDesired ? { recursionDesired: true } : {}),
  question: query.question,
  answers: [],
  authority: [],
  additional: [],
  ...more,
});

/** What a client that does not say otherwise takes in one datagram (RFC 1035 section 4.2.1). */
export const UDP_BYTES_MAX = 512;

const HEADER_BYTES = 12;
/** Type and class; with TTL and length of data. */
const QUESTION_BYTES = 4;
const RECORD_BYTES = 10;
const POINTER_BYTES = 2;
/** Root name, type, size, flags, length. */
const OPT_BYTES = 11;
const COOKIE_BYTES = 12;
/** Where a pointer can still point to (14 bits). */
const POINTER_MAX = 0x3fff;

/** `a.b.` is 1+1+1+1+1 bytes. */
export const nameBytes = (name: string): number => (name === '.' ? 1 : name.length + 1);

/** The length of a message without UDP or TCP around it. */
export function dnsBytes(message: DnsMessage): number {
  const seen = message.compressed ? new Map<string, number>() : null;
  let at = HEADER_BYTES;
  const name = (text: string): void => {
    at += seen ? compressedBytes(text, at, seen) : nameBytes(text);
  };
  name(message.question.name);
  at += QUESTION_BYTES;
  for (const record of [...message.answers, ...message.authority, ...message.additional]) {
    name(record.name);
    at += RECORD_BYTES;
    // Counted first: names in it move `at` themselves.
    const data = dataBytes(record, name);
    at += data;
  }
  if (message.edns) at += OPT_BYTES + (message.edns.cookie === undefined ? 0 : COOKIE_BYTES);
  return at;
}

/** What is counted by `name` is not in the result. */
function dataBytes(record: DnsRecord, name: (text: string) => void): number {
  switch (record.type) {
    case 'A':
      return 4;
    case 'AAAA':
      return 16;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      name(record.target);
      return 0;
    case 'SRV':
      // RFC 2782: never compressed.
      return 6 + nameBytes(record.target);
    case 'TXT':
      return record.text.length + 1;
    case 'SOA':
      name(record.mname);
      name(record.rname);
      return 20;
  }
}

function compressedBytes(text: string, at: number, seen: Map<string, number>): number {
  let bytes = 0;
  let rest = text;
  while (rest !== '.' && rest !== '') {
    if (seen.has(rest)) return bytes + POINTER_BYTES;
    if (at + bytes <= POINTER_MAX) seen.set(rest, at + bytes);
    const dot = rest.indexOf('.');
    bytes += dot + 1;
    rest = rest.slice(dot + 1);
  }
  return bytes + 1;
}

/** In small letters and with the dot at the end. */
export const absoluteName = (text: string): string => {
  const name = text.toLowerCase();
  return name.endsWith('.') ? name : `${name}.`;
};

/** A name in a zone, or the zone's own; both absolute. */
export const isInZone = (name: string, zone: string): boolean =>
  zone === '.' || name === zone || name.endsWith(`.${zone}`);

/** Longest of a whole name and of one label (RFC 1035 section 2.3.4), as they are written. */
const NAME_CHARS_MAX = 253;
const LABEL_CHARS_MAX = 63;

/** Why a text cannot be asked for, or null. Underscores stand in names of services. */
export function nameProblem(text: string): string | null {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name === '') return 'a name is missing';
  if (name.length > NAME_CHARS_MAX) return `a name has at most ${NAME_CHARS_MAX} characters`;
  for (const label of name.split('.')) {
    if (label === '') return `"${text}" has an empty label`;
    if (label.length > LABEL_CHARS_MAX) return `"${label}" is longer than ${LABEL_CHARS_MAX} characters`;
    if (!/^[\w-]+$/.test(label)) return `"${label}" has characters that no name has`;
  }
  return null;
}

/** `7.13.96.10.in-addr.arpa.`, or the nibbles under `ip6.arpa.` (RFC 3596 section 2.5). */
export function reverseName(address: Ip): string {
  if (!address.includes(':')) return `${address.split('.').reverse().join('.')}.in-addr.arpa.`;
  return `${[...expandedNibbles(address)].reverse().join('.')}.ip6.arpa.`;
}

function expandedNibbles(address: Ip): string {
  const [head = '', tail] = address.split('::');
  const groups = (text: string | undefined): string[] => (text ? text.split(':') : []);
  const [front, back] = [groups(head), groups(tail)];
  const middle = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return [...front, ...(tail === undefined ? [] : middle), ...back].map((group) => group.padStart(4, '0')).join('');
}
