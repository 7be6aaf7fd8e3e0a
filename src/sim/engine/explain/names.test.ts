import { describe, expect, it } from 'vitest';
import { ip } from '../../wire/ip.ts';
import { labWorld } from './lab-world.ts';
import { count, listOf, namesOf } from './names.ts';

const names = namesOf(labWorld());

describe('who owns an address', () => {
  it.each([
    ['10.244.1.2', '10.244.1.2 (web-1)'],
    ['192.168.56.12', '192.168.56.12 (node-2)'],
    ['10.96.0.10', '10.96.0.10 (Service default/web)'],
    ['10.244.1.1', "10.244.1.1 (node-1's cni0)"],
    ['10.244.2.0', "10.244.2.0 (node-2's flannel.1)"],
    ['203.0.113.10', '203.0.113.10 (behind internet)'],
    ['10.244.9.9', '10.244.9.9'],
  ])('%s', (address, says) => {
    expect(names.ipLong(ip(address))).toBe(says);
  });
});

describe('where and what', () => {
  it.each([
    ['default/web-1', 'web-1', 'Pod default/web-1'],
    ['node-1', 'node-1', 'Node node-1'],
    ['underlay', 'the node network', 'Node network (the switch between the nodes)'],
    ['client', 'client', 'client (outside the cluster)'],
  ])('%s', (ns, short, long) => {
    expect([names.ns(ns), names.place(ns)]).toEqual([short, long]);
  });

  it('doors of Services', () => {
    expect(names.door(ip('10.96.0.10'), 80, 'tcp')).toMatchObject({ door: 'clusterIP', service: { name: 'web' } });
    expect(names.door(ip('192.168.56.13'), 30080, 'tcp')).toMatchObject({ door: 'nodePort' });
    expect(names.door(ip('10.96.0.10'), 80, 'udp')).toBeUndefined();
  });

  it('lists and counts', () => {
    expect([listOf([]), listOf(['a']), listOf(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
    expect([count(1, 'rule'), count(2, 'rule')]).toEqual(['1 rule', '2 rules']);
  });
});
