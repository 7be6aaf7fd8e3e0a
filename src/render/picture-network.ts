/** What stands around the nodes: the subnets with their switch ports, the router between two of them, and the machines outside. */
import { isUnderlay, UNDERLAY, type World } from '../sim/engine/world.ts';
import type { ExternalHost } from '../sim/kube/cluster.ts';
import { ipsOf } from '../sim/kube/families.ts';
import type { Device, NetnsConfig, NsId } from '../sim/linux/config.ts';
import type { PictureElement } from './picture.ts';
import { idOf } from './picture-id.ts';

export interface OutsidePicture {
  readonly element: PictureElement;
  readonly ns: NsId;
  readonly isGateway: boolean;
  readonly dev: string | null;
}

/** The network that nodes stand on: one line, with a port for each machine. */
export interface SubnetPicture {
  readonly element: PictureElement;
  readonly ns: NsId;
  /** Switch ports, by the machine that is plugged in. */
  readonly ports: ReadonlyMap<NsId, string>;
}

export interface RouterPicture {
  readonly element: PictureElement;
  readonly ns: NsId;
  /** Its devices by the namespace at the other end: a subnet's switch, or the machine behind its uplink. */
  readonly legs: ReadonlyMap<NsId, string>;
}

const peerOf = (device: Device): NsId | null => ('peer' in device ? device.peer.ns : null);

const legsOf = ({ devices }: NetnsConfig): ReadonlyMap<NsId, string> =>
  new Map(devices.flatMap((device) => (peerOf(device) === null ? [] : [[peerOf(device) ?? '', device.name] as const])));

/** The first one is the one that the client is in, too. */
export function subnetPictures({ cluster, namespaces }: World): SubnetPicture[] {
  const { nodeNetwork, router } = cluster;
  const switches = [...namespaces.keys()].filter(isUnderlay).sort();
  return switches.flatMap((ns): SubnetPicture[] => {
    const config = namespaces.get(ns);
    if (!config) return [];
    const { cidr } = ns === UNDERLAY || !router ? nodeNetwork : router.farSubnet;
    const what = router ? 'A subnet that nodes stand on' : 'The network that the nodes stand on';
    const element: PictureElement = {
      id: idOf({ kind: 'ns', ns }),
      kind: 'underlay',
      label: router ? 'node subnet' : 'node network',
      sublabel: cidr.text,
      about: `${what}, ${cidr.text}`,
      ns,
      parent: null,
      details: [`mtu ${nodeNetwork.mtuBytes}`],
    };
    return [{ element, ns, ports: legsOf(config) }];
  });
}

export function routerPicture({ cluster, namespaces }: World): RouterPicture | null {
  const { router, nodeNetwork } = cluster;
  const config = router && namespaces.get(router.name);
  if (!router || !config) return null;
  const gateways = [nodeNetwork.gateway, router.farSubnet.gateway];
  const element: PictureElement = {
    id: idOf({ kind: 'ns', ns: router.name }),
    kind: 'router',
    label: router.name,
    sublabel: gateways[0] ?? '',
    about: `${router.name}, between the node subnets, ${gateways.join(', ')}`,
    ns: router.name,
    parent: null,
    details: gateways.slice(1),
  };
  return { element, ns: router.name, legs: legsOf(config) };
}

function outsideElement(host: ExternalHost, more: readonly string[]): PictureElement {
  const what = host.isBalancer ? ", the cloud's load balancer" : ', outside the cluster';
  return {
    id: idOf({ kind: 'ns', ns: host.name }),
    kind: 'outside',
    label: host.name,
    sublabel: host.isBalancer && more.length > 1 ? `${more.length} addresses` : (more[0] ?? host.ip),
    about: `${host.name}${what}, ${[...ipsOf(host), ...more].join(', ')}`,
    ns: host.name,
    parent: null,
    details: host.listens.map(({ port, proto, program }) => `${port}/${proto} ${program}`),
    ...(host.isBalancer ? { isBalancer: true as const } : {}),
  };
}

export function outsidePictures(world: World): OutsidePicture[] {
  const hosts = world.cluster.externals.filter(({ name }) => name !== world.cluster.router?.name);
  return hosts.map((host) => ({
    element: outsideElement(
      host,
      host.isBalancer ? world.cluster.services.flatMap((one) => one.loadBalancerIPs) : host.lo,
    ),
    ns: host.name,
    isGateway: host.isGateway,
    dev: world.namespaces.get(host.name)?.devices.find((device) => device.kind !== 'loopback')?.name ?? null,
  }));
}
