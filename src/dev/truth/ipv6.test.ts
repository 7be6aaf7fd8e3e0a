/** What a program on an IPv6 network learns, and what its packets look like on the way. */
import { describe, expect, it } from 'vitest';
import { makeChoices } from '../../sim/engine/choices.ts';
import { type Program, runProgram } from '../../sim/engine/run-program.ts';
import { printFrame, printPacket } from '../../sim/linux/print/frame.ts';
import type { Step } from '../../sim/linux/step.ts';
import { ip } from '../../sim/wire/ip.ts';
import { type NetnsLab, netnsLabConfigs } from './netns-lab.ts';

const veth = (name: string, mac: string, peer: string, more: object = {}) =>
  ({ name, kind: 'veth', mac, peer, ...more }) as const;

/** Two machines on a bridge of their router, one behind it. */
const LAB: NetnsLab = {
  name: 'router',
  warm: false,
  ports: [],
  namespaces: {
    a: {
      devices: [veth('eth0', '02:00:00:00:00:0a', 'r/va')],
      addresses: ['eth0 fd00:1::a/64'],
      routes: ['default via fd00:1::1 dev eth0'],
    },
    b: {
      devices: [veth('eth0', '02:00:00:00:00:0b', 'r/vb')],
      addresses: ['eth0 fd00:1::b/64'],
      routes: ['default via fe80::ff:fe00:1 dev eth0'],
    },
    r: {
      devices: [
        { name: 'br0', kind: 'bridge', mac: '02:00:00:00:00:01' },
        veth('va', '02:00:00:00:01:0a', 'a/eth0', { master: 'br0' }),
        veth('vb', '02:00:00:00:01:0b', 'b/eth0', { master: 'br0' }),
        veth('vc', '02:00:00:00:01:0c', 'c/eth0', { mtu: 1400 }),
      ],
      addresses: ['br0 fd00:1::1/64', 'vc fd00:2::1/64'],
      routes: ['unreachable fd00:3::/64', 'prohibit fd00:4::/64', 'blackhole fd00:5::/64'],
      sysctl: { 'ipv6.conf.all.forwarding': 1 },
    },
    c: {
      devices: [veth('eth0', '02:00:00:00:00:0c', 'r/vc', { mtu: 1400 })],
      addresses: ['eth0 fd00:2::c/64'],
      routes: ['default via fd00:2::1 dev eth0'],
      listen: { tcp: [80], udp: [53] },
    },
  },
};

function run(program: Partial<Program>, lab: NetnsLab = LAB) {
  const whole: Program = { ns: 'a', dst: ip('fd00:2::c'), proto: 'icmp', port: 0, waitMs: 4000, ...program };
  return runProgram(netnsLabConfigs(lab), lab.warm, makeChoices(1), whole);
}

const line = ({ ns, frame }: Step): string => `${ns}: ${'payload' in frame ? printFrame(frame) : printPacket(frame)}`;
const crossings = (steps: readonly Step[]): string[] =>
  steps.flatMap((step) => (step.kind === 'dev' ? [`${step.dir} ${step.dev} ${line(step)}`] : []));

describe('what a program learns', () => {
  it.each<[why: string, Partial<Program>, outcome: string, errno: string | undefined]>([
    ['ping by a router', {}, 'reply', undefined],
    ['ping of a neighbour', { dst: ip('fd00:1::b') }, 'reply', undefined],
    ['by a router that is known by its link-local address', { ns: 'b' }, 'reply', undefined],
    ['ping of itself', { dst: ip('fd00:1::a') }, 'reply', undefined],
    ['ping of the other side of the router', { dst: ip('fd00:2::1') }, 'reply', undefined],
    ['TCP', { proto: 'tcp', port: 80, handshakeOnly: true }, 'connected', undefined],
    ['TCP, where nobody listens', { proto: 'tcp', port: 81 }, 'refused', 'ECONNREFUSED'],
    ['UDP', { proto: 'udp', port: 53 }, 'reply', undefined],
    ['UDP, where nobody listens', { proto: 'udp', port: 54 }, 'refused', 'ECONNREFUSED'],
    ['a hop limit that ends at the router', { ttl: 1 }, 'ttl-exceeded', 'EHOSTUNREACH'],
    ['nobody has the address', { dst: ip('fd00:2::d') }, 'host-unreachable', 'EHOSTUNREACH'],
    ['nobody on the own link has it', { dst: ip('fd00:1::d') }, 'host-unreachable', 'EHOSTUNREACH'],
    ['the router has no route', { dst: ip('fd00:9::1') }, 'net-unreachable', 'ENETUNREACH'],
    ['an unreachable route', { dst: ip('fd00:3::1') }, 'net-unreachable', 'ENETUNREACH'],
    ['a prohibited route', { dst: ip('fd00:4::1') }, 'prohibited', 'EACCES'],
    ['a blackhole', { dst: ip('fd00:5::1') }, 'timeout', 'ETIMEDOUT'],
    ['too big, and no router cuts it', { sizeBytes: 1400 }, 'message-too-long', 'EMSGSIZE'],
  ])('%s', (_why, program, outcome, errno) => {
    const { result } = run(program);
    expect(result.outcome).toBe(outcome);
    expect(result.errno).toBe(errno);
  });
});

it('a first packet: the group is asked, the answer is learned, the packet goes on', () => {
  expect(crossings(run({ proto: 'tcp', port: 80, handshakeOnly: true, ns: 'c', dst: ip('fd00:2::1') }).steps)).toEqual([
    'out eth0 c: 02:00:00:00:00:0c > 33:33:ff:00:00:01, IP6 fd00:2::c > ff02::1:ff00:1: ICMP6 neighbor-solicitation, who has fd00:2::1, hlim 255, length 32',
    'in vc r: 02:00:00:00:00:0c > 33:33:ff:00:00:01, IP6 fd00:2::c > ff02::1:ff00:1: ICMP6 neighbor-solicitation, who has fd00:2::1, hlim 255, length 32',
    'out vc r: 02:00:00:00:01:0c > 02:00:00:00:00:0c, IP6 fd00:2::1 > fd00:2::c: ICMP6 neighbor-advertisement, tgt is fd00:2::1, hlim 255, length 32',
    'in eth0 c: 02:00:00:00:01:0c > 02:00:00:00:00:0c, IP6 fd00:2::1 > fd00:2::c: ICMP6 neighbor-advertisement, tgt is fd00:2::1, hlim 255, length 32',
    expect.stringMatching(
      /^out eth0 c: .* IP6 fd00:2::c\.\d+ > fd00:2::1\.80: Flags \[S\], mss 1340, hlim 64, length 0$/,
    ),
    expect.stringMatching(/^in vc r: /),
    expect.stringMatching(/^out vc r: .* Flags \[R\.\]/),
    expect.stringMatching(/^in eth0 c: /),
  ]);
});
