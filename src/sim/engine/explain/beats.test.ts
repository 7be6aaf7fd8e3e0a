import { describe, expect, it } from 'vitest';
import { traceProbe } from '../converse.ts';
import type { Trace } from '../trace.ts';
import { at, labWorld, outside, pod, service, tcp } from './lab-world.ts';

const web2 = '10.244.2.2:8080';
const clusterIp = traceProbe(labWorld(), tcp(pod('tool-1'), service('default/web'), 80, web2));
const titles = (trace: Trace, packet: string): string[] =>
  trace.beats.filter((b) => b.packet === packet).map((b) => b.title.replace(/veth\w+/, 'VETH'));

describe('beats', () => {
  it('of a first packet to a Service on another node', () => {
    expect(titles(clusterIp, 'p1')).toEqual([
      'Sends TCP SYN',
      'Enters node-1: VETH',
      `DNAT to ${web2}`,
      'Route: via 10.244.2.0 dev flannel.1',
      'Encapsulated to 192.168.56.12',
      'Crosses the node network',
      'Unwrapped by flannel.1',
      'Route: dev cni0',
      'Arrives at server',
    ]);
  });

  it('of its answer, which is translated back by conntrack', () => {
    expect(titles(clusterIp, 'p2')).toEqual([
      'Answers with TCP SYN-ACK',
      'Enters node-2: VETH',
      'Route: via 10.244.1.0 dev flannel.1',
      'Encapsulated to 192.168.56.11',
      'Crosses the node network',
      'Unwrapped by flannel.1',
      'Route: dev cni0',
      'Conntrack: from 10.96.0.10:80',
      'Arrives at curl',
    ]);
  });

  it('are about twenty for the first packet and its answer, and one for each repeat', () => {
    const first = clusterIp.beats.filter(({ packet }) => packet === 'p1' || packet === 'p2');
    expect(first.length).toBeGreaterThanOrEqual(16);
    expect(first.length).toBeLessThanOrEqual(26);
    const repeats = clusterIp.packets.filter((p) => p.repeats !== null);
    expect(repeats.length).toBeGreaterThan(3);
    for (const { id, title } of repeats) expect(titles(clusterIp, id)).toEqual([`${title}: same path`]);
  });

  it('stop at steps that exist, in order, in the place of the step', () => {
    let last = -1;
    for (const beat of clusterIp.beats) {
      expect(beat.step).toBeGreaterThan(last);
      last = beat.step;
      expect(clusterIp.steps[beat.step]).toMatchObject({ ns: beat.ns, packet: beat.packet });
    }
  });

  it('show both crossings of the node network, and masquerading, for a node port', () => {
    const trace = traceProbe(labWorld(), tcp(outside('client'), at('192.168.56.11'), 30080, web2));
    const own = titles(trace, 'p1');
    expect(own.filter((t) => t === 'Crosses the node network')).toHaveLength(2);
    expect(own).toContain('Masquerade as 10.244.1.0');
  });

  it.each([
    ['nftables', web2, 'Conntrack: from 10.96.0.10:80', [`DNAT to ${web2}`]],
    ['ipvs', '10.244.3.2:8080', 'IPVS: from 10.96.0.10:80', ['Route: for node-1 itself', 'IPVS to 10.244.3.2:8080']],
  ] as const)('in %s mode name who translated, and are as many', (proxyMode, endpoint, back, there) => {
    const trace = traceProbe(labWorld({ proxyMode }), tcp(pod('tool-1'), service('default/web'), 80, endpoint));
    expect(titles(trace, 'p1').slice(2, 2 + there.length)).toEqual(there);
    expect(titles(trace, 'p2').at(-2)).toBe(back);
    const first = trace.beats.filter(({ packet }) => packet === 'p1' || packet === 'p2');
    expect(first.length).toBeGreaterThanOrEqual(16);
    expect(first.length).toBeLessThanOrEqual(26);
  });

  it.each([
    ['nftables', 'default/empty', 80, 'REJECT in reject-chain'],
    ['nftables', 'default/web', 81, 'REJECT in cluster-ips-check'],
    ['ipvs', 'default/empty', 80, 'No real server'],
    ['ipvs', 'default/web', 81, 'REJECT in KUBE-IPVS-FILTER'],
  ] as const)('in %s mode of a refused packet to %s port %i end where it was refused', (proxyMode, to, port, last) => {
    const trace = traceProbe(labWorld({ proxyMode }), tcp(pod('tool-1'), service(to), port));
    expect(titles(trace, 'p1').at(-1)).toBe(last);
    expect(trace.beats.filter(({ mark }) => mark === 'drop')).toHaveLength(1);
  });

  it('of a refused packet end at the rule, not at the drop that follows it', () => {
    const trace = traceProbe(labWorld(), tcp(pod('tool-1'), service('default/empty'), 80));
    expect(titles(trace, 'p1').at(-1)).toBe('REJECT in KUBE-SERVICES');
    expect(trace.beats.filter(({ mark }) => mark === 'drop')).toHaveLength(1);
  });

  it('of ARP are one for each question and answer', () => {
    const trace = traceProbe(labWorld({ cold: true }), tcp(pod('tool-1'), pod('web-1'), 8080));
    const asked = trace.beats.filter(({ mark }) => mark === 'arp').map(({ title }) => title);
    expect(asked.slice(0, 2)).toEqual(['ARP: who has 10.244.1.2?', 'ARP: 10.244.1.2 answers']);
    expect(new Set(trace.beats.map(({ packet }) => packet)).size).toBe(trace.packets.length);
  });

  it('of pieces of one packet are told once', () => {
    const probe = { from: outside('client'), to: at('192.168.56.11'), proto: 'udp', port: 30053 } as const;
    const trace = traceProbe(labWorld(), { ...probe, options: { sizeBytes: 1472, df: 'dont' } });
    const own = titles(trace, 'p1');
    expect(own).toContain('Cut into 2 fragments');
    expect(own.filter((t) => t.startsWith('Encapsulated'))).toHaveLength(1);
  });
});
