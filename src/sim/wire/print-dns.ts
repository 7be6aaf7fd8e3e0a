/** DNS messages as `tcpdump` prints them (print-domain.c, 4.99), and records as zone files and `dig` do. */
import { type DnsMessage, type DnsRecord, dnsBytes, isAnswer, type Rcode } from './dns.ts';

const RCODES: Readonly<Record<Rcode, string>> = {
  NOERROR: '',
  FORMERR: ' FormErr',
  SERVFAIL: ' ServFail',
  NXDOMAIN: ' NXDomain',
  NOTIMP: ' NotImp',
  REFUSED: ' Refused',
};

/** `12345+ A? web.default.svc.cluster.local. (47)`, `12345*- 1/0/0 A 10.96.13.7 (92)`, `12345 NXDomain*- 0/1/0 (140)`. */
export function printDns(message: DnsMessage): string {
  const { id, question, edns, answers, authority, additional } = message;
  const end = `(${dnsBytes(message)})`;
  if (!isAnswer(message)) {
    const extra = edns ? ' [1au]' : '';
    return `${id}${message.recursionDesired ? '+' : ''}${extra} ${question.type}? ${question.name} ${end}`;
  }
  const flags = [
    message.authoritative ? '*' : '',
    message.recursionAvailable ? '' : '-',
    message.truncated ? '|' : '',
  ].join('');
  const counts = `${answers.length}/${authority.length}/${additional.length + (edns ? 1 : 0)}`;
  const told = answers.map((record) => ` ${record.type} ${shortData(record)}`).join(',');
  return `${id}${RCODES[message.rcode]}${flags} ${counts}${told} ${end}`;
}

/** tcpdump's: of an SRV only where it leads, a TXT in quotation marks. */
const shortData = (record: DnsRecord): string =>
  record.type === 'SRV' ? `${record.target}:${record.port} ${record.priority} ${record.weight}` : recordData(record);

/** The data of a record as in a zone file. */
export function recordData(record: DnsRecord): string {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return record.address;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return record.target;
    case 'SRV':
      return `${record.priority} ${record.weight} ${record.port} ${record.target}`;
    case 'TXT':
      return `"${record.text}"`;
    case 'SOA': {
      const { mname, rname, serial, refresh, retry, expire, minimum } = record;
      return `${mname} ${rname} ${serial} ${refresh} ${retry} ${expire} ${minimum}`;
    }
  }
}
