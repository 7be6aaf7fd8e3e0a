import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import { cidr, ip } from '../../../wire/ip.ts';
import { APART, LAB, readdressed } from '../../conformance/lab-cluster.ts';
import { planText } from '../../conformance/plan-text.ts';
import { VPC_ADDRESSES } from './driver.ts';
import { CARD_ADDRESSES, vpcIpam } from './ipam.ts';

const cluster = readdressed(LAB, vpcIpam);
const node = must(cluster.nodes[0], 'node-1');

describe('VPC addresses on the reference cluster', () => {
  it.each(VPC_ADDRESSES.modes.map(({ id }) => id))('%s', async (mode) => {
    await expect(planText(VPC_ADDRESSES.plan(cluster, node, mode, {}))).toMatchFileSnapshot(
      `golden/node-1-${mode}.txt`,
    );
  });

  it('are known to the network, each as one of its node', () => {
    const known = VPC_ADDRESSES.fabric?.(cluster, 'secondary-ips') ?? [];
    expect(known.slice(0, 3).map(({ dst, via, machine }) => `${dst.text} ${machine} ${via}`)).toEqual([
      '192.168.56.254/32 node-1 192.168.56.11',
      '192.168.56.253/32 node-1 192.168.56.11',
      '192.168.56.252/32 node-2 192.168.56.12',
    ]);
    expect(known).toHaveLength(cluster.pods.length);
  });

  it('make pods as large as the card, which 9001 bytes bound', () => {
    const mtu = (mtuBytes: number) => {
      const wide = { ...cluster, nodeNetwork: { ...cluster.nodeNetwork, mtuBytes } };
      const plan = VPC_ADDRESSES.plan(wide, node, 'secondary-ips', {});
      return plan.pods?.get('default/web-1')?.devices?.[0]?.mtuBytes;
    };
    expect([1500, 9001, 65_535].map(mtu)).toEqual([1500, 9001, 9001]);
  });

  it('refuse a router of the nodes beside that of the cloud', () => {
    expect(VPC_ADDRESSES.refuses(APART, 'secondary-ips')).toMatch(/node-3 \(192\.168\.57\.13\)/);
    expect(VPC_ADDRESSES.refuses(cluster, 'secondary-ips')).toBeNull();
  });
});

describe('ipamd', () => {
  const small = { ...LAB, nodeNetwork: { cidr: cidr('192.168.56.0/28'), gateway: ip('192.168.56.1') } };
  const all = (ipam: ReturnType<typeof vpcIpam>) => Array.from({ length: 11 }, () => ipam.take('node-1'));

  it('gives neither the addresses of machines nor those that AWS keeps', () => {
    // Of sixteen: four and one are kept, and node-1 to node-3 have .11, .12, .13.
    expect(all(vpcIpam(small))).toEqual([
      ...['.14', '.10', '.9', '.8', '.7', '.6', '.5', '.4'].map((end) => `192.168.56${end}`),
      null,
      null,
      null,
    ]);
  });

  it('gives an address that a pod left only when no other one is free', () => {
    const ipam = vpcIpam(small);
    const first = must(ipam.take('node-1'), 'an address');
    ipam.release('node-1', first);
    expect(ipam.holdings('node-1').blocks).toEqual([]);
    const later = all(ipam);
    expect([later[0], later[7], later[8]]).toEqual(['192.168.56.10', first, null]);
  });

  it('gives a node no more than its one card holds, while others still get theirs', () => {
    const ipam = vpcIpam(LAB);
    const taken = Array.from({ length: CARD_ADDRESSES + 1 }, () => ipam.take('node-1'));
    expect([taken.filter((address) => address !== null).length, taken.at(-1)]).toEqual([29, null]);
    expect(ipam.take('node-2')).not.toBeNull();
    ipam.release('node-1', must(taken[0], 'an address'));
    expect(ipam.take('node-1')).not.toBeNull();
  });

  it('gives no node a range', () => {
    const ipam = vpcIpam(LAB);
    for (const name of ['node-1', 'node-2', 'node-1']) ipam.take(name);
    expect(ipam.holdings('node-1').blocks?.map(({ text }) => text)).toEqual(['192.168.56.254/32', '192.168.56.252/32']);
    expect(ipam.holdings('node-3').blocks).toEqual([]);
  });
});
