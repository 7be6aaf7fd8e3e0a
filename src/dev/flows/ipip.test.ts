/** IP-in-IP between two machines, from the source of Linux 6.18 (net/ipv4/ip_tunnel.c, tunnel4.c). */
import { describe, expect, it } from 'vitest';
import { makeChoices } from '../../sim/engine/choices.ts';
import { type Program, type Ran, runProgram } from '../../sim/engine/run-program.ts';
import type { Device, NetnsConfig, Route } from '../../sim/linux/config.ts';
import type { IpPacket } from '../../sim/wire/frame.ts';
import { ANY_NET, cidr, ip } from '../../sim/wire/ip.ts';
import { mac, ZERO_MAC } from '../../sim/wire/mac.ts';

const NIC = (far: string, n: number): Device => ({
  kind: 'veth',
  name: 'eth0',
  mac: mac(`52:54:00:00:00:0${n}`),
  mtuBytes: 1500,
  up: true,
  peer: { ns: far, dev: 'eth0' },
});
const TUNNEL: Device = { kind: 'ipip', name: 'tunl0', mac: ZERO_MAC, mtuBytes: 1480, up: true, ipip: {} };
const LO: Device = { kind: 'loopback', name: 'lo', mac: ZERO_MAC, mtuBytes: 65_536, up: true };

const route = (dst: string, dev: string, via?: string): Route => ({
  dst: dst === 'default' ? ANY_NET : cidr(dst),
  type: 'unicast',
  dev,
  ...(via === undefined ? {} : { via: ip(via), onlink: true }),
  table: 'main',
  scope: via === undefined ? 'link' : 'global',
});

/** A machine with an address behind its tunnel: 10.0.N.1 on tunl0, 192.0.2.N on the cable. */
function machine(id: 'a' | 'b', change: Partial<NetnsConfig> = {}): NetnsConfig {
  const [n, m] = id === 'a' ? [1, 2] : [2, 1];
  return {
    id,
    devices: [LO, NIC(id === 'a' ? 'b' : 'a', n), TUNNEL],
    addresses: [
      { dev: 'eth0', ip: ip(`192.0.2.${n}`), prefix: 24, scope: 'global' },
      { dev: 'tunl0', ip: ip(`10.0.${n}.1`), prefix: 32, scope: 'global' },
    ],
    routes: [route(`10.0.${m}.0/24`, 'tunl0', `192.0.2.${m}`)],
    neighbours: [],
    fdb: [],
    sysctl: { 'ipv4.ip_forward': 1 },
    iptables: new Map(),
    ipsets: [],
    listeners: [],
    ...change,
  };
}

function send(a: NetnsConfig, b: NetnsConfig, program: Partial<Program> = {}): Ran {
  const namespaces = new Map([a, b].map((config) => [config.id, config]));
  return runProgram(namespaces, true, makeChoices(1, undefined), {
    ns: 'a',
    dst: ip('10.0.2.1'),
    proto: 'icmp',
    port: 0,
    waitMs: 100,
    ...program,
  });
}

const ofKind = <K extends Ran['steps'][number]['kind']>({ steps }: Ran, kind: K) =>
  steps.filter((step): step is Extract<typeof step, { kind: K }> => step.kind === kind);
const dropsOf = (ran: Ran): string[] => ofKind(ran, 'drop').map(({ ns, reason }) => `${ns} ${reason}`);
const firstOuter = (ran: Ran): IpPacket => {
  const [step] = ofKind(ran, 'encap');
  if (!step || 'payload' in step.frame) throw new Error('nothing was encapsulated');
  return step.frame;
};

describe('an IP-in-IP tunnel without a remote', () => {
  it('takes the next hop of the route as the far end, and the way there decides the source', () => {
    const ran = send(machine('a'), machine('b'));
    expect(ran.result.outcome).toBe('reply');
    expect(ofKind(ran, 'encap').map(({ dev, src, dst }) => `${dev} ${src} > ${dst}`)).toEqual([
      'tunl0 192.0.2.1 > 192.0.2.2',
      'tunl0 192.0.2.2 > 192.0.2.1',
    ]);
    expect(ofKind(ran, 'decap').map(({ ns, dev }) => `${ns} ${dev}`)).toEqual(['b tunl0', 'a tunl0']);
  });

  it.each([
    ['TTL and DF come from inside', { ttl: 7, df: 'do' as const }, { ttl: 7, df: true }],
    ['without DF inside there is none outside', { df: 'dont' as const }, { ttl: 64, df: false }],
  ])('%s', (_what, program, outer) => {
    expect(firstOuter(send(machine('a'), machine('b'), program))).toMatchObject(outer);
  });

  it('adds 20 bytes', () => {
    expect(firstOuter(send(machine('a'), machine('b'), { sizeBytes: 56 })).len).toBe(84 + 20);
  });

  it('asks for no MAC address on the tunnel, and a capture there shows no Ethernet', () => {
    const ran = send(machine('a'), machine('b'));
    expect(
      ofKind(ran, 'neighbour')
        .filter(({ dev }) => dev === 'tunl0')
        .map(({ state }) => state),
    ).toContain('NOARP');
    const seen = ofKind(ran, 'dev').filter(({ dev }) => dev === 'tunl0');
    expect(seen.map(({ frame }) => 'payload' in frame)).toEqual([false, false, false, false]);
  });

  it('tells the sender when the envelope would not fit, and cuts what may be cut', () => {
    // Both ends of the cable are narrow: an end would not take what is larger than its own MTU.
    const narrow = machine('a', { devices: [LO, { ...NIC('b', 1), mtuBytes: 1400 }, TUNNEL] });
    const narrowToo = machine('b', { devices: [LO, { ...NIC('a', 2), mtuBytes: 1400 }, TUNNEL] });
    const refused = send(narrow, narrowToo, { sizeBytes: 1400, df: 'do' });
    expect(dropsOf(refused)).toContain('a PKT_TOO_BIG');
    const cut = send(narrow, narrowToo, { sizeBytes: 1400, df: 'dont' });
    expect(cut.result.outcome).toBe('reply');
    expect(ofKind(cut, 'fragment')[0]).toMatchObject({ ns: 'a', outer: true, mtuBytes: 1400, pieces: 2 });
  });
});

describe('the far end', () => {
  it.each([
    ['has no such tunnel', [LO, NIC('a', 2)], 'b IP_NOPROTO', 'proto-unreachable'],
    ['has set it down', [LO, NIC('a', 2), { ...TUNNEL, up: false }], 'b DEV_DOWN', 'port-unreachable'],
  ] as const)('%s: the other node hears it', (_what, devices, dropped, answer) => {
    const ran = send(machine('a'), machine('b', { devices }));
    expect(dropsOf(ran)).toContain(dropped);
    expect(ofKind(ran, 'send').map(({ what }) => what)).toContain(`ICMP ${answer}`);
    expect(ran.result.outcome).toBe('timeout');
  });

  it('a tunnel that is made for one sender comes before the one for all', () => {
    const own: Device = { ...TUNNEL, name: 'tun-a', ipip: { remote: ip('192.0.2.1') } };
    const ran = send(machine('a'), machine('b', { devices: [LO, NIC('a', 2), TUNNEL, own] }));
    expect(ofKind(ran, 'decap')[0]).toMatchObject({ ns: 'b', dev: 'tun-a' });
  });
});

describe('a tunnel that leads nowhere', () => {
  it.each([
    ['no route to the far end', [route('10.0.2.0/24', 'tunl0', '198.51.100.1')]],
    ['the far end is behind the tunnel itself', [route('10.0.2.0/24', 'tunl0', '10.0.2.9')]],
  ])('%s: the packet is lost, silently', (_what, routes) => {
    const ran = send(machine('a', { routes }), machine('b'));
    expect(dropsOf(ran)).toEqual(['a IP_OUTNOROUTES']);
  });
});

describe('connection tracking', () => {
  it('sees one flow between two nodes, in both directions', () => {
    const [first] = ofKind(send(machine('a', tracked), machine('b')), 'conntrack').filter(({ outer }) => outer);
    expect(first).toMatchObject({ state: 'NEW', entry: { proto: 'ipencap', original: { sport: 0, dport: 0 } } });
    const answers = ofKind(send(machine('a', tracked), machine('b')), 'conntrack').filter(
      ({ outer, dir }) => outer && dir === 'reply',
    );
    expect(answers.map(({ state }) => state)).toEqual(['ESTABLISHED']);
  });
});

/** Any nat table turns tracking on. */
const tracked: Partial<NetnsConfig> = {
  iptables: new Map([['nat', { name: 'nat' as const, chains: new Map() }]]),
};
