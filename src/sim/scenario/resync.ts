/** Programs look after what they wrote: who would write a deleted object again, and what a full sync of a proxy makes whole. */
import type { CniDriver, ProxyDriver, Written } from '../drivers/contract.ts';
import { CNIS, PROXIES } from '../drivers/registry.ts';
import type { FaultEvent, ScenarioState } from './scenario.ts';

type Chosen = Pick<ScenarioState, 'cni' | 'proxy' | 'faults'>;

/** Who looks after a deleted object. */
export interface Comeback {
  /** As one sentence. */
  readonly when: string;
  /** It is the proxy of the node, and that does not run. */
  readonly isStopped: boolean;
}

/** Of a deletion: when its writer would write the object again by itself; null: nobody would. */
export function comebackOf(state: Chosen, fault: FaultEvent): Comeback | null {
  const deleted = deletedBy(fault);
  if (deleted === null) return null;
  const ofProxy = againBy(PROXIES, state.proxy, deleted.written);
  if (ofProxy !== null) return { when: ofProxy, isStopped: isStopped(state, deleted.ns) };
  const ofCni = againBy(CNIS, state.cni, deleted.written);
  return ofCni === null ? null : { when: ofCni, isStopped: false };
}

/** Rules, elements, servers and the like that were deleted on a machine, whoever wrote them. */
export const deletionsOn = ({ faults }: Pick<Chosen, 'faults'>, ns: string): readonly FaultEvent[] =>
  faults.filter((fault) => deletedBy(fault)?.ns === ns);

/** The faults of a node that its running proxy would make whole at a full sync. */
export function healedBySync(state: Chosen, node: string): readonly FaultEvent[] {
  if (isStopped(state, node)) return [];
  return state.faults.filter((fault) => {
    const deleted = deletedBy(fault);
    return deleted?.ns === node && againBy(PROXIES, state.proxy, deleted.written) !== null;
  });
}

/**
 * SIMPLIFIED: what comes back stands where it stood. `iptables -I` would put a jump of a built-in chain first, and a real server would
 * be the last one added; a sync after a change of the cluster, which restores a part, happens only when it is asked for.
 */
export function afterSync<State extends Chosen>(state: State, node: string): State {
  const healed = new Set(healedBySync(state, node));
  return healed.size === 0 ? state : { ...state, faults: state.faults.filter((fault) => !healed.has(fault)) };
}

const isStopped = ({ faults }: Pick<Chosen, 'faults'>, node: string): boolean =>
  faults.some((fault) => fault.type === 'ProxyStopped' && fault.node === node);

function againBy(
  drivers: readonly (CniDriver | ProxyDriver)[],
  chosen: Chosen['proxy'],
  written: Written,
): string | null {
  return drivers.find(({ id }) => id === chosen.id)?.writesAgain?.(chosen.mode, written) ?? null;
}

function deletedBy(fault: FaultEvent): { readonly ns: string; readonly written: Written } | null {
  switch (fault.type) {
    case 'RuleDeleted':
      return { ns: fault.ns, written: { kind: 'iptables', table: fault.table, line: fault.line } };
    case 'NftRuleDeleted':
    case 'NftElementDeleted':
      return { ns: fault.ns, written: { kind: 'nftables', table: fault.table } };
    case 'VirtualServerDeleted':
    case 'RealServerDeleted':
      return { ns: fault.ns, written: { kind: 'ipvs' } };
    case 'IpsetMemberDeleted':
      return { ns: fault.ns, written: { kind: 'ipset', set: fault.set } };
    case 'AddressDeleted':
      return { ns: fault.ns, written: { kind: 'address', dev: fault.dev } };
    default:
      return null;
  }
}
