import { describe, expect, it } from 'vitest';
import { cidr, cidrHas, cidrNth, ip } from './ip.ts';
import { isScoped, linkLocalOf, multicastMac, solicitedNode } from './ip6.ts';
import { mac } from './mac.ts';

describe('addresses that follow from a MAC', () => {
  it.each([
    ['0a:58:0a:f4:01:02', 'fe80::858:aff:fef4:102', 'the local bit is turned over'],
    ['ee:ee:ee:ee:ee:ee', 'fe80::ecee:eeff:feee:eeee', "Calico's cable ends, all alike"],
    ['02:00:00:00:00:01', 'fe80::ff:fe00:1', 'zeros are left out'],
  ])('%s has %s (%s)', (from, to) => {
    expect(linkLocalOf(mac(from))).toBe(to);
  });
});

describe('the group that is asked for a neighbour', () => {
  it.each([
    ['fd00:10:244:1::2', 'ff02::1:ff00:2', '33:33:ff:00:00:02'],
    ['fe80::858:aff:fef4:102', 'ff02::1:fff4:102', '33:33:ff:f4:01:02'],
    ['2001:db8::dead:beef', 'ff02::1:ffad:beef', '33:33:ff:ad:be:ef'],
  ])('of %s is %s, at %s', (address, group, frames) => {
    expect(solicitedNode(ip(address))).toBe(group);
    expect(multicastMac(ip(group))).toBe(frames);
  });
});

describe('networks of IPv6', () => {
  it.each([
    ['fd00:10:244:1::/64', 'fd00:10:244:1::2', true],
    ['fd00:10:244:1::/64', 'fd00:10:244:2::2', false],
    ['fd00:10:244::/62', 'fd00:10:244:3::', true],
    ['fd00:10:244::/62', 'fd00:10:244:4::', false],
    ['::/0', 'fe80::1', true],
    ['::/0', '10.0.0.1', false],
    ['0.0.0.0/0', '::1', false],
    ['fd00::1/128', 'fd00::1', true],
  ])('%s has %s: %s', (net, address, has) => {
    expect(cidrHas(cidr(net), ip(address))).toBe(has);
  });

  it.each([
    ['fd00:10:244:1::/64', 0, 'fd00:10:244:1::'],
    ['fd00:10:244:1::/64', 2, 'fd00:10:244:1::2'],
    ['fd00:10:244:1::/64', 0x1_0000, 'fd00:10:244:1::1:0'],
    ['fd00:10:96::/112', -1, 'fd00:10:96::ffff'],
    ['fd00:10:244::/56', -1, 'fd00:10:244:ff:ffff:ffff:ffff:ffff'],
  ])('the address %#2 of %s is %s', (net, n, address) => {
    expect(cidrNth(cidr(net), n)).toBe(address);
  });

  it('of one link only are those of fe80::/10 and groups', () => {
    expect(['fe80::1', 'ff02::1', 'fd00::1', '::1', '10.0.0.1'].filter((text) => isScoped(ip(text)))).toEqual([
      'fe80::1',
      'ff02::1',
    ]);
  });
});
