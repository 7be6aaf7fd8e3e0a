/** IPVS as its tools print it: the virtual and real servers, and the addresses that make packets for Services stop at this node. */
import type { NetnsConfig, NsId } from '../../sim/linux/config.ts';
import { IPVSADM_HEADER, ipvsadmLines } from '../../sim/linux/ipvs/print.ts';
import { endpointText, type IpPort, virtualKey } from '../../sim/linux/ipvs/table.ts';
import { printAddress } from '../../sim/linux/print/ip-addr.ts';
import { familyOf } from '../../sim/wire/ip.ts';
import { addressDeleted, serverDeleted } from '../faults/deletions.ts';
import type { XrayRow } from './artefact.ts';

type Proto = Parameters<typeof virtualKey>[0];

export const virtualServerKey = (proto: Proto, at: IpPort): string => `ipvs ${virtualKey(proto, at)}`;
export const realServerKey = (proto: Proto, at: IpPort, real: IpPort): string =>
  `${virtualServerKey(proto, at)} -> ${endpointText(real)}`;
export const addressKey = (dev: string, ip: string): string => `address ${dev} ${ip}`;

interface Section {
  readonly command: string;
  readonly rows: readonly XrayRow[];
}

export function ipvsRows({ id, ipvs, devices, addresses }: NetnsConfig): Section[] {
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
    ...dummies.flatMap(({ name }) => addressSections(id, name, addresses)),
  ];
}

/** A command for each family that the device has addresses of. */
function addressSections(id: NsId, name: string, addresses: NetnsConfig['addresses']): Section[] {
  const own = addresses.filter(({ dev }) => dev === name);
  return ([4, 6] as const).flatMap((family) => {
    const ours = own.filter(({ ip }) => familyOf(ip) === family);
    if (ours.length === 0 && !(family === 4 && own.length === 0)) return [];
    return [
      {
        command: `ip -${family} addr show dev ${name}`,
        rows: ours.map((address): XrayRow => {
          const deletions = [addressDeleted(id, address)];
          const text = `    ${printAddress(address)}`;
          return { text, kind: 'entry', keys: [addressKey(name, address.ip)], deletions };
        }),
      },
    ];
  });
}
