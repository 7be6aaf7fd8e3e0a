/**
 * Rules as `iptables-save` of iptables 1.8.9 (nf_tables) prints them. Order of addresses, options and tables was recorded with that
 * program on a real kernel; `recordings/iptables-save.txt` is what it printed.
 */
import { never } from '../../../base/assert.ts';
import type { PortProtocol } from '../../../wire/frame.ts';
import type { Cidr, Ip } from '../../../wire/ip.ts';
import type {
  AddrType,
  Chain,
  CtState,
  Inverted,
  Match,
  PortRange,
  Rule,
  Ruleset,
  Table,
  TableName,
  Target,
} from './rule.ts';

const TABLE_ORDER: readonly TableName[] = ['mangle', 'raw', 'filter', 'nat'];
const CT_STATE_ORDER: readonly CtState[] = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'];
const TCP_FLAG_NAMES: readonly (readonly [string, string])[] = [
  ['F', 'FIN'],
  ['S', 'SYN'],
  ['R', 'RST'],
  ['P', 'PSH'],
  ['A', 'ACK'],
  ['U', 'URG'],
];
const FULL_MASK = 0xffffffff;
/** IANA protocol numbers. */
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;

/** A probability as xt_statistic keeps it: a fraction of 2^31. */
export function storedProbability(probability: number): number {
  return Math.round(probability * 2 ** 31) / 2 ** 31;
}

/** `-A CHAIN …`. Of `family` 6 as ip6tables-save prints it. */
export function printRule(chain: string, rule: Rule, family: 4 | 6 = 4): string {
  const words = [`-A ${chain}`, ...printHeader(rule)];
  for (const match of rule.matches) words.push(`-m ${printMatch(match, family)}`);
  if (rule.target) words.push(printTarget(rule.target, family));
  return words.join(' ');
}

/** All tables, without the comment lines that carry a time of day. Counters are printed as zero: packets write them, not people. */
export function printRuleset(ruleset: Ruleset, family: 4 | 6 = 4): string {
  return TABLE_ORDER.flatMap((name) => {
    const table = ruleset.get(name);
    return table ? [printTable(table, family)] : [];
  }).join('\n');
}

/** `*filter` to `COMMIT`: built-in chains in hook order, then the others by name. */
export function printTable(table: Table, family: 4 | 6 = 4): string {
  const chains = chainsInPrintOrder(table);
  return [
    `*${table.name}`,
    ...chains.map((chain) => `:${chain.name} ${chain.policy ?? '-'} [0:0]`),
    ...chains.flatMap((chain) => chain.rules.map((rule) => printRule(chain.name, rule, family))),
    'COMMIT',
  ].join('\n');
}

/** Built-in chains in hook order, then user chains by name. */
export function chainsInPrintOrder(table: Table): readonly Chain[] {
  const chains = [...table.chains.values()];
  const users = chains.filter((chain) => chain.policy === null);
  return [
    ...chains.filter((chain) => chain.policy !== null),
    ...users.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
  ];
}

function printHeader(rule: Rule): string[] {
  const words: string[] = [];
  const add = (option: string, field: Inverted<string> | undefined): void => {
    if (field) words.push(printInverted(option, field, field.value));
  };
  add('-s', printNet(rule.src));
  add('-d', printNet(rule.dst));
  add('-i', rule.iif);
  add('-o', rule.oif);
  add('-p', rule.proto);
  return words;
}

/** A match on every address does not print: the kernel keeps no trace of it. */
function printNet(net: Inverted<Cidr> | undefined): Inverted<string> | undefined {
  if (!net || (net.value.prefix === 0 && !net.invert)) return undefined;
  return { ...net, value: net.value.text };
}

const printInverted = (option: string, field: { readonly invert?: true }, value: string): string =>
  `${field.invert ? '! ' : ''}${option} ${value}`;

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** libxtables quotes a text with any character outside `[A-Za-z0-9_-]`, and escapes quotes and backslashes. */
function quote(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replaceAll(/["'\\]/g, '\\$&')}"`;
}

function printPorts({ from, to }: PortRange): string {
  return from === to ? String(from) : `${from}:${to}`;
}

function printMatch(match: Match, family: 4 | 6): string {
  switch (match.kind) {
    case 'comment':
      return `comment --comment ${quote(match.text)}`;
    case 'tcp':
    case 'udp':
    case 'sctp':
      return printPortMatch(match);
    case 'nfacct':
      return `nfacct --nfacct-name ${match.name}`;
    case 'icmp':
    case 'icmp6':
      return `${match.kind} --${match.kind === 'icmp' ? 'icmp' : 'icmpv6'}-type ${match.type}${match.code === undefined ? '' : `/${match.code}`}`;
    case 'conntrack': {
      const states = CT_STATE_ORDER.filter((state) => match.states.includes(state));
      const [name, option] = match.isState ? ['state', '--state'] : ['conntrack', '--ctstate'];
      return `${name} ${printInverted(option, match, states.join(','))}`;
    }
    case 'mark': {
      const mask = match.mask >>> 0 === FULL_MASK ? '' : `/${hex(match.mask)}`;
      return `mark ${printInverted('--mark', match, hex(match.value) + mask)}`;
    }
    case 'addrtype':
      return printAddrtype(match.src, match.dst, match.limitIface);
    case 'statistic':
      return `statistic --mode random --probability ${storedProbability(match.probability).toFixed(11)}`;
    case 'recent':
      return printRecent(match, family);
    case 'multiport':
      return `multiport ${printInverted(`--${match.side}`, match, match.ports.map(printPorts).join(','))}`;
    case 'set':
      return `set ${printInverted('--match-set', match, `${match.name} ${match.dirs.join(',')}`)}`;
    case 'physdev':
      return [
        'physdev',
        ...(match.isIn ? [match.isIn.invert ? '! --physdev-is-in' : '--physdev-is-in'] : []),
        ...(match.in ? [`--physdev-in ${match.in}`] : []),
        ...(match.out ? [`--physdev-out ${match.out}`] : []),
        ...(match.isBridged ? ['--physdev-is-bridged'] : []),
      ].join(' ');
    case 'ipvs':
      return printIpvs(match);
    case 'rpfilter':
      return `rpfilter${match.validmark ? ' --validmark' : ''}${match.invert ? ' --invert' : ''}`;
    default:
      return never(match, 'match');
  }
}

/** The protocol by number, a single address bare (libxt_ipvs.c). */
function printIpvs({ vproto, vaddr, vport }: Extract<Match, { kind: 'ipvs' }>): string {
  const words = ['ipvs'];
  if (vproto) words.push(printInverted('--vproto', vproto, String(PROTOCOL_NUMBERS[vproto.value])));
  if (vaddr) words.push(printInverted('--vaddr', vaddr, isSingle(vaddr.value) ? vaddr.value.base : vaddr.value.text));
  if (vport) words.push(printInverted('--vport', vport, String(vport.value)));
  return words.join(' ');
}

const isSingle = ({ prefix, family }: Cidr): boolean => prefix === (family === 4 ? 32 : 128);

function printPortMatch(match: Extract<Match, { kind: PortProtocol }>): string {
  const words: string[] = [match.kind];
  if (match.sport) words.push(printInverted('--sport', match.sport, printPorts(match.sport.value)));
  if (match.dport) words.push(printInverted('--dport', match.dport, printPorts(match.dport.value)));
  if (match.flags) words.push(`--tcp-flags ${printTcpFlags(match.flags.mask)} ${printTcpFlags(match.flags.comp)}`);
  return words.join(' ');
}

function printTcpFlags(letters: string): string {
  const names = TCP_FLAG_NAMES.filter(([letter]) => letters.includes(letter)).map(([, name]) => name);
  return names.length === 0 ? 'NONE' : names.join(',');
}

function printAddrtype(
  src: Inverted<AddrType> | undefined,
  dst: Inverted<AddrType> | undefined,
  limitIface: 'in' | 'out' | undefined,
): string {
  const words = ['addrtype'];
  if (src) words.push(printInverted('--src-type', src, src.value));
  if (dst) words.push(printInverted('--dst-type', dst, dst.value));
  if (limitIface) words.push(`--limit-iface-${limitIface}`);
  return words.join(' ');
}

const WHOLE_MASKS = { 4: '255.255.255.255', 6: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff' } as const;

function printRecent(match: Extract<Match, { kind: 'recent' }>, family: 4 | 6): string {
  const words = ['recent', `${match.invert ? '! ' : ''}--${match.op}`];
  if (match.seconds !== undefined) words.push(`--seconds ${match.seconds}`);
  if (match.reap) words.push('--reap');
  if (match.hitcount !== undefined) words.push(`--hitcount ${match.hitcount}`);
  words.push(`--name ${match.name} --mask ${WHOLE_MASKS[family]} --rsource`);
  return words.join(' ');
}

/** `10.0.0.1`, `10.0.0.1:80`, `[fd00::1]:80`. */
function printEndpoint(to: Ip, port: number | undefined): string {
  if (port === undefined) return to;
  return to.includes(':') ? `[${to}]:${port}` : `${to}:${port}`;
}

function printTarget(target: Target, family: 4 | 6): string {
  switch (target.kind) {
    case 'jump':
      return `-j ${target.chain}`;
    case 'goto':
      return `-g ${target.chain}`;
    case 'ACCEPT':
    case 'DROP':
    case 'RETURN':
    case 'NOTRACK':
      return `-j ${target.kind}`;
    case 'NFLOG':
      return `-j NFLOG --nflog-group ${target.group}`;
    case 'REJECT':
      return `-j REJECT --reject-with ${family === 6 && target.with === 'icmp-port-unreachable' ? 'icmp6-port-unreachable' : target.with}`;
    case 'DNAT':
      return `-j DNAT --to-destination ${printEndpoint(target.to, target.port)}`;
    case 'SNAT':
      return `-j SNAT --to-source ${printEndpoint(target.to, target.port)}${target.randomFully ? ' --random-fully' : ''}`;
    case 'MASQUERADE':
      return `-j MASQUERADE${target.randomFully ? ' --random-fully' : ''}`;
    case 'MARK':
      return `-j MARK --set-xmark ${hex(target.value)}/${hex(target.mask)}`;
    default:
      return never(target, 'target');
  }
}
