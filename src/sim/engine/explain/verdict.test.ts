import { describe, expect, it } from 'vitest';
import { LAB } from '../../drivers/conformance/lab-cluster.ts';
import type { Probe } from '../../scenario/probe.ts';
import { traceProbe } from '../converse.ts';
import type { Outcome } from '../trace.ts';
import { exampleTrace, exampleWorld } from './example.ts';
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
import { verdictOf } from './verdict.ts';

const web2 = '10.244.2.2:8080';
const stopped = LAB.pods.map((p) =>
  p.name === 'web-2' ? { ...p, listens: p.listens.map((l) => ({ ...l, up: false })) } : p,
);
const unready = LAB.services.map((s) =>
  s.name === 'solo' ? { ...s, selector: { app: 'nothing' }, ports: s.ports.map((p) => ({ ...p, endpoints: [] })) } : s,
);
const big = (from: Probe['from'], to: Probe['to'], port: number, sizeBytes: number): Probe => {
  return { from, to, proto: 'udp', port, options: { sizeBytes, df: 'do' } };
};

interface Row {
  readonly change?: LabChange;
  readonly probe: Probe;
  readonly outcome: Outcome;
  readonly printed: string;
  readonly says: string;
  readonly remedy: string | null;
}

/** What went through. */
const good: Readonly<Record<string, Row>> = {
  'Service, other node': {
    probe: tcp(pod('tool-1'), service('default/web'), 80, web2),
    outcome: 'connected',
    printed: 'HTTP/1.1 200 OK',
    says: "Connected: Service default/web (10.96.0.10:80) led to web-2 on node-2, 10.244.2.2:8080; it sees the client's own address, 10.244.1.3.",
    remedy: null,
  },
  'pod to itself through its Service': {
    probe: tcp(pod('web-1'), service('default/solo'), 80),
    outcome: 'connected',
    printed: 'HTTP/1.1 200 OK',
    says: "it sees 10.244.1.1 (node-1's cni0) instead of the client's 10.244.1.2.",
    remedy: null,
  },
  'pods that see a node instead of each other': {
    change: { cni: 'bridge', mode: 'masq-on' },
    probe: tcp(pod('tool-1'), service('default/web'), 80, web2),
    outcome: 'connected',
    printed: 'HTTP/1.1 200 OK',
    says: "it sees 192.168.56.11 (node-1) instead of the client's 10.244.1.3. Kubernetes wants pods to reach each other without NAT, and a rule of bridge (CNI plugin) for Pod default/tool-1 in CNI-713286c5bb1f7b819255a7cc on node-1 breaks that.",
    remedy: null,
  },
  'handshake only': {
    probe: { ...tcp(pod('tool-1'), pod('web-1'), 8080), options: { handshakeOnly: true } },
    outcome: 'connected',
    printed: 'Connection to 10.244.1.2 8080 port [tcp/*] succeeded!',
    says: 'Connected: web-1 on node-1 answered as 10.244.1.2:8080',
    remedy: null,
  },
  'node port': {
    probe: tcp(outside('client'), at('192.168.56.11'), 30080, web2),
    outcome: 'connected',
    printed: 'HTTP/1.1 200 OK',
    says: "it sees 10.244.1.0 (node-1's flannel.1) instead of the client's 192.168.56.100. Masqueraded by node-1 (externalTrafficPolicy Cluster), to get the answer back.",
    remedy: null,
  },
  ping: {
    probe: { from: pod('tool-1'), to: pod('web-2'), proto: 'ping' },
    outcome: 'reply',
    printed: '64 bytes from 10.244.2.2: icmp_seq=1 ttl=62',
    says: 'Answered: web-2 on node-2 answered as 10.244.2.2',
    remedy: null,
  },
  UDP: {
    probe: { from: pod('tool-1'), to: service('kube-system/kube-dns'), proto: 'udp', port: 53 },
    outcome: 'reply',
    printed: 'pong',
    says: 'Answered: Service kube-system/kube-dns (10.96.0.53:53) led to dns-3 on node-3, 10.244.3.5:5353',
    remedy: null,
  },
  traceroute: {
    probe: { from: pod('tool-1'), to: pod('web-2'), proto: 'traceroute' },
    outcome: 'route-traced',
    printed: 'traceroute to 10.244.2.2 (10.244.2.2), 30 hops max\n 1  10.244.1.1\n 2  10.244.2.0\n 3  10.244.2.2',
    says: "Traced: 3 hops to 10.244.2.2 (web-2), by way of node-1's cni0 and node-2's flannel.1.",
    remedy: null,
  },
  'traceroute to a Service': {
    probe: { from: pod('tool-2'), to: service('default/solo'), proto: 'traceroute', port: 80 },
    outcome: 'route-traced',
    printed: ' 2  10.96.0.30',
    says: "Traced: 3 hops, and all answered with the Service's own address 10.96.0.30",
    remedy: null,
  },
};

/** What somebody refused, or said that it cannot be. */
const told: Readonly<Record<string, Row>> = {
  'Service without endpoints and selector': {
    probe: tcp(pod('tool-1'), service('default/empty'), 80),
    outcome: 'refused',
    printed: 'curl: (7) Failed to connect to 10.96.0.40 port 80 after 0 ms: Connection refused',
    says: "Refused: Service default/empty has no ready endpoints, so kube-proxy's REJECT rule on node-1 answered.",
    remedy:
      'Give Service default/empty a ready endpoint: it has no selector, so somebody must write its EndpointSlice.',
  },
  'Service whose selector finds nothing': {
    change: { cluster: { ...LAB, services: unready } },
    probe: tcp(pod('tool-1'), service('default/solo'), 80),
    outcome: 'refused',
    printed: 'Connection refused',
    says: 'Refused: Service default/solo has no ready endpoints',
    remedy: 'Give Service default/solo a ready endpoint: no pod in default has the labels app=nothing.',
  },
  'closed port': {
    probe: tcp(pod('tool-1'), pod('web-2'), 9999),
    outcome: 'refused',
    printed: 'Connection refused',
    says: 'Refused: nobody listens on 10.244.2.2:9999 (web-2), so its kernel answered with a RST.',
    remedy: 'Use an open port of web-2 (it listens on 8080), or start a program on 9999.',
  },
  'closed UDP port': {
    probe: { from: pod('tool-1'), to: pod('web-2'), proto: 'udp', port: 9 },
    outcome: 'refused',
    printed: 'Connection refused',
    says: 'Refused: nobody listens on 10.244.2.2:9 (web-2), so its kernel answered with an ICMP port unreachable.',
    remedy: 'it listens on no UDP port',
  },
  'listener stopped': {
    change: { cluster: { ...LAB, pods: stopped } },
    probe: tcp(pod('tool-1'), service('default/web'), 80, web2),
    outcome: 'refused',
    printed: 'Connection refused',
    says: 'Refused: you stopped server on web-2, so nobody listens on 10.244.2.2:8080',
    remedy: 'Start server on web-2 again.',
  },
  'node port that no Service has': {
    probe: tcp(outside('client'), at('192.168.56.11'), 30999),
    outcome: 'refused',
    printed: 'Connection refused',
    says: 'Refused: no Service has the node port 30999',
    remedy: '30080 (default/web)',
  },
  'node port without a proxy': {
    change: { proxy: 'none' },
    probe: tcp(outside('client'), at('192.168.56.11'), 30080),
    outcome: 'refused',
    printed: 'Connection refused',
    says: 'Refused: nothing on node-1 translates 192.168.56.11:30080, a node port of Service default/web',
    remedy: 'Run kube-proxy',
  },
  "larger than the pod's MTU": {
    probe: big(pod('tool-1'), pod('web-2'), 8080, 1450),
    outcome: 'message-too-long',
    printed: 'Message too long',
    says: 'Too big: the packet is larger than the MTU of 1450 bytes of tool-1',
    remedy: 'Send packets of at most 1450 bytes, or allow fragments (no DF).',
  },
  "larger than the tunnel's MTU": {
    probe: big(outside('client'), at('192.168.56.11'), 30053, 1472),
    outcome: 'message-too-long',
    printed: 'Message too long',
    says: 'Too big: the way on from node-1 (flannel.1) has an MTU of 1450 bytes',
    remedy: 'at most 1450 bytes',
  },
  'TTL 1': {
    probe: { from: pod('tool-1'), to: pod('web-2'), proto: 'ping', options: { ttl: 1 } },
    outcome: 'ttl-exceeded',
    printed: 'From 10.244.1.1 icmp_seq=1 Time to live exceeded',
    says: 'TTL used up: the TTL that began with 1 reached its end on node-1, which answered as 10.244.1.1, before the packet got to 10.244.2.2 (web-2).',
    remedy: 'Send with a larger TTL than 1.',
  },
  'address that no pod has': {
    change: { cold: true },
    probe: tcp(pod('tool-2'), at('10.244.2.99'), 8080),
    outcome: 'host-unreachable',
    printed: 'after 3000 ms: No route to host',
    says: 'Unreachable: no pod has the address 10.244.2.99: tool-2 asked for it on eth0, and nobody answered (ARP).',
    remedy: 'Send to an address that a pod has.',
  },
  "the pod's own device down": {
    change: { ns: { 'default/tool-1': device('eth0', { up: false }) } },
    probe: tcp(pod('tool-1'), pod('web-2'), 8080),
    outcome: 'no-route',
    printed: 'Network is unreachable',
    says: 'No route: tool-1 has no route to 10.244.2.2 (web-2): eth0 is down, and its routes went with it.',
    remedy: 'Set it up: ip link set eth0 up   # on tool-1',
  },
};

/** What was lost without a word. */
const lost: Readonly<Record<string, Row>> = {
  'externalTrafficPolicy Local, no local endpoint': {
    probe: tcp(outside('client'), at('192.168.56.11'), 30081),
    outcome: 'timeout',
    printed: 'curl: (28) Connection timed out after 3500 milliseconds',
    says: "No answer: Service default/api has externalTrafficPolicy Local and no ready endpoint on node-1, so kube-proxy's DROP rule ended it there.",
    remedy: 'Set externalTrafficPolicy of Service default/api to Cluster, or send to a node that has one (node-2).',
  },
  'wrong port of a Service': {
    probe: tcp(pod('tool-1'), service('default/web'), 81),
    outcome: 'timeout',
    printed: 'Connection timed out',
    says: 'No answer: Service default/web has no port 81 (TCP), so no rule translated the address: the packet left node-1 by the default route, and the router outside (internet) dropped it.',
    remedy: 'Use a port that it has: 80/TCP.',
  },
  'ping to a Service': {
    probe: { from: pod('tool-1'), to: service('default/web'), proto: 'ping' },
    outcome: 'timeout',
    printed: '1 packets transmitted, 0 received, 100% packet loss',
    says: 'No answer: Service default/web is translated for its own ports only (80/TCP), and a ping has none',
    remedy: 'Try the port instead: curl 10.96.0.10:80',
  },
  'address that no Service has': {
    probe: tcp(pod('tool-1'), at('10.96.9.9'), 80),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: no Service has the address 10.96.9.9',
    remedy: 'kubectl get services',
  },
  'no proxy': {
    change: { proxy: 'none' },
    probe: tcp(pod('tool-1'), service('default/web'), 80),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: nothing on node-1 translates 10.96.0.10:80, the address of Service default/web',
    remedy: 'Run kube-proxy',
  },
  'route deleted on the way': {
    change: { ns: { 'node-1': withoutRoute('10.244.2.0/24') } },
    probe: tcp(pod('tool-1'), pod('web-2'), 8080),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: node-1 has no route to 10.244.2.0/24, the pods of node-2, so the packet for web-2 left by the default route and the router outside (internet) dropped it.',
    remedy: 'Restore it: ip route add 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink   # on node-1',
  },
  'route deleted on the way back': {
    change: { ns: { 'node-2': withoutRoute('10.244.1.0/24') } },
    probe: tcp(pod('tool-1'), pod('web-2'), 8080),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: the request reached web-2, but the answer was lost: node-2 has no route to 10.244.1.0/24',
    remedy: '# on node-2',
  },
  'tunnel device down': {
    change: { ns: { 'node-1': device('flannel.1', { up: false }) } },
    probe: tcp(pod('tool-1'), pod('web-2'), 8080),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: flannel.1 of node-1 is down, and the route to 10.244.2.0/24, the pods of node-2, went with it',
    remedy: 'ip link set flannel.1 up   # on node-1',
  },
  'bridge down': {
    change: { cold: true, ns: { 'node-1': device('cni0', { up: false }) } },
    probe: tcp(pod('tool-1'), pod('web-2'), 8080),
    outcome: 'host-unreachable',
    printed: 'No route to host',
    says: 'the question was lost: cni0 of node-1 is down (you changed this).',
    remedy: 'Set it up: ip link set cni0 up   # on node-1',
  },
  'bridge down, neighbours known': {
    change: { ns: { 'node-1': device('cni0', { up: false }) } },
    probe: tcp(pod('tool-1'), pod('web-2'), 8080),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: cni0 of node-1 is down (you changed this).',
    remedy: 'Set it up: ip link set cni0 up   # on node-1',
  },
  'FDB entry missing': {
    change: { options: { missingFdb: [['node-1', 'node-2']] } },
    probe: tcp(pod('tool-1'), pod('web-2'), 8080),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: flannel.1 of node-1 has no FDB entry for',
    remedy: 'dev flannel.1 dst 192.168.56.12   # on node-1',
  },
  'forwarding off': {
    change: { ns: { 'node-1': sysctl('ipv4.ip_forward', 0) } },
    probe: tcp(pod('tool-1'), pod('web-2'), 8080),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: the packet is for 10.244.2.2 (web-2), and node-1 may not forward it: net.ipv4.ip_forward is 0.',
    remedy: 'Turn forwarding on: sysctl -w net.ipv4.ip_forward=1   # on node-1',
  },
  'forwarding off where the node answers for the gateway': {
    change: { cni: 'calico', ns: { 'node-1': sysctl('ipv4.ip_forward', 0) } },
    probe: tcp(pod('tool-1'), pod('web-2'), 8080),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: the packet is for 10.244.2.2 (web-2), and node-1 may not forward it: net.ipv4.ip_forward is 0.',
    remedy: 'Turn forwarding on: sysctl -w net.ipv4.ip_forward=1   # on node-1',
  },
  'br_netfilter off': {
    change: { ns: { 'node-1': sysctl('bridge.bridge-nf-call-iptables', 0) } },
    probe: tcp(pod('tool-1'), service('default/solo'), 80),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: tool-1 had asked 10.96.0.30:80 (Service default/solo), but the answer came straight from 10.244.1.2 (web-1), so it reset the connection',
    remedy: 'sysctl -w net.bridge.bridge-nf-call-iptables=1   # on node-1',
  },
  'hairpin off': {
    change: { options: { hairpin: false } },
    probe: tcp(pod('web-1'), service('default/solo'), 80),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: the pod reached itself through its Service',
    remedy: 'hairpin on   # on node-1',
  },
  'policy DROP, pods on one bridge': {
    change: { options: { noForwardAccept: true }, ns: { 'node-1': forwardDrop } },
    probe: tcp(pod('tool-1'), pod('web-1'), 8080),
    outcome: 'timeout',
    printed: 'timed out',
    says: "No answer: no rule of FORWARD on node-1 accepts this packet, and the chain's policy is DROP (FORWARD sees bridged packets too, because of br_netfilter).",
    remedy: 'iptables -P FORWARD ACCEPT',
  },
  'source that the node does not believe': {
    change: { ns: { 'node-1': sysctl('ipv4.conf.all.rp_filter', 1) } },
    probe: { ...tcp(pod('tool-1'), pod('web-2'), 8080), options: { src: '10.244.3.77' } },
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: node-1 does not believe the source 10.244.3.77',
    remedy: 'rp_filter=0   # on node-1',
  },
  'node without a tunnel to itself': {
    change: { ns: { 'node-1': withoutRoute('10.244.2.0/24') } },
    probe: tcp(node('node-1'), pod('web-2'), 8080),
    outcome: 'timeout',
    printed: 'timed out',
    says: 'No answer: node-1 has no route to 10.244.2.0/24',
    remedy: 'Restore it',
  },
};

describe.each([
  ['what went through', good],
  ['what was told', told],
  ['what was lost', lost],
])('%s', (_name, rows) => {
  it.each(Object.entries(rows))('%s', (_row, { change, probe, outcome, printed, says, remedy }) => {
    const trace = traceProbe(labWorld(change), probe);
    const { verdict } = trace;
    expect(verdict.sentence).toContain(says);
    expect(verdict).toMatchObject({ outcome, good: rows === good });
    expect(verdict.printed).toContain(printed);
    if (remedy === null) expect(verdict.remedy).toBeNull();
    else expect(verdict.remedy).toContain(remedy);
    expect(trace.steps[verdict.step ?? -1]).toBeDefined();
    expect(verdict.sentence).toMatch(/^[A-Z].*\.$/);
    expect(verdict.sentence).not.toMatch(/undefined|null|NaN|\.\.|\. [a-z]/);
  });
});

it('says so when everything arrived and nothing came back', () => {
  const result = { outcome: 'timeout', clientIp: null, atStep: null } as const;
  expect(verdictOf(result, exampleTrace.steps, exampleWorld, exampleTrace.probe).sentence).toBe(
    'No answer: every packet arrived, but nothing came back to tool-1.',
  );
});
