/** A small hand-made world and the first steps of a conversation in it, for tests that must not depend on the engine. */
import type { Cluster } from '../../kube/cluster.ts';
import type { NetnsConfig } from '../../linux/config.ts';
import { applyRuleOps } from '../../linux/netfilter/iptables/build.ts';
import type { Rule, RuleOp } from '../../linux/netfilter/iptables/rule.ts';
import type { CtSnapshot, Step, StepBody } from '../../linux/step.ts';
import type { Frame, IpPacket } from '../../wire/frame.ts';
import { cidr, ip } from '../../wire/ip.ts';
import { mac } from '../../wire/mac.ts';
import type { Trace } from '../trace.ts';
import type { World } from '../world.ts';

const SEP = 'KUBE-SEP-AAAAAAAAAAAAAAAA';
const SVC = 'KUBE-SVC-BBBBBBBBBBBBBBBB';
const origin = { by: 'kube-proxy', for: 'Service default/web' };
const dnat: Rule = { matches: [], target: { kind: 'DNAT', to: ip('10.244.2.2'), port: 8080 }, origin };
const jump: Rule = { matches: [], target: { kind: 'jump', chain: SEP }, origin };
const rules: readonly RuleOp[] = [
  { op: 'new-chain', table: 'nat', chain: SVC },
  { op: 'new-chain', table: 'nat', chain: SEP },
  { op: 'append', table: 'nat', chain: SVC, rule: jump },
  { op: 'append', table: 'nat', chain: SEP, rule: dnat },
];

const pod = (name: string, node: string, address: string): Cluster['pods'][number] => {
  return {
    namespace: 'default',
    name,
    node,
    ip: ip(address),
    labels: {},
    listens: [],
    ready: true,
    owner: `Pod default/${name}`,
  };
};
const node = (n: number): Cluster['nodes'][number] => {
  return {
    name: `node-${n}`,
    ip: ip(`192.168.56.1${n}`),
    podCIDR: cidr(`10.244.${n}.0/24`),
    role: 'worker',
    listens: [],
  };
};

const cluster: Cluster = {
  podCIDR: cidr('10.244.0.0/16'),
  serviceCIDR: cidr('10.96.0.0/12'),
  nodeNetwork: { cidr: cidr('192.168.56.0/24'), gateway: ip('192.168.56.1'), mtuBytes: 1500 },
  nodes: [node(1), node(2)],
  pods: [pod('tool-1', 'node-1', '10.244.1.3'), pod('web-2', 'node-2', '10.244.2.2')],
  services: [
    {
      namespace: 'default',
      name: 'web',
      type: 'ClusterIP',
      clusterIP: ip('10.96.0.10'),
      selector: { app: 'web' },
      ports: [
        {
          name: '',
          protocol: 'TCP',
          port: 80,
          targetPort: 8080,
          endpoints: [
            { ip: ip('10.244.2.2'), port: 8080, node: 'node-2', ready: true, serving: true, terminating: false },
          ],
        },
      ],
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      externalIPs: [],
      loadBalancerIPs: [],
      loadBalancerSourceRanges: [],
    },
  ],
  externals: [],
};

const empty = {
  addresses: [],
  routes: [],
  neighbours: [],
  fdb: [],
  sysctl: {},
  iptables: new Map(),
  ipsets: [],
  listeners: [],
};
const podMac = mac('0a:58:0a:f4:01:03');
const namespaces: readonly NetnsConfig[] = [
  {
    ...empty,
    id: 'default/tool-1',
    devices: [
      { kind: 'veth', name: 'eth0', mac: podMac, mtuBytes: 1450, up: true, peer: { ns: 'node-1', dev: 'veth-tool-1' } },
    ],
  },
  {
    ...empty,
    id: 'node-1',
    devices: [
      { kind: 'bridge', name: 'cni0', mac: mac('0a:58:0a:f4:01:01'), mtuBytes: 1450, up: true },
      {
        kind: 'veth',
        name: 'veth-tool-1',
        mac: mac('0e:00:00:00:00:01'),
        mtuBytes: 1450,
        up: true,
        master: 'cni0',
        peer: { ns: 'default/tool-1', dev: 'eth0' },
      },
    ],
    iptables: applyRuleOps(rules),
  },
];

export const exampleWorld: World = {
  cluster,
  namespaces: new Map(namespaces.map((ns) => [ns.id, ns])),
  cni: { id: 'example', mode: '' },
  proxy: { id: 'kube-proxy', mode: 'iptables' },
  warm: true,
  seed: 1,
  notes: [],
};

const syn: IpPacket = {
  kind: 'ip',
  src: ip('10.244.1.3'),
  dst: ip('10.96.0.10'),
  ttl: 64,
  df: true,
  mf: false,
  fragOffset: 0,
  id: 1,
  len: 60,
  l4: { proto: 'tcp', sport: 40000, dport: 80, flags: 'S', seq: 0, ack: 0, dataBytes: 0 },
};
const translated: IpPacket = { ...syn, dst: ip('10.244.2.2'), l4: { ...syn.l4, dport: 8080 } as IpPacket['l4'] };
const frame: Frame = { smac: podMac, dmac: mac('0a:58:0a:f4:01:01'), payload: syn };
const entry: CtSnapshot = {
  id: 1,
  proto: 'tcp',
  original: { src: syn.src, dst: syn.dst, sport: 40000, dport: 80 },
  reply: { src: translated.dst, dst: syn.src, sport: 8080, dport: 40000 },
  seenReply: false,
  assured: false,
  snat: false,
  dnat: true,
  mark: 0,
};

const bodies: readonly (readonly [string, Frame | IpPacket, StepBody])[] = [
  ['default/tool-1', syn, { kind: 'send', by: 'curl', what: 'TCP SYN' }],
  ['default/tool-1', frame, { kind: 'dev', dev: 'eth0', dir: 'out' }],
  ['node-1', frame, { kind: 'dev', dev: 'veth-tool-1', dir: 'in' }],
  ['node-1', syn, { kind: 'hook', family: 'ip', hook: 'PREROUTING', iif: 'cni0' }],
  [
    'node-1',
    syn,
    { kind: 'rule', table: 'nat', chain: SVC, index: 0, first: 0, rule: jump, effect: 'jump', markAfter: 0 },
  ],
  [
    'node-1',
    syn,
    { kind: 'rule', table: 'nat', chain: SEP, index: 0, first: 0, rule: dnat, effect: 'accept', markAfter: 0 },
  ],
  [
    'node-1',
    translated,
    { kind: 'nat', manip: 'dst', cause: 'rule', hook: 'PREROUTING', before: syn, after: translated, entry },
  ],
];

const steps: readonly Step[] = bodies.map(([ns, at, body], i) => ({
  i,
  ns,
  packet: 'p1',
  atNs: 0,
  frame: at,
  ...body,
}));

export const exampleTrace: Trace = {
  probe: {
    from: { kind: 'pod', ref: 'default/tool-1' },
    to: { kind: 'service', ref: 'default/web', via: 'clusterIP' },
    proto: 'tcp',
    port: 80,
  },
  from: { ns: 'default/tool-1', ip: syn.src },
  to: { ip: syn.dst, port: 80, label: 'Service default/web' },
  packets: [
    { id: 'p1', title: 'TCP SYN', lane: 'request', firstStep: 0, lastStep: 6, repeats: null, fate: 'consumed' },
  ],
  hops: [],
  steps,
  beats: [
    { step: 0, packet: 'p1', lane: 'request', ns: 'default/tool-1', mark: 'send', title: 'curl sends TCP SYN' },
    { step: 6, packet: 'p1', lane: 'request', ns: 'node-1', mark: 'dnat', title: 'DNAT to 10.244.2.2:8080' },
  ],
  verdict: { outcome: 'timeout', good: false, printed: '', sentence: 'No answer.', remedy: null, step: null },
  lookup: null,
  simplified: [],
};
