/**
 * Cilium's paths against the tables of the reference: TTL, source address, header stack, frame size, who translates. Everything here is
 * from source and documents: no kernel has been asked.
 */
import { describe, expect, it } from 'vitest';
import { cniById } from '../../sim/drivers/registry.ts';
import { type CniSetting, devicesOf, probe, type Seen } from './cni-check.ts';

const MODES = cniById('cilium').modes.map(({ id }) => id);
const replaces = (mode: string): boolean => cniById('cilium').replacesProxy?.(mode) === true;
const setting = (mode: string): CniSetting => ({ cni: 'cilium', mode, proxy: replaces(mode) ? 'none' : 'iptables' });
const cilium = (mode: string, text: string, more: Partial<CniSetting> = {}): Seen =>
  probe(text, { ...setting(mode), ...more });
const isTunnel = (mode: string): boolean => !mode.startsWith('native');
const hasNetfilter = ({ ran }: Seen, ns: string): boolean =>
  ran.steps.some((step) => step.kind === 'hook' && step.ns === ns && !step.outer && step.packet === 'p1');

describe('TTL that ping prints', () => {
  it.each([
    ['vxlan', 63, 63],
    ['vxlan-kpr', 63, 63],
    ['vxlan-ebpf', 63, 63],
    ['geneve', 63, 63],
    ['geneve-ebpf', 63, 63],
    ['native', 63, 60],
    ['native-kpr', 63, 60],
    ['native-kpr-masq', 63, 60],
    ['native-ebpf', 63, 62],
    ['native-endpoint-routes', 63, 62],
  ])('%s: %i on the same node, %i on another one', (mode, same, other) => {
    expect([
      cilium(mode, 'tool-2 icmp 10.244.2.2').answerTtl,
      cilium(mode, 'tool-1 icmp 10.244.2.2').answerTtl,
    ]).toEqual([same, other]);
  });

  it.each(MODES)('%s: nobody answers a traceroute from inside a program, the last one does', (mode) => {
    const { ran } = cilium(mode, 'tool-2 traceroute 10.244.2.2:8080');
    const isStack = mode === 'native-endpoint-routes';
    expect(ran.result.route?.[0]?.from ?? null).toBe(isStack ? '192.168.56.12' : null);
  });
});

describe('on the wire between nodes', () => {
  const inner = '10.244.1.3 > 10.244.2.2 ttl';
  it.each([
    ['vxlan', `192.168.56.11 > 192.168.56.12 ttl 64 / udp 8472 nocsum / vxlan 38893 / ${inner} 64 / icmp, 148 bytes`],
    [
      'vxlan-ebpf',
      `192.168.56.11 > 192.168.56.12 ttl 64 / udp 8472 nocsum / vxlan 38893 / ${inner} 64 / icmp, 148 bytes`,
    ],
    ['geneve', `192.168.56.11 > 192.168.56.12 ttl 64 / udp 6081 nocsum / geneve 38893 / ${inner} 64 / icmp, 148 bytes`],
    ['native', `${inner} 62 / icmp, 98 bytes`],
    ['native-ebpf', `${inner} 63 / icmp, 98 bytes`],
    ['native-endpoint-routes', `${inner} 63 / icmp, 98 bytes`],
  ])('%s: %s', (mode, wire) => {
    expect(cilium(mode, 'tool-1 icmp 10.244.2.2').wire).toBe(wire);
  });

  it('keeps the Ethernet header that the pod wrote inside the tunnel', () => {
    const { ran } = cilium('vxlan', 'tool-1 icmp 10.244.2.2');
    const [sent, far] = ['node-1', 'node-2'].map((ns) =>
      ran.steps.find((s) => s.kind === 'dev' && s.ns === ns && s.dev === 'cilium_vxlan' && s.packet === 'p1'),
    );
    const left = ran.steps.find((s) => s.kind === 'dev' && s.ns === 'default/tool-1');
    const macs = (step: typeof sent): unknown => step && 'smac' in step.frame && [step.frame.smac, step.frame.dmac];
    expect(macs(sent)).toEqual(macs(left));
    expect(macs(far)).toEqual(macs(left));
  });

  it.each([
    ['vxlan', 'node-1 icmp 10.244.2.2', 'vxlan 6 '],
    ['vxlan-ebpf', 'client tcp 192.168.56.12:30082', 'vxlan 2 '],
    ['vxlan', 'client tcp 192.168.56.12:30082', 'vxlan 2 '],
  ])('%s, %s: the number says who sends (%s)', (mode, text, number) => {
    const { ran } = cilium(mode, text);
    const encap = ran.steps.find((step) => step.kind === 'encap');
    expect(encap?.kind === 'encap' && encap.type !== 'ipip' && `${encap.type} ${encap.vni} `).toBe(number);
  });

  it.each(MODES)('%s: a socket translated at connect shows only the backend', (mode) => {
    const { ran, outcome } = cilium(mode, 'tool-1 tcp 10.96.0.20:80');
    const seen = ran.steps.some((step) => step.kind === 'dev' && JSON.stringify(step.frame).includes('10.96.0.20'));
    expect([outcome, seen]).toEqual(['connected', !replaces(mode)]);
  });
});

describe('the source address that the backend sees', () => {
  const routerOrNode = (mode: string): string => (isTunnel(mode) ? '10.244.2.1' : '192.168.56.12');
  it.each(MODES)('%s', (mode) => {
    const seen = (text: string): string | undefined => cilium(mode, text).arrival?.split(' ')[0];
    expect({
      'pod to pod, same node': seen('tool-2 tcp 10.244.2.2:8080'),
      'pod to pod, other node': seen('tool-1 tcp 10.244.2.2:8080'),
      'pod to Service': seen('tool-1 tcp 10.96.0.20:80'),
      'pod to Internet': seen('tool-1 tcp 203.0.113.10:80'),
      'pod to another node': seen('tool-1 icmp 192.168.56.12'),
      'pod to its own node': seen('tool-1 icmp 192.168.56.11'),
      'node to pod, same node': seen('node-1 icmp 10.244.1.2'),
      'node port, backend elsewhere': seen('client tcp 192.168.56.12:30082'),
    }).toEqual({
      'pod to pod, same node': '10.244.2.3',
      'pod to pod, other node': '10.244.1.3',
      'pod to Service': '10.244.1.3',
      'pod to Internet': '192.168.56.11',
      'pod to another node': isTunnel(mode) ? '192.168.56.11' : '10.244.1.3',
      'pod to its own node': '10.244.1.3',
      'node to pod, same node': mode === 'native-endpoint-routes' ? '192.168.56.11' : '10.244.1.1',
      'node port, backend elsewhere': routerOrNode(mode),
    });
  });

  it.each([
    ['vxlan', '169.254.42.1 ttl 63'],
    ['native', '169.254.42.1 ttl 63'],
    // Its own socket is connected to its own address: over lo, where nothing is forwarded.
    ['vxlan-kpr', '10.244.1.2 ttl 64'],
    ['native-ebpf', '10.244.1.2 ttl 64'],
  ])('%s: a pod that reaches itself through a Service sees %s', (mode, arrival) => {
    expect(cilium(mode, 'web-1 tcp 10.96.0.30:80').arrival).toBe(arrival);
  });

  it.each(MODES.filter(replaces))(
    '%s: a client outside keeps its address where the backend is on the node it asked',
    (mode) => {
      expect(cilium(mode, 'client tcp 192.168.56.11:30082').arrival?.split(' ')[0]).toBe('192.168.56.100');
    },
  );
});

describe('every path, every mode', () => {
  it.each(MODES)('%s', (mode) => {
    const noBackend = replaces(mode) ? 'host-unreachable EHOSTUNREACH' : 'refused ECONNREFUSED';
    const rows: readonly (readonly [string, string])[] = [
      ['tool-2 tcp 10.244.2.2:8080', 'connected'],
      ['tool-1 tcp 10.244.3.2:8080', 'connected'],
      ['tool-1 tcp 10.244.3.2:9', 'refused ECONNREFUSED'],
      ['tool-1 tcp 10.96.0.10:80', 'connected'],
      ['tool-1 tcp 10.96.0.60:80', 'connected'],
      ['tool-1 udp 10.96.0.53:53', 'reply'],
      ['tool-1 udp 10.96.0.70:53', 'refused ECONNREFUSED'],
      ['tool-1 tcp 10.96.0.40:80', noBackend],
      ['tool-1 tcp 10.96.0.1:443', 'connected'],
      ['tool-1 icmp 10.96.0.10', 'timeout ETIMEDOUT'],
      ['tool-1 tcp 192.168.56.11:30080', 'connected'],
      ['tool-1 tcp 192.168.56.12:30082', 'connected'],
      ['tool-1 udp 192.168.56.13:30053', 'reply'],
      ['node-1 tcp 10.244.1.2:8080', 'connected'],
      ['node-1 tcp 10.244.3.2:8080', 'connected'],
      ['node-1 tcp 10.96.0.10:80', 'connected'],
      ['node-1 udp 10.96.0.53:53', 'reply'],
      ['node-1 tcp 127.0.0.1:30082', 'connected'],
      ['client tcp 192.168.56.11:30080', 'connected'],
      ['client tcp 192.168.56.12:30081', 'connected'],
      ['client tcp 192.168.56.13:30082', 'connected'],
      ['client udp 192.168.56.11:30053', 'reply'],
      ['client tcp 192.168.56.11:30083', 'refused ECONNREFUSED'],
      ['tool-1 tcp 203.0.113.10:80', 'connected'],
      ['tool-1 icmp 203.0.113.10', 'reply'],
      ['tool-1 icmp 192.168.56.12', 'reply'],
      ['node-1 icmp 192.168.56.12', 'reply'],
    ];
    expect(rows.map(([text]) => [text, cilium(mode, text).outcome])).toEqual(rows);
  });

  it.each(MODES)('%s, when the pod has to ask for the MAC of its gateway first', (mode) => {
    const { outcome, ran } = cilium(mode, 'tool-1 tcp 10.244.3.2:8080', { warm: false });
    const answer = ran.steps.find((step) => step.kind === 'send' && step.by === 'cil_from_container');
    expect([outcome, answer?.kind === 'send' && answer.what]).toEqual([
      'connected',
      expect.stringMatching(/^ARP 10\.244\.1\.1 is at /),
    ]);
  });

  it.each(MODES)('%s: a large datagram comes through in pieces', (mode) => {
    const { outcome } = cilium(mode, 'tool-1 udp 10.96.0.53:53', { options: { sizeBytes: 3000, df: 'dont' } });
    expect(outcome).toBe('reply');
  });
});

describe('what the packet passes', () => {
  it('nothing of netfilter on either node, with everything in eBPF', () => {
    const seen = cilium('native-ebpf', 'tool-1 tcp 10.244.2.2:8080');
    expect([hasNetfilter(seen, 'node-1'), hasNetfilter(seen, 'node-2')]).toEqual([false, false]);
    expect(devicesOf(seen)).toEqual([
      'tool-1/eth0>',
      expect.stringMatching(/^node-1\/lxc\w{12}<$/),
      'node-1/eth0>',
      'node-2/eth0<',
      'web-2/eth0<',
    ]);
  });

  it('the IP stack and the door of the node with legacy host routing', () => {
    const seen = cilium('native', 'tool-1 tcp 10.244.2.2:8080');
    expect([hasNetfilter(seen, 'node-1'), hasNetfilter(seen, 'node-2')]).toEqual([true, true]);
    const from = seen.ran.steps.find((step) => step.kind === 'bpf-run' && step.program === 'cil_from_host');
    expect(from?.ns).toBe('node-2');
  });

  it.each(MODES)('%s: a packet with a foreign source ends at the cable of the pod', (mode) => {
    const { outcome, ran } = cilium(mode, 'tool-1 icmp 10.244.2.2', { options: { src: '10.244.9.9' } });
    const drop = ran.steps.find((step) => step.kind === 'drop');
    expect([outcome, drop?.ns, drop?.kind === 'drop' && drop.culprit?.text]).toEqual([
      'timeout ETIMEDOUT',
      'node-1',
      'cil_from_container: Invalid source ip (reason 132)',
    ]);
  });
});
