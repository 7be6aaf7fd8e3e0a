import type { FaultEvent } from '../../sim/scenario/scenario.ts';

/** A policy's switch has its own knob: it is neither a fault nor a change of the pods. */
export const isListed = (event: FaultEvent): boolean => event.type !== 'PolicySwitched';

/** False for what was done with the cluster, not against it. */
export const isFault = (event: FaultEvent): boolean =>
  event.type !== 'WorkloadScaled' &&
  event.type !== 'CniConfRestored' &&
  !(event.type === 'ReadinessSet' && event.ready);

/** `2 faults, 1 change`. */
export function countFaults(events: readonly FaultEvent[]): string {
  const faults = events.filter(isFault).length;
  const parts = [
    [faults, 'fault'],
    [events.length - faults, 'change'],
  ] as const;
  return parts.flatMap(([count, word]) => (count === 0 ? [] : `${count} ${word}${count === 1 ? '' : 's'}`)).join(', ');
}

/** A fault in a few words, as the list of faults shows it. */
export function faultWords(fault: FaultEvent): string {
  switch (fault.type) {
    case 'WorkloadScaled':
      return `${fault.ref} scaled to ${fault.replicas}`;
    case 'ReadinessSet':
      return `${fault.ref} marked ${fault.ready ? 'ready' : 'not ready'}`;
    case 'PolicySwitched':
      return `${fault.ref} switched to ${fault.to}`;
    case 'ProxyStopped':
      return `Proxy on ${fault.node} stopped: its rules stay as they were`;
    case 'AgentStopped':
      return `CNI daemon on ${fault.node} stopped: it learns of nothing new`;
    case 'CniConfRemoved':
      return `CNI configuration of ${fault.node} removed: no new pod gets a network there`;
    case 'CniConfRestored':
      return `CNI configuration of ${fault.node} put back`;
    case 'PodDeleted':
      return `Pod ${fault.ref} deleted`;
    case 'ListenerStopped':
      return `${fault.ns} stopped listening on ${fault.proto} ${fault.port}`;
    case 'DeviceSetDown':
      return `${fault.dev} of ${fault.ns} set down`;
    case 'RouteDeleted':
      return `Route deleted on ${fault.ns}: ${fault.line}`;
    case 'NeighbourDeleted':
      return `Neighbour deleted on ${fault.ns}: ${fault.line}`;
    case 'FdbEntryDeleted':
      return `FDB entry deleted on ${fault.ns}: ${fault.line}`;
    case 'RuleDeleted':
      return `Rule deleted on ${fault.ns}, table ${fault.table}: ${fault.line}`;
    case 'NftRuleDeleted':
      return `Rule deleted on ${fault.ns}, table ${fault.table}, chain ${fault.chain}: ${fault.line}`;
    case 'NftElementDeleted':
      return `Element deleted on ${fault.ns}, table ${fault.table}: ${fault.set} { ${fault.key} }`;
    case 'VirtualServerDeleted':
      return `Virtual server deleted on ${fault.ns}: ${fault.proto} ${fault.at}`;
    case 'RealServerDeleted':
      return `Real server deleted on ${fault.ns}: ${fault.proto} ${fault.at} -> ${fault.server}`;
    case 'IpsetMemberDeleted':
      return `Entry deleted on ${fault.ns}: ${fault.set} ${fault.member}`;
    case 'AddressDeleted':
      return `Address deleted on ${fault.ns}: ${fault.ip} dev ${fault.dev}`;
    case 'SysctlSet':
      return `net.${fault.key} = ${fault.value} on ${fault.ns}`;
    case 'MtuSet':
      return `MTU of ${fault.dev} on ${fault.ns} set to ${fault.mtuBytes}`;
  }
}
