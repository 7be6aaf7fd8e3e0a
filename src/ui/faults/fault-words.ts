import type { FaultEvent } from '../../sim/scenario/scenario.ts';

/** A fault in a few words, as the list of faults shows it. */
export function faultWords(fault: FaultEvent): string {
  switch (fault.type) {
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
    case 'SysctlSet':
      return `net.${fault.key} = ${fault.value} on ${fault.ns}`;
    case 'MtuSet':
      return `MTU of ${fault.dev} on ${fault.ns} set to ${fault.mtuBytes}`;
  }
}
