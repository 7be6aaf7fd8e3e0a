import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cidr, cidrHas, ip } from '../../wire/ip.ts';
import { candidates } from './chain-index.ts';
import type { Chain, Rule } from './iptables/rule.ts';

const rules: fc.Arbitrary<Rule> = fc
  .record({
    host: fc.integer({ min: 0, max: 6 }),
    prefix: fc.constantFrom(24, 32),
    invert: fc.boolean(),
    any: fc.boolean(),
  })
  .map(({ host, prefix, invert, any }) => ({
    matches: [],
    target: null,
    ...(any ? {} : { dst: { value: cidr(`10.0.0.${host}/${prefix}`), ...(invert ? { invert: true as const } : {}) } }),
  }));

it('passes over no rule that could match, and keeps their order', () => {
  fc.assert(
    fc.property(fc.array(rules, { minLength: 32, maxLength: 80 }), fc.integer({ min: 0, max: 6 }), (list, host) => {
      const chain: Chain = { name: 'C', policy: null, rules: list };
      const dst = ip(`10.0.0.${host}`);
      const chosen = candidates(chain, dst) ?? [];
      const matching = list.flatMap((r, i) =>
        !r.dst || cidrHas(r.dst.value, dst) !== (r.dst.invert === true) ? [i] : [],
      );
      expect(matching.filter((i) => !chosen.includes(i))).toEqual([]);
      expect([...chosen]).toEqual([...chosen].sort((a, b) => a - b));
    }),
  );
});
