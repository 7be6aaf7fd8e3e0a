/** eBPF as its tools print it: which program sits where, and what stands in the maps that they look up. */

import { groupBy } from '../../sim/base/group-by.ts';
import { BPF_MAP_KINDS } from '../../sim/drivers/registry.ts';
import { mapText } from '../../sim/engine/explain/evidence-bpf.ts';
import { attachmentLine, type BpfAttachment } from '../../sim/linux/bpf/attach.ts';
import { kindOfMap } from '../../sim/linux/bpf/kind.ts';
import type { BpfMap } from '../../sim/linux/bpf/map.ts';
import type { NetnsConfig } from '../../sim/linux/config.ts';
import type { XrayRow } from './artefact.ts';

export const programKey = (attachment: BpfAttachment): string => `bpf ${attachmentLine(attachment)}`;
export const mapKey = (map: string, key: string): string => `bpf map ${map} ${key}`;

const head = (text: string): XrayRow => ({ text, kind: 'head', keys: [] });

interface Section {
  readonly command: string;
  readonly rows: readonly XrayRow[];
}

export function bpfRows({ bpf }: NetnsConfig): readonly Section[] {
  if (bpf === undefined) return [];
  return [...programRows(bpf.attachments), ...mapRows(bpf.maps.filter(({ entries }) => entries.length > 0))];
}

/** A tool for each kind of place. */
const PLACES = [
  ['bpftool net show', ({ at }: BpfAttachment) => 'dev' in at],
  ['bpftool cgroup tree', ({ at }: BpfAttachment) => at.hook.startsWith('cgroup/')],
  ['bpftool map dump', ({ at }: BpfAttachment) => at.hook === 'tail call'],
] as const;

function programRows(attachments: readonly BpfAttachment[]): readonly Section[] {
  return PLACES.flatMap(([command, isHere]) => {
    const own = attachments.filter(isHere);
    const row = (one: BpfAttachment): XrayRow => ({
      text: attachmentLine(one),
      kind: 'entry',
      keys: [programKey(one)],
    });
    return own.length === 0 ? [] : [{ command, rows: own.map(row) }];
  });
}

/** Maps that exist once for each endpoint are one section. */
function mapRows(maps: readonly BpfMap[]): readonly Section[] {
  const kinds = groupBy(maps, ({ name }) => kindOfMap(BPF_MAP_KINDS, name)?.name ?? name);
  return [...kinds.values()].map((same): Section => {
    const texts = same.map((map) => ({ map, ...mapText(map.name, map.entries) }));
    const rows = texts.flatMap(({ map, lines, keys }) => [
      ...(same.length > 1 ? [head(map.name)] : []),
      ...lines.map((text, at): XrayRow => {
        const key = keys[at];
        return key === undefined ? head(text) : { text, kind: 'entry', keys: [mapKey(map.name, key)] };
      }),
    ]);
    const [first, ...others] = texts;
    return { command: `${first?.command ?? ''}${others.length > 0 ? ` (and ${others.length} more)` : ''}`, rows };
  });
}
