import { describe, expect, it } from 'vitest';
import type { NetnsConfig } from '../sim/linux/config.ts';
import { type MadeUp, makeUpWorld } from './made-up-world.ts';
import { makePicture, type NodePicture } from './picture.ts';

const pictureOf = (shape: MadeUp['shape']) => makePicture(makeUpWorld({ nodes: 2, pods: [2, 1], shape, services: 2 }));
const first = (shape: MadeUp['shape']): NodePicture => pictureOf(shape).nodes[0]!;
const labels = (elements: readonly { readonly label: string }[]): string[] => elements.map(({ label }) => label);

describe('what a node has follows from its devices', () => {
  it.each<[MadeUp['shape'], string[], string[], string]>([
    ['overlay', ['cni0'], ['flannel.1'], 'a bridge, and a tunnel to the others'],
    ['bridge', ['cni0'], [], 'a bridge, and plain routes'],
    ['routed', [], [], 'neither: every veth is routed to'],
  ])('%s: bridges %j, tunnels %j: %s', (shape, bridges, tunnels) => {
    const node = first(shape);
    expect(labels(node.bridges)).toEqual(bridges);
    expect(labels(node.tunnels)).toEqual(tunnels);
    expect(labels(node.nics)).toEqual(['eth0']);
    expect(labels(node.devices)).toEqual(['lo']);
  });

  it('knows how a room is wired', () => {
    expect(first('overlay').rooms[0]).toMatchObject({ dev: 'eth0', hostDev: 'veth-web-1', bridge: 'cni0' });
    expect(first('routed').rooms[0]).toMatchObject({ dev: 'eth0', hostDev: 'veth-web-1', bridge: null });
  });

  it('asks no node for its rules before somebody looks closely', () => {
    const asked: string[] = [];
    const world = makeUpWorld({ nodes: 2, pods: [2, 1], shape: 'overlay', services: 2 });
    const watched = (config: NetnsConfig): NetnsConfig =>
      new Proxy(config, {
        get(target, key: keyof NetnsConfig) {
          if (key === 'iptables' || key === 'nftables' || key === 'ipsets') asked.push(key);
          return target[key];
        },
      });
    const namespaces = new Map([...world.namespaces].map(([id, config]) => [id, watched(config)]));
    const { nodes } = makePicture({ ...world, namespaces });
    expect(asked).toEqual([]);
    nodes[0]!.hooks.get('OUTPUT')!.smallPrint!();
    expect(asked).toContain('iptables');
  });

  it('names what waits at a hook, in the order of the tables, and not more than fits', () => {
    const { hooks } = first('overlay');
    expect(hooks.get('POSTROUTING')!.smallPrint!()).toEqual(['nat KUBE-POSTROUTING', 'nat FLANNEL-POSTRTG']);
    expect(hooks.get('OUTPUT')!.smallPrint!()).toEqual([
      'nat KUBE-SERVICES',
      'filter KUBE-PROXY-FIREWALL',
      'filter KUBE-SERVICES',
      'filter KUBE-FIREWALL',
    ]);
    expect(hooks.get('FORWARD')!.smallPrint!().length).toBeLessThanOrEqual(4);
  });
});

describe('around the nodes', () => {
  it('has machines outside, and the ports that they are plugged into', () => {
    const { outside, subnets, router } = pictureOf('overlay');
    expect(outside.map(({ ns, isGateway }) => [ns, isGateway])).toEqual([
      ['client', false],
      ['internet', true],
    ]);
    expect(subnets.map(({ element }) => element.sublabel)).toEqual(['192.168.56.0/24']);
    expect(subnets[0]!.ports.get('node-2')).toBe('sw-node-2');
    expect(router).toBeNull();
  });

  it('says of a Service that it is an address in rules, and which pods stand behind it', () => {
    const [web, api] = pictureOf('overlay').services;
    expect(web!.element).toMatchObject({ label: 'web', sublabel: '10.96.0.10:80' });
    expect(web!.element.about).toContain('only in the rules');
    expect(web!.endpoints).toEqual(['ns:default/web-1', 'ns:default/web-2']);
    expect(api!.element.isOff, 'it has no endpoints').toBe(true);
  });

  it('gives every element its own name', () => {
    const { nodes, outside, services, subnets } = pictureOf('overlay');
    const ids = [
      ...nodes.flatMap(({ element, rooms, bridges, tunnels, nics, devices, hooks, route, sockets, conntrack }) => [
        ...[element, route, sockets, conntrack, ...bridges, ...tunnels, ...nics, ...devices, ...hooks.values()],
        ...rooms.map((room) => room.element),
      ]),
      ...[...outside, ...services, ...subnets].map(({ element }) => element),
    ].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
