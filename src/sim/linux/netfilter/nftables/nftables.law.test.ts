/** What is printed is read back as it was, whatever the table. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidr, cidrHas, type Ip, intToIp, ip, ipToInt } from '../../../wire/ip.ts';
import type { HookName } from '../iptables/rule.ts';
import { networkSet } from './networks.ts';
import { parseNft } from './parse.ts';
import { printTable } from './print.ts';
import {
  CT_STATES,
  keyOf,
  type NftChain,
  type NftElement,
  type NftMatch,
  type NftRule,
  type NftSet,
  type NftStatement,
  type NftTable,
  type NftVerdict,
} from './ruleset.ts';

const NAMES = ['services', 'service-2QRHZV4L-default/kubernetes/tcp/https', 'endpoint-X__10.0.0.1/80', 'a'] as const;
const name = fc.constantFrom(...NAMES);
const comment = fc.constantFrom('ns1/svc1:p80', 'Reject traffic; all of it', 'a { b } # c', '');
const mark = fc.integer({ min: 0, max: 0xffffffff });
const port = fc.integer({ min: 0, max: 65_535 });
const invert = fc.constantFrom<{ invert?: true }>({}, { invert: true });

const v4: fc.Arbitrary<Ip> = fc.integer({ min: 0, max: 0xffffffff }).map(intToIp);
const v6: fc.Arbitrary<Ip> = fc
  .array(fc.constantFrom(0, 1, 0xfd00, 0xffff), { minLength: 8, maxLength: 8 })
  .map((groups) => ip(groups.map((group) => group.toString(16)).join(':')));
const family = fc.constantFrom('ip' as const, 'ip6' as const);

const address = (of: 'ip' | 'ip6'): fc.Arbitrary<Ip> => (of === 'ip' ? v4 : v6);
const net = (of: 'ip' | 'ip6') =>
  fc
    .tuple(address(of), fc.constantFrom(0, 8, 16, 24, 31, 32), fc.boolean())
    .map(([at, prefix, isHost]) => cidr(isHost ? at : `${at}/${prefix}`));

const verdict: fc.Arbitrary<NftVerdict> = fc.oneof(
  fc.record({ kind: fc.constantFrom('jump' as const, 'goto' as const), chain: name }),
  fc.record({ kind: fc.constantFrom('accept' as const, 'drop' as const, 'return' as const, 'continue' as const) }),
);

const proto = fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const, 'icmp' as const);
const side = fc.constantFrom('saddr' as const, 'daddr' as const);
const key = fc.constantFrom(
  ['daddr', 'l4proto', 'dport'] as const,
  ['l4proto', 'dport'] as const,
  ['saddr'] as const,
  ['saddr', 'daddr', 'l4proto', 'dport'] as const,
);

const match = (of: 'ip' | 'ip6'): fc.Arbitrary<NftMatch> =>
  fc.oneof(
    fc
      .tuple(side, fc.array(net(of), { minLength: 1, maxLength: 4 }), invert)
      .map(([at, nets, not]): NftMatch => ({ kind: 'address', side: at, ...networkSet(nets), ...not })),
    fc
      .tuple(fc.uniqueArray(proto, { minLength: 1 }), invert)
      .map(([protos, not]): NftMatch => ({ kind: 'l4proto', protos, ...not })),
    fc
      .tuple(
        fc.constantFrom('th' as const, 'tcp' as const, 'udp' as const),
        fc.uniqueArray(port, { minLength: 1, maxLength: 3 }),
        invert,
      )
      .map(([what, ports, not]): NftMatch => ({ kind: 'dport', of: what, ports: ports.sort((a, b) => a - b), ...not })),
    fc
      .tuple(fc.constantFrom('iifname' as const, 'oifname' as const), fc.constantFrom('eth0', 'veth*'), invert)
      .map(([kind, dev, not]): NftMatch => ({ kind, name: dev, ...not })),
    fc.tuple(key, name, invert).map(([fields, set, not]): NftMatch => ({ kind: 'in-set', key: fields, set, ...not })),
    fc
      .tuple(fc.subarray([...CT_STATES], { minLength: 1 }), invert)
      .map(([states, not]): NftMatch => ({ kind: 'ct-state', states, ...not })),
    fc.record({ kind: fc.constant('ct-status' as const), status: fc.constantFrom('snat' as const, 'dnat' as const) }),
    fc.tuple(mark, mark, invert).map(([mask, value, not]): NftMatch => ({ kind: 'mark', mask, value, ...not })),
    fc.tuple(side, invert).map(([at, not]): NftMatch => ({ kind: 'fib', side: at, type: 'local', ...not })),
  );

const statement = (of: 'ip' | 'ip6'): fc.Arbitrary<NftStatement> =>
  fc.oneof(
    match(of),
    fc.record({
      kind: fc.constant('mark-set' as const),
      op: fc.constantFrom('or' as const, 'xor' as const, 'and' as const),
      value: mark,
    }),
    fc.record({ kind: fc.constant('update' as const), set: fc.constant('seen'), side }),
    fc.record({ kind: fc.constant('dnat' as const), to: address(of) }),
    fc.record({ kind: fc.constant('dnat' as const), to: address(of), port }),
    fc.record({
      kind: fc.constant('dnat-numgen' as const),
      slots: fc.array(fc.record({ ip: address(of), port }), { minLength: 1, maxLength: 3 }),
    }),
    fc.constantFrom<NftStatement>({ kind: 'masquerade' }, { kind: 'masquerade', fullyRandom: true }),
    verdict,
    fc.record({ kind: fc.constant('vmap' as const), key, map: name }),
    fc.record({ kind: fc.constant('numgen-vmap' as const), slots: fc.array(verdict, { minLength: 1, maxLength: 3 }) }),
    fc.record({
      kind: fc.constant('reject' as const),
      with: fc.constantFrom('icmp-port-unreachable' as const, 'icmp-proto-unreachable' as const, 'tcp-reset' as const),
    }),
  );

const rule = (of: 'ip' | 'ip6'): fc.Arbitrary<NftRule> =>
  fc
    .tuple(fc.array(statement(of), { minLength: 1, maxLength: 3 }), fc.option(comment, { nil: undefined }))
    .map(([statements, note]) => (note === undefined ? { statements } : { statements, comment: note }));

const HOOKS: readonly HookName[] = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];
const base: fc.Arbitrary<NonNullable<NftChain['base']>> = fc.record({
  type: fc.constantFrom('filter' as const, 'nat' as const),
  hook: fc.constantFrom(...HOOKS),
  priority: fc.integer({ min: -400, max: 400 }),
  policy: fc.constantFrom('accept' as const, 'drop' as const),
});

const chain = (of: 'ip' | 'ip6') =>
  fc
    .tuple(name, fc.option(base, { nil: undefined }), fc.array(rule(of), { maxLength: 4 }))
    .map(([own, hook, rules]): NftChain => ({ name: own, ...(hook ? { base: hook } : {}), rules }));

const byKey = (elements: readonly NftElement[]): ReadonlyMap<string, NftElement> =>
  new Map(elements.map((element) => [element.key, element]));

const sets = (of: 'ip' | 'ip6'): fc.Arbitrary<NftSet[]> => {
  const type = of === 'ip' ? 'ipv4_addr' : 'ipv6_addr';
  const plain = fc.array(address(of), { maxLength: 7 }).map(
    (keys): NftSet => ({
      kind: 'set',
      name: 'ips',
      type: [type],
      comment: 'x',
      elements: byKey(keys.map((k) => ({ key: k }))),
    }),
  );
  const map = fc
    .array(fc.tuple(address(of), proto, port, verdict, fc.option(comment, { nil: undefined })), { maxLength: 5 })
    .map((rows): NftSet => {
      const elements = rows.map(([at, p, n, v, note]) => ({
        key: keyOf(at, p, n),
        ...(note === undefined ? {} : { comment: note }),
        verdict: v,
      }));
      return { kind: 'map', name: 'map', type: [type, 'inet_proto', 'inet_service'], elements: byKey(elements) };
    });
  const seen = fc.integer({ min: 1, max: 200_000 }).map(
    (timeoutSeconds): NftSet => ({
      kind: 'set',
      name: 'seen',
      type: [type],
      sizeMax: 65_535,
      timeoutSeconds,
      elements: new Map(),
    }),
  );
  return fc.tuple(plain, map, seen);
};

const table: fc.Arbitrary<NftTable> = family.chain((of) =>
  fc.tuple(sets(of), fc.array(chain(of), { maxLength: 4 })).map(([own, chains]) => ({
    family: of,
    name: 'kube-proxy',
    comment: 'rules for kube-proxy',
    sets: new Map(own.map((set) => [set.name, set])),
    chains: new Map(chains.map((each) => [each.name, each])),
  })),
);

describe('tables', () => {
  it('are read back as they were printed', () => {
    fc.assert(
      fc.property(table, (value) => {
        expect(parseNft(printTable(value))).toEqual({ ok: true, value: [value] });
      }),
    );
  });

  it('an anonymous set holds the same addresses after its networks were joined', () => {
    fc.assert(
      fc.property(fc.array(net('ip'), { minLength: 1, maxLength: 6 }), v4, (nets, other) => {
        const { nets: kept } = networkSet(nets);
        const borders = [...nets, ...kept].flatMap((each) =>
          [-1, 0, 2 ** (32 - each.prefix)].map((n) => ipToInt(each.base) + n),
        );
        for (const at of [other, ...borders.map((n) => intToIp(n >>> 0))])
          expect(kept.some((each) => cidrHas(each, at))).toBe(nets.some((each) => cidrHas(each, at)));
        expect(networkSet(kept).nets).toEqual(kept);
      }),
    );
  });
});

describe('a table of both families', () => {
  const text = `table inet t {
\tset nodes {
\t\ttype ipv6_addr
\t\telements = { fd00:9::1 }
\t}

\tchain c {
\t\tmeta nfproto ipv4 accept
\t\tip saddr 10.0.0.0/8 drop
\t\tip6 saddr fd00::/8 ip6 daddr @nodes accept
\t\tip6 daddr fd00:96::a tcp dport 80 dnat ip6 to [fd00:10::2]:8080
\t\tip daddr 10.96.0.10 tcp dport 80 dnat ip to 10.244.0.2:8080
\t\tmeta l4proto icmpv6 accept
\t}
}
`;

  it('names the family of every address', () => {
    const parsed = parseNft(text);
    expect(parsed.ok && parsed.value.map((table) => `${printTable(table)}\n`).join('')).toBe(text);
  });
});

describe('what is not understood is an error, with its line', () => {
  it.each([
    ['table bridge t {\n}', 1, 'family "bridge" is not modelled'],
    ['table ip t {\n\tchain c {\n\t\tip ttl 3 drop\n\t}\n}', 3, 'expected "daddr", found "ttl"'],
    ['table ip t {\n\tchain c {\n\t\tlog\n\t}\n}', 3, '"log" is not modelled'],
    ['table ip t {\n\tflowtable f {\n\t}\n}', 2, '"flowtable" in a table is not modelled'],
    ['add rule ip t c drop', 1, 'chain "c" is not in table t'],
    ['add element ip t s { 1.2.3.4 }', 1, 'elements of a set that is not there'],
    ['delete table ip t', 1, 'expected "add", found "delete"'],
    ['add set ip t s { type ipv4_addr ; }\nadd element ip t s { tcp . 80 }', 2, '2 parts in an element of 1'],
    ['add set ip t s { type ipv4_addr ; }\nadd element ip t s { tcp }', 2, '"tcp" is not an IP address'],
    ['table ip t {\n\tchain c {\n\t\tnumgen random mod 2 vmap { 0 : drop }\n\t}\n}', 3, '1 slots for a modulus of 2'],
    [
      'table ip t {\n\tchain c {\n\t\ttype filter hook ingress priority 0;\n\t}\n}',
      3,
      'hook "ingress" is not modelled',
    ],
    ['table ip t {', 1, '"}" is missing'],
    [
      'table ip t {\n\tset s {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t}\n}',
      4,
      'expected "dynamic", found "interval"',
    ],
  ])('%s', (text, line, says) => {
    const parsed = parseNft(text);
    expect(parsed).toMatchObject({ ok: false, error: { line, message: expect.stringContaining(says) } });
  });
});
