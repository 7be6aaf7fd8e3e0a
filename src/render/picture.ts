/**
 * What there is to draw, before anybody knows where: machines, rooms, ports, gates and Services, read from the configuration of the
 * namespaces alone. A CNI that makes no bridge gets no bridge bar; nothing here knows a CNI by name.
 */

import { once } from '../sim/base/once.ts';
import type { World } from '../sim/engine/world.ts';
import { type ClusterNode, type ClusterService, nsOfPod, podNs } from '../sim/kube/cluster.ts';
import { clusterIPsOf, ipsOf } from '../sim/kube/families.ts';
import { attachedTo } from '../sim/linux/bpf/attach.ts';
import { type Device, type NetnsConfig, type NsId, SYSCTL_DEFAULTS } from '../sim/linux/config.ts';
import type { HookName } from '../sim/linux/netfilter/iptables/rule.ts';
import { hookChains } from './hook-chains.ts';
import { announcerElement } from './picture-announcer.ts';
import { type Guard, guardsOf, guardWords } from './picture-guards.ts';
import { idOf, type PictureId } from './picture-id.ts';
import {
  type OutsidePicture,
  outsidePictures,
  type RouterPicture,
  routerPicture,
  type SubnetPicture,
  subnetPictures,
} from './picture-network.ts';

export type ElementKind =
  | 'node'
  | 'outside'
  | 'router'
  | 'pod'
  | 'fold'
  | 'announcer'
  | 'bridge'
  | 'tunnel'
  | 'nic'
  | 'device'
  | 'hook'
  | 'route'
  | 'sockets'
  | 'conntrack'
  | 'service'
  | 'underlay';

/** One thing that is drawn, named and can be selected. */
export interface PictureElement {
  readonly id: PictureId;
  readonly kind: ElementKind;
  readonly label: string;
  /** Usually an address; empty for none. */
  readonly sublabel: string;
  /** One sentence for the accessible name and the tooltip. */
  readonly about: string;
  readonly ns: NsId;
  readonly parent: PictureId | null;
  /** Small print that is worth its place only when zoomed in. */
  readonly details: readonly string[];
  /** For a close look only: asking a hook for it makes its node write all of its rules. */
  readonly smallPrint?: () => readonly string[];
  /** It exists, and does not work: a device that is down, a pod that is not ready. */
  readonly isOff?: true;
  /** A load balancer: what comes in goes on to one of several. */
  readonly isBalancer?: true;
  /** A pod whose programs are among the node's own: no cable leads to it. */
  readonly isOnHost?: true;
  /** A pod that policies isolate. */
  readonly guard?: Guard;
}

/** A pod's room and how its wire ends on the node. */
export interface Room {
  readonly element: PictureElement;
  /** The pod's own device, and the node's end of it. */
  readonly dev: string | null;
  readonly hostDev: string | null;
  /** The bridge that the node's end is a port of; null: the node routes to it. */
  readonly bridge: string | null;
}

export interface NodePicture {
  readonly element: PictureElement;
  readonly ns: NsId;
  readonly rooms: readonly Room[];
  readonly bridges: readonly PictureElement[];
  readonly tunnels: readonly PictureElement[];
  readonly nics: readonly PictureElement[];
  /** Pairs of devices with both ends in the node itself: its own door to the pods. The end that has an address. */
  readonly doors: readonly PictureElement[];
  /** Which ways through which devices lead past an eBPF program. */
  readonly gates: ReadonlyMap<string, ReadonlySet<'in' | 'out'>>;
  /** Loopback and what else stands alone (dummy devices). */
  readonly devices: readonly PictureElement[];
  readonly hooks: ReadonlyMap<HookName, PictureElement>;
  readonly route: PictureElement;
  readonly sockets: PictureElement;
  readonly conntrack: PictureElement;
  /** Null where it announces nothing. */
  readonly announcer: PictureElement | null;
  /** Bridged packets, too, are shown to netfilter (`bridge-nf-call-iptables`). */
  readonly hasBridgedHooks: boolean;
}

export interface ServicePicture {
  readonly element: PictureElement;
  readonly endpoints: readonly PictureId[];
}

export interface Picture {
  readonly nodes: readonly NodePicture[];
  readonly outside: readonly OutsidePicture[];
  readonly services: readonly ServicePicture[];
  /** One, or two with the router between them. */
  readonly subnets: readonly SubnetPicture[];
  readonly router: RouterPicture | null;
}

export const HOOKS: readonly HookName[] = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

const HOOK_ABOUT: Readonly<Record<HookName, string>> = {
  PREROUTING: 'every packet that arrives, before the routing decision; DNAT happens here',
  INPUT: 'packets for this node itself',
  FORWARD: 'packets that this node passes on',
  OUTPUT: 'packets that this node itself makes',
  POSTROUTING: 'every packet that leaves, after the routing decision; SNAT happens here',
};

/** Devices with a far end of their own: what they send is wrapped and sent again by the node itself. */
const TUNNEL_KINDS: ReadonlySet<string> = new Set(['vxlan', 'vxlan-external', 'geneve', 'ipip', 'wireguard']);

function addressOf(config: NetnsConfig, dev: string): string {
  return config.addresses.find((address) => address.dev === dev)?.ip ?? '';
}

function deviceElement(config: NetnsConfig, device: Device, kind: ElementKind, about: string): PictureElement {
  const ip = addressOf(config, device.name);
  const portOf = config.devices.find(({ name, kind }) => kind === 'openvswitch' && name === device.master);
  const programs = attachedTo(config.bpf, device.name).map(({ program }) => program);
  const met = programs.length === 0 ? '' : `, where eBPF runs ${programs.join(' and ')}`;
  return {
    id: idOf({ kind: 'dev', ns: config.id, dev: device.name }),
    kind,
    label: device.name,
    sublabel: ip || (portOf?.name ?? ''),
    about: `${device.name} on ${config.id}, ${about}${ip === '' ? '' : `, ${ip}`}${met}${device.up ? '' : ', down'}`,
    ns: config.id,
    parent: idOf({ kind: 'ns', ns: config.id }),
    details: [`${device.mac}`, `mtu ${device.mtuBytes}`, ...programs],
    ...(device.up ? {} : { isOff: true as const }),
  };
}

const isDoor = (config: NetnsConfig, device: Device): boolean =>
  device.kind === 'veth' && device.peer.ns === config.id && addressOf(config, device.name) !== '';

function gatesOf({ bpf }: NetnsConfig): Map<string, Set<'in' | 'out'>> {
  const gates = new Map<string, Set<'in' | 'out'>>();
  for (const { at } of bpf?.attachments ?? []) {
    if (!('dev' in at)) continue;
    const ways = gates.get(at.dev) ?? new Set();
    gates.set(at.dev, ways.add(at.hook === 'tc ingress' ? 'in' : 'out'));
  }
  return gates;
}

/** The node's end of a pod's veth: the device on the node whose peer is in the pod's namespace. */
function hostEnds(config: NetnsConfig): Map<NsId, Device> {
  const ends = new Map<NsId, Device>();
  for (const device of config.devices) if ('peer' in device) ends.set(device.peer.ns, device);
  return ends;
}

function rooms(world: World, node: NetnsConfig, guards: ReadonlyMap<string, Guard>): Room[] {
  const ends = hostEnds(node);
  const found: Room[] = [];
  for (const pod of world.cluster.pods) {
    if (pod.node !== node.id) continue;
    const ns = podNs(pod);
    const config = world.namespaces.get(nsOfPod(pod));
    if (!config) continue;
    // A pod on the host's network has no cable: its programs are among the node's own.
    const device = pod.hostNetwork ? undefined : config.devices.find(({ kind }) => kind !== 'loopback');
    const host = ends.get(ns);
    const guard = guards.get(ns);
    const ports = pod.listens.map(
      ({ proto, port, program, up }) =>
        `:${port}${proto === 'tcp' ? '' : `/${proto}`} ${program}${up === false ? ' (stopped)' : ''}`,
    );
    found.push({
      element: {
        id: idOf({ kind: 'ns', ns }),
        kind: 'pod',
        label: pod.namespace === 'default' ? pod.name : ns,
        sublabel: pod.ip,
        about: `Pod ${ns}, ${ipsOf(pod).join(', ')}, on ${node.id}${pod.hostNetwork ? ", on the host's network" : ''}${pod.ready ? '' : ', not ready'}${guard ? `, ${guardWords(guard)}` : ''}`,
        ns,
        parent: idOf({ kind: 'ns', ns: node.id }),
        details: pod.hostNetwork ? ['host network', ...ports] : ports,
        ...(pod.ready ? {} : { isOff: true as const }),
        ...(pod.hostNetwork ? { isOnHost: true as const } : {}),
        ...(guard ? { guard } : {}),
      },
      dev: device?.name ?? null,
      hostDev: host?.name ?? null,
      bridge: host?.master ?? null,
    });
  }
  return found;
}

function hookElement(config: NetnsConfig, hook: HookName): PictureElement {
  return {
    id: idOf({ kind: 'hook', ns: config.id, hook }),
    kind: 'hook',
    label: hook,
    sublabel: '',
    about: `${hook} hook on ${config.id}: ${HOOK_ABOUT[hook]}`,
    ns: config.id,
    parent: idOf({ kind: 'ns', ns: config.id }),
    details: [],
    smallPrint: once(() => hookChains(config, hook)),
  };
}

function socketsOf(config: NetnsConfig): string[] {
  return config.listeners.map(({ port, proto, program }) => `${port}/${proto} ${program}`);
}

function nodePicture(
  world: World,
  config: NetnsConfig,
  { role, zone }: ClusterNode,
  guards: ReadonlyMap<string, Guard>,
): NodePicture {
  const parent = idOf({ kind: 'ns', ns: config.id });
  const inside = (
    kind: 'route' | 'sockets' | 'conntrack',
    label: string,
    about: string,
    details: readonly string[] = [],
  ) => ({
    id: idOf({ kind, ns: config.id }),
    kind,
    label,
    sublabel: '',
    about,
    ns: config.id,
    parent,
    details,
  });
  const ofKind = (test: (device: Device) => boolean, kind: ElementKind, about: string): PictureElement[] =>
    config.devices.filter(test).map((device) => deviceElement(config, device, kind, about));
  const nics = ofKind((device) => device.kind === 'nic', 'nic', 'network card on the node network');
  const tunnels = ofKind(
    (device) => TUNNEL_KINDS.has(device.kind),
    'tunnel',
    'tunnel device: it puts a packet into a second envelope',
  );
  const devices = ofKind((device) => device.kind === 'loopback' || device.kind === 'dummy', 'device', 'local device');
  const programs = socketsOf(config);
  const podRooms = rooms(world, config, guards);
  return {
    element: {
      id: parent,
      kind: 'node',
      label: config.id,
      sublabel: nics[0]?.sublabel ?? '',
      about: `Node ${config.id}, ${role}${zone === undefined ? '' : `, ${zone}`}`,
      ns: config.id,
      parent: null,
      details: [
        zone === undefined ? role : `${role}, ${zone}`,
        `${podRooms.length} ${podRooms.length === 1 ? 'pod' : 'pods'}`,
      ],
    },
    ns: config.id,
    rooms: podRooms,
    bridges: ofKind((device) => device.kind === 'bridge', 'bridge', 'bridge: a switch inside the node'),
    tunnels,
    nics,
    doors: ofKind((device) => isDoor(config, device), 'device', "the node's own door to its pods"),
    gates: gatesOf(config),
    devices,
    hooks: new Map(HOOKS.map((hook) => [hook, hookElement(config, hook)])),
    route: inside('route', 'route', `Routing decision of ${config.id}`),
    sockets: inside(
      'sockets',
      'processes',
      `processes on ${config.id} itself: ${programs.join(', ') || 'none listens'}`,
      programs,
    ),
    announcer: announcerElement(world, config),
    conntrack: inside('conntrack', 'conntrack', `conntrack, the connection tracking table of ${config.id}`),
    hasBridgedHooks:
      (config.sysctl['bridge.bridge-nf-call-iptables'] ?? SYSCTL_DEFAULTS['bridge.bridge-nf-call-iptables']) === 1,
  };
}

function servicePicture(service: ClusterService): ServicePicture {
  const ref = `${service.namespace}/${service.name}`;
  const port = service.ports[0]?.port;
  const ip = service.clusterIP === undefined ? service.type : service.clusterIP;
  const addresses = clusterIPsOf(service);
  const at = (address: string): string =>
    port === undefined ? address : `${address.includes('::') ? `[${address}]` : address}:${port}`;
  const nodePorts = service.ports.flatMap((each) => (each.nodePort === undefined ? [] : [`NodePort ${each.nodePort}`]));
  const pods = service.ports.flatMap((each) => each.endpoints.flatMap(({ pod }) => (pod === undefined ? [] : [pod])));
  return {
    element: {
      id: idOf({ kind: 'svc', ref }),
      kind: 'service',
      label: service.namespace === 'default' ? service.name : ref,
      sublabel: ip === 'None' ? 'headless' : at(ip),
      about: `Service ${ref}, ${(addresses.length > 0 ? addresses : [ip]).map(at).join(', ')}: an address that exists only in the rules of each node, no packet visits it`,
      ns: '',
      parent: null,
      details: nodePorts,
      ...(pods.length === 0 ? { isOff: true as const } : {}),
    },
    endpoints: [...new Set(pods)].map((ns) => idOf({ kind: 'ns', ns })),
  };
}

export function makePicture(world: World): Picture {
  const nodes: NodePicture[] = [];
  const guards = guardsOf(world);
  for (const node of world.cluster.nodes) {
    const config = world.namespaces.get(node.name);
    if (config) nodes.push(nodePicture(world, config, node, guards));
  }
  return {
    nodes,
    outside: outsidePictures(world),
    services: world.cluster.services.map(servicePicture),
    subnets: subnetPictures(world),
    router: routerPicture(world),
  };
}
