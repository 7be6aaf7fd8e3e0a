/** eBPF maps as their own tool prints them, with the entry that was found. */
import { BPF_MAP_KINDS } from '../../drivers/registry.ts';
import { kindOfMap, plainKey, printTable, suffixOf } from '../../linux/bpf/kind.ts';
import { type BpfEntry, type BpfMap, keyText } from '../../linux/bpf/map.ts';
import type { NetnsConfig } from '../../linux/config.ts';
import type { Step } from '../../linux/step.ts';
import type { World } from '../world.ts';
import { linesEvidence } from './evidence.ts';
import type { Evidence } from './explanation.ts';

/** A map of a node at some step: what the agent wrote, and what packets wrote before. */
export interface MapText {
  readonly command: string;
  readonly lines: readonly string[];
  /** Key text of each line; undefined for a heading. */
  readonly keys: readonly (string | undefined)[];
}

/** The node whose maps a namespace uses. */
export const mapHost = (config: NetnsConfig | undefined): string | undefined => config?.bpf?.host;

export const mapsOf = (world: World, ns: string): readonly BpfMap[] =>
  world.namespaces.get(mapHost(world.namespaces.get(ns)) ?? '')?.bpf?.maps ?? [];

/** What packets wrote into a node's map up to a step, in order. */
export function writtenBefore(
  steps: readonly Step[],
  upTo: number,
  world: World,
  host: string,
  map: string,
): readonly BpfEntry[] {
  const found = new Map<string, BpfEntry>();
  for (const step of steps) {
    if (step.i > upTo) break;
    if (step.kind !== 'bpf-map' || step.op !== 'update' || step.map !== map || !step.entry) continue;
    if (mapHost(world.namespaces.get(step.ns)) === host) found.set(keyText(step.key), step.entry);
  }
  return [...found.values()];
}

export function mapText(name: string, entries: readonly BpfEntry[]): MapText {
  const kind = kindOfMap(BPF_MAP_KINDS, name);
  if (!kind)
    return {
      command: `bpftool map dump name ${name}`,
      lines: entries.map(({ key, value }) => `key: ${plainKey(key)} value: ${plainKey(value)}`),
      keys: entries.map(({ key }) => keyText(key)),
    };
  const lines = printTable(
    kind.header,
    entries.map(({ key, value }) => kind.print(key, value)),
  );
  const keys = entries.map(({ key }) => keyText(key));
  return {
    command: kind.command(suffixOf(kind, name)),
    lines,
    keys: kind.header.length > 0 ? [undefined, ...keys] : keys,
  };
}

/** A window of the map around the entry, or its beginning where nothing was found. */
export function mapEvidence(
  step: Extract<Step, { kind: 'bpf-map' }>,
  trace: { readonly steps: readonly Step[] },
  world: World,
): Evidence {
  const host = mapHost(world.namespaces.get(step.ns)) ?? step.ns;
  const written = mapsOf(world, step.ns).find(({ name }) => name === step.map)?.entries ?? [];
  const all = [...written, ...writtenBefore(trace.steps, step.i, world, host, step.map)];
  const { command, lines, keys } = mapText(step.map, all);
  const wanted = step.entry && keyText(step.entry.key);
  const index = wanted === null ? -1 : keys.lastIndexOf(wanted);
  return linesEvidence(`Map ${step.map} of ${host}`, command, lines, index < 0 ? null : index, step.entry?.origin);
}
