import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import type { IpPacket, L4 } from '../../../wire/frame.ts';
import { ip } from '../../../wire/ip.ts';
import { ZERO_MAC } from '../../../wire/mac.ts';
import { type Choices, makeKernel } from '../../kernel.ts';
import { openNetns } from '../../netns.ts';
import { LINUX } from '../../ops.ts';
import { ipOf, makeSkb, type Skb } from '../../skb.ts';
import { track, UNTRACKED } from '../conntrack.ts';
import type { HookName } from '../iptables/rule.ts';
import { chainsAt } from './chains-at.ts';
import type { DynamicSets } from './dynamic-sets.ts';
import type { NftEvent } from './events.ts';
import type { NftContext } from './match.ts';
import { parseNft } from './parse.ts';
import type { NftTable } from './ruleset.ts';
import { walkBaseChain } from './walk.ts';

const HOUR_NS = 3600 * 1_000_000_000;

const CHOICES: Choices = {
  statistic: () => true,
  numgen: () => 0,
  masqueradePort: () => 50_000,
  tunnelPort: () => 50_000,
  ephemeralPort: () => 40_000,
  draw: () => 0,
};

const ns = openNetns({
  id: 'node',
  devices: [{ name: 'eth0', kind: 'dummy', mac: ZERO_MAC, mtuBytes: 1500, up: true }],
  addresses: [{ dev: 'eth0', ip: ip('192.168.0.2'), prefix: 24, scope: 'global' }],
  routes: [],
  neighbours: [],
  fdb: [],
  sysctl: {},
  iptables: new Map(),
  ipsets: [],
  listeners: [],
});

const TCP: L4 = { proto: 'tcp', sport: 40_000, dport: 80, flags: 'S', seq: 0, ack: 0, dataBytes: 0 };

function packet(over: Partial<IpPacket> = {}): IpPacket {
  const ends = { src: ip('10.0.0.1'), dst: ip('10.96.0.1') };
  return { kind: 'ip', ...ends, ttl: 64, df: true, mf: false, fragOffset: 0, id: 0, len: 60, l4: TCP, ...over };
}

function tables(text: string): readonly NftTable[] {
  const parsed = parseNft(text);
  if (!parsed.ok) throw new Error(`line ${parsed.error.line}: ${parsed.error.message}`);
  return parsed.value;
}

interface Setting {
  readonly packet?: IpPacket;
  readonly iif?: string;
  readonly slot?: number;
  readonly nowNs?: number;
  readonly learned?: DynamicSets;
  readonly prepare?: (skb: Skb) => void;
}

/** The base chains of FORWARD look at a packet, in order, until one drops it. */
function walk(text: string, setting: Setting = {}, hook: HookName = 'FORWARD') {
  const k = makeKernel(new Map(), CHOICES, LINUX, false);
  k.nowNs = setting.nowNs ?? 0;
  const skb = makeSkb({ id: 'p1', payload: setting.packet ?? packet() });
  skb.ct = track(ns.memory.conntrack, ipOf(skb), true).ref;
  setting.prepare?.(skb);
  const events: NftEvent[] = [];
  const offered: (string | undefined)[][] = [];
  const numgen: NftContext['numgen'] = (endpoints) => {
    offered.push([...endpoints]);
    return setting.slot ?? 0;
  };
  const at = {
    k,
    ns,
    skb,
    iif: setting.iif,
    oif: 'eth0',
    learned: setting.learned ?? new Map(),
    numgen,
    tell: (event: NftEvent) => void events.push(event),
  };
  const walked: string[] = [];
  for (const { table, chain } of chainsAt(tables(text), hook)) {
    const verdict = walkBaseChain({ ...at, table }, chain);
    const by = verdict.by?.rule === null ? 'policy' : verdict.by && `${verdict.by.chain.name}`;
    walked.push(verdict.accept ? 'accept' : `${verdict.reject ?? 'drop'} by ${by}`);
    if (!verdict.accept) break;
  }
  return { verdict: walked.at(-1), walked, events, offered, skb };
}

const chain = (rules: string, others = '', policy = 'accept'): string => `table ip t {
  ${others}
  chain base {
    type filter hook forward priority filter; policy ${policy};
    ${rules}
  }
}`;

describe('what a rule matches', () => {
  const holds = (rule: string, setting: Setting = {}): boolean =>
    walk(chain(`${rule} drop`), setting).verdict === 'drop by base';

  const later = packet({ fragOffset: 1480, l4: { proto: 'tcp', fragment: true } });
  const ping = packet({ l4: { proto: 'icmp', type: 8, code: 0, id: 1, seq: 1, dataBytes: 56 } });
  const untracked = (skb: Skb): void => {
    skb.ct = UNTRACKED;
  };
  const marked = (skb: Skb): void => {
    skb.mark = 0x4001;
  };

  it.each<[string, boolean, Setting?]>([
    ['ip saddr 10.0.0.1', true],
    ['ip saddr 10.0.0.0/8', true],
    ['ip saddr != 10.0.0.0/8', false],
    ['ip saddr { 10.0.0.9, 10.0.0.1 }', true],
    ['ip saddr != { 10.0.1.0/24, 10.2.0.0/16 }', true],
    ['ip daddr 10.0.0.1', false],
    ['meta l4proto tcp', true],
    ['meta l4proto { udp, sctp }', false],
    ['meta l4proto != udp', true],
    ['th dport 80', true],
    ['th dport { 80, 443 }', true],
    ['tcp dport 80', true],
    ['udp dport 80', false],
    ['tcp dport != 80', false],
    ['th dport 80', false, { packet: ping }],
    ['th dport != 80', false, { packet: later }],
    ['tcp dport != 80', false, { packet: later }],
    ['iifname "eth0"', true, { iif: 'eth0' }],
    ['iifname "eth*"', true, { iif: 'eth0' }],
    ['iifname != "eth*"', false, { iif: 'eth0' }],
    ['iifname "eth0"', false],
    ['iifname != "eth0"', true],
    ['oifname "eth0"', true],
    ['ct state new', true],
    ['ct state established,related', false],
    ['ct state != new', false],
    ['ct state untracked', true, { prepare: untracked }],
    ['ct status dnat', false],
    ['meta mark 0x4001', true, { prepare: marked }],
    ['meta mark & 0x4000 == 0x4000', true, { prepare: marked }],
    ['meta mark & 0x4000 != 0', true, { prepare: marked }],
    ['meta mark & 0x4000 == 0', true],
    ['fib daddr type local', false],
    ['fib daddr type local', true, { packet: packet({ dst: ip('192.168.0.2') }) }],
    ['fib saddr type != local', true],
  ])('%s: %s', (rule, expected, setting) => {
    expect(holds(rule, setting)).toBe(expected);
  });

  it('a rule that ends halfway keeps what it did before', () => {
    const { skb } = walk(chain('meta mark set meta mark | 0x1 ip saddr 10.9.9.9 drop'));
    expect(skb.mark).toBe(1);
  });

  it.each([
    ['or', '|', 0x4005],
    ['xor', '^', 0x5],
    ['and', '&', 0x4000],
  ])('the mark is set by %s', (_name, sign, expected) => {
    const prepare = (skb: Skb): void => {
      skb.mark = 0x4001;
    };
    const value = sign === '|' ? '0x4' : sign === '^' ? '0x4004' : '0x4000';
    expect(walk(chain(`meta mark set meta mark ${sign} ${value}`), { prepare }).skb.mark).toBe(expected);
  });
});

describe('chains', () => {
  it.each([
    ['a jump comes back', 'jump one\n drop', 'chain one {\n ip saddr 9.9.9.9 accept\n }', 'drop by base'],
    ['return comes back', 'jump one\n drop', 'chain one {\n return\n accept\n }', 'drop by base'],
    ['a goto does not come back', 'goto one\n drop', 'chain one {\n continue\n }', 'accept'],
    [
      'a goto below a jump comes back to the jump',
      'jump one\n drop',
      'chain one {\n goto two\n accept\n }\n chain two {\n return\n }',
      'drop by base',
    ],
    ['return in a base chain is its policy', 'return\n drop', '', 'accept'],
  ])('%s', (_name, rules, others, verdict) => {
    expect(walk(chain(rules, others)).verdict).toBe(verdict);
  });

  it('the policy decides last', () => {
    expect(walk(chain('jump one', 'chain one {\n }', 'drop')).verdict).toBe('drop by policy');
  });

  it('a reject says how', () => {
    expect(walk(chain('reject')).verdict).toBe('icmp-port-unreachable by base');
    expect(walk(chain('reject with tcp reset')).verdict).toBe('tcp-reset by base');
  });

  it('a missing chain is a bug of whoever wrote the table', () => {
    expect(() => walk(chain('jump nowhere'))).toThrow('missing chain nowhere');
    expect(() => walk(chain('ip saddr @nowhere drop'))).toThrow('missing set nowhere');
    expect(() => walk(chain('jump one', 'chain one {\n jump one\n }'))).toThrow('deeper than 16');
  });
});

describe('base chains of one hook', () => {
  const table = (name: string, priority: string, rule: string): string =>
    `table ip ${name} {\n chain c {\n type filter hook forward priority ${priority}\n ${rule}\n }\n }\n`;

  it('an accept ends its own chain only', () => {
    expect(walk(table('a', '0', 'accept') + table('b', '10', 'drop')).walked).toEqual(['accept', 'drop by c']);
  });

  it('a drop ends them all', () => {
    expect(walk(table('a', '0', 'accept') + table('b', '-10', 'drop')).walked).toEqual(['drop by c']);
  });

  it('of two with one priority the later table comes first', () => {
    const order = chainsAt(tables(table('a', '0', 'accept') + table('b', '0', 'accept')), 'FORWARD');
    expect(order.map((each) => each.table.name)).toEqual(['b', 'a']);
  });
});

describe('nat chains', () => {
  it('are called at one place, before filter chains that come before their own priority', () => {
    const text = `table ip t {
      chain early {
        type filter hook output priority -105
      }
      chain late {
        type nat hook output priority -80
      }
      chain first {
        type nat hook output priority -90
      }
      chain after {
        type filter hook output priority -95
      }
    }`;
    const order = chainsAt(tables(text), 'OUTPUT').map(({ chain: each, priority }) => [each.name, priority]);
    expect(order).toEqual([
      ['early', -105],
      ['first', -100],
      ['late', -100],
      ['after', -95],
    ]);
  });
});

describe('sets and maps', () => {
  const maps = `set cluster-ips {
    type ipv4_addr
    elements = { 10.96.0.1, 10.96.0.2 }
  }
  map service-ips {
    type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.96.0.1 . tcp . 80 : goto one, 10.96.0.1 . tcp . 443 : drop }
  }
  chain one {
    accept
  }`;
  const look = 'ip daddr . meta l4proto . th dport vmap @service-ips\n drop';

  it('a hit is one lookup, and leads where the element says', () => {
    const { events, verdict } = walk(chain(look, maps));
    expect(verdict).toBe('accept');
    expect(events.map((e) => e.kind)).toEqual(['nft-lookup', 'nft-rule', 'nft-rule']);
    expect(events[0]).toMatchObject({ set: 'service-ips', key: '10.96.0.1 . tcp . 80', sizeNow: 2, index: 0 });
    expect(events[1]).toMatchObject({ chain: 'base', effect: 'goto', to: 'one', first: 0, index: 0 });
    expect(events[2]).toMatchObject({ chain: 'one', effect: 'accept' });
  });

  it('a miss goes on with the next rule', () => {
    const { events, verdict } = walk(chain(look, maps), { packet: packet({ dst: ip('10.96.0.9') }) });
    expect(verdict).toBe('drop by base');
    expect(events[0]).toMatchObject({ key: '10.96.0.9 . tcp . 80', element: null });
    expect(events[1]).toMatchObject({ kind: 'nft-rule', index: 1, first: 0, effect: 'drop' });
  });

  it('an echo request has no port to look up', () => {
    const ping = packet({ l4: { proto: 'icmp', type: 8, code: 0, id: 1, seq: 1, dataBytes: 56 } });
    expect(walk(chain(look, maps), { packet: ping }).verdict).toBe('drop by base');
  });

  it.each([
    ['ip daddr @cluster-ips drop', 'drop by base'],
    ['ip daddr != @cluster-ips drop', 'accept'],
    ['ip saddr @cluster-ips drop', 'accept'],
  ])('%s', (rule, verdict) => {
    expect(walk(chain(rule, maps)).verdict).toBe(verdict);
  });

  it('what was not evaluated any more is told with the end of the chain', () => {
    const { events } = walk(
      chain(
        'ip saddr 9.9.9.9 drop\n jump one\n ip saddr 9.9.9.8 drop',
        'chain one {\n continue\n ip saddr 9.9.9.9 drop\n }',
      ),
    );
    const ends = events.map((e) =>
      e.kind === 'nft-lookup' ? [] : [e.kind, e.chain, e.first, 'end' in e ? e.end : e.index],
    );
    expect(ends).toEqual([
      ['nft-rule', 'base', 0, 1],
      ['nft-rule', 'one', 0, 0],
      ['nft-chain-end', 'one', 1, 2],
      ['nft-chain-end', 'base', 2, 3],
    ]);
  });
});

describe('what clients are remembered by', () => {
  const affinity = (size: string): string => `set seen {
    type ipv4_addr
    ${size}
    flags dynamic,timeout
    timeout 3h
  }`;
  const rules = 'ip saddr @seen drop\n update @seen { ip saddr } accept';

  it('a client comes back to its endpoint until its time is over', () => {
    const learned: DynamicSets = new Map();
    const at = (hours: number): string | undefined =>
      walk(chain(rules, affinity('')), { learned, nowNs: hours * HOUR_NS }).verdict;
    expect([at(0), at(2), at(4)]).toEqual(['accept', 'drop by base', 'accept']);
  });

  it('an update starts the time again', () => {
    const learned: DynamicSets = new Map();
    const text = chain('update @seen { ip saddr } accept', affinity(''));
    for (const hours of [0, 2, 4]) walk(text, { learned, nowNs: hours * HOUR_NS });
    expect(walk(chain(rules, affinity('')), { learned, nowNs: 6 * HOUR_NS }).verdict).toBe('drop by base');
  });

  it('a full set remembers nobody new, until somebody is forgotten', () => {
    const learned: DynamicSets = new Map();
    const text = chain('update @seen { ip saddr } drop', affinity('size 1'));
    const from = (address: string, hours: number): string | undefined =>
      walk(text, { learned, nowNs: hours * HOUR_NS, packet: packet({ src: ip(address) }) }).verdict;
    expect([from('10.0.0.1', 0), from('10.0.0.2', 1), from('10.0.0.1', 1), from('10.0.0.2', 5)]).toEqual([
      'drop by base',
      'accept',
      'drop by base',
      'drop by base',
    ]);
  });
});

describe('translation', () => {
  const nat = (rules: string, hook: string, others = ''): string =>
    `table ip t {\n${others}\n chain base {\n type nat hook ${hook} priority 100\n ${rules}\n }\n }`;
  const endpoints = `chain e0 {
    ip saddr 10.0.0.9 accept
    meta l4proto tcp dnat to 10.244.1.2:8080
  }
  chain e1 {
    dnat to 10.244.2.2:8080
  }`;

  it('numgen draws a slot, and says which endpoints it may draw', () => {
    const vmap = 'numgen random mod 2 vmap { 0 : goto e0, 1 : goto e1 }';
    const { skb, offered, events } = walk(nat(vmap, 'prerouting', endpoints), { slot: 1 }, 'PREROUTING');
    expect(offered).toEqual([['10.244.1.2:8080', '10.244.2.2:8080']]);
    expect(skb.ct?.entry?.reply).toMatchObject({ src: '10.244.2.2', sport: 8080 });
    expect(events[0]).toMatchObject({ slot: 1, to: 'e1', effect: 'goto' });
  });

  it('a map of endpoints does the same without chains', () => {
    const map = 'dnat ip to numgen random mod 2 map { 0 : 10.244.1.2 . 8080, 1 : 10.244.2.2 . 8081 }';
    const { skb, offered } = walk(nat(map, 'prerouting'), { slot: 1 }, 'PREROUTING');
    expect(offered).toEqual([['10.244.1.2:8080', '10.244.2.2:8081']]);
    expect(skb.ct?.entry?.reply).toMatchObject({ src: '10.244.2.2', sport: 8081 });
  });

  it('masquerade takes the address of the device, and a random port where it says so', () => {
    const plain = walk(nat('masquerade', 'postrouting'), {}, 'POSTROUTING').skb;
    expect(must(plain.ct?.entry, 'entry').reply).toMatchObject({ dst: '192.168.0.2', dport: 40_000 });
    const random = walk(nat('masquerade fully-random', 'postrouting'), {}, 'POSTROUTING').skb;
    expect(must(random.ct?.entry, 'entry').reply).toMatchObject({ dst: '192.168.0.2', dport: 50_000 });
  });
});
