/** What weave-npc calls its sets: npc/shortname.go, selector.go and ipblock.go, 2.8.1. */
import { sha1 } from '@noble/hashes/legacy.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { LabelSelection } from '../../../kube/cluster-policy.ts';

/** 85 of them, so that a SHA-1 fits into the name of a set. */
const SYMBOLS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789(){}[]+=_$%^!*|/?.;:@#~';

/** The hash as a number, written with those symbols, the smallest digit first. */
export function npcSet(text: string): string {
  const base = BigInt(SYMBOLS.length);
  let number = sha1(utf8ToBytes(text)).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let name = '';
  for (; number > 0n; number /= base) name += SYMBOLS[Number(number % base)] ?? '';
  return `weave-${name}`;
}

/** `labels.Selector.String()`: by key, as `kubectl get -l` takes it. */
export function selectorKey({ matchLabels = {}, matchExpressions = [] }: LabelSelection): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return { key, text: key };
    if (operator === 'DoesNotExist') return { key, text: `!${key}` };
    return { key, text: `${key} ${operator === 'In' ? 'in' : 'notin'} (${[...values].sort().join(',')})` };
  });
  return [...labels, ...expressions]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ text }) => text)
    .join(',');
}
