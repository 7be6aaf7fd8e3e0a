/**
 * Chains as Felix programs them (felix/iptables/renderer.go, felix/generictables/rules.go, v3.31). Felix writes text for iptables-restore,
 * so a rule here is that text, and what stands in the kernel is what iptables reads from it.
 */
import { sha224, sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { toBase64url } from '../../../base/base64url.ts';
import type { Rule, RuleOp, TableName } from '../../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../../linux/origin.ts';
import { parseRuleWords } from '../../../linux/parse/rule-line.ts';
import { splitWords } from '../../../linux/parse/rule-words.ts';
import { append, comment, insert, newChain } from '../rules.ts';

export interface FelixRule {
  /** Felix's own spelling: `--in-interface cali+ -m mark --mark 0/0x10000`. */
  readonly match?: string;
  /** Absent: the rule only carries a comment. */
  readonly action?: string;
  readonly comment?: string | readonly string[];
  readonly why: string;
  /** The object it was written for. */
  readonly for?: string;
  /** That object lets the packet pass here, or ends it. */
  readonly decides?: NonNullable<Origin['decides']>;
}

export const BY = 'felix';
/** XT_EXTENSION_MAXNAMELEN less the closing zero. */
export const CHAIN_NAME_MAX = 28;
/** Letters of a rule's hash: 96 bits. */
const HASH_LETTERS = 16;

/** A chain of Felix's own. */
export function felixChain(table: TableName, name: string, rules: readonly FelixRule[]): RuleOp[] {
  return [newChain(table, name), ...render(name, name, rules).map((rule) => append(table, name, rule))];
}

/** Rules at the top of a chain that is not Felix's (`ChainInsertMode: Insert`). */
export function felixInserts(table: TableName, chain: string, rules: readonly FelixRule[]): RuleOp[] {
  return render(chain, chain, rules)
    .reverse()
    .map((rule) => insert(table, chain, rule));
}

/** Rules at its end. Their hashes start from another text, so that they differ from those of equal rules at the top. */
export function felixAppends(table: TableName, chain: string, rules: readonly FelixRule[]): RuleOp[] {
  return render(chain, `${chain}*appends*`, rules).map((rule) => append(table, chain, rule));
}

/** Each rule carries a hash of itself and of all rules before it: so Felix sees at a glance whether a chain is as it wrote it. */
function render(chain: string, hashName: string, rules: readonly FelixRule[]): Rule[] {
  let hash = sha224(utf8ToBytes(hashName));
  return rules.map((rule) => {
    hash = sha224(concatBytes(hash, utf8ToBytes([`-A ${hashName} HASH`, wordsOf(rule)].filter(Boolean).join(' '))));
    const id = toBase64url(hash).slice(0, HASH_LETTERS);
    const read = readRule(chain, wordsOf(rule));
    return { ...read, matches: [comment(`cali:${id}`), ...read.matches], origin: originOf(rule) };
  });
}

const READ_MAX = 20_000;
const alreadyRead = new Map<string, Rule>();

/** Chains of a hundred pods have the same rules but for their hashes, so each text is read once. */
function readRule(chain: string, text: string): Rule {
  const known = alreadyRead.get(text);
  if (known) return known;
  const words = splitWords(text);
  const read = words.ok ? parseRuleWords(words.value) : words;
  if (!read.ok) throw new Error(`Broken invariant: Felix's rule "${text}" of ${chain} cannot be read: ${read.error}`);
  if (alreadyRead.size >= READ_MAX) alreadyRead.clear();
  alreadyRead.set(text, read.value);
  return read.value;
}

function wordsOf({ comment, match, action }: FelixRule): string {
  const notes = [comment ?? []].flat().map((text) => `-m comment --comment "${text.replaceAll(UNSAFE, '_')}"`);
  return [...notes, match, action].filter(Boolean).join(' ');
}

/** What Felix lets into a comment (`shellUnsafe`, felix/iptables/renderer.go). */
const UNSAFE = /[^\w @%+=:,./-]/g;

const originOf = ({ why, for: whose, decides }: FelixRule): Origin => ({
  by: BY,
  ...(whose ? { for: whose } : {}),
  why,
  ...(decides ? { decides } : {}),
});

/** `prefix` and `name`, or a hash where the two are too long for a chain (felix/hashutils/id.go). */
export function limitedName(prefix: string, name: string): string {
  const length = prefix.length + name.length;
  if (length < CHAIN_NAME_MAX || (length === CHAIN_NAME_MAX && !name.startsWith('_'))) return prefix + name;
  return `${prefix}_${toBase64url(sha256(utf8ToBytes(name)))}`.slice(0, CHAIN_NAME_MAX);
}
