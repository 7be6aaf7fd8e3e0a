/** What `dig` and `nslookup` of BIND 9.18.49 print, seen on 2026-11-20. SIMPLIFIED: dig without its line WHEN: there is no clock. */
import type { Probe } from '../../scenario/probe.ts';
import { type DnsMessage, type DnsRecord, dnsBytes } from '../../wire/dns.ts';
import { recordData } from '../../wire/print-dns.ts';
import { NAME_TOOL_TRIES, type NameToolRun } from '../names/name-tool.ts';

const VERSION = '9.18.49';
const NOBODY = ';; no servers could be reached';

/** What was typed after the program's name. */
export function digArguments({ options }: Probe, name: string): string {
  const { server, type, tcp, search } = options?.dns ?? {};
  return [
    ...(server === undefined ? [] : [`@${server}`]),
    ...(tcp ? ['+tcp'] : []),
    ...(search ? ['+search'] : []),
    ...(/^[\d.]+$|:/.test(name) ? ['-x'] : []),
    name,
    ...(type === undefined ? [] : [type]),
  ].join(' ');
}

export function printDig(probe: Probe, run: NameToolRun): string {
  const { server, tcp } = probe.options?.dns ?? {};
  const head = [
    '',
    `; <<>> DiG ${VERSION} <<>> ${digArguments(probe, run.name)}`,
    ...(server === undefined ? [] : ['; (1 server found)']),
    ';; global options: +cmd',
  ];
  const [answer] = run.answers;
  if (!answer) return [...tries(run), ...head, NOBODY].join('\n');
  const { message, tookMs } = answer;
  const { question } = message;
  return [
    ...head,
    ';; Got answer:',
    ...(/\.local\.$/.test(question.name)
      ? [
          ';; WARNING: .local is reserved for Multicast DNS',
          ';; You are currently testing what happens when an mDNS query is leaked to DNS',
        ]
      : []),
    ...headerLines(message),
    '',
    ...optLines(message),
    ';; QUESTION SECTION:',
    inColumns(`;${question.name}`, null, question.type),
    ...section('ANSWER', message.answers),
    ...section('AUTHORITY', message.authority),
    ...section('ADDITIONAL', message.additional),
    '',
    `;; Query time: ${tookMs} msec`,
    `;; SERVER: ${run.server}#53(${run.server}) (${tcp ? 'TCP' : 'UDP'})`,
    `;; MSG SIZE  rcvd: ${dnsBytes(message)}`,
  ].join('\n');
}

function headerLines(message: DnsMessage): readonly string[] {
  const { id, rcode, answers, authority, additional, edns } = message;
  const flags = [
    'qr',
    ...(message.authoritative ? ['aa'] : []),
    ...(message.truncated ? ['tc'] : []),
    ...(message.recursionDesired ? ['rd'] : []),
    ...(message.recursionAvailable ? ['ra'] : []),
  ].join(' ');
  const counts = `QUERY: 1, ANSWER: ${answers.length}, AUTHORITY: ${authority.length}, ADDITIONAL: ${additional.length + (edns ? 1 : 0)}`;
  return [
    `;; ->>HEADER<<- opcode: QUERY, status: ${rcode}, id: ${id}`,
    `;; flags: ${flags}; ${counts}`,
    ...(message.recursionDesired && !message.recursionAvailable
      ? [';; WARNING: recursion requested but not available']
      : []),
  ];
}

/** CoreDNS sends a cookie back as it came; who knows no cookies leaves it out. */
const optLines = ({ edns }: DnsMessage): readonly string[] =>
  edns
    ? [
        ';; OPT PSEUDOSECTION:',
        `; EDNS: version: 0, flags:; udp: ${edns.udpBytes}`,
        ...(edns.cookie === undefined ? [] : [`; COOKIE: ${edns.cookie} (echoed)`]),
      ]
    : [];

const section = (title: string, records: readonly DnsRecord[]): readonly string[] =>
  records.length === 0
    ? []
    : [
        '',
        `;; ${title} SECTION:`,
        ...records.map((record) => inColumns(record.name, record.ttlSeconds, record.type, recordData(record))),
      ];

const TTL_COLUMN = 24;
const TAB = 8;

/** Tabs to columns 24, 32, 40 and 48; what is too long for its column ends with one space. */
function inColumns(name: string, ttlSeconds: number | null, type: string, data?: string): string {
  const cells = [
    { at: TTL_COLUMN, text: ttlSeconds === null ? '' : `${ttlSeconds}` },
    { at: TTL_COLUMN + TAB, text: 'IN' },
    { at: TTL_COLUMN + 2 * TAB, text: type },
    ...(data === undefined ? [] : [{ at: TTL_COLUMN + 3 * TAB, text: data }]),
  ].filter(({ text }) => text !== '');
  let line = name;
  let column = name.length;
  for (const { at, text } of cells) {
    const gap = column >= at ? ' ' : '\t'.repeat(Math.ceil(at / TAB) - Math.floor(column / TAB));
    line += gap + text;
    column = Math.max(column + 1, at) + text.length;
  }
  return line;
}

/** A line for each time that it was tried. */
const tries = ({ errno, server }: NameToolRun): readonly string[] => {
  const what = errno === 'ECONNREFUSED' ? 'connection refused' : 'timed out';
  return Array.from({ length: NAME_TOOL_TRIES }, () => `;; communications error to ${server}#53: ${what}`);
};

export function printNslookup(run: NameToolRun): string {
  if (run.answers.length === 0) return [...tries(run), NOBODY].join('\n');
  const head = [`Server:\t\t${run.server}`, `Address:\t${run.server}#53`, ''];
  const [first] = run.answers;
  const rcode = first?.message.rcode ?? 'SERVFAIL';
  if (rcode !== 'NOERROR') return [...head, `** server can't find ${run.name}: ${rcode}`].join('\n');
  const all = run.answers.flatMap(({ message }) => message.answers);
  if (all.length === 0) return [...head, `*** Can't find ${run.name}: No answer`].join('\n');
  // An address is answered without the lines on the server.
  if (first?.message.question.type === 'PTR') return recordLines(all).join('\n');
  const note = first?.message.authoritative ? [] : ['Non-authoritative answer:'];
  return [...head, ...note, ...recordLines(all)].join('\n');
}

/** A CNAME comes once, though both answers have it. */
function recordLines(records: readonly DnsRecord[]): readonly string[] {
  const bare = (name: string): string => name.replace(/\.$/, '');
  const lines = records.flatMap((record): readonly string[] => {
    if (record.type === 'A' || record.type === 'AAAA')
      return [`Name:\t${bare(record.name)}\nAddress: ${record.address}`];
    if (record.type === 'CNAME') return [`${bare(record.name)}\tcanonical name = ${record.target}`];
    if (record.type === 'PTR') return [`${bare(record.name)}\tname = ${record.target}`];
    if (record.type === 'SRV') return [`${bare(record.name)}\tservice = ${recordData(record)}`];
    if (record.type === 'TXT') return [`${bare(record.name)}\ttext = ${recordData(record)}`];
    return [`${bare(record.name)}\t${record.type} = ${recordData(record)}`];
  });
  return [...new Set(lines)];
}
