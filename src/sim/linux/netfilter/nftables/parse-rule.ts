/** One rule of nft's language, statement by statement, in the words of a listing and of what is given to `nft -f`. */

import type { Cidr, Ip } from '../../../wire/ip.ts';
import { parseCidr, parseIp } from '../../../wire/ip.ts';
import type { RejectWith } from '../iptables/rule.ts';
import { PROTO_NUMBERS } from './element-order.ts';
import { networkSet, rangeNetworks } from './networks.ts';
import {
  CT_STATES,
  type NftAddressFamily,
  type NftCtState,
  type NftEndpoint,
  type NftFamily,
  type NftField,
  type NftProto,
  type NftRule,
  type NftStatement,
  type NftVerdict,
  WHOLE_MARK,
} from './ruleset.ts';
import { END, type Words } from './tokens.ts';

/** Reads up to the end of the line. `isListing`: a listing keeps the braces of a set that joining left with one element. */
export function readRule(words: Words, family: NftFamily, isListing: boolean): NftRule {
  const statements: NftStatement[] = [];
  for (;;) {
    const word = words.peek();
    if (words.isOver || word === END || word === '}') break;
    if (words.take('comment')) return { statements, comment: words.next('a comment') };
    statements.push(readStatement(words, family, isListing));
  }
  return statements.length === 0 ? words.fail('a rule is empty') : { statements };
}

function readStatement(words: Words, family: NftFamily, isListing: boolean): NftStatement {
  words.take('meta');
  const word = words.peek();
  switch (word) {
    case 'tcp':
    case 'udp':
    case 'sctp':
      words.expect(word, 'dport');
      return readPorts(words, word);
    case 'nfproto':
      return readNfproto(words);
    case 'iifname':
    case 'oifname':
      words.expect(word);
      return { kind: word, ...readInvert(words), name: words.next('a device') };
    case 'mark':
      words.expect('mark');
      return words.take('set') ? readMarkSet(words) : readMark(words);
    case 'ct':
      words.expect('ct');
      return readConntrack(words);
    case 'fib':
      return readFib(words);
    case 'numgen':
      return { kind: 'numgen-vmap', slots: readSlots(words, 'vmap', () => readVerdict(words)) };
    case 'update':
      return readUpdate(words, family);
    case 'dnat':
      return readDnat(words, family);
    case 'masquerade':
      words.expect('masquerade');
      return words.take('fully-random') ? { kind: 'masquerade', fullyRandom: true } : { kind: 'masquerade' };
    case 'reject':
      words.expect('reject');
      return { kind: 'reject', with: readReject(words) };
    case 'ip':
    case 'ip6':
    case 'th':
    case 'l4proto':
      return readLookup(words, family, isListing);
    default:
      return readVerdict(words);
  }
}

function readNfproto(words: Words): NftStatement {
  words.expect('nfproto');
  const invert = readInvert(words);
  const family = words.take('ipv6') ? 6 : 4;
  if (family === 4) words.expect('ipv4');
  return { kind: 'nfproto', family, ...invert };
}

const readInvert = (words: Words): { invert?: true } => (words.take('!=') ? { invert: true } : {});

export function readVerdict(words: Words): NftVerdict {
  const word = words.next('a verdict');
  if (word === 'jump' || word === 'goto') return { kind: word, chain: words.next('a chain') };
  if (word === 'accept' || word === 'drop' || word === 'return' || word === 'continue') return { kind: word };
  return words.fail(`"${word}" is not modelled`);
}

interface Field {
  readonly name: NftField;
  /** Of an address in a table of `inet`. */
  readonly of?: NftAddressFamily;
}

function readField(words: Words, family: NftFamily): Field {
  words.take('meta');
  if (words.take('l4proto')) return { name: 'l4proto' };
  if (words.take('th', 'dport')) return { name: 'dport' };
  const of = readFamily(words, family);
  if (words.take('saddr')) return { name: 'saddr', ...of };
  words.expect('daddr');
  return { name: 'daddr', ...of };
}

/** A table of one family names that one only, and says nothing new by it. */
function readFamily(words: Words, family: NftFamily): { of?: NftAddressFamily } {
  if (family === 'inet' && words.take('ip6')) return { of: 'ip6' };
  words.expect(family === 'inet' ? 'ip' : family);
  return family === 'inet' ? { of: 'ip' } : {};
}

/** `ip saddr …`, `meta l4proto …`, `th dport …`, and concatenations of them. */
function readLookup(words: Words, family: NftFamily, isListing: boolean): NftStatement {
  const fields = [readField(words, family)];
  while (words.take('.')) fields.push(readField(words, family));
  const key = fields.map(({ name }) => name);
  const named = fields.find(({ of }) => of !== undefined)?.of;
  const of = named === undefined ? {} : { of: named };
  if (words.take('vmap')) return { kind: 'vmap', ...of, key, map: readName(words) };
  const invert = readInvert(words);
  if (words.peek()?.startsWith('@')) return { kind: 'in-set', ...of, key, set: readName(words), ...invert };
  const [only, ...rest] = key;
  if (only === undefined || rest.length > 0) return words.fail('a concatenation is looked up in a named set');
  if (only === 'dport') return { ...readPorts(words, 'th'), ...invert };
  if (only === 'l4proto')
    return { kind: 'l4proto', protos: readValues(words).map((p) => toProto(words, p)), ...invert };
  return { kind: 'address', side: only, ...readNetworks(words, isListing), ...invert };
}

/** `@name`. */
function readName(words: Words): string {
  const word = words.next('a set');
  return word.startsWith('@') ? word.slice(1) : words.fail(`expected "@" and a name, found "${word}"`);
}

/** One value, or `{ a, b }`. */
function readValues(words: Words): string[] {
  if (!words.take('{')) return [words.next('a value')];
  const values: string[] = [];
  do values.push(words.next('a value'));
  while (words.take(','));
  words.expect('}');
  return values;
}

function readPorts(words: Words, of: 'th' | 'tcp' | 'udp' | 'sctp'): Extract<NftStatement, { kind: 'dport' }> {
  const invert = readInvert(words);
  const ports = readValues(words).map((text) =>
    /^\d+$/.test(text) ? Number(text) : words.fail(`"${text}" is no port`),
  );
  return { kind: 'dport', of, ports: ports.sort((a, b) => a - b), ...invert };
}

function toProto(words: Words, text: string): NftProto {
  if (text === 'ipv6-icmp') return 'icmpv6';
  return text in PROTO_NUMBERS ? (text as NftProto) : words.fail(`protocol "${text}" is not modelled`);
}

function readNetworks(words: Words, isListing: boolean): { nets: readonly Cidr[]; inSet?: true } {
  const isBraced = words.peek() === '{';
  const read = networkSet(readValues(words).flatMap((text) => toNetworks(words, text)));
  return isListing && isBraced && read.nets.length === 1 ? { ...read, inSet: true } : read;
}

function toNetworks(words: Words, text: string): readonly Cidr[] {
  const [from = '', to] = text.split('-');
  if (to !== undefined) return rangeNetworks(toIp(words, from), toIp(words, to));
  const net = parseCidr(text);
  return net.ok ? [net.value] : words.fail(net.error);
}

function toIp(words: Words, text: string): Ip {
  const parsed = parseIp(text);
  return parsed.ok ? parsed.value : words.fail(parsed.error);
}

const isCtState = (text: string): text is NftCtState => CT_STATES.some((state) => state === text);

function readConntrack(words: Words): NftStatement {
  if (words.take('status')) {
    const status = words.next('a status');
    return status === 'snat' || status === 'dnat'
      ? { kind: 'ct-status', status }
      : words.fail(`ct status "${status}" is not modelled`);
  }
  words.expect('state');
  const invert = readInvert(words);
  const named = [words.next('a state')];
  while (words.take(',')) named.push(words.next('a state'));
  const unknown = named.find((text) => !isCtState(text));
  if (unknown !== undefined) return words.fail(`ct state "${unknown}" is not known`);
  return { kind: 'ct-state', states: CT_STATES.filter((state) => named.includes(state)), ...invert };
}

const MARK_OPS = { '|': 'or', or: 'or', '^': 'xor', xor: 'xor', '&': 'and', and: 'and' } as const;

function readMarkSet(words: Words): NftStatement {
  words.take('meta');
  words.expect('mark');
  const sign = words.next('an operator');
  const op = sign in MARK_OPS ? MARK_OPS[sign as keyof typeof MARK_OPS] : words.fail(`"${sign}" is no operator`);
  return { kind: 'mark-set', op, value: words.number('a mark') };
}

function readMark(words: Words): NftStatement {
  if (words.take('&') || words.take('and')) {
    const mask = words.number('a mask');
    const invert = readInvert(words);
    if (!invert.invert) words.take('==');
    return { kind: 'mark', mask, value: words.number('a mark'), ...invert };
  }
  const invert = readInvert(words);
  return { kind: 'mark', mask: WHOLE_MARK, value: words.number('a mark'), ...invert };
}

function readFib(words: Words): NftStatement {
  words.expect('fib');
  const side = words.take('saddr') ? 'saddr' : 'daddr';
  if (side === 'daddr') words.expect('daddr');
  words.expect('type');
  const invert = readInvert(words);
  words.expect('local');
  return { kind: 'fib', side, type: 'local', ...invert };
}

/** `numgen random mod N MAP { 0 : …, 1 : … }`: the slots must be numbered from 0 without a gap. */
function readSlots<T>(words: Words, map: 'map' | 'vmap', readSlot: () => T): T[] {
  words.expect('numgen', 'random', 'mod');
  const count = words.number('a modulus');
  words.expect(map, '{');
  const slots: T[] = [];
  do {
    if (words.number('a slot') !== slots.length) words.fail('slots are numbered from 0, one after the other');
    words.expect(':');
    slots.push(readSlot());
  } while (words.take(','));
  words.expect('}');
  return slots.length === count ? slots : words.fail(`${slots.length} slots for a modulus of ${count}`);
}

function readUpdate(words: Words, family: NftFamily): NftStatement {
  words.expect('update');
  const set = readName(words);
  words.expect('{');
  const { name: side, ...of } = readField(words, family);
  words.expect('}');
  return side === 'saddr' || side === 'daddr'
    ? { kind: 'update', ...of, set, side }
    : words.fail('a set remembers addresses');
}

function readDnat(words: Words, family: NftFamily): NftStatement {
  words.expect('dnat');
  if (words.peek() !== 'to') {
    readFamily(words, family);
    words.take('addr', '.', 'port');
  }
  words.expect('to');
  if (words.peek() === 'numgen')
    return { kind: 'dnat-numgen', slots: readSlots(words, 'map', () => readEndpoint(words)) };
  const text = words.next('an address');
  const [, v6, v6Port] = /^\[(.+)\]:(\d+)$/.exec(text) ?? [];
  const [, v4, v4Port] = /^([\d.]+):(\d+)$/.exec(text) ?? [];
  const port = v6Port ?? v4Port;
  const to = toIp(words, v6 ?? v4 ?? text);
  return port === undefined ? { kind: 'dnat', to } : { kind: 'dnat', to, port: Number(port) };
}

function readEndpoint(words: Words): NftEndpoint {
  const ip = toIp(words, words.next('an address'));
  words.expect('.');
  return { ip, port: words.number('a port') };
}

const REJECTS: readonly RejectWith[] = [
  'icmp-port-unreachable',
  'icmp-host-unreachable',
  'icmp-net-unreachable',
  'icmp-proto-unreachable',
  'icmp-host-prohibited',
  'icmp-net-prohibited',
  'icmp-admin-prohibited',
];

function readReject(words: Words): RejectWith {
  if (!words.take('with')) return 'icmp-port-unreachable';
  if (words.take('tcp', 'reset')) return 'tcp-reset';
  if (!words.take('icmpv6')) words.expect('icmp');
  words.take('type');
  const code = `icmp-${words.next('a code').replace('prot-', 'proto-')}`;
  return REJECTS.find((known) => known === code) ?? words.fail(`reject with ${code} is not modelled`);
}
