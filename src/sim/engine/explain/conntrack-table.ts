import type { NsId } from '../../linux/config.ts';
import type { CtSnapshot, Step } from '../../linux/step.ts';
import type { Evidence } from './explanation.ts';
import { conntrackLine } from './lines.ts';

/** Lines of the table that are shown at most; the newest are kept. */
const LINES_MAX = 12;

const entryOf = (step: Step): CtSnapshot | null =>
  step.kind === 'conntrack' || step.kind === 'nat' ? step.entry : null;

/**
 * `conntrack -L` of one namespace as of a step, rebuilt from what the steps told.
 * SIMPLIFIED: an entry is listed from the step that first shows it; the real kernel lists it once it is confirmed, at the end
 * of the first packet's visit (nf_conntrack_confirm).
 */
export function conntrackAt(steps: readonly Step[], index: number, ns: NsId, here: string): Evidence | null {
  const entries = new Map<number, CtSnapshot>();
  let latest: number | null = null;
  for (let i = 0; i <= index; i++) {
    const step = steps[i];
    const entry = step?.ns === ns ? entryOf(step) : null;
    if (!step || !entry) continue;
    entries.set(entry.id, entry);
    if (step.packet === steps[index]?.packet) latest = entry.id;
  }
  if (entries.size === 0) return null;
  const shown = [...entries.values()].slice(-LINES_MAX);
  const at = shown.findIndex(({ id }) => id === latest);
  return {
    title: `Conntrack table of ${here}`,
    command: 'conntrack -L',
    lines: shown.map(conntrackLine),
    highlight: at < 0 ? null : at,
    firstLine: entries.size - shown.length + 1,
  };
}
