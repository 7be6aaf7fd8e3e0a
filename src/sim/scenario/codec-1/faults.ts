/** Faults as tuples: the position of the type in this table, then its fields. Rows and fields may be added at the end, never moved. */
import type { FaultEvent } from '../scenario.ts';
import { type Json, listIn } from './tuple.ts';

const rows: readonly { readonly type: FaultEvent['type']; readonly fields: readonly string[] }[] = [
  { type: 'PodDeleted', fields: ['ref'] },
  { type: 'ListenerStopped', fields: ['ns', 'proto', 'port'] },
  { type: 'DeviceSetDown', fields: ['ns', 'dev'] },
  { type: 'RouteDeleted', fields: ['ns', 'line'] },
  { type: 'NeighbourDeleted', fields: ['ns', 'line'] },
  { type: 'FdbEntryDeleted', fields: ['ns', 'line'] },
  { type: 'RuleDeleted', fields: ['ns', 'table', 'line', 'nth'] },
  { type: 'SysctlSet', fields: ['ns', 'key', 'value'] },
  { type: 'MtuSet', fields: ['ns', 'dev', 'mtuBytes'] },
];

export function packFault(fault: FaultEvent): Json[] {
  const code = rows.findIndex(({ type }) => type === fault.type);
  const values = new Map<string, Json>(Object.entries(fault));
  const fields = rows[code]?.fields ?? [];
  return [code, ...fields.flatMap((field) => values.get(field) ?? [])];
}

/** The decoder refuses what has no type. */
export function unpackFault(packed: unknown): unknown {
  const [code, ...values] = listIn(packed);
  const row = typeof code === 'number' ? rows[code] : undefined;
  if (!row) return { type: `fault ${String(code)}` };
  const fields = values.map((value, i) => [row.fields[i] ?? `field ${i}`, value]);
  return { type: row.type, ...Object.fromEntries(fields) };
}
