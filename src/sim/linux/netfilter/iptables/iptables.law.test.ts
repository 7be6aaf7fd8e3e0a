import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PortProtocol } from '../../../wire/frame.ts';
import { cidr, intToIp, ip } from '../../../wire/ip.ts';
import { applyRuleOps } from './build.ts';
import { parseRuleset } from './parse.ts';
import { printRuleset, storedProbability } from './print.ts';
import type { CtState, Inverted, Match, PortRange, Rule, RuleOp, Target } from './rule.ts';

const USER_CHAINS = ['KUBE-A', 'cali-b', 'Z'] as const;
const STATES: readonly CtState[] = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'];

const yes = fc.constant(true as const);
const uint32 = fc.nat(0xffffffff);
const port = fc.nat(65535);
const ports: fc.Arbitrary<PortRange> = fc
  .tuple(port, port)
  .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,14}$/);
const device = fc.stringMatching(/^[a-z][a-z0-9.]{0,12}\+?$/);
const flags = fc.subarray([...'FSRPAU']).map((letters) => letters.join(''));
const v4 = uint32.map(intToIp);
const net = fc.tuple(v4, fc.integer({ min: 1, max: 32 })).map(([base, prefix]) => cidr(`${base}/${prefix}`));
const addrType = fc.constantFrom('LOCAL', 'UNICAST', 'BROADCAST', 'MULTICAST', 'BLACKHOLE', 'UNREACHABLE', 'PROHIBIT');

function maybeInverted<T>(value: fc.Arbitrary<T>): fc.Arbitrary<Inverted<T>> {
  return fc.record({ value, invert: yes }, { requiredKeys: ['value'] }) as fc.Arbitrary<Inverted<T>>;
}

/** A record whose keys after `needed` may be absent. */
function record<T>(
  shape: { [K in keyof T]-?: fc.Arbitrary<Exclude<T[K], undefined>> },
  needed: (keyof T & string)[],
): fc.Arbitrary<T> {
  return fc.record(shape as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: needed,
  }) as unknown as fc.Arbitrary<T>;
}

type MatchOf<K extends Match['kind']> = Extract<Match, { kind: K }>;
const kind = <K extends string>(value: K): fc.Arbitrary<K> => fc.constant(value);

type PortMatch = Extract<Match, { kind: PortProtocol }>;
const portOptions = { sport: maybeInverted(ports), dport: maybeInverted(ports) };
const tcp: fc.Arbitrary<PortMatch> = fc.record(
  { kind: kind('tcp'), ...portOptions, flags: fc.record({ mask: flags, comp: flags }) },
  { requiredKeys: ['kind'] },
);
const udp: fc.Arbitrary<PortMatch> = fc.record({ kind: kind('udp'), ...portOptions }, { requiredKeys: ['kind'] });
const sctp: fc.Arbitrary<PortMatch> = fc.record({ kind: kind('sctp'), ...portOptions }, { requiredKeys: ['kind'] });

const anyMatch: fc.Arbitrary<Match> = fc.oneof(
  fc.string({ unit: 'grapheme-ascii' }).map((text): Match => ({ kind: 'comment', text })),
  fc
    .tuple(fc.nat(255), fc.option(fc.nat(255)))
    .map(([type, code]): Match => ({ kind: 'icmp', type, ...(code === null ? {} : { code }) })),
  fc.nat(255).map((type): Match => ({ kind: 'icmp6', type })),
  record<MatchOf<'conntrack'>>(
    { kind: kind('conntrack'), states: fc.subarray([...STATES], { minLength: 1 }), invert: yes, isState: yes },
    ['kind', 'states'],
  ),
  record<MatchOf<'mark'>>({ kind: kind('mark'), value: uint32, mask: uint32, invert: yes }, ['kind', 'value', 'mask']),
  record<MatchOf<'addrtype'>>(
    {
      kind: kind('addrtype'),
      src: maybeInverted(addrType),
      dst: maybeInverted(addrType),
      limitIface: fc.constantFrom('in', 'out'),
    },
    ['kind'],
  ),
  fc
    .double({ min: 0, max: 1, noNaN: true })
    .map((p): Match => ({ kind: 'statistic', probability: storedProbability(p) })),
  record<MatchOf<'recent'>>(
    {
      kind: kind('recent'),
      op: fc.constantFrom('set', 'rcheck', 'update', 'remove'),
      name,
      seconds: uint32,
      hitcount: uint32,
      reap: yes,
      invert: yes,
    },
    ['kind', 'op', 'name'],
  ),
  record<MatchOf<'multiport'>>(
    {
      kind: kind('multiport'),
      side: fc.constantFrom('sports', 'dports', 'ports'),
      ports: fc.array(ports, { minLength: 1, maxLength: 15 }),
      invert: yes,
    },
    ['kind', 'side', 'ports'],
  ),
  record<MatchOf<'set'>>(
    {
      kind: kind('set'),
      name,
      dirs: fc.array(fc.constantFrom('src' as const, 'dst' as const), { minLength: 1, maxLength: 3 }),
      invert: yes,
    },
    ['kind', 'name', 'dirs'],
  ),
  record<MatchOf<'physdev'>>(
    { kind: kind('physdev'), isIn: maybeInverted(yes), in: device, out: device, isBridged: yes },
    ['kind'],
  ),
  record<MatchOf<'ipvs'>>(
    {
      kind: kind('ipvs'),
      vproto: maybeInverted(fc.constantFrom('tcp', 'udp', 'sctp')),
      vaddr: maybeInverted(net),
      vport: maybeInverted(port),
    },
    ['kind', 'vport'],
  ),
  fc.record({ kind: kind('nfacct'), name }),
  record<MatchOf<'rpfilter'>>({ kind: kind('rpfilter'), invert: yes, validmark: yes }, ['kind']),
);

const REJECTS = ['icmp-port-unreachable', 'icmp6-adm-prohibited', 'icmp6-no-route', 'tcp-reset'] as const;

const anyTarget: fc.Arbitrary<Target | null> = fc.oneof(
  fc.constant(null),
  fc.record({ kind: fc.constantFrom('jump' as const, 'goto' as const), chain: fc.constantFrom(...USER_CHAINS) }),
  fc.record({ kind: fc.constantFrom('ACCEPT' as const, 'DROP' as const, 'RETURN' as const, 'NOTRACK' as const) }),
  fc.record({ kind: kind('NFLOG'), group: fc.integer({ min: 0, max: 65_535 }) }),
  fc.record({ kind: kind('REJECT'), with: fc.constantFrom(...REJECTS) }),
  record<Extract<Target, { kind: 'DNAT' }>>(
    { kind: kind('DNAT'), to: fc.oneof(v4, fc.constant(ip('fd00::1'))), port },
    ['kind', 'to'],
  ),
  record<Extract<Target, { kind: 'SNAT' }>>({ kind: kind('SNAT'), to: v4, port, randomFully: yes }, ['kind', 'to']),
  record<Extract<Target, { kind: 'MASQUERADE' }>>({ kind: kind('MASQUERADE'), randomFully: yes }, ['kind']),
  fc.record({ kind: kind('MARK'), value: uint32, mask: uint32 }),
);

/** A port match stands only under its own protocol. */
const protocolAndPorts: fc.Arbitrary<Pick<Rule, 'proto' | 'matches'>> = fc.oneof(
  tcp.map((match) => ({ proto: { value: 'tcp' as const }, matches: [match] })),
  udp.map((match) => ({ proto: { value: 'udp' as const }, matches: [match] })),
  sctp.map((match) => ({ proto: { value: 'sctp' as const }, matches: [match] })),
  maybeInverted(
    fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const, 'icmp' as const, 'ipv6-icmp' as const),
  ).map((proto) => ({
    proto,
    matches: [],
  })),
  fc.constant({ matches: [] }),
);

const where = record<Pick<Rule, 'src' | 'dst' | 'iif' | 'oif'>>(
  { src: maybeInverted(net), dst: maybeInverted(net), iif: maybeInverted(device), oif: maybeInverted(device) },
  [],
);

const anyRule: fc.Arbitrary<Rule> = fc
  .tuple(where, protocolAndPorts, fc.array(anyMatch, { maxLength: 3 }), anyTarget)
  .map(([place, { matches, ...proto }, more, target]) => ({
    ...place,
    ...proto,
    matches: [...more, ...matches],
    target,
  }));

const anyOps: fc.Arbitrary<RuleOp[]> = fc
  .array(
    fc.record({
      op: fc.constantFrom('append' as const, 'insert' as const),
      table: fc.constantFrom('raw' as const, 'mangle' as const, 'nat' as const, 'filter' as const),
      chain: fc.constantFrom('OUTPUT', ...USER_CHAINS),
      rule: anyRule,
    }),
    { maxLength: 12 },
  )
  .map((ops) => {
    const tables = [...new Set(ops.map((op) => op.table))];
    const chains = tables.flatMap((table) => USER_CHAINS.map((chain): RuleOp => ({ op: 'new-chain', table, chain })));
    return [...chains, ...ops];
  });

it('of ip6tables print as ip6tables-save 1.8.9 printed them', () => {
  const lines = [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    '-A FORWARD -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j REJECT --reject-with icmp6-port-unreachable',
    '-A FORWARD -p tcp -j REJECT --reject-with icmp6-adm-prohibited',
    '-A FORWARD -p tcp -j REJECT --reject-with tcp-reset',
    '-A FORWARD -p ipv6-icmp -m recent --set --name x --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource -j REJECT --reject-with icmp6-no-route',
    'COMMIT',
    '*nat',
    ':PREROUTING ACCEPT [0:0]',
    ':INPUT ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    ':POSTROUTING ACCEPT [0:0]',
    '-A PREROUTING -d fd00:10:96::a/128 -p udp -m udp --dport 53 -j DNAT --to-destination [fd00:2::2]:53',
    'COMMIT',
  ].join('\n');
  const parsed = parseRuleset(lines);
  expect(parsed.ok && printRuleset(parsed.value, 6)).toBe(lines);
});

describe('rules as text', () => {
  it('are read back as the same rules', () => {
    fc.assert(
      fc.property(anyOps, (ops) => {
        const ruleset = applyRuleOps(ops);
        expect(parseRuleset(printRuleset(ruleset))).toEqual({ ok: true, value: ruleset });
      }),
    );
  });
});
