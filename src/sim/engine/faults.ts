/**
 * Faults that the person injected, applied to what the drivers wrote. Objects are named by the line that their tool prints, so a fault
 * keeps its meaning when the world is derived anew; a line that no longer exists is simply no fault any more.
 */
import { LazyMap } from '../base/lazy-map.ts';
import type { NetnsConfig, NsId } from '../linux/config.ts';
import type { Origin } from '../linux/origin.ts';
import { printFdbEntry } from '../linux/print/bridge-fdb.ts';
import { printNeighbour } from '../linux/print/ip-neigh.ts';
import { printRoute } from '../linux/print/ip-route.ts';
import { routesOf } from '../linux/routing/tables.ts';
import type { FaultEvent } from '../scenario/scenario.ts';
import { deleteMember, deleteNftElement, deleteNftRule, deleteRule, deleteServer } from './proxy-faults.ts';

/** Steps that meet a changed device point at who changed it. */
const YOU: Origin = { by: 'you', why: 'you changed it', fault: true };

type Namespaces = ReadonlyMap<NsId, NetnsConfig>;

/** Pods, listeners and proxies go earlier, when the cluster is built; these change one namespace each. */
export function applyFaults(namespaces: Namespaces, faults: readonly FaultEvent[]): Namespaces {
  const byNs = new Map<NsId, FaultEvent[]>();
  for (const fault of faults) {
    if (!('ns' in fault) || fault.type === 'ListenerStopped') continue;
    byNs.set(fault.ns, [...(byNs.get(fault.ns) ?? []), fault]);
  }
  if (byNs.size === 0) return namespaces;
  const makers = new Map<NsId, () => NetnsConfig>();
  for (const id of namespaces.keys()) {
    const own = byNs.get(id);
    const plain = (): NetnsConfig => namespaces.get(id) as NetnsConfig;
    // What is known of a machine beforehand may be what was broken.
    makers.set(id, () => (own ? own.reduce(applyFault, { ...plain(), own: undefined }) : plain()));
  }
  return new LazyMap(makers);
}

function applyFault(config: NetnsConfig, fault: FaultEvent): NetnsConfig {
  switch (fault.type) {
    case 'DeviceSetDown':
      return {
        ...config,
        devices: config.devices.map((d) => (d.name === fault.dev ? { ...d, up: false, origin: YOU } : d)),
      };
    case 'MtuSet':
      return {
        ...config,
        devices: config.devices.map((d) =>
          d.name === fault.dev ? { ...d, mtuBytes: fault.mtuBytes, origin: YOU } : d,
        ),
      };
    case 'RouteDeleted':
      return deleteRoute(config, fault.line);
    case 'NeighbourDeleted':
      return { ...config, neighbours: without(config.neighbours, printNeighbour, fault.line) };
    case 'FdbEntryDeleted':
      return { ...config, fdb: without(config.fdb, printFdbEntry, fault.line) };
    case 'RuleDeleted':
      return deleteRule(config, fault);
    case 'NftRuleDeleted':
      return deleteNftRule(config, fault);
    case 'NftElementDeleted':
      return deleteNftElement(config, fault);
    case 'VirtualServerDeleted':
    case 'RealServerDeleted':
      return deleteServer(config, fault);
    case 'IpsetMemberDeleted':
      return deleteMember(config, fault);
    case 'AddressDeleted':
      return {
        ...config,
        addresses: config.addresses.filter(({ dev, ip }) => dev !== fault.dev || ip !== fault.ip),
      };
    case 'SysctlSet':
      return { ...config, sysctl: setSysctl(config.sysctl, fault.key, fault.value) };
    default:
      return config;
  }
}

/** Writing `ip_forward` also writes the value of every device (`inet_forward_change`, net/ipv4/devinet.c). */
function setSysctl(before: NetnsConfig['sysctl'], key: string, value: number): NetnsConfig['sysctl'] {
  const isLost = (name: string): boolean => key === 'ipv4.ip_forward' && name.endsWith('.forwarding');
  const kept = Object.entries(before).filter(([name]) => !isLost(name));
  return Object.fromEntries([...kept, [key, value]]) as NetnsConfig['sysctl'];
}

/** Without the first item that prints so. */
function without<T>(items: readonly T[], print: (item: T) => string, line: string): readonly T[] {
  const at = items.findIndex((item) => print(item) === line);
  return at < 0 ? items : items.filter((_, i) => i !== at);
}

/** Routes that the kernel derived can be deleted too: `ip route del 10.244.1.0/24 dev cni0`. */
function deleteRoute(config: NetnsConfig, line: string): NetnsConfig {
  const written = without(config.routes, printRoute, line);
  if (written !== config.routes) return { ...config, routes: written };
  const derived = routesOf(config).find((r) => printRoute(r) === line);
  return derived ? { ...config, deletedRoutes: [...(config.deletedRoutes ?? []), derived] } : config;
}
