/** Faults as tuples: the position of the type in this table, then its fields. Rows and fields may be added at the end, never moved. */
import type { FaultEvent, SeenCluster } from '../scenario.ts';
import { packDriver, packSize, unpackDriver, unpackSize } from './cluster.ts';
import { packObjects, unpackObjects } from './objects.ts';
import { fillTuple, type Json, listIn, optional, trimTuple } from './tuple.ts';

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
  { type: 'ProxyStopped', fields: ['node', 'seen'] },
  { type: 'WorkloadScaled', fields: ['ref', 'replicas'] },
  { type: 'ReadinessSet', fields: ['ref', 'ready'] },
  { type: 'NftRuleDeleted', fields: ['ns', 'table', 'chain', 'line', 'nth'] },
  { type: 'NftElementDeleted', fields: ['ns', 'table', 'set', 'key'] },
  { type: 'VirtualServerDeleted', fields: ['ns', 'proto', 'at'] },
  { type: 'RealServerDeleted', fields: ['ns', 'proto', 'at', 'server'] },
  { type: 'IpsetMemberDeleted', fields: ['ns', 'set', 'member'] },
  { type: 'AddressDeleted', fields: ['ns', 'dev', 'ip'] },
  { type: 'AgentStopped', fields: ['node', 'seen'] },
  { type: 'CniConfRemoved', fields: ['node'] },
  { type: 'CniConfRestored', fields: ['node'] },
  { type: 'PolicySwitched', fields: ['ref', 'to'] },
];

const STOPPED = rows.flatMap(({ fields }, code) => (fields.includes('seen') ? [code] : []));

/** [objects, changes, proxy, size, balancer]; '' is none. */
const seenDefaults: readonly Json[] = [[], [], 'kube-proxy/iptables', [], ''];

export function packFault(fault: FaultEvent): Json[] {
  const code = rows.findIndex(({ type }) => type === fault.type);
  const fields = rows[code]?.fields ?? [];
  const values: Readonly<Record<string, unknown>> = { ...fault };
  const given = fields.filter((field) => values[field] !== undefined);
  return [
    code,
    ...given.map((field) => (field === 'seen' ? packSeen(values.seen as SeenCluster) : values[field])),
  ] as Json[];
}

function packSeen(seen: SeenCluster): Json[] {
  const parts = [
    packObjects(seen.objects),
    seen.changes.map(packFault),
    packDriver(seen.proxy),
    packSize(seen),
    seen.balancer ? packDriver(seen.balancer) : '',
  ];
  return trimTuple(parts, seenDefaults);
}

/** The decoder refuses what has no type. */
export function unpackFault(packed: unknown): unknown {
  const [code, ...values] = listIn(packed);
  const row = typeof code === 'number' ? rows[code] : undefined;
  if (!row) return { type: `fault ${String(code)}` };
  const fields = values.map((value, i) => {
    const field = row.fields[i] ?? `field ${i}`;
    return [field, field === 'seen' ? unpackSeen(value) : value];
  });
  return { type: row.type, ...Object.fromEntries(fields) };
}

/** What a stopped process saw holds no other one, so that nothing nests deeper. */
function unpackSeen(packed: unknown): unknown {
  const [objects, changes, proxy, size, balancer] = fillTuple(packed, seenDefaults);
  return {
    ...unpackSize(size),
    objects: unpackObjects(objects),
    proxy: unpackDriver(proxy),
    ...optional('balancer', balancer === '' ? undefined : unpackDriver(balancer)),
    changes: listIn(changes).map(unpackChange),
  };
}

function unpackChange(packed: unknown): unknown {
  const [code] = listIn(packed);
  return STOPPED.includes(Number(code)) ? { type: `change ${String(code)}` } : unpackFault(packed);
}
