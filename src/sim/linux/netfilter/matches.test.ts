/** Matches that no recorded trace asks yet: sets, `physdev` without a bridge, `ipvs`. */
import { describe, expect, it } from 'vitest';
import type { IpPacket } from '../../wire/frame.ts';
import { ip } from '../../wire/ip.ts';
import { ZERO_MAC } from '../../wire/mac.ts';
import type { NetnsConfig } from '../config.ts';
import type { IpvsConnection } from '../ipvs/connection.ts';
import type { Kernel } from '../kernel.ts';
import { openNetns } from '../netns.ts';
import { makeSkb, type Skb } from '../skb.ts';
import { parseRuleset } from './iptables/parse.ts';
import type { Rule } from './iptables/rule.ts';
import { type HookContext, ruleMatches } from './matches.ts';

const PACKET: IpPacket = {
  kind: 'ip',
  src: ip('203.0.113.9'),
  dst: ip('10.244.0.1'),
  ttl: 64,
  df: true,
  mf: false,
  fragOffset: 0,
  id: 1,
  len: 60,
  l4: { proto: 'tcp', sport: 40000, dport: 8080, flags: 'S', seq: 0, ack: 0, dataBytes: 0 },
};

const CONNECTION: IpvsConnection = {
  proto: 'tcp',
  client: { ip: ip('203.0.113.9'), port: 40000 },
  virtual: { ip: ip('203.0.113.100'), port: 80 },
  server: { ip: ip('10.244.0.1'), port: 8080 },
  template: null,
  state: 'SYN_RECV',
  expiresNs: 0,
};

const CONFIG: NetnsConfig = {
  id: 'node-1',
  devices: [],
  addresses: [],
  routes: [],
  neighbours: [],
  fdb: [],
  sysctl: {},
  iptables: new Map(),
  ipsets: [{ name: 'PODS', type: 'hash:ip,port', family: 4, members: ['10.244.0.1,tcp:8080'] }],
  listeners: [],
};

function ruleOf(text: string): Rule {
  const read = parseRuleset(`*filter\n-A INPUT ${text} -j ACCEPT\nCOMMIT`);
  if (!read.ok) throw new Error(read.error.message);
  return read.value.get('filter')!.chains.get('INPUT')!.rules[0]!;
}

function holds(text: string, more: Partial<Skb> = {}, packet: IpPacket = PACKET): boolean {
  const rule = ruleOf(text);
  const chain = { name: 'INPUT', policy: 'ACCEPT', rules: [rule] } as const;
  const at: HookContext = {
    k: {} as Kernel,
    ns: openNetns(CONFIG),
    skb: { ...makeSkb({ id: 'p1', payload: packet }), ...more },
    iif: 'eth0',
    oif: undefined,
    table: { name: 'filter', chains: new Map() },
  };
  return ruleMatches(rule, chain, packet, at);
}

const BRIDGED: Partial<Skb> = { bridged: { physIn: 'veth1' } };
const LED: Partial<Skb> = { ipvs: CONNECTION };

describe('rules', () => {
  it.each<[string, string, Partial<Skb>, boolean]>([
    ['a set', '-m set --match-set PODS dst,dst', {}, true],
    ['not in a set', '-m set ! --match-set PODS dst,dst', {}, false],
    ['too few directions are never in it', '-m set ! --match-set PODS dst', {}, true],
    ['a set that is not there', '-m set --match-set NONE dst', {}, false],
    ['through a bridge port', '-m physdev --physdev-is-in', BRIDGED, true],
    ['not through a bridge port', '-m physdev ! --physdev-is-in', BRIDGED, false],
    ['no bridge at all', '-m physdev ! --physdev-is-in', {}, true],
    ['no bridge, but one is wanted', '-m physdev --physdev-is-in', {}, false],
    ['led by IPVS', '-m ipvs --vaddr 203.0.113.100 --vproto tcp --vport 80', LED, true],
    ['led by IPVS for another address', '-m ipvs --vaddr 203.0.113.101', LED, false],
    ['for any other address', '-m ipvs ! --vaddr 203.0.113.101', LED, true],
    ['for another port', '-m ipvs --vport 81', LED, false],
    ['for another protocol', '-m ipvs --vproto 17', LED, false],
    ['not led by IPVS: nothing about a connection holds', '-m ipvs ! --vport 81', {}, false],
  ])('%s', (_name, text, skb, expected) => {
    expect(holds(text, skb)).toBe(expected);
  });

  it('a masqueraded packet is no request of the connection any more', () => {
    expect(holds('-m ipvs --vport 80', LED, { ...PACKET, src: ip('192.168.56.11') })).toBe(false);
    expect(holds('-m ipvs --vaddr 203.0.113.0/24', LED)).toBe(true);
  });

  it.each(['-m ipvs', '-m ipvs --vproto icmp', '-m ipvs --vport 65536', '-m ipvs --vaddr nowhere'])(
    '%s is refused',
    (text) => {
      expect(() => ruleOf(text)).toThrow();
    },
  );
});

describe('--limit-iface-out', () => {
  const ns = openNetns({
    ...CONFIG,
    devices: [
      { kind: 'loopback', name: 'lo', mac: ZERO_MAC, mtuBytes: 65_536, up: true },
      { kind: 'dummy', name: 'tun', mac: ZERO_MAC, mtuBytes: 1500, up: true },
      { kind: 'dummy', name: 'eth0', mac: ZERO_MAC, mtuBytes: 1500, up: true },
    ],
    addresses: [
      { dev: 'lo', ip: ip('127.0.0.1'), prefix: 8, scope: 'host' },
      { dev: 'tun', ip: ip('10.244.0.64'), prefix: 32, scope: 'global' },
      { dev: 'eth0', ip: ip('192.168.56.11'), prefix: 24, scope: 'global' },
    ],
  });
  const rule = ruleOf('-m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL');

  it.each([
    ['10.244.0.64', false, "the device's own address"],
    ['192.168.56.11', true, 'an address of another device'],
    ['127.0.0.1', true, 'not even loopback is local to another device'],
    ['203.0.113.9', false, 'an address of somebody else'],
  ])('from %s: %s (%s)', (src, expected) => {
    const packet = { ...PACKET, src: ip(src) };
    const at: HookContext = {
      k: {} as Kernel,
      ns,
      skb: makeSkb({ id: 'p1', payload: packet }),
      iif: undefined,
      oif: 'tun',
      table: { name: 'nat', chains: new Map() },
    };
    expect(ruleMatches(rule, { name: 'POSTROUTING', policy: 'ACCEPT', rules: [rule] }, packet, at)).toBe(expected);
  });
});

describe('nfacct', () => {
  it('always holds, and counts packets and bytes by name', () => {
    const ns = openNetns(CONFIG);
    const rule = ruleOf('-m nfacct --nfacct-name seen');
    const at: HookContext = {
      k: {} as Kernel,
      ns,
      skb: makeSkb({ id: 'p1', payload: PACKET }),
      iif: 'eth0',
      oif: undefined,
      table: { name: 'filter', chains: new Map() },
    };
    for (let i = 0; i < 3; i++)
      expect(ruleMatches(rule, { name: 'INPUT', policy: 'ACCEPT', rules: [rule] }, PACKET, at)).toBe(true);
    expect([...ns.memory.accounts]).toEqual([['seen', { packets: 3, bytes: 180 }]]);
  });
});
