/** The words for kube-proxy's nftables and IPVS modes, on real traces of the reference cluster. */
import { describe, expect, it } from 'vitest';
import { LAB } from '../../drivers/conformance/lab-cluster.ts';
import type { Probe } from '../../scenario/probe.ts';
import { cidr, ip } from '../../wire/ip.ts';
import { traceProbe } from '../converse.ts';
import type { Outcome, Trace } from '../trace.ts';
import { explain } from './explain.ts';
import type { Explanation } from './explanation.ts';
import { at, type LabChange, labWorld, node, outside, pod, service, tcp } from './lab-world.ts';
import { traceToPlainText } from './text.ts';

const MODES = ['nftables', 'ipvs'] as const;
type Mode = (typeof MODES)[number];
type Passes = (step: Trace['steps'][number]) => boolean;

const web2 = '10.244.2.2:8080';
const worlds = { nftables: labWorld({ proxyMode: 'nftables' }), ipvs: labWorld({ proxyMode: 'ipvs' }) };
const ping: Probe = { from: pod('tool-1'), to: service('default/web'), proto: 'ping' };

function tell(mode: Mode, probe: Probe, passes: Passes): Explanation {
  const trace = traceProbe(worlds[mode], probe);
  const found = trace.steps.find(passes);
  if (!found) throw new Error('no such step');
  return explain(trace, worlds[mode], found.i);
}

const lit = ({ evidence }: Explanation): string | undefined => evidence[0]?.lines[evidence[0].highlight ?? -1]?.trim();

/** What a person sends, and what the wire does with it. */
const probes: Readonly<Record<string, Probe>> = {
  'other node': tcp(pod('tool-1'), service('default/web'), 80, web2),
  'same node': tcp(pod('tool-1'), service('default/solo'), 80),
  itself: tcp(pod('web-1'), service('default/solo'), 80),
  'from a node': tcp(node('node-1'), service('default/web'), 80, web2),
  'to a program of the node': tcp(pod('tool-1'), service('default/kubernetes'), 443),
  'node port': tcp(outside('client'), at('192.168.56.11'), 30080, web2),
  'node port, Local': tcp(outside('client'), at('192.168.56.12'), 30081),
  'node port, none local': tcp(outside('client'), at('192.168.56.11'), 30081),
  'no endpoints': tcp(pod('tool-1'), service('default/empty'), 80),
  'no endpoints, from a node': tcp(node('node-1'), service('default/empty'), 80),
  'no endpoints, node port': tcp(outside('client'), at('192.168.56.11'), 30083),
  'wrong port': tcp(pod('tool-1'), service('default/web'), 81),
  'no such Service': tcp(pod('tool-1'), at('10.96.9.9'), 80),
  sticky: tcp(pod('tool-1'), service('default/sticky'), 80),
  ping,
  traceroute: { ...tcp(pod('tool-2'), service('default/solo'), 80), proto: 'traceroute' },
  UDP: { from: pod('tool-1'), to: service('kube-system/kube-dns'), proto: 'udp', port: 53 },
  'UDP, nobody listens': { from: pod('tool-1'), to: service('default/udpclosed'), proto: 'udp', port: 53 },
};

describe.each(MODES)('in %s mode', (mode) => {
  it.each(Object.entries(probes))('every step has words: %s', (_name, probe) => {
    const world = worlds[mode];
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

describe('nftables', () => {
  const cross = probes['other node'] as Probe;
  const found: Passes = (s) => s.kind === 'nft-lookup' && s.element !== null;

  it.each<[string, Probe, Passes, string]>([
    ['a hit is one lookup', cross, found, 'finding it is one hash lookup, however many Services there are'],
    [
      'so is a miss',
      cross,
      (s) => s.kind === 'nft-lookup' && s.sizeNow > 1 && s.element === null,
      'one hash lookup, whether it holds',
    ],
    [
      'an empty map',
      cross,
      (s) => s.kind === 'nft-lookup' && s.sizeNow === 0,
      'is empty, so 10.96.0.10 . tcp . 80 is not in it.',
    ],
    [
      'the element decides, not the rule',
      cross,
      (s) => s.kind === 'nft-rule' && s.chain === 'services',
      'The rule names no Service',
    ],
    [
      'chance is one draw',
      cross,
      (s) => s.kind === 'nft-rule' && s.slot !== undefined,
      'Chance drew slot 2 of 3 (nft counts from 0): one draw for all of them, where iptables asks rule after rule.',
    ],
    [
      'an accept ends one base chain',
      cross,
      (s) => s.kind === 'nft-chain-end' && s.verdict === 'accept',
      'That ends this base chain only',
    ],
    [
      'the translation names chain and slot',
      cross,
      (s) => s.kind === 'nat',
      '(web-2; slot 2 of 3, drawn at random) in the chain endpoint-',
    ],
    [
      'a mark',
      probes['node port'] as Probe,
      (s) => s.kind === 'nft-rule' && s.markAfter !== 0 && s.effect === 'continue',
      'The packet gets the mark 0x4000',
    ],
    [
      'the mark goes',
      probes['node port'] as Probe,
      (s) => s.kind === 'nft-rule' && s.chain === 'masquerading',
      'The mark is taken off',
    ],
    [
      'affinity is remembered',
      probes.sticky as Probe,
      (s) => s.kind === 'nft-rule' && s.chain.startsWith('endpoint-'),
      "The client's address goes into the set affinity-",
    ],
    [
      'a reject',
      probes['no endpoints'] as Probe,
      (s) => s.kind === 'nft-rule' && s.effect === 'drop',
      'The packet is refused',
    ],
    [
      'a drop that an element names',
      probes['node port, none local'] as Probe,
      (s) => s.kind === 'nft-rule' && s.effect === 'drop',
      'The element that was just found says drop. The packet matches and is thrown away',
    ],
  ])('%s', (_name, probe, passes, says) => {
    expect(tell('nftables', probe, passes).sentence).toContain(says);
  });

  it('shows the element in its map, the rule in its chain, and what was counted', () => {
    const hit = tell('nftables', cross, found);
    expect(lit(hit)).toMatch(/^10\.96\.0\.10 \. tcp \. 80 : goto service-\w+-default\/web\/tcp\/http,$/);
    expect(hit.evidence[0]).toMatchObject({
      command: 'nft list map ip kube-proxy service-ips',
      origin: { by: 'kube-proxy' },
    });
    expect(hit.counts).toBe('1 lookup among 7 elements, found');
    expect(hit.checks).toEqual(["nft get element ip kube-proxy service-ips '{ 10.96.0.10 . tcp . 80 }'   # on node-1"]);
    const nat = tell('nftables', cross, (s) => s.kind === 'nat');
    expect(lit(nat)).toBe('meta l4proto tcp dnat to 10.244.2.2:8080');
    expect(lit(tell('nftables', cross, (s) => s.kind === 'nft-chain-end' && s.verdict === 'accept'))).toContain(
      'policy accept;',
    );
    const set = tell(
      'nftables',
      probes['wrong port'] as Probe,
      (s) => s.kind === 'nft-lookup' && s.set === 'cluster-ips',
    );
    expect(lit(set)).toContain('10.96.0.10');
  });

  it('shows what packets taught a set, which is not in its configuration', () => {
    const trace = traceProbe(worlds.nftables, cross);
    const miss = trace.steps.find((s) => s.kind === 'nft-lookup');
    if (miss?.kind !== 'nft-lookup') throw new Error('no lookup');
    const name = [...(worlds.nftables.namespaces.get('node-1')?.nftables?.[0]?.sets.keys() ?? [])].find((n) =>
      n.startsWith('affinity-'),
    );
    const hit = { ...miss, set: name ?? '', key: '10.244.1.3', element: { key: '10.244.1.3' }, sizeNow: 1 };
    const steps = trace.steps.map((s) => (s === miss ? hit : s));
    const told = explain({ ...trace, steps }, worlds.nftables, miss.i);
    expect(lit(told)).toBe('elements = { 10.244.1.3 }');
    expect(told.evidence[0]?.command).toContain('nft -s list set ip kube-proxy affinity-');
  });
});

describe('IPVS', () => {
  const cross = probes['other node'] as Probe;
  const onNode: Passes = ({ ns }) => ns === 'node-1';
  const hook =
    (name: string): Passes =>
    (s) =>
      onNode(s) && !s.outer && s.kind === 'hook' && s.family === 'ip' && s.hook === name;

  it.each<[string, Probe, Passes, string]>([
    [
      'the address is on a dummy device',
      cross,
      (s) => s.kind === 'send',
      'every node has it, on a dummy device that leads nowhere',
    ],
    ['nat rules only mark', cross, hook('PREROUTING'), 'In IPVS mode rules here only put marks'],
    [
      'the address is local',
      cross,
      (s) => onNode(s) && s.kind === 'route',
      "kube-proxy's IPVS mode puts the address of every Service on kube-ipvs0",
    ],
    ['so the packet comes to INPUT', cross, hook('INPUT'), 'so the packet comes here and not to FORWARD'],
    [
      'and leaves by OUTPUT',
      cross,
      (s) => s.kind === 'ipvs',
      'now it goes out again by OUTPUT and POSTROUTING, and never sees FORWARD',
    ],
    ['like its own packets', cross, hook('OUTPUT'), "passes OUTPUT like node-1's own packets"],
    ['with a lower TTL', cross, (s) => onNode(s) && s.kind === 'ttl', 'although the packet never passes FORWARD'],
    ['how it chooses', cross, (s) => s.kind === 'ipvs', 'of 3 real servers, round robin takes them in turn'],
    ['the answer', cross, (s) => s.kind === 'ipvs' && s.role === 'reply', '10.244.3.2:8080 becomes 10.96.0.10:80'],
    [
      'later packets',
      cross,
      (s) => s.kind === 'ipvs' && s.by === 'connection' && s.role === 'request',
      'Conntrack does not do this',
    ],
    [
      'a program of the node',
      probes['to a program of the node'] as Probe,
      (s) => s.kind === 'ipvs',
      'so the packet goes on up to a program',
    ],
    [
      'a node port',
      probes['node port'] as Probe,
      (s) => onNode(s) && s.kind === 'route',
      'IPVS takes the packet before one would be looked for',
    ],
    [
      "the node's source",
      probes['from a node'] as Probe,
      (s) => s.kind === 'route',
      'it also takes 10.96.0.10 as the source',
    ],
    [
      'OUTPUT twice',
      probes['from a node'] as Probe,
      (s) => s.kind === 'hook' && s.oif === 'flannel.1',
      'passes OUTPUT a second time',
    ],
    [
      'errors of routers',
      probes.traceroute as Probe,
      (s) => s.kind === 'ipvs' && s.role === 'reply',
      "IPVS puts the Service's address back",
    ],
    ['nobody to send to', probes['no endpoints'] as Probe, (s) => s.kind === 'drop', 'No REJECT rule is involved'],
  ])('%s', (_name, probe, passes, says) => {
    expect(tell('ipvs', probe, passes).sentence).toContain(says);
  });

  it('shows the real server that was chosen, and the change in the headers', () => {
    const sent = tell('ipvs', cross, (s) => s.kind === 'ipvs');
    expect(lit(sent)).toMatch(/^-> 10\.244\.3\.2:8080 +Masq/);
    expect(sent.evidence[0]).toMatchObject({ command: 'ipvsadm -Ln -t 10.96.0.10:80' });
    expect(sent.counts).toBe('1 lookup, 3 real servers');
    const changed = sent.headers.flatMap((l) => l.fields.filter((f) => f.before !== undefined).map((f) => f.name));
    expect(changed).toEqual(['destination', 'destination port']);
  });
});

const guarded: LabChange['cluster'] = {
  ...LAB,
  services: LAB.services.map((s) =>
    s.name === 'web'
      ? {
          ...s,
          type: 'LoadBalancer',
          loadBalancerIPs: [ip('192.168.56.250')],
          loadBalancerSourceRanges: [cidr('198.51.100.0/24')],
        }
      : s,
  ),
};
const toBalancer = tcp(pod('tool-1'), at('192.168.56.250'), 80);

describe('the verdict', () => {
  it.each<[Mode, string, Probe, Outcome, string, string | null, LabChange['cluster']?]>([
    [
      'nftables',
      'Service',
      probes['other node'] as Probe,
      'connected',
      'led to web-2 on node-2, 10.244.2.2:8080',
      null,
    ],
    [
      'nftables',
      'no endpoints',
      probes['no endpoints'] as Probe,
      'refused',
      "Refused: Service default/empty has no ready endpoints, so kube-proxy's map no-endpoint-services on node-1 led to reject-chain, which answered.",
      'it has no selector',
    ],
    [
      'nftables',
      'no endpoints, node port',
      probes['no endpoints, node port'] as Probe,
      'refused',
      'map no-endpoint-nodeports on node-1',
      'it has no selector',
    ],
    [
      'nftables',
      'wrong port',
      probes['wrong port'] as Probe,
      'refused',
      "Refused: Service default/web has no port 81 (TCP), so kube-proxy's REJECT rule on node-1 (cluster-ips-check) answered",
      'Use a port that it has: 80/TCP.',
    ],
    [
      'nftables',
      'ping',
      ping,
      'refused',
      'answers for its own ports only (80/TCP), and a ping has none',
      'Try the port instead: curl 10.96.0.10:80',
    ],
    [
      'nftables',
      'no such Service',
      probes['no such Service'] as Probe,
      'timeout',
      "No answer: no Service has the address 10.96.9.9, so kube-proxy's rule in cluster-ips-check on node-1 drops the packet before it can leave the cluster.",
      'kubectl get services',
    ],
    [
      'nftables',
      'none local',
      probes['node port, none local'] as Probe,
      'timeout',
      "no ready endpoint on node-1, so its entry in kube-proxy's map no-endpoint-nodeports drops the packet there.",
      'send to a node that has one (node-2)',
    ],
    ...MODES.map((mode): [Mode, string, Probe, Outcome, string, string | null, LabChange['cluster']] => [
      mode,
      'source ranges',
      toBalancer,
      'timeout',
      'No answer: loadBalancerSourceRanges of Service default/web (198.51.100.0/24) does not name the source 10.244.1.3',
      'Add a range that holds 10.244.1.3',
      guarded,
    ]),
    ['ipvs', 'Service', probes['other node'] as Probe, 'connected', 'led to web-3 on node-3', null],
    [
      'ipvs',
      'no endpoints',
      probes['no endpoints'] as Probe,
      'refused',
      'Refused: Service default/empty has a virtual server on node-1, but it has no ready endpoints, so IPVS itself answered with ICMP port unreachable',
      'it has no selector',
    ],
    [
      'ipvs',
      'wrong port',
      probes['wrong port'] as Probe,
      'refused',
      "so kube-proxy's REJECT rule on node-1 (KUBE-IPVS-FILTER) answered",
      '80/TCP',
    ],
    ['ipvs', 'ping', ping, 'refused', '(KUBE-IPVS-FILTER) answered with ICMP port unreachable', 'curl 10.96.0.10:80'],
    [
      'ipvs',
      'none local',
      probes['node port, none local'] as Probe,
      'connected',
      "kube-proxy's IPVS mode then uses all of them, here 10.244.2.4:8080, where the other modes would drop the packet.",
      null,
    ],
    [
      'ipvs',
      'from a node',
      probes['from a node'] as Probe,
      'connected',
      "instead of the client's 10.96.0.10, which is the Service's own address: node-1 has it",
      null,
    ],
    [
      'ipvs',
      'traceroute',
      probes.traceroute as Probe,
      'route-traced',
      'because IPVS translates the errors of the routers too',
      null,
    ],
  ])('in %s mode: %s', (proxyMode, _name, probe, outcome, says, remedy, cluster) => {
    const { verdict, steps } = traceProbe(labWorld({ proxyMode, ...(cluster ? { cluster } : {}) }), probe);
    expect(verdict.sentence).toContain(says);
    expect(verdict.outcome).toBe(outcome);
    if (remedy === null) expect(verdict.remedy).toBeNull();
    else expect(verdict.remedy).toContain(remedy);
    expect(steps[verdict.step ?? -1]).toBeDefined();
    expect(verdict.sentence).not.toMatch(/undefined|null|NaN|\.\./);
  });
});
