import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { indexOf } from '../../sim/kube/cluster-index.ts';
import type { NetnsConfig } from '../../sim/linux/config.ts';
import { printRule } from '../../sim/linux/netfilter/iptables/print.ts';
import {
  type Chain,
  type HookName,
  rulesetOf,
  type TableName,
  toolOf,
} from '../../sim/linux/netfilter/iptables/rule.ts';
import { printRule as printNftRule } from '../../sim/linux/netfilter/nftables/print.ts';
import type { NftChain, NftTable } from '../../sim/linux/netfilter/nftables/ruleset.ts';
import type { Selected } from '../../store/selection.ts';
import { copiesBefore, nftRuleDeleted, ruleDeleted, type TablePlace } from '../faults/deletions.ts';
import { DeviceView } from './DeviceView.tsx';
import { type Entry, EntryList } from './EntryList.tsx';
import { Latest } from './Latest.tsx';
import { MachineView } from './MachineView.tsx';
import { listenerEntries, neighbourEntries, routeEntries } from './ns-entries.ts';
import { HostPodView } from './PodView.tsx';
import { Rewrites } from './Rewrites.tsx';
import { ServiceView } from './ServiceView.tsx';

interface SelectedViewProps {
  readonly selected: Selected;
  readonly world: World;
  readonly trace: Trace | null;
}

/** What is selected: what it is, who wrote it, and what can be broken about it. */
export function SelectedView({ selected, world, trace }: SelectedViewProps) {
  const { kind, id } = selected;
  if (kind === 'service') {
    const service = world.cluster.services.find(({ namespace, name }) => `${namespace}/${name}` === id);
    return service ? <ServiceView service={service} world={world} /> : <Gone />;
  }
  const pod = kind === 'pod' ? indexOf(world.cluster).pod(id) : undefined;
  if (pod?.hostNetwork) return <HostPodView pod={pod} world={world} />;
  const config = world.namespaces.get(selected.ns ?? id);
  if (config === undefined)
    return (
      <>
        <Gone />
        <Rewrites world={world} node={id} />
      </>
    );
  switch (kind) {
    case 'device': {
      const device = config.devices.find(({ name }) => name === id);
      return device ? <DeviceView config={config} device={device} /> : <Gone />;
    }
    case 'hook':
      return <HookView config={config} hook={id as HookName} />;
    case 'route':
      return (
        <>
          <EntryList title="Routes" command="ip route" entries={routeEntries(config)} />
          <EntryList title="Neighbours" command="ip neigh" entries={neighbourEntries(config)} />
        </>
      );
    case 'conntrack':
      return trace ? <Latest trace={trace} world={world} ns={config.id} /> : null;
    case 'listener':
      return <EntryList title="Listening" command="ss -lntu" entries={listenerEntries(config)} />;
    default:
      return <MachineView config={config} world={world} />;
  }
}

function Gone() {
  return <p className="quiet">This is gone from the cluster as it is now. Undo brings it back.</p>;
}

const ORDER: readonly TableName[] = ['raw', 'mangle', 'nat', 'filter'];

/** The chains that a packet enters at a hook, in the order of the tables. */
function HookView({ config, hook }: { readonly config: NetnsConfig; readonly hook: HookName }) {
  const tables = ([4, 6] as const).flatMap((family) =>
    ORDER.flatMap((name) => {
      const chain = rulesetOf(config, family).get(name)?.chains.get(hook);
      return chain === undefined ? [] : [{ family, name, chain }];
    }),
  );
  const nft = (config.nftables ?? []).flatMap((table) =>
    [...table.chains.values()].flatMap((chain) => (chain.base?.hook === hook ? [{ table, chain }] : [])),
  );
  if (tables.length + nft.length === 0)
    return <p className="quiet">No table has a chain at this hook here: packets pass untouched.</p>;
  return (
    <>
      {tables.map(({ family, name, chain }) => (
        <section key={`${family} ${name}`}>
          <EntryList
            title={`${family === 6 ? 'IPv6, table' : 'Table'} ${name}, policy ${chain.policy ?? 'none'}`}
            command={`${toolOf(family)} -t ${name} -S ${hook}`}
            entries={ruleEntries(config.id, { family, table: name }, chain)}
          />
          {chain.rules.length === 0 && (
            <p className="quiet">
              Table {name}: no rules, policy {chain.policy}.
            </p>
          )}
        </section>
      ))}
      {nft.map(({ table, chain }) => (
        <EntryList
          key={`${table.family} ${table.name} ${chain.name}`}
          title="nftables"
          command={`nft list chain ${table.family} ${table.name} ${chain.name}`}
          entries={nftEntries(config.id, table, chain)}
        />
      ))}
    </>
  );
}

function ruleEntries(ns: string, place: TablePlace, chain: Chain): readonly Entry[] {
  const lines = chain.rules.map((rule) => printRule(chain.name, rule, place.family));
  return lines.map((line, index) => {
    const event = ruleDeleted(ns, place, line, copiesBefore(lines, index));
    return { line, origin: chain.rules[index]?.origin, fault: { label: 'Delete rule', event } };
  });
}

function nftEntries(ns: string, { family, name }: NftTable, chain: NftChain): readonly Entry[] {
  const lines = chain.rules.map((rule) => printNftRule(family, rule));
  return lines.map((line, index) => {
    const event = nftRuleDeleted(ns, { family, table: name }, chain.name, line, copiesBefore(lines, index));
    return { line, origin: chain.rules[index]?.origin, fault: { label: 'Delete rule', event } };
  });
}
