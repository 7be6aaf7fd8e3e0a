/** One TCP SYN from a pod to a Service whose endpoint is on the next node, over the tunnel: for drawing tests and the gallery. */
import type { Hop, Trace } from '../sim/engine/trace.ts';
import type { CtSnapshot, Step, StepBase, StepBody } from '../sim/linux/step.ts';
import type { IpPacket } from '../sim/wire/frame.ts';
import { ip } from '../sim/wire/ip.ts';
import { macFromHash } from '../sim/wire/mac.ts';

const MAC = macFromHash('0a', 7);

function syn(src: string, dst: string, dport: number, ttl: number): IpPacket {
  const l4 = { proto: 'tcp' as const, sport: 40003, dport, flags: 'S', seq: 0, ack: 0, dataBytes: 0 };
  return { kind: 'ip', src: ip(src), dst: ip(dst), ttl, df: true, mf: false, fragOffset: 0, id: 1, len: 60, l4 };
}

function wrapped(inner: IpPacket): IpPacket {
  const vxlan = { vni: 1, inner: { smac: MAC, dmac: MAC, payload: inner } };
  const l4 = { proto: 'udp' as const, sport: 54565, dport: 8472, dataBytes: 82, vxlan };
  return {
    kind: 'ip',
    src: ip('192.168.56.11'),
    dst: ip('192.168.56.12'),
    ttl: 64,
    df: false,
    mf: false,
    fragOffset: 0,
    id: 2,
    len: 110,
    l4,
  };
}

type Told = readonly [ns: string, frame: IpPacket, body: StepBody, outer?: true];

const dev = (name: string, dir: 'in' | 'out'): StepBody => ({ kind: 'dev', dev: name, dir });
const hook = (
  name: 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING',
  family: 'ip' | 'bridge' = 'ip',
): StepBody => ({
  kind: 'hook',
  family,
  hook: name,
});
const route = (direction: 'input' | 'output', decision: 'local' | 'forward' | 'output', dst: string): StepBody => ({
  kind: 'route',
  direction,
  dst: ip(dst),
  decision,
  table: 'main',
  route: null,
});

function entry(): CtSnapshot {
  return {
    id: 1,
    proto: 'tcp',
    original: { src: ip('10.244.1.3'), dst: ip('10.96.0.10'), sport: 40003, dport: 80 },
    reply: { src: ip('10.244.2.2'), dst: ip('10.244.1.3'), sport: 8080, dport: 40003 },
    seenReply: false,
    assured: false,
    snat: false,
    dnat: true,
    mark: 0,
  };
}

function sender(): Told[] {
  const [asked, meant, sent] = [
    syn('10.244.1.3', '10.96.0.10', 80, 64),
    syn('10.244.1.3', '10.244.2.2', 8080, 64),
    syn('10.244.1.3', '10.244.2.2', 8080, 63),
  ];
  const outer = wrapped(sent);
  return [
    ['default/client-1', asked, { kind: 'send', by: 'curl', what: 'TCP SYN' }],
    ['default/client-1', asked, dev('eth0', 'out')],
    ['node-1', asked, dev('veth-client-1', 'in')],
    ['node-1', asked, hook('PREROUTING', 'bridge')],
    ['node-1', asked, { kind: 'conntrack', state: 'NEW', dir: 'original', entry: null, created: true }],
    [
      'node-1',
      meant,
      { kind: 'nat', manip: 'dst', cause: 'rule', hook: 'PREROUTING', before: asked, after: meant, entry: entry() },
    ],
    ['node-1', meant, dev('cni0', 'in')],
    ['node-1', meant, route('input', 'forward', '10.244.2.2')],
    ['node-1', sent, { kind: 'ttl', before: 64, after: 63 }],
    ['node-1', sent, hook('FORWARD')],
    ['node-1', sent, hook('POSTROUTING')],
    [
      'node-1',
      sent,
      { kind: 'neighbour', dev: 'flannel.1', ip: ip('10.244.2.0'), mac: MAC, state: 'PERMANENT', entry: null },
    ],
    ['node-1', sent, dev('flannel.1', 'out')],
    [
      'node-1',
      outer,
      { kind: 'encap', dev: 'flannel.1', type: 'vxlan', vni: 1, src: ip('192.168.56.11'), dst: ip('192.168.56.12') },
      true,
    ],
    ['node-1', outer, route('output', 'output', '192.168.56.12'), true],
    ['node-1', outer, hook('OUTPUT'), true],
    ['node-1', outer, hook('POSTROUTING'), true],
    ['node-1', outer, dev('eth0', 'out'), true],
    ['underlay', outer, dev('sw-node-1', 'in'), true],
    ['underlay', outer, { kind: 'fdb', dev: 'br0', mac: MAC, decision: 'port', port: 'sw-node-2', entry: null }, true],
    ['underlay', outer, dev('sw-node-2', 'out'), true],
  ];
}

function receiver(): Told[] {
  const sent = syn('10.244.1.3', '10.244.2.2', 8080, 63);
  const last = syn('10.244.1.3', '10.244.2.2', 8080, 62);
  const outer = wrapped(sent);
  return [
    ['node-2', outer, dev('eth0', 'in'), true],
    ['node-2', outer, hook('PREROUTING'), true],
    ['node-2', outer, route('input', 'local', '192.168.56.12'), true],
    ['node-2', outer, hook('INPUT'), true],
    ['node-2', outer, { kind: 'deliver', to: 'tunnel', socket: null, what: 'VXLAN' }, true],
    ['node-2', sent, { kind: 'decap', dev: 'flannel.1', type: 'vxlan', vni: 1 }],
    ['node-2', sent, dev('flannel.1', 'in')],
    ['node-2', sent, hook('PREROUTING')],
    ['node-2', sent, route('input', 'forward', '10.244.2.2')],
    ['node-2', last, { kind: 'ttl', before: 63, after: 62 }],
    ['node-2', last, hook('FORWARD')],
    ['node-2', last, hook('POSTROUTING')],
    ['node-2', last, dev('cni0', 'out')],
    ['node-2', last, { kind: 'fdb', dev: 'cni0', mac: MAC, decision: 'port', port: 'veth-web-2', entry: null }],
    ['node-2', last, dev('veth-web-2', 'out')],
    ['default/web-2', last, dev('eth0', 'in')],
    [
      'default/web-2',
      last,
      { kind: 'deliver', to: 'socket', socket: { proto: 'tcp', port: 8080, program: 'nginx' }, what: 'TCP SYN' },
    ],
  ];
}

function hopsOf(steps: readonly Step[]): Hop[] {
  const hops: { packet: string; ns: string; from: number; to: number }[] = [];
  for (const { ns, packet, i } of steps) {
    const last = hops.at(-1);
    if (last && last.ns === ns) last.to = i;
    else hops.push({ packet, ns, from: i, to: i });
  }
  return hops;
}

/** In a made-up overlay world with two pods on each of two nodes or more. `dropAt` ends it there with a drop. */
export function makeUpTrace(dropAt: 'FORWARD' | null = null): Trace {
  const told = [...sender(), ...receiver()];
  const end = dropAt === null ? -1 : told.findIndex(([, , body]) => body.kind === 'hook' && body.hook === dropAt);
  const shown = end < 0 ? told : told.slice(0, end + 1);
  const last = shown.at(-1);
  if (end >= 0 && last)
    shown.push([
      last[0],
      last[1],
      { kind: 'drop', reason: 'NETFILTER_DROP', detail: 'a NetworkPolicy rule dropped it' },
    ]);
  const steps = shown.map(([ns, frame, body, outer], i): Step => {
    const about: StepBase = {
      i,
      ns,
      packet: 'p1',
      atNs: i * 1000,
      frame: { smac: MAC, dmac: MAC, payload: frame },
      ...(outer ? { outer } : {}),
    };
    return { ...about, ...body };
  });
  return {
    probe: {
      from: { kind: 'pod', ref: 'default/client-1' },
      to: { kind: 'service', ref: 'default/web', via: 'name' },
      proto: 'tcp',
      port: 80,
    },
    from: { ns: 'default/client-1', ip: ip('10.244.1.3') },
    to: { ip: ip('10.96.0.10'), port: 80, label: 'web' },
    packets: [
      {
        id: 'p1',
        title: 'TCP SYN',
        lane: 'request',
        firstStep: 0,
        lastStep: steps.length - 1,
        repeats: null,
        fate: dropAt ? 'dropped' : 'delivered',
      },
    ],
    hops: hopsOf(steps),
    steps,
    beats: [],
    verdict: {
      outcome: 'connected',
      good: true,
      printed: 'Connected',
      sentence: 'It arrived.',
      remedy: null,
      step: null,
    },
    lookup: null,
    simplified: [],
  };
}
