/** What kube-proxy in IPVS mode writes on a node (pkg/proxy/ipvs/proxier.go, v1.33): one full sync, as plain Linux configuration. */
import { JoinedMaps } from '../../../../base/joined-map.ts';
import { Kept } from '../../../../base/kept.ts';
import type { Address, Device, IpSet, Sysctl } from '../../../../linux/config.ts';
import type { VirtualServer } from '../../../../linux/ipvs/table.ts';
import type { Rule, RuleOp } from '../../../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../../../linux/origin.ts';
import type { Ip } from '../../../../wire/ip.ts';
import { macFromHash } from '../../../../wire/mac.ts';
import { restoreOps } from '../iptables.ts';
import { syncKey } from '../node-view.ts';
import type { NodeView } from '../options.ts';
import type { PortsOfService } from '../service-port.ts';
import { DUMMY_DEVICE } from './facts.ts';
import type { IpvsOptions } from './options.ts';
import { boundAddresses, type NodePlaces, placesOf } from './places.ts';
import { ipvsChains, ipvsJumps, refusedNodes } from './rules.ts';
import { virtualServers } from './servers.ts';
import { bySet, ipSets, type SetEntries, setEntries, setMembers } from './sets.ts';

export interface IpvsPlan {
  readonly devices: readonly Device[];
  readonly addresses: readonly Address[];
  readonly sysctl: Partial<Sysctl>;
  readonly ipsets: readonly IpSet[];
  readonly iptables: readonly RuleOp[];
  readonly virtualServers: readonly VirtualServer[];
}

const DUMMY_MTU_BYTES = 1500;

export function planIpvs(services: readonly PortsOfService[], view: NodeView, options: IpvsOptions): IpvsPlan {
  const places = placesOf(view, options);
  const given = JSON.stringify([view, options]);
  const each = written.list(services, given, (ports) => writeService(ports, view, places, options));
  // Two Services may share an external address: it is bound once.
  const addresses = bound.make(syncKey(view), each, (service) => service.addresses);
  const members = setMembers(syncKey(view), each, addresses);
  const refused: Rule[] = [];
  const servers: VirtualServer[] = [];
  for (const service of each) {
    for (const rule of service.refused) refused.push(rule);
    for (const server of service.servers) servers.push(server);
  }
  return {
    devices: [dummyDevice()],
    addresses: addresses.toArray().map(([, address]) => address),
    sysctl: sysctlOf(options),
    ipsets: ipSets(members, view.family),
    iptables: [...ipvsJumps(), ...restoreOps(ipvsChains(refused, members, view, options))],
    virtualServers: servers,
  };
}

const origin = (why: string): Origin => ({ by: 'kube-proxy', why });

/** Never set up: the kernel delivers to the addresses of a device that is down. SIMPLIFIED: its MAC, which nobody sees, is random in reality. */
function dummyDevice(): Device {
  return {
    kind: 'dummy',
    name: DUMMY_DEVICE,
    mac: macFromHash('02', 0),
    mtuBytes: DUMMY_MTU_BYTES,
    up: false,
    origin: origin('packets for Services must be delivered here, so that IPVS gets them'),
  };
}

/** As kube-proxy, which writes again only the Services that changed. */
const written = new Kept<PortsOfService, WrittenService>();

/** Of how many nodes the addresses of the last sync are kept. */
const SYNCS_KEPT = 16;
const bound = new JoinedMaps<WrittenService, Address>(SYNCS_KEPT);

interface WrittenService {
  readonly servers: readonly VirtualServer[];
  readonly entries: SetEntries;
  readonly addresses: readonly (readonly [Ip, Address])[];
  readonly refused: readonly Rule[];
}

function writeService(ports: PortsOfService, view: NodeView, places: NodePlaces, options: IpvsOptions): WrittenService {
  return {
    servers: ports.flatMap((port) => virtualServers(port, places, options)),
    entries: bySet(ports.flatMap((port) => setEntries(port, view, places))),
    addresses: addressesOf(ports, places, view.family).map((address) => [address.ip, address]),
    refused: refusedNodes(ports, view),
  };
}

function addressesOf(ports: PortsOfService, places: NodePlaces, family: 4 | 6): Address[] {
  const prefix = family === 4 ? 32 : 128;
  const why = origin('an address of the Service');
  return boundAddresses(ports, places).map((ip) => ({
    dev: DUMMY_DEVICE,
    ip,
    prefix,
    scope: 'global',
    origin: { ...why, for: `Service ${ports[0]?.service ?? ''}` },
  }));
}

/** `conn_reuse_mode` stays 1, the kernel's default, from Linux 5.9 on. */
function sysctlOf({ strictARP }: IpvsOptions): IpvsPlan['sysctl'] {
  return {
    'ipv4.vs.conntrack': 1,
    'ipv4.vs.expire_nodest_conn': 1,
    'ipv4.vs.expire_quiescent_template': 1,
    'ipv4.ip_forward': 1,
    ...(strictARP ? { 'ipv4.conf.all.arp_ignore': 1, 'ipv4.conf.all.arp_announce': 2 } : {}),
  };
}
