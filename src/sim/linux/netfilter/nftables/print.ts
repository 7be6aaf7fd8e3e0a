/**
 * Tables as `nft -s list table` of nftables 1.0.6 prints them. Order of elements, line breaks and names of priorities were recorded with
 * that program on a real kernel.
 */
import { never } from '../../../base/assert.ts';
import { familyOf, type Ip } from '../../../wire/ip.ts';
import { inListOrder } from './element-order.ts';
import { elementTexts, networkText } from './networks.ts';
import { printPriority } from './priority.ts';
import {
  CT_STATES,
  type NftAddressFamily,
  type NftChain,
  type NftElement,
  type NftFamily,
  type NftField,
  type NftRule,
  type NftSet,
  type NftStatement,
  type NftTable,
  type NftType,
  type NftVerdict,
  WHOLE_MARK,
} from './ruleset.ts';

/** Elements of one line of a listing; absent: one. */
const ELEMENTS_A_LINE: Partial<Record<NftType, number>> = { ipv4_addr: 2, inet_proto: 5, inet_service: 5 };

export function printTable(table: NftTable): string {
  const { family, name, comment } = table;
  const head = [`table ${family} ${name} {`, ...(comment === undefined ? [] : [`\tcomment "${comment}"`])];
  const objects = [
    ...Array.from(table.sets.values(), printSet),
    ...Array.from(table.chains.values(), (chain) => printChain(family, chain)),
  ];
  return [...head, objects.map((object) => object.join('\n')).join('\n\n'), '}']
    .filter((part) => part !== '')
    .join('\n');
}

/** The lines of a set or map inside its table. */
export function printSet(set: NftSet): string[] {
  const isDynamic = set.timeoutSeconds !== undefined;
  return [
    `\t${set.kind} ${set.name} {`,
    `\t\ttype ${set.type.join(' . ')}${set.kind === 'map' ? ' : verdict' : ''}`,
    ...(set.sizeMax === undefined ? [] : [`\t\tsize ${set.sizeMax}`]),
    ...(isDynamic ? ['\t\tflags dynamic,timeout', `\t\ttimeout ${printSeconds(set.timeoutSeconds)}`] : []),
    ...(set.comment === undefined ? [] : [`\t\tcomment "${set.comment}"`]),
    ...elementLines(set).map(({ text }) => text),
    '\t}',
  ];
}

export interface ElementLine {
  readonly text: string;
  readonly elements: readonly NftElement[];
}

/** The lines that list what is in a set or map, and which elements stand on each. */
export function elementLines({ type, elements }: Pick<NftSet, 'type' | 'elements'>): readonly ElementLine[] {
  const [first, ...rest] = type;
  const perLine = first === undefined || rest.length > 0 ? 1 : (ELEMENTS_A_LINE[first] ?? 1);
  const ordered = inListOrder(type, elements.values());
  const lines: ElementLine[] = [];
  for (let i = 0; i < ordered.length; i += perLine) {
    const own = ordered.slice(i, i + perLine);
    const begin = i === 0 ? '\t\telements = { ' : '\t\t\t     ';
    const end = i + perLine < ordered.length ? ',' : ' }';
    lines.push({ text: begin + own.map(printElement).join(', ') + end, elements: own });
  }
  return lines;
}

export function printElement({ key, comment, verdict }: NftElement): string {
  const note = comment === undefined ? '' : ` comment "${comment}"`;
  return `${key}${note}${verdict ? ` : ${printVerdict(verdict)}` : ''}`;
}

/** `10800` as `3h`, `86461` as `1d1m1s`. */
export function printSeconds(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
}

/** The lines of a chain inside its table. */
export function printChain(family: NftFamily, chain: NftChain): string[] {
  return [
    `\tchain ${chain.name} {`,
    ...(chain.comment === undefined ? [] : [`\t\tcomment "${chain.comment}"`]),
    ...(chain.base ? [`\t\t${printHook(chain.base)}`] : []),
    ...chain.rules.map((rule) => `\t\t${printRule(family, rule)}`),
    '\t}',
  ];
}

/** `type filter hook input priority filter; policy accept;`. */
export function printHook({ type, hook, priority, policy }: NonNullable<NftChain['base']>): string {
  return `type ${type} hook ${hook.toLowerCase()} priority ${printPriority(priority, hook)}; policy ${policy};`;
}

export function printRule(family: NftFamily, rule: NftRule): string {
  const words = rule.statements.map((statement) => printStatement(family, statement));
  if (rule.comment !== undefined) words.push(`comment "${rule.comment}"`);
  return words.join(' ');
}

const hex = (mark: number): string => `0x${(mark >>> 0).toString(16).padStart(8, '0')}`;
const unequal = ({ invert }: { readonly invert?: true }): string => (invert ? '!= ' : '');
const choice = (values: readonly (string | number)[]): string =>
  values.length === 1 ? String(values[0]) : `{ ${values.join(', ')} }`;

function printField(family: NftFamily, field: NftField, of: NftAddressFamily | undefined): string {
  if (field === 'l4proto') return 'meta l4proto';
  return field === 'dport' ? 'th dport' : `${of ?? family} ${field}`;
}

export const printKey = (family: NftFamily, key: readonly NftField[], of?: NftAddressFamily): string =>
  key.map((field) => printField(family, field, of)).join(' . ');

export function printVerdict(verdict: NftVerdict): string {
  return 'chain' in verdict ? `${verdict.kind} ${verdict.chain}` : verdict.kind;
}

const MARK_SIGNS = { or: '|', xor: '^', and: '&' } as const;

export function printStatement(family: NftFamily, s: NftStatement): string {
  switch (s.kind) {
    case 'address':
      return `${family === 'inet' ? familyName(s.nets[0]?.base) : family} ${s.side} ${unequal(s)}${printNetworks(s)}`;
    case 'nfproto':
      return `meta nfproto ${unequal(s)}ipv${s.family}`;
    case 'l4proto':
      return `meta l4proto ${unequal(s)}${choice(s.protos)}`;
    case 'dport':
      return `${s.of} dport ${unequal(s)}${choice(s.ports)}`;
    case 'iifname':
    case 'oifname':
      return `${s.kind} ${unequal(s)}"${s.name}"`;
    case 'in-set':
      return `${printKey(family, s.key, s.of)} ${unequal(s)}@${s.set}`;
    case 'ct-state':
      return `ct state ${unequal(s)}${CT_STATES.filter((state) => s.states.includes(state)).join(',')}`;
    case 'ct-status':
      return `ct status ${s.status}`;
    case 'mark':
      return printMark(s);
    case 'fib':
      return `fib ${s.side} type ${unequal(s)}${s.type}`;
    case 'mark-set':
      return `meta mark set meta mark ${MARK_SIGNS[s.op]} ${hex(s.value)}`;
    case 'update':
      return `update @${s.set} { ${s.of ?? family} ${s.side} }`;
    case 'dnat':
      return `dnat ${family === 'inet' ? `${familyName(s.to)} ` : ''}to ${printTarget(s)}`;
    case 'dnat-numgen':
      return `dnat ${family === 'inet' ? familyName(s.slots[0]?.ip) : family} to numgen random mod ${s.slots.length} map { ${slots(s.slots.map((e) => `${e.ip} . ${e.port}`))} }`;
    case 'masquerade':
      return `masquerade${s.fullyRandom ? ' fully-random' : ''}`;
    case 'vmap':
      return `${printKey(family, s.key, s.of)} vmap @${s.map}`;
    case 'numgen-vmap':
      return `numgen random mod ${s.slots.length} vmap { ${slots(s.slots.map(printVerdict))} }`;
    case 'reject':
      return printReject(s);
    case 'jump':
    case 'goto':
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
      return printVerdict(s);
    default:
      return never(s, 'statement');
  }
}

const familyName = (address: Ip | undefined): NftAddressFamily =>
  address !== undefined && familyOf(address) === 6 ? 'ip6' : 'ip';

const slots = (values: readonly string[]): string => values.map((value, i) => `${i} : ${value}`).join(', ');

function printNetworks({ nets, inSet }: Extract<NftStatement, { kind: 'address' }>): string {
  const [only, ...rest] = nets;
  return only && rest.length === 0 && !inSet ? networkText(only) : `{ ${elementTexts(nets).join(', ')} }`;
}

function printMark({ mask, value, invert }: Extract<NftStatement, { kind: 'mark' }>): string {
  if (mask >>> 0 === WHOLE_MARK) return `meta mark ${invert ? '!= ' : ''}${hex(value)}`;
  return `meta mark & ${hex(mask)} ${invert ? '!=' : '=='} ${hex(value)}`;
}

/** The default of a table's family prints without its name. nft spells `proto` without its last letter. */
function printReject({ with: how }: Extract<NftStatement, { kind: 'reject' }>): string {
  if (how === 'icmp-port-unreachable') return 'reject';
  if (how === 'tcp-reset') return 'reject with tcp reset';
  return `reject with icmp ${how.slice('icmp-'.length).replace('proto-', 'prot-')}`;
}

/** `10.0.0.1`, `10.0.0.1:80`, `[fd00::1]:80`. */
function printTarget({ to, port }: Extract<NftStatement, { kind: 'dnat' }>): string {
  if (port === undefined) return to;
  return to.includes(':') ? `[${to}]:${port}` : `${to}:${port}`;
}
