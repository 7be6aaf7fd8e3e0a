/** IPVS as its tools print it: the virtual and real servers, and the addresses that make packets for Services stop at this node. */
import type { NetnsConfig } from '../../sim/linux/config.ts';
import { IPVSADM_HEADER, ipvsadmLines } from '../../sim/linux/ipvs/print.ts';
import { endpointText, type IpPort, virtualKey } from '../../sim/linux/ipvs/table.ts';
import { printAddress } from '../../sim/linux/print/ip-addr.ts';
import { addressDeleted, serverDeleted } from '../faults/deletions.ts';
import type { XrayRow } from './artefact.ts';

type Proto = Parameters<typeof virtualKey>[0];

export const virtualServerKey = (proto: Proto, at: IpPort): string => `ipvs ${virtualKey(proto, at)}`;
export const realServerKey = (proto: Proto, at: IpPort, real: IpPort): string =>
  `${virtualServerKey(proto, at)} -> ${endpointText(real)}`;
export const addressKey = (dev: string, ip: string): string => `address ${dev} ${ip}`;

export function ipvsRows({
  id,
  ipvs,
  devices,
  addresses,
}: NetnsConfig): { command: string; rows: readonly XrayRow[] }[] {
  if (ipvs === undefined) return [];
  const servers = ipvsadmLines(ipvs).map(({ text, virtual, real }): XrayRow => {
    const { proto } = virtual;
    const key = real === null ? virtualServerKey(proto, virtual) : realServerKey(proto, virtual, real);
    return { text, kind: 'entry', keys: [key], deletions: [serverDeleted(id, virtual, real)] };
  });
  const header = IPVSADM_HEADER.trimEnd().split('\n');
  const dummies = devices.filter(({ kind }) => kind === 'dummy');
  return [
    {
      command: 'ipvsadm -Ln',
      rows: [...header.map((text): XrayRow => ({ text, kind: 'head', keys: [] })), ...servers],
    },
    ...dummies.map(({ name }) => ({
      command: `ip -4 addr show dev ${name}`,
      rows: addresses
        .filter(({ dev }) => dev === name)
        .map((address): XrayRow => {
          const deletions = [addressDeleted(id, address)];
          return {
            text: `    ${printAddress(address)}`,
            kind: 'entry',
            keys: [addressKey(name, address.ip)],
            deletions,
          };
        }),
    })),
  ];
}
