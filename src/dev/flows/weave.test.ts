/** Weave Net's way: from source and documents, no kernel has been asked. `cni-tables.test.ts` has what it shares with all others. */
import { describe, expect, it } from 'vitest';
import { devicesOf, probe, type Seen } from './cni-check.ts';

const weave = (text: string, warm = true): Seen =>
  probe(text, { cni: 'weave', mode: 'fastdp', proxy: 'iptables', warm });

describe('one Ethernet for all pods', () => {
  it('goes from bridge to datapath, through the tunnel, and back up on the other node', () => {
    const way = devicesOf(weave('tool-1 icmp 10.244.2.2')).map((place) => place.replace(/vethwepl\w+/, 'vethwepl…'));
    expect(way).toEqual([
      'tool-1/eth0>',
      'node-1/vethwepl…<',
      'node-1/vethwe-bridge>',
      'node-1/vethwe-datapath<',
      'node-1/vxlan-6784>',
      'node-1/eth0>',
      'node-2/eth0<',
      'node-2/vxlan-6784<',
      'node-2/vethwe-datapath>',
      'node-2/vethwe-bridge<',
      'node-2/vethwepl…>',
      'web-2/eth0<',
    ]);
  });

  it("carries the pods' own MAC addresses: nobody routes on the way", () => {
    const { ran } = weave('tool-1 icmp 10.244.2.2');
    const macs = ['default/tool-1', 'default/web-2'].map((ns) => {
      const step = ran.steps.find((s) => s.kind === 'dev' && s.ns === ns && s.packet === 'p1');
      return step && 'smac' in step.frame ? [step.frame.smac, step.frame.dmac] : [];
    });
    expect(macs[0]).toEqual(macs[1]);
    expect(ran.steps.filter(({ kind }) => kind === 'ttl')).toEqual([]);
  });

  it('names both nodes in the number of the tunnel, another one in each direction', () => {
    const { ran } = weave('tool-1 icmp 10.244.2.2');
    expect(ran.steps.flatMap((s) => (s.kind === 'encap' && s.type !== 'ipip' ? [s.vni] : []))).toEqual([
      1 + 2 * 4096,
      2 + 1 * 4096,
    ]);
  });

  it('asks all nodes by ARP at first, and learns from the answer', () => {
    const { ran, outcome } = weave('tool-1 icmp 10.244.2.2', false);
    const flows = ran.steps.flatMap((s) => (s.kind === 'fdb' && s.dev === 'datapath' ? [`${s.ns} ${s.decision}`] : []));
    expect(outcome).toBe('reply');
    expect(flows.slice(0, 3)).toEqual(['node-1 flood', 'node-2 port', 'node-3 port']);
    expect(flows.slice(3)).not.toContain('node-1 flood');
  });

  it('shows a traceroute no router at all', () => {
    expect(weave('tool-1 traceroute 10.244.2.2').ran.result.route).toEqual([
      { ttl: 1, from: '10.244.2.2', what: 'port-unreachable' },
    ]);
  });

  it('fits no more than 1376 bytes, whatever the nodes could carry', () => {
    const big = { ttl: 64, sizeBytes: 1349, df: 'do' } as const;
    const sent = probe('tool-1 icmp 10.244.2.2', { cni: 'weave', mode: 'fastdp', proxy: 'iptables', options: big });
    expect(sent.outcome).toBe('message-too-long EMSGSIZE');
  });
});
