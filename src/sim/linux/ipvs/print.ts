/** IPVS as ipvsadm 1.31 prints it: sorted by protocol number, address and port; real servers by number too, not as text. */
import { compareAddresses } from './address.ts';
import type { IpvsConnections } from './connection.ts';
import { endpointText, type IpPort, type IpvsProtocol, type RealServer, type VirtualServer } from './table.ts';

/** `size`: 1 << CONFIG_IP_VS_TAB_BITS, which is 12 by default. */
export const IPVSADM_HEADER = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
`;
const PROTOCOL_ORDER: readonly IpvsProtocol[] = ['tcp', 'udp', 'sctp'];
const SERVICE_OPTION: Readonly<Record<IpvsProtocol, string>> = { tcp: '-t', udp: '-u', sctp: '--sctp-service' };

/** `ipvsadm -Ln`; without connections every count is 0. */
export function printIpvsadmList(table: readonly VirtualServer[], connections?: IpvsConnections): string {
  const lines = ipvsadmLines(table, connections).map(({ text }) => `${text}\n`);
  return IPVSADM_HEADER + lines.join('');
}

export interface IpvsadmLine {
  readonly text: string;
  readonly virtual: VirtualServer;
  /** Null: the line of the virtual server itself. */
  readonly real: RealServer | null;
}

/** The lines of `ipvsadm -Ln` below its header, and what each is about. */
export function ipvsadmLines(table: readonly VirtualServer[], connections?: IpvsConnections): readonly IpvsadmLine[] {
  return sorted(table).flatMap((virtual): IpvsadmLine[] => [
    {
      text: `${virtual.proto.toUpperCase().padEnd(4)} ${endpointText(virtual)} ${flagsOf(virtual)}`,
      virtual,
      real: null,
    },
    ...sortedReal(virtual).map((real) => ({ text: listReal(virtual, real, connections), virtual, real })),
  ]);
}

function flagsOf({ scheduler, flags = [], persistentSeconds }: VirtualServer): string {
  const words = [scheduler, ...(flags.length > 0 ? [`(${flags.join(',')})`] : [])];
  return [...words, ...(persistentSeconds === undefined ? [] : [`persistent ${persistentSeconds}`])].join(' ');
}

/** `  -> %-28s %-7s %-6d %-10u %-10u`. */
function listReal(
  { proto, ip, port }: VirtualServer,
  real: RealServer,
  connections: IpvsConnections | undefined,
): string {
  const load = connections?.loadOf(proto, { ip, port }, real);
  const cells: readonly (readonly [string, number])[] = [
    [endpointText(real), 28],
    [real.forward === 'route' ? 'Route' : 'Masq', 7],
    [String(real.weight), 6],
    [String(load?.active ?? 0), 10],
    [String(load?.inactive ?? 0), 10],
  ];
  return `  -> ${cells.map(([text, width]) => text.padEnd(width)).join(' ')}`;
}

/** `ipvsadm -Sn`: the commands that would bring it back. */
export function printIpvsadmSave(table: readonly VirtualServer[]): string {
  return sorted(table)
    .flatMap((virtual) => {
      const at = `${SERVICE_OPTION[virtual.proto]} ${endpointText(virtual)}`;
      return [
        `-A ${at} -s ${virtual.scheduler}${saveOptions(virtual)}\n`,
        ...sortedReal(virtual).map(
          (real) => `-a ${at} -r ${endpointText(real)} ${real.forward === 'route' ? '-g' : '-m'} -w ${real.weight}\n`,
        ),
      ];
    })
    .join('');
}

function saveOptions({ persistentSeconds, flags = [] }: VirtualServer): string {
  const persistence = persistentSeconds === undefined ? '' : ` -p ${persistentSeconds}`;
  return flags.length > 0 ? `${persistence} -b ${flags.join(',')}` : persistence;
}

function sorted(table: readonly VirtualServer[]): VirtualServer[] {
  const order = (virtual: VirtualServer): number => PROTOCOL_ORDER.indexOf(virtual.proto);
  return [...table].sort((a, b) => order(a) - order(b) || comparePlaces(a, b));
}

const sortedReal = ({ realServers }: VirtualServer): RealServer[] => [...realServers].sort(comparePlaces);

const comparePlaces = (a: IpPort, b: IpPort): number => compareAddresses(a.ip, b.ip) || a.port - b.port;
