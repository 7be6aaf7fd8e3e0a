import { describe, expect, it } from 'vitest';
import type { Probe } from '../../scenario/probe.ts';
import { traceProbe } from '../converse.ts';
import type { Trace } from '../trace.ts';
import type { World } from '../world.ts';
import { exampleTrace, exampleWorld } from './example.ts';
import { explain } from './explain.ts';
import type { Explanation } from './explanation.ts';
import {
  at,
  device,
  forwardDrop,
  type LabChange,
  labWorld,
  node,
  outside,
  pod,
  service,
  sysctl,
  tcp,
  withoutRoute,
} from './lab-world.ts';

const web2 = '10.244.2.2:8080';
const world = labWorld();
const cross = traceProbe(world, tcp(pod('tool-1'), service('default/web'), 80, web2));

/** The explanation of the first step that passes. */
function tell(trace: Trace, w: World, passes: (step: Trace['steps'][number]) => boolean): Explanation {
  const found = trace.steps.find(passes);
  if (!found) throw new Error('no such step');
  return explain(trace, w, found.i);
}

describe('the sentence carries the fact', () => {
  const solo = traceProbe(world, tcp(pod('tool-1'), service('default/solo'), 80));
  const self = traceProbe(world, tcp(pod('web-1'), service('default/solo'), 80));
  const rows: readonly (readonly [string, Trace, (step: Trace['steps'][number]) => boolean, string])[] = [
    [
      'DNAT names Service, writer, endpoint and chance',
      cross,
      (s) => s.kind === 'nat',
      "node-1 translates the destination. The packet asked for 10.96.0.10:80, the address of Service default/web; kube-proxy's rule picked endpoint 10.244.2.2:8080 (web-2; 1 of 3, chosen at random).",
    ],
    [
      'the answer skips the nat table',
      cross,
      (s) => s.kind === 'conntrack' && s.dir === 'reply' && s.ns === 'node-1',
      'It skips the nat table',
    ],
    [
      'the answer is put back by conntrack',
      cross,
      (s) => s.kind === 'nat' && s.cause === 'conntrack',
      'No rule does this',
    ],
    [
      'bridging leaves the TTL',
      solo,
      (s) => s.kind === 'bridged-dnat',
      'The TTL stays 64, because bridging is not forwarding',
    ],
    [
      'PREROUTING runs once',
      cross,
      (s) => s.kind === 'hook' && s.hook === 'PREROUTING' && s.family === 'ip' && s.ns === 'node-1',
      'The hook runs once',
    ],
    [
      "the outer packet is the node's own",
      cross,
      (s) => s.kind === 'hook' && s.hook === 'OUTPUT' && s.outer === true,
      'made this outer packet itself, so it starts at OUTPUT',
    ],
    [
      'masquerade takes the address of the leaving device',
      traceProbe(world, tcp(node('node-2'), service('default/solo'), 80)),
      (s) => s.kind === 'nat' && s.manip === 'src',
      'Masquerading takes the address of the device by which the packet leaves: flannel.1.',
    ],
    [
      'why a pod cannot answer itself directly',
      self,
      (s) => s.kind === 'nat' && s.manip === 'src',
      'The Service led web-1 to itself',
    ],
    [
      'a capture on the bridge shows the new destination',
      cross,
      (s) => s.kind === 'dev' && s.dev === 'cni0' && s.dir === 'in',
      'a capture on cni0 shows the new destination',
    ],
    ['only forwarding lowers the TTL', cross, (s) => s.kind === 'ttl', 'Only forwarding does this'],
    ['pods have no rules', cross, (s) => s.kind === 'hook', 'Services are translated on the node, not in the pod'],
    [
      'the tunnel counts as one link',
      cross,
      (s) => s.kind === 'decap',
      'TTL 63, because the way between the nodes counts as one link',
    ],
    [
      'errors of a translated flow seem to come from the Service',
      traceProbe(world, { ...tcp(pod('tool-2'), service('default/solo'), 80), proto: 'traceroute' }),
      (s) => s.kind === 'nat' && s.cause === 'icmp-error',
      "every router on the way seems to have the Service's address",
    ],
  ];
  it.each(rows)('%s', (_name, trace, passes, says) => {
    expect(tell(trace, world, passes).sentence).toContain(says);
  });
});

describe('the proof', () => {
  const dnat = tell(cross, world, (s) => s.kind === 'nat');
  const route = tell(cross, world, (s) => s.kind === 'route' && s.dev === 'flannel.1');

  it('is the line that the tool prints', () => {
    expect(route.evidence[0]).toMatchObject({ command: 'ip route show', origin: { by: 'flanneld' } });
    expect(route.evidence[0]?.lines[route.evidence[0]?.highlight ?? -1]).toBe(
      '10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink',
    );
    expect(dnat.evidence[0]?.lines[1]).toContain('-j DNAT --to-destination 10.244.2.2:8080');
  });

  it('is followed by commands with the true names', () => {
    expect(route.checks).toEqual(['ip route get 10.244.2.2 from 10.244.1.3 iif cni0   # on node-1']);
    expect(dnat.checks[0]).toMatch(/^iptables-save -t nat \| grep KUBE-SEP-/);
  });

  it('counts the rules', () => {
    const jump = tell(cross, world, (s) => s.kind === 'rule' && s.chain === 'KUBE-SERVICES');
    expect(jump.counts).toMatch(/^\d+ rules? evaluated, 1 matched$/);
  });

  it('shows the conntrack table of that node as of that step', () => {
    expect(dnat.conntrack?.lines).toHaveLength(1);
    expect(dnat.conntrack?.lines[0]).toContain('dst=10.96.0.10 sport=');
    expect(dnat.conntrack?.lines[0]).toContain('[UNREPLIED] src=10.244.2.2');
    expect(tell(cross, world, (s) => s.ns === 'default/tool-1').conntrack).toBeNull();
  });

  it('marks the fields that the step changed, and no others', () => {
    const changed = dnat.headers.flatMap((l) => l.fields.filter((f) => f.before !== undefined).map((f) => f.name));
    expect(changed).toEqual(['destination', 'destination port']);
    const bridged = traceProbe(world, tcp(pod('tool-1'), service('default/solo'), 80));
    const mac = tell(bridged, world, (s) => s.kind === 'bridged-dnat').headers[0];
    expect(mac?.fields.map((f) => f.before !== undefined)).toEqual([false, true]);
  });

  it('stacks the headers from the outside in', () => {
    const outer = tell(cross, world, (s) => s.kind === 'encap');
    expect(outer.headers.map(({ title }) => title)).toEqual(['IPv4', 'UDP', 'VXLAN', 'Ethernet', 'IPv4', 'TCP']);
  });
});

/** Traces that together meet every kind of step and most reasons. */
const everything: readonly (readonly [string, LabChange, Probe])[] = [
  ['Service', {}, tcp(pod('tool-1'), service('default/web'), 80, web2)],
  ['itself', {}, tcp(pod('web-1'), service('default/solo'), 80)],
  ['name', {}, tcp(pod('tool-1'), { kind: 'service', ref: 'default/web', via: 'name' }, 80)],
  ['host', {}, tcp(node('node-1'), service('default/solo'), 80)],
  ['node port', {}, tcp(outside('client'), at('192.168.56.11'), 30080)],
  ['local only', {}, tcp(outside('client'), at('192.168.56.11'), 30081)],
  ['sticky', {}, tcp(pod('tool-1'), service('default/sticky'), 80)],
  ['refused', {}, tcp(pod('tool-1'), service('default/empty'), 80)],
  ['traceroute', {}, { from: pod('tool-1'), to: service('default/web'), proto: 'traceroute', port: 80 }],
  ['ping out', {}, { from: pod('tool-1'), to: outside('internet'), proto: 'ping' }],
  ['cold', { cold: true }, tcp(pod('tool-1'), pod('web-2'), 8080)],
  ['nobody there', { cold: true }, tcp(pod('tool-2'), at('10.244.2.99'), 8080)],
  [
    'fragments',
    {},
    {
      from: outside('client'),
      to: at('192.168.56.11'),
      proto: 'udp',
      port: 30053,
      options: { sizeBytes: 1472, df: 'dont' },
    },
  ],
  [
    'too big',
    {},
    {
      from: outside('client'),
      to: at('192.168.56.11'),
      proto: 'udp',
      port: 30053,
      options: { sizeBytes: 1472, df: 'do' },
    },
  ],
  [
    'no br_netfilter',
    { ns: { 'node-1': sysctl('bridge.bridge-nf-call-iptables', 0) } },
    tcp(pod('tool-1'), service('default/solo'), 80),
  ],
  ['no forwarding', { ns: { 'node-1': sysctl('ipv4.ip_forward', 0) } }, tcp(pod('tool-1'), pod('web-2'), 8080)],
  [
    'policy',
    { options: { noForwardAccept: true }, ns: { 'node-1': forwardDrop } },
    tcp(pod('tool-1'), pod('web-1'), 8080),
  ],
  ['no route', { ns: { 'node-1': withoutRoute('10.244.2.0/24') } }, tcp(pod('tool-1'), pod('web-2'), 8080)],
  ['no FDB', { options: { missingFdb: [['node-1', 'node-2']] } }, tcp(pod('tool-1'), pod('web-2'), 8080)],
  ['down', { ns: { 'node-1': device('cni0', { up: false }) } }, tcp(pod('tool-1'), pod('web-2'), 8080)],
];

describe('every step has words', () => {
  const kinds = new Set<string>();
  it.each(everything)('%s', (_name, change, probe) => {
    const w = labWorld(change);
    const trace = traceProbe(w, probe);
    for (const step of trace.steps) {
      kinds.add(step.kind);
      const { title, sentence, headers, evidence, checks, conntrack } = explain(trace, w, step.i);
      const all = [title, sentence, ...checks, ...evidence.flatMap((e) => [e.title, e.command, ...e.lines])].join('\n');
      expect(all).not.toMatch(/undefined|null|NaN|\[object|\{here\}|\{dst\}|\{detail\}/);
      expect(sentence, `${step.i} ${step.kind}`).toMatch(/[.?]$/);
      expect(sentence).not.toMatch(/\.\.| {2}/);
      expect(title).not.toMatch(/\.$/);
      expect(headers.length).toBeGreaterThan(0);
      for (const e of [...evidence, ...(conntrack ? [conntrack] : [])])
        if (e.highlight !== null) expect(e.lines[e.highlight]).toBeDefined();
    }
  });

  it('and every kind was met', () => {
    expect([...kinds].sort()).toEqual([
      'bridged-dnat',
      'chain-end',
      'conntrack',
      'decap',
      'deliver',
      'dev',
      'drop',
      'encap',
      'fdb',
      'fragment',
      'hook',
      'name-query',
      'name-result',
      'name-silence',
      'nat',
      'neighbour',
      'reassemble',
      'route',
      'rule',
      'send',
      'ttl',
    ]);
  });
});

it('also explains a trace whose world knows little', () => {
  for (const { i } of exampleTrace.steps) expect(explain(exampleTrace, exampleWorld, i).sentence).not.toBe('');
});
