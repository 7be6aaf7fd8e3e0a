import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame, IpPacket, L4 } from '../../wire/frame.ts';
import { cidr, ip } from '../../wire/ip.ts';
import { mac, ZERO_MAC } from '../../wire/mac.ts';
import type { Address, Device, FdbEntry, Route } from '../config.ts';
import type { CtSnapshot } from '../step.ts';
import { printFdbEntry } from './bridge-fdb.ts';
import { printConntrack } from './conntrack.ts';
import { printFrame, printPacket } from './frame.ts';
import { printAddress } from './ip-addr.ts';
import { printLink } from './ip-link.ts';
import { printNeighbour } from './ip-neigh.ts';
import { printRoute } from './ip-route.ts';
import { printSysctl } from './sysctl.ts';

const A = mac('0a:58:0a:f4:01:02');
const B = mac('5e:00:00:00:01:12');
const unicast = { type: 'unicast', table: 'main', scope: 'global' } as const;

const six: Pick<Route, 'type' | 'table' | 'scope'> = { type: 'unicast', table: 'main', scope: 'global' };
const kernel6 = { proto: 'kernel', metric: 256 };

/** Lines as the recorded nodes printed them; those of IPv6 as iproute2 6.1 printed them on Linux 6.18. */
const routes: readonly (readonly [string, Route])[] = [
  ['default via 192.168.56.1 dev eth0', { ...unicast, dst: cidr('0.0.0.0/0'), via: ip('192.168.56.1'), dev: 'eth0' }],
  [
    '10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink',
    { ...unicast, dst: cidr('10.244.2.0/24'), via: ip('10.244.2.0'), dev: 'flannel.1', onlink: true },
  ],
  [
    '10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1',
    {
      ...unicast,
      dst: cidr('10.244.1.0/24'),
      dev: 'cni0',
      proto: 'kernel',
      scope: 'link',
      src: ip('10.244.1.1'),
    },
  ],
  [
    'local 10.244.1.0 dev flannel.1 table local proto kernel scope host src 10.244.1.0',
    {
      dst: cidr('10.244.1.0/32'),
      type: 'local',
      dev: 'flannel.1',
      table: 'local',
      proto: 'kernel',
      scope: 'host',
      src: ip('10.244.1.0'),
    },
  ],
  ['blackhole 10.0.0.0/8', { ...unicast, type: 'blackhole', dst: cidr('10.0.0.0/8') }],
  [
    '10.1.0.0/16 via 10.0.0.1 dev eth0 metric 100 mtu 1400',
    { ...unicast, dst: cidr('10.1.0.0/16'), via: ip('10.0.0.1'), dev: 'eth0', metric: 100, mtuBytes: 1400 },
  ],
  [
    'fd00:1::/64 dev va proto kernel metric 256 pref medium',
    { ...six, dst: cidr('fd00:1::/64'), dev: 'va', ...kernel6 },
  ],
  [
    'default via fd00:1::1 dev eth0 metric 1024 pref medium',
    { ...six, dst: cidr('::/0'), via: ip('fd00:1::1'), dev: 'eth0' },
  ],
  [
    'fd00:6::/64 via fd00:2::2 dev vb src fd00:1::1 metric 1024 onlink mtu 1400 pref medium',
    {
      ...six,
      dst: cidr('fd00:6::/64'),
      via: ip('fd00:2::2'),
      dev: 'vb',
      src: ip('fd00:1::1'),
      onlink: true,
      mtuBytes: 1400,
    },
  ],
  ['blackhole fd00:9::/64 dev lo metric 1024 pref medium', { ...six, type: 'blackhole', dst: cidr('fd00:9::/64') }],
  ['unreachable fd00:8::/64 dev lo metric 1024 pref medium', { ...six, type: 'unreachable', dst: cidr('fd00:8::/64') }],
  [
    'local fd00:1::1 dev va table local proto kernel metric 0 pref medium',
    { ...six, type: 'local', dst: cidr('fd00:1::1/128'), dev: 'va', table: 'local', proto: 'kernel', metric: 0 },
  ],
  [
    'multicast ff00::/8 dev va table local proto kernel metric 256 pref medium',
    { ...six, type: 'multicast', dst: cidr('ff00::/8'), dev: 'va', table: 'local', ...kernel6 },
  ],
];

describe('printRoute', () => {
  it.each(routes)('%s', (line, route) => {
    expect(printRoute(route)).toBe(line);
  });

  it('gives different routes different lines, because faults are addressed by them', () => {
    const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value);
    const address = fc.constantFrom(ip('10.0.0.1'), ip('10.0.0.2'));
    const anyRoute = fc
      .record({
        dst: fc.constantFrom('0.0.0.0/0', '10.0.0.0/8', '10.0.0.1/32').map(cidr),
        type: fc.constantFrom<Route['type']>('unicast', 'local', 'blackhole'),
        table: fc.constantFrom<Route['table']>('main', 'local', 100),
        scope: fc.constantFrom<Route['scope']>('global', 'link', 'host'),
        via: maybe(address),
        dev: maybe(fc.constantFrom('eth0', 'cni0')),
        src: maybe(address),
        proto: maybe(fc.constantFrom('kernel', 'bird')),
        metric: maybe(fc.nat(2)),
        onlink: maybe(fc.constant(true)),
        mtuBytes: maybe(fc.constantFrom(1400, 1450)),
      })
      .map(
        (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as never as Route,
      );
    fc.assert(
      fc.property(anyRoute, anyRoute, (a, b) => {
        expect(printRoute(a) === printRoute(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2000 },
    );
  });
});

const global: Pick<Address, 'scope'> = { scope: 'global' };

describe('printAddress', () => {
  it.each<[string, Address]>([
    [
      'inet 10.244.1.1/24 brd 10.244.1.255 scope global cni0',
      { ...global, dev: 'cni0', ip: ip('10.244.1.1'), prefix: 24 },
    ],
    ['inet 10.244.1.0/32 scope global flannel.1', { ...global, dev: 'flannel.1', ip: ip('10.244.1.0'), prefix: 32 }],
    ['inet 127.0.0.1/8 scope host lo', { dev: 'lo', ip: ip('127.0.0.1'), prefix: 8, scope: 'host' }],
    ['inet6 fd00::1/64 scope global eth0', { ...global, dev: 'eth0', ip: ip('fd00::1'), prefix: 64 }],
  ])('%s', (line, address) => {
    expect(printAddress(address)).toBe(line);
  });
});

describe('printNeighbour', () => {
  it('prints what somebody wrote, what was learned and what nobody answered', () => {
    const entry = { ip: ip('10.244.2.0'), dev: 'flannel.1', mac: B };
    expect(printNeighbour(entry)).toBe('10.244.2.0 dev flannel.1 lladdr 5e:00:00:00:01:12 PERMANENT');
    expect(printNeighbour(entry, 'REACHABLE')).toBe('10.244.2.0 dev flannel.1 lladdr 5e:00:00:00:01:12 REACHABLE');
    expect(printNeighbour({ ...entry, mac: null }, 'FAILED')).toBe('10.244.2.0 dev flannel.1 FAILED');
  });
});

describe('printFdbEntry', () => {
  const remote: FdbEntry = { mac: B, dev: 'flannel.1', dst: ip('192.168.56.12') };
  const port: FdbEntry = { mac: A, dev: 'cni0', port: 'veth-web-1' };
  it.each([
    [`${B} dev flannel.1 dst 192.168.56.12 self permanent`, remote, false],
    [`${B} dev flannel.1 dst 192.168.56.12 self`, remote, true],
    [`${A} dev veth-web-1 master cni0 static`, port, false],
    [`${A} dev veth-web-1 master cni0`, port, true],
  ])('%s', (line, entry, learned) => {
    expect(printFdbEntry(entry, learned)).toBe(line);
  });
});

describe('printLink', () => {
  const base = { mac: A, mtuBytes: 1450, up: true };
  it.each<[string, Device]>([
    [
      `cni0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 state UP link/ether ${A} bridge`,
      { ...base, kind: 'bridge', name: 'cni0' },
    ],
    [
      `lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 state UNKNOWN link/loopback ${ZERO_MAC}`,
      { ...base, kind: 'loopback', name: 'lo', mac: ZERO_MAC, mtuBytes: 65_536 },
    ],
    [
      `flannel.1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 state UNKNOWN link/ether ${A} vxlan id 1 local 192.168.56.11 dev eth0 dstport 8472 nolearning noudpcsum`,
      {
        ...base,
        kind: 'vxlan',
        name: 'flannel.1',
        vxlan: {
          vni: 1,
          local: ip('192.168.56.11'),
          lower: 'eth0',
          dstPort: 8472,
          learning: false,
          udpChecksum: false,
        },
      },
    ],
    [
      `veth1: <BROADCAST,MULTICAST,PROMISC> mtu 1450 master cni0 state DOWN link/ether ${A} veth peer eth0 link-netns default/web-1 bridge_slave hairpin on`,
      {
        ...base,
        kind: 'veth',
        name: 'veth1',
        up: false,
        promisc: true,
        master: 'cni0',
        hairpin: true,
        peer: { ns: 'default/web-1', dev: 'eth0' },
      },
    ],
  ])('%s', (line, device) => {
    expect(printLink(device)).toBe(line);
  });
});

describe('printConntrack', () => {
  const tcp: CtSnapshot = {
    id: 1,
    proto: 'tcp',
    original: { src: ip('10.244.0.2'), dst: ip('10.96.0.50'), sport: 53202, dport: 80 },
    reply: { src: ip('10.244.1.2'), dst: ip('10.244.0.2'), sport: 8080, dport: 53202 },
    state: 'ESTABLISHED',
    seenReply: true,
    assured: true,
    snat: false,
    dnat: true,
    mark: 0,
  };
  it('prints a translated connection', () => {
    expect(printConntrack(tcp)).toBe(
      'tcp      6 ESTABLISHED src=10.244.0.2 dst=10.96.0.50 sport=53202 dport=80 src=10.244.1.2 dst=10.244.0.2 sport=8080 dport=53202 [ASSURED] mark=0',
    );
  });

  it('prints those of IPv6 as conntrack-tools 1.4.7 does', () => {
    const { state: _none, ...plain } = tcp;
    const original = { src: ip('fd00:1::2'), dst: ip('fd00:2::2'), sport: 4711, dport: 128 << 8 };
    const reply = { src: ip('fd00:2::2'), dst: ip('fd00:1::2'), sport: 4711, dport: 129 << 8 };
    expect(printConntrack({ ...plain, proto: 'ipv6-icmp', original, reply, assured: false })).toBe(
      'icmpv6   58 src=fd00:1::2 dst=fd00:2::2 type=128 code=0 id=4711 src=fd00:2::2 dst=fd00:1::2 type=129 code=0 id=4711 mark=0',
    );
  });

  it('prints an unanswered echo with type, code and id', () => {
    const { state: _none, ...plain } = tcp;
    const original = { src: ip('10.0.0.1'), dst: ip('10.0.0.2'), sport: 7, dport: 8 << 8 };
    const reply = { src: ip('10.0.0.2'), dst: ip('10.0.0.1'), sport: 7, dport: 0 };
    const echo: CtSnapshot = { ...plain, proto: 'icmp', original, reply, seenReply: false, assured: false };
    expect(printConntrack(echo)).toBe(
      'icmp     1 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=7 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=7 mark=0',
    );
  });
});

describe('printSysctl', () => {
  it('names the sysctl in full', () => {
    expect(printSysctl('bridge.bridge-nf-call-iptables', 1)).toBe('net.bridge.bridge-nf-call-iptables = 1');
  });
});

function packet(l4: L4, more: Partial<IpPacket> = {}): IpPacket {
  return {
    kind: 'ip',
    src: ip('10.244.0.2'),
    dst: ip('10.96.0.10'),
    ttl: 64,
    df: false,
    mf: false,
    fragOffset: 0,
    id: 9,
    len: 60,
    l4,
    ...more,
  };
}

const syn: L4 = { proto: 'tcp', sport: 40000, dport: 80, flags: 'S', seq: 0, ack: 0, dataBytes: 0 };
const echo: L4 = { proto: 'icmp', type: 8, code: 0, id: 1, seq: 2, dataBytes: 56 };

describe('printPacket', () => {
  it.each([
    ['IP 10.244.0.2.40000 > 10.96.0.10.80: Flags [S], ttl 64, length 0', packet(syn)],
    [
      'IP 10.244.0.2.40000 > 10.96.0.10.80: Flags [S.], mss 1410, ttl 63, DF, length 0',
      packet({ ...syn, flags: 'SA', mss: 1410 }, { ttl: 63, df: true }),
    ],
    [
      'IP 10.244.0.2.40000 > 10.96.0.10.80: Flags [P.], "GET / HTTP/1.1", ttl 64, length 70',
      packet({ ...syn, flags: 'PA', dataBytes: 70, note: 'GET / HTTP/1.1' }),
    ],
    [
      'IP 10.244.0.2.40000 > 10.96.0.10.53: UDP, ttl 64, length 4',
      packet({ proto: 'udp', sport: 40000, dport: 53, dataBytes: 4 }),
    ],
    ['IP 10.244.0.2 > 10.96.0.10: ICMP echo-request, id 1, seq 2, ttl 64, length 64', packet(echo)],
    [
      'IP 10.244.0.2 > 10.96.0.10: ICMP frag-needed, mtu 1450, about (IP 10.244.0.2.40000 > 10.96.0.10.80: Flags [S], ttl 64, length 0), ttl 64, length 36',
      packet({ ...echo, type: 3, code: 4, mtu: 1450, dataBytes: 28, quoted: packet(syn) }),
    ],
    [
      'IP 10.244.0.2 > 10.96.0.10: udp, ttl 64, frag 9:1480+',
      packet({ proto: 'udp', fragment: true }, { mf: true, fragOffset: 1480 }),
    ],
  ])('%s', (line, value) => {
    expect(printPacket(value)).toBe(line);
  });
});

describe('printFrame', () => {
  it('prints what is inside a tunnel after a bar', () => {
    const inner: Frame = { smac: B, dmac: A, payload: packet(syn) };
    const outer = packet({ proto: 'udp', sport: 33084, dport: 8472, dataBytes: 90, vxlan: { vni: 1, inner } });
    expect(printFrame({ smac: A, dmac: B, payload: outer })).toBe(
      `${A} > ${B}, IP 10.244.0.2.33084 > 10.96.0.10.8472: VXLAN, vni 1, ttl 64 | ${B} > ${A}, IP 10.244.0.2.40000 > 10.96.0.10.80: Flags [S], ttl 64, length 0`,
    );
  });

  it('prints ARP', () => {
    const question = {
      kind: 'arp',
      op: 'who-has',
      sha: A,
      spa: ip('10.0.0.1'),
      tha: ZERO_MAC,
      tpa: ip('10.0.0.2'),
    } as const;
    const line = (payload: Frame['payload']): string => printFrame({ smac: A, dmac: B, payload });
    expect(line(question)).toBe(`${A} > ${B}, ARP, Request who-has 10.0.0.2 tell 10.0.0.1`);
    expect(line({ ...question, op: 'is-at' })).toBe(`${A} > ${B}, ARP, Reply 10.0.0.1 is-at ${A}`);
  });
});
