/** What a real kernel (Linux 6.18) answered to the same commands. */
import { expect, it } from 'vitest';
import { cidr, ip } from '../../wire/ip.ts';
import { mac } from '../../wire/mac.ts';
import type { Address, Device, Route } from '../config.ts';
import { acceptRoutes } from './accept.ts';

const device = (name: string, up = true): Device => ({
  kind: 'dummy',
  name,
  mac: mac('02:00:00:00:00:01'),
  mtuBytes: 1500,
  up,
});
const address = (dev: string, own: string, prefix: number): Address => ({ dev, ip: ip(own), prefix, scope: 'global' });
const route = (dst: string, via: string | undefined, more: Partial<Route> = {}): Route => ({
  dst: cidr(dst),
  type: 'unicast',
  ...(via && { via: ip(via) }),
  table: 'main',
  scope: via ? 'global' : 'link',
  ...more,
});

const machine = {
  devices: [device('eth0'), device('eth1'), device('eth2', false)],
  addresses: [
    address('eth0', '192.168.56.11', 24),
    address('eth0', '10.96.0.1', 32),
    address('eth1', '10.9.0.1', 24),
    address('eth2', '10.8.0.1', 24),
  ],
};
const machine6 = {
  devices: machine.devices,
  addresses: [address('eth0', 'fd00:1::2', 64), address('eth1', 'fd00:2::2', 64)],
};

it.each<[why: string, Route, stands: boolean]>([
  ['a neighbour', route('fd00:9::/64', 'fd00:1::1', { dev: 'eth0' }), true],
  ['a neighbour, without a device', route('fd00:9::/64', 'fd00:1::1'), true],
  ['a link-local address', route('fd00:9::/64', 'fe80::1', { dev: 'eth0' }), true],
  ['an address of no link', route('fd00:9::/64', 'fd50::1', { dev: 'eth0' }), false],
  ['the same without a device', route('fd00:9::/64', 'fd50::1'), false],
  ['"onlink" takes it on trust', route('fd00:9::/64', 'fd50::1', { dev: 'eth0', onlink: true }), true],
  ['a neighbour of another device', route('fd00:9::/64', 'fd00:2::1', { dev: 'eth0' }), false],
])('ip -6 route add: %s', (_why, asked, stands) => {
  const { routes, refused } = acceptRoutes(machine6, [asked]);
  expect(routes).toEqual(stands ? [asked] : []);
  expect(refused).toEqual(stands ? [] : [{ route: asked, error: 'No route to host' }]);
});

const before = [
  route('0.0.0.0/0', '192.168.56.1', { dev: 'eth0' }),
  route('169.254.1.1/32', undefined, { dev: 'eth0' }),
  route('10.6.0.0/16', '10.9.0.7', { dev: 'eth1' }),
];

it.each<[why: string, Route, stands: boolean]>([
  ['a neighbour', route('10.244.1.0/24', '192.168.56.12', { dev: 'eth0' }), true],
  ['a neighbour, without a device', route('10.244.1.0/24', '192.168.56.12'), true],
  ['behind the default route only', route('10.244.2.0/24', '192.168.57.13', { dev: 'eth0' }), false],
  ['the same without a device', route('10.244.2.0/24', '192.168.57.13'), false],
  ['"onlink" takes it on trust', route('10.244.2.0/24', '192.168.57.13', { dev: 'eth0', onlink: true }), true],
  ['a neighbour of another device', route('10.7.0.0/16', '10.9.0.7', { dev: 'eth0' }), false],
  ['by a route with link scope', route('10.5.0.0/16', '169.254.1.1', { dev: 'eth0' }), true],
  ['by a route over a router', route('10.4.0.0/16', '10.6.0.9'), false],
  ['on a device that is down', route('10.3.0.0/16', '10.8.0.2', { dev: 'eth2' }), false],
  ['an address of its own makes no network', route('10.2.0.0/16', '10.96.0.2', { dev: 'eth0' }), false],
  ['no gateway at all', route('10.1.0.0/16', undefined, { dev: 'eth0' }), true],
])('ip route add: %s', (_why, asked, stands) => {
  const { routes, refused } = acceptRoutes(machine, [...before, asked]);
  expect(routes).toEqual(stands ? [...before, asked] : before);
  expect(refused).toEqual(stands ? [] : [{ route: asked, error: 'Nexthop has invalid gateway' }]);
});
