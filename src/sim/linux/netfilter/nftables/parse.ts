/**
 * Reads what `nft -s list table` prints and the `add …` commands that are given to `nft -f`. Nothing is skipped: what is not understood is
 * an error. What comes out is what the kernel would hold.
 */
import { err, ok, type Result } from '../../../base/result.ts';
import { parseIp } from '../../../wire/ip.ts';
import type { HookName } from '../iptables/rule.ts';
import { PROTO_NUMBERS } from './element-order.ts';
import { readRule, readVerdict } from './parse-rule.ts';
import { parsePriority } from './priority.ts';
import {
  DYNAMIC_SIZE_MAX,
  keyOf,
  type NftChain,
  type NftElement,
  type NftFamily,
  type NftHook,
  type NftRule,
  type NftSet,
  type NftTable,
  type NftType,
} from './ruleset.ts';
import { END, NftSyntax, Words } from './tokens.ts';

export interface NftError {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type DraftChain = Omit<Writable<NftChain>, 'rules'> & { readonly rules: NftRule[] };
type DraftSet = Omit<Writable<NftSet>, 'elements'> & { readonly elements: Map<string, NftElement> };

interface DraftTable {
  readonly family: NftFamily;
  readonly name: string;
  comment?: string;
  readonly sets: Map<string, DraftSet>;
  readonly chains: Map<string, DraftChain>;
}

export function parseNft(text: string): Result<readonly NftTable[], NftError> {
  const words = new Words(text);
  const tables = new Map<string, DraftTable>();
  try {
    for (words.skipEnds(); !words.isOver; words.skipEnds()) readCommand(words, tables);
  } catch (error) {
    if (error instanceof NftSyntax) return err({ line: error.line, message: error.message });
    throw error;
  }
  return ok(Array.from(tables.values(), keptTable));
}

/** A set without a size, which some rule writes to, gets one when that rule is loaded. */
function keptTable(table: DraftTable): NftTable {
  for (const chain of table.chains.values())
    for (const rule of chain.rules)
      for (const statement of rule.statements) {
        const set = statement.kind === 'update' ? table.sets.get(statement.set) : undefined;
        if (set) set.sizeMax ??= DYNAMIC_SIZE_MAX;
      }
  return table;
}

function readCommand(words: Words, tables: Map<string, DraftTable>): void {
  if (words.take('table')) {
    readTableBlock(words, addTable(words, tables));
    return;
  }
  words.expect('add');
  const what = words.next('what to add');
  const table = addTable(words, tables);
  if (what === 'table') {
    if (words.take('{')) readTableBody(words, table);
  } else if (what === 'set' || what === 'map') readSet(words, table, what);
  else if (what === 'chain') {
    const chain = addChain(words, table);
    if (words.take('{')) readChainBody(words, table, chain, false);
  } else if (what === 'rule') findChain(words, table).rules.push(readRule(words, table.family, false));
  else if (what === 'element') {
    const set = table.sets.get(words.next('a set')) ?? words.fail('elements of a set that is not there');
    readElements(words, set);
  } else words.fail(`"add ${what}" is not modelled`);
}

function addTable(words: Words, tables: Map<string, DraftTable>): DraftTable {
  const family = words.next('a family');
  if (family !== 'ip' && family !== 'ip6' && family !== 'inet') return words.fail(`family "${family}" is not modelled`);
  const name = words.next('a table');
  const key = `${family} ${name}`;
  const table = tables.get(key) ?? { family, name, sets: new Map(), chains: new Map() };
  tables.set(key, table);
  return table;
}

function readTableBlock(words: Words, table: DraftTable): void {
  words.expect('{');
  readTableBody(words, table);
}

function readTableBody(words: Words, table: DraftTable): void {
  for (words.skipEnds(); !words.take('}'); words.skipEnds()) {
    const what = words.next('"}"');
    if (what === 'comment') table.comment = words.next('a comment');
    else if (what === 'set' || what === 'map') readSet(words, table, what);
    else if (what === 'chain') {
      const chain = addChain(words, table);
      words.expect('{');
      readChainBody(words, table, chain, true);
    } else words.fail(`"${what}" in a table is not modelled`);
  }
}

const isType = (text: string): text is NftType =>
  text === 'ipv4_addr' || text === 'ipv6_addr' || text === 'inet_proto' || text === 'inet_service';

function readSet(words: Words, table: DraftTable, kind: 'set' | 'map'): void {
  const name = words.next('a name');
  const set: DraftSet = { kind, name, type: [], elements: new Map() };
  table.sets.set(name, set);
  words.expect('{');
  for (words.skipEnds(); !words.take('}'); words.skipEnds()) readSetProperty(words, set);
}

function readSetProperty(words: Words, set: DraftSet): void {
  const property = words.next('"}"');
  if (property === 'type') {
    set.type = readType(words);
    if (set.kind === 'map') words.expect(':', 'verdict');
  } else if (property === 'flags') words.expect('dynamic', ',', 'timeout');
  else if (property === 'timeout') set.timeoutSeconds = readSeconds(words);
  else if (property === 'size') set.sizeMax = words.number('a size');
  else if (property === 'comment') set.comment = words.next('a comment');
  else if (property === 'elements') {
    words.expect('=');
    readElements(words, set);
  } else words.fail(`"${property}" of a set is not modelled`);
}

function readType(words: Words): NftType[] {
  const type: NftType[] = [];
  do {
    const word = words.next('a type');
    type.push(isType(word) ? word : words.fail(`type "${word}" is not modelled`));
  } while (words.take('.'));
  return type;
}

const SECONDS = { d: 86_400, h: 3600, m: 60, s: 1 } as const;

/** `3h5s`, or `10800s`. */
function readSeconds(words: Words): number {
  const text = words.next('a time');
  if (!/^(\d+[dhms])+$/.test(text)) return words.fail(`"${text}" is not a time`);
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([dhms])/g)) sum += Number(count) * SECONDS[unit as 's'];
  return sum;
}

function readElements(words: Words, set: DraftSet): void {
  words.expect('{');
  do {
    words.skipEnds();
    const element = readElement(words, set);
    set.elements.set(element.key, element);
    words.skipEnds();
  } while (words.take(','));
  words.expect('}');
}

function readElement(words: Words, set: DraftSet): NftElement {
  const parts = [words.next('an element')];
  while (words.take('.')) parts.push(words.next('an element'));
  if (parts.length !== set.type.length) return words.fail(`${parts.length} parts in an element of ${set.type.length}`);
  const key = keyOf(...parts.map((part, i) => readPart(words, set.type[i], part)));
  const comment = words.take('comment') ? { comment: words.next('a comment') } : {};
  if (set.kind === 'set') return { key, ...comment };
  words.expect(':');
  return { key, ...comment, verdict: readVerdict(words) };
}

function readPart(words: Words, type: NftType | undefined, text: string): string {
  if (type === 'inet_service') return /^\d+$/.test(text) ? text : words.fail(`"${text}" is not a port`);
  if (type === 'inet_proto') return text in PROTO_NUMBERS ? text : words.fail(`protocol "${text}" is not modelled`);
  const address = parseIp(text);
  return address.ok ? address.value : words.fail(address.error);
}

function addChain(words: Words, table: DraftTable): DraftChain {
  const name = words.next('a chain');
  const chain = table.chains.get(name) ?? { name, rules: [] };
  table.chains.set(name, chain);
  return chain;
}

function findChain(words: Words, table: DraftTable): DraftChain {
  const name = words.next('a chain');
  return table.chains.get(name) ?? words.fail(`chain "${name}" is not in table ${table.name}`);
}

function readChainBody(words: Words, table: DraftTable, chain: DraftChain, isListing: boolean): void {
  for (words.skipEnds(); !words.take('}'); words.skipEnds()) {
    if (words.take('comment')) chain.comment = words.next('a comment');
    else if (words.take('type')) chain.base = readHook(words);
    else chain.rules.push(readRule(words, table.family, isListing));
  }
}

const HOOKS: readonly HookName[] = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

function readHook(words: Words): NftHook {
  const type = words.next('a type');
  if (type !== 'filter' && type !== 'nat') return words.fail(`chain type "${type}" is not modelled`);
  words.expect('hook');
  const hookWord = words.next('a hook');
  const hook =
    HOOKS.find((name) => name === hookWord.toUpperCase()) ?? words.fail(`hook "${hookWord}" is not modelled`);
  words.expect('priority');
  const parts: string[] = [];
  while (words.peek() !== END && words.peek() !== '}') parts.push(words.next('a priority'));
  const priority = parsePriority(parts.join(' '));
  if (priority === undefined) return words.fail(`priority "${parts.join(' ')}" is not known`);
  words.skipEnds();
  const policy = words.take('policy') ? words.next('a policy') : 'accept';
  if (policy !== 'accept' && policy !== 'drop') return words.fail(`policy "${policy}" is not known`);
  return { type, hook, priority, policy };
}
