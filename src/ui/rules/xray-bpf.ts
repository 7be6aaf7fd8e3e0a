/** What programs did in a visit: where they ran, what they looked up, found or not, and what they wrote. */
import { mapText } from '../../sim/engine/explain/evidence-bpf.ts';
import { attachmentLine } from '../../sim/linux/bpf/attach.ts';
import { keyText } from '../../sim/linux/bpf/map.ts';
import type { Step } from '../../sim/linux/step.ts';
import { mapKey, programKey } from './artefact-bpf.ts';
import type { WalkedRow } from './xray.ts';

type BpfLookup = Extract<Step, { kind: 'bpf-map' }>;
type BpfRun = Extract<Step, { kind: 'bpf-run' }>;

export const runHead = ({ program, attachment: { at } }: BpfRun): string =>
  at.hook === 'tail call' ? `${program}, called` : `${program}, ${at.hook}${'dev' in at ? ` of ${at.dev}` : ''}`;

export const runRow = ({ i, attachment }: BpfRun): WalkedRow => ({
  step: i,
  seen: 'matched',
  word: 'ran',
  row: { text: attachmentLine(attachment), kind: 'entry', keys: [programKey(attachment)] },
});

/** A line of its own for each lookup, as the map's tool prints what was found. */
export function lookupRow({ i, map, op, key, entry }: BpfLookup): WalkedRow {
  if (entry === null) {
    const row = { text: `    ${map}: nothing for ${keyText(key)}`, kind: 'entry', keys: [] } as const;
    return { step: i, seen: 'missed', row };
  }
  const line = mapText(map, [entry]).lines.at(-1) ?? '';
  const text = `    ${map}: ${line.replaceAll(/ {2,}/g, '  ')}`;
  return {
    step: i,
    ...(op === 'update' ? { seen: 'matched', word: 'written' } : { seen: 'found' }),
    row: { text, kind: 'entry', keys: [mapKey(map, keyText(entry.key))] },
  };
}
