import type { Manifests } from '../../sim/kube/manifests/parse.ts';

export interface Reason {
  /** `ServiceAccount default/frontend`, or `12 ServiceAccounts (frontend, adservice, …)`; nothing for a line about the whole text. */
  readonly what: string;
  readonly text: string;
}

/** Objects of one kind that have no effect for one reason are one line that names each of them. */
export function byReason(entries: Manifests['notModelled']): readonly Reason[] {
  const groups = new Map<string, { kind: string; names: string[]; text: string }>();
  for (const { kind, name, text } of entries) {
    const group = groups.get(`${kind} ${text}`);
    if (group && name !== '') group.names.push(name);
    else groups.set(`${kind} ${text}`, { kind, names: name === '' ? [] : [name], text });
  }
  return [...groups.values()].map(({ kind, names, text }) => ({ what: whatOf(kind, names), text }));
}

function whatOf(kind: string, names: readonly string[]): string {
  const [first] = names;
  if (first === undefined) return '';
  if (names.length === 1) return `${kind} ${first}`;
  const plural = kind.endsWith('y') ? `${kind.slice(0, -1)}ies` : `${kind}s`;
  return `${names.length} ${plural} (${names.map((name) => name.replace(/^default\//, '')).join(', ')})`;
}
