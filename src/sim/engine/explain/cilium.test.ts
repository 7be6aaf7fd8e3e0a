/** Words and verdicts for programs (eBPF), on traces of the reference cluster. */
import { describe, expect, it } from 'vitest';
import { cniById } from '../../drivers/registry.ts';
import type { Probe } from '../../scenario/probe.ts';
import { traceProbe } from '../converse.ts';
import type { World } from '../world.ts';
import { explain } from './explain.ts';
import { at, device, labWorld, node, outside, pod, service, sysctl, tcp } from './lab-world.ts';
import { traceToPlainText } from './text.ts';

const CILIUM = cniById('cilium');
const web2 = '10.244.2.2:8080';
const worlds = new Map(
  CILIUM.modes.map(({ id }) => {
    const proxy = CILIUM.replacesProxy?.(id) ? 'none' : 'kube-proxy';
    return [id, labWorld({ cni: 'cilium', mode: id, proxy })];
  }),
);

/** What a person sends. */
const probes: Readonly<Record<string, Probe>> = {
  'other node': tcp(pod('tool-1'), service('default/web'), 80, web2),
  'same node': tcp(pod('tool-1'), service('default/solo'), 80),
  itself: tcp(pod('web-1'), service('default/solo'), 80),
  'from a node': tcp(node('node-1'), service('default/web'), 80, web2),
  'to a pod from a node': tcp(node('node-1'), at('10.244.2.2'), 8080),
  'to a program of the node': tcp(pod('tool-1'), service('default/kubernetes'), 443),
  'node port': tcp(outside('client'), at('192.168.56.11'), 30080, web2),
  'node port asked by a pod': tcp(pod('tool-1'), at('192.168.56.12'), 30080),
  'node port, Local': tcp(outside('client'), at('192.168.56.12'), 30081),
  'node port, none local': tcp(outside('client'), at('192.168.56.11'), 30081),
  'no endpoints': tcp(pod('tool-1'), service('default/empty'), 80),
  'no endpoints, node port': tcp(outside('client'), at('192.168.56.11'), 30083),
  'wrong port': tcp(pod('tool-1'), service('default/web'), 81),
  'no such Service': tcp(pod('tool-1'), at('10.96.9.9'), 80),
  'no such pod': tcp(pod('tool-1'), at('10.244.2.200'), 80),
  sticky: tcp(pod('tool-1'), service('default/sticky'), 80),
  'out of the cluster': tcp(pod('tool-1'), at('203.0.113.10'), 80),
  ping: { from: pod('tool-1'), to: at('10.244.2.2'), proto: 'ping' },
  traceroute: { ...tcp(pod('tool-2'), service('default/solo'), 80), proto: 'traceroute' },
  UDP: { from: pod('tool-1'), to: service('kube-system/kube-dns'), proto: 'udp', port: 53 },
  'UDP, nobody listens': { from: pod('tool-1'), to: service('default/udpclosed'), proto: 'udp', port: 53 },
};

function worldOf(mode: string): World {
  const world = worlds.get(mode);
  if (!world) throw new Error(`no mode ${mode}`);
  return world;
}

describe.each([...worlds.keys()])('in mode %s', (mode) => {
  it.each(Object.entries(probes))('every step has words: %s', (_name, probe) => {
    const world = worldOf(mode);
    const trace = traceProbe(world, probe);
    for (const step of trace.steps) {
      const { title, sentence, evidence, checks } = explain(trace, world, step.i);
      const all = [title, sentence, ...checks, ...evidence.flatMap((e) => [e.title, e.command, ...e.lines])].join('\n');
      expect(all).not.toMatch(/undefined|null|NaN|\[object|\{here\}|\{dst\}|\{detail\}/);
      expect(sentence, `${step.i} ${step.kind}`).toMatch(/[.?]$/);
      expect(sentence).not.toMatch(/\.\.| {2}/);
      expect(title).not.toMatch(/\.$/);
      for (const e of evidence) if (e.highlight !== null) expect(e.lines[e.highlight]).toBeDefined();
    }
    expect(traceToPlainText(trace, world)).not.toMatch(/undefined|null/);
  });
});

const told = (world: World, name: string): { sentence: string; remedy: string | null } => {
  const probe = probes[name];
  if (!probe) throw new Error(`no probe ${name}`);
  return traceProbe(world, probe).verdict;
};

describe('an envelope ends with the header of its tunnel', () => {
  it.each([
    ['flannel', 'vxlan', 'VXLAN'],
    ['cilium', 'vxlan', 'VXLAN'],
    ['cilium', 'geneve', 'Geneve'],
    ['calico', 'ipip', 'IPv4 (protocol 4)'],
  ])('%s in mode %s: %s', (cni, mode, expected) => {
    const world = labWorld({ cni, mode });
    const trace = traceProbe(world, probes['other node'] as Probe);
    const ends = new Set<string>();
    for (const { i } of trace.steps) {
      const { headers } = explain(trace, world, i);
      const at = headers.findIndex(({ wraps }) => wraps);
      if (at >= 0) ends.add(headers[at]?.title ?? '');
      // On each side no header stands twice: they are told apart by their titles.
      for (const side of [headers.slice(0, at + 1), headers.slice(at + 1)])
        expect(new Set(side.map(({ title }) => title)).size).toBe(side.length);
    }
    expect([...ends]).toEqual([expected]);
  });
});

describe('verdicts', () => {
  it.each<[string, string, RegExp, RegExp | null]>([
    [
      'vxlan-kpr',
      'no endpoints',
      /^Unreachable: Service default\/empty has no endpoint that is ready, so the call fails on tool-1 before any packet/,
      /ready/,
    ],
    [
      'vxlan',
      'no endpoints',
      /^Refused: Service default\/empty has no ready endpoints, so the program cil_from_container on node-1 answered with ICMP/,
      /ready endpoint/,
    ],
    [
      'vxlan-kpr',
      'no endpoints, node port',
      /^Refused: Service default\/empty has no ready endpoints, so the program cil_from_netdev on node-1 answered with/,
      /ready endpoint/,
    ],
    [
      'native-ebpf',
      'node port, none local',
      /^Refused: Service default\/\S+ has externalTrafficPolicy Local and no ready endpoint on node-1, so the program/,
      /send to a node that has one/,
    ],
    [
      'vxlan',
      'no such pod',
      /^No answer: an eBPF program on node-1 drops it \(cil_from_host: Stale or unroutable IP/,
      null,
    ],
    ['vxlan-kpr', 'no such Service', /^No answer: no Service has the address 10\.96\.9\.9/, null],
    [
      'vxlan-ebpf',
      'out of the cluster',
      /it sees 192\.168\.56\.11 \(node-1\) instead of the client's 10\.244\.1\.3/,
      null,
    ],
    ['vxlan-ebpf', 'other node', /it sees the client's own address, 10\.244\.1\.3\.$/, null],
    ['vxlan-ebpf', 'node port', /it sees 10\.244\.1\.1 \(node-1's cilium_host\) instead of/, null],
    ['native-ebpf', 'node port', /it sees 192\.168\.56\.11 \(node-1\) instead of/, null],
  ])('%s: %s', (mode, name, sentence, remedy) => {
    const verdict = told(worldOf(mode), name);
    expect(verdict.sentence).toMatch(sentence);
    if (remedy) expect(verdict.remedy).toMatch(remedy);
  });

  it.each<[string, Parameters<typeof labWorld>[0], RegExp]>([
    [
      'the tunnel device is down',
      { ns: { 'node-1': device('cilium_vxlan', { up: false }) } },
      /cilium_vxlan of node-1/,
    ],
    ['the far card is down', { ns: { 'node-2': device('eth0', { up: false }) } }, /node-2/],
  ])('a fault is found: %s', (_name, change, sentence) => {
    const world = labWorld({ cni: 'cilium', mode: 'vxlan-kpr', proxy: 'none', ...change });
    expect(told(world, 'other node').sentence).toMatch(sentence);
  });

  it('BPF host routing does not need forwarding by the IP stack', () => {
    const off = { ns: { 'node-1': sysctl('ipv4.ip_forward', 0) } };
    const world = (mode: string) => labWorld({ cni: 'cilium', mode, proxy: 'none', ...off });
    expect(told(world('native-kpr'), 'other node').sentence).toMatch(/^No answer/);
    expect(told(world('native-ebpf'), 'other node').sentence).toMatch(/^Connected/);
  });
});
