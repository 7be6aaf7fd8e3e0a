import { describe, expect, it } from 'vitest';
import { type DnsMessage, type DnsRecord, dnsBytes, dnsQuery, dnsReply, nameProblem, reverseName } from './dns.ts';
import { ip } from './ip.ts';
import { printDns } from './print-dns.ts';

const name = 'kubernetes.default.svc.cluster.local.';
const query = dnsQuery(12_345, { name, type: 'A' });
const address: DnsRecord = { name, ttlSeconds: 30, type: 'A', address: ip('10.96.0.1') };
const soa: DnsRecord = {
  name: 'cluster.local.',
  ttlSeconds: 30,
  type: 'SOA',
  mname: 'ns.dns.cluster.local.',
  rname: 'hostmaster.cluster.local.',
  serial: 1,
  refresh: 7200,
  retry: 1800,
  expire: 86_400,
  minimum: 30,
};
const found: DnsMessage = dnsReply(query, 'NOERROR', { authoritative: true, answers: [address] });
const missing: DnsMessage = dnsReply(query, 'NXDOMAIN', { authoritative: true, authority: [soa] });

describe('a message', () => {
  // Lengths as the log of CoreDNS has them for these names.
  it.each<[string, DnsMessage, number, string]>([
    ['a query', query, 54, `12345+ A? ${name} (54)`],
    ['with EDNS', { ...query, edns: { udpBytes: 1232, cookie: 'c' } }, 77, `12345+ [1au] A? ${name} (77)`],
    ['an answer', found, 106, '12345*- 1/0/0 A 10.96.0.1 (106)'],
    ['no such name', missing, 147, '12345 NXDomain*- 0/1/0 (147)'],
    ['no data', { ...missing, rcode: 'NOERROR' }, 147, '12345*- 0/1/0 (147)'],
    ['compressed', { ...found, compressed: true }, 70, '12345*- 1/0/0 A 10.96.0.1 (70)'],
    ['cut', { ...found, truncated: true, recursionAvailable: true }, 106, '12345*| 1/0/0 A 10.96.0.1 (106)'],
  ])('%s has its length and one line', (_what, message, bytes, line) => {
    expect(dnsBytes(message)).toBe(bytes);
    expect(printDns(message)).toBe(line);
  });
});

it.each([
  ['10.96.13.7', '7.13.96.10.in-addr.arpa.'],
  ['fd00::1', `1.${'0.'.repeat(27)}0.0.d.f.ip6.arpa.`],
])('%s turned round is %s', (address6, expected) => expect(reverseName(ip(address6))).toBe(expected));

it.each([
  ['api.shop', null],
  ['_http._tcp.api.shop.svc.cluster.local.', null],
  ['', /missing/],
  ['a..b', /empty label/],
  [`${'a'.repeat(64)}.shop`, /longer than 63/],
  ['a b', /characters that no name has/],
])('%s can be asked for, or it is said why not', (text, problem) => {
  const told = nameProblem(text);
  if (problem === null) expect(told).toBeNull();
  else expect(told).toMatch(problem);
});
