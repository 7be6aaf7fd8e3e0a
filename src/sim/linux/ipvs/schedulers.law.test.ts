import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intToIp, ip } from '../../wire/ip.ts';
import { type Load, newMark } from './schedulers/scheduler.ts';
import { SCHEDULERS } from './schedulers.ts';
import { type RealServer, type SchedulerName, scheduleOrder, type VirtualServer } from './table.ts';

const NAMES = Object.keys(SCHEDULERS) as SchedulerName[];

const weights = fc.array(fc.nat(7), { maxLength: 8 });
const clients = fc.array(fc.nat(0xffffffff).map(intToIp), { minLength: 1, maxLength: 40 });

function virtualOf(scheduler: SchedulerName, list: readonly number[]): VirtualServer {
  const realServers = list.map((weight, i) => ({ ip: ip(`10.244.0.${i + 1}`), port: 8080, weight }));
  return { proto: 'tcp', ip: ip('10.96.0.1'), port: 80, scheduler, realServers };
}

/** New connections one after another, none of which ends. */
function run(virtual: VirtualServer, from: readonly ReturnType<typeof intToIp>[]): (RealServer | null)[] {
  const active = new Map<string, number>();
  const loadOf = (server: RealServer): Load => ({ active: active.get(server.ip) ?? 0, inactive: 0 });
  const mark = newMark();
  return from.map((client) => {
    const chosen = SCHEDULERS[virtual.scheduler]({
      virtual,
      servers: scheduleOrder(virtual),
      client: { ip: client, port: 40000 },
      loadOf,
      mark,
    });
    if (chosen) active.set(chosen.ip, (active.get(chosen.ip) ?? 0) + 1);
    return chosen;
  });
}

const countsOf = (virtual: VirtualServer, chosen: readonly (RealServer | null)[]): number[] =>
  virtual.realServers.map((server) => chosen.filter((each) => each === server).length);

describe('every scheduler', () => {
  it.each(NAMES)('%s chooses a server of the list that takes connections', (name) => {
    fc.assert(
      fc.property(weights, clients, (list, from) => {
        const virtual = virtualOf(name, list);
        for (const chosen of run(virtual, from)) {
          if (chosen) expect(virtual.realServers.includes(chosen) && chosen.weight > 0).toBe(true);
        }
      }),
    );
  });

  it.each(NAMES.filter((name) => !['sh', 'dh', 'mh'].includes(name)))('%s finds one when there is one', (name) => {
    fc.assert(
      fc.property(weights, clients, (list, from) => {
        const isAny = list.some((weight) => weight > 0);
        expect(run(virtualOf(name, list), from).every((chosen) => (chosen !== null) === isAny)).toBe(true);
      }),
    );
  });

  it.each(NAMES)('%s chooses the same again for the same connections', (name) => {
    fc.assert(
      fc.property(weights, clients, (list, from) => {
        expect(run(virtualOf(name, list), from)).toEqual(run(virtualOf(name, list), from));
      }),
    );
  });
});

describe('shares', () => {
  const some = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 6 });
  const many = (count: number) => Array.from({ length: count }, (_, i) => intToIp(0x0af40000 + i));

  it('rr and lc differ by one at most when nothing ends', () => {
    fc.assert(
      fc.property(fc.constantFrom<SchedulerName>('rr', 'lc'), some, fc.nat(60), (name, list, count) => {
        const virtual = virtualOf(name, list);
        const counts = countsOf(virtual, run(virtual, many(count)));
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('wrr gives each server exactly its weight in every series', () => {
    fc.assert(
      fc.property(some, fc.integer({ min: 1, max: 4 }), (list, series) => {
        const virtual = virtualOf('wrr', list);
        const unit = list.reduce((a, b) => gcd(a, b));
        const perSeries = list.reduce((sum, weight) => sum + weight / unit, 0);
        // The first series may begin in its last round: one whole series later everything is even.
        const chosen = run(virtual, many(perSeries * (series + 1))).slice(perSeries);
        expect(countsOf(virtual, chosen)).toEqual(list.map((weight) => (weight / unit) * series));
      }),
    );
  });

  it('wlc and sed come near the weights', () => {
    fc.assert(
      fc.property(fc.constantFrom<SchedulerName>('wlc', 'sed'), some, (name, list) => {
        const virtual = virtualOf(name, list);
        const total = list.reduce((sum, weight) => sum + weight, 0);
        const counts = countsOf(virtual, run(virtual, many(total * 10)));
        for (const [i, weight] of list.entries())
          expect(Math.abs((counts[i] ?? 0) - weight * 10)).toBeLessThanOrEqual(7);
      }),
    );
  });

  it('hashing schedulers look at the client only', () => {
    fc.assert(
      fc.property(fc.constantFrom<SchedulerName>('sh', 'mh'), some, clients, (name, list, from) => {
        const virtual = virtualOf(name, list);
        const first = new Map(run(virtual, from).map((chosen, i) => [from[i], chosen]));
        const again = run(virtual, [...from].reverse()).reverse();
        expect(again).toEqual(from.map((client) => first.get(client)));
      }),
    );
  });

  it('mh moves few clients when a server goes', () => {
    const from = many(2000);
    const before = run(virtualOf('mh', [1, 1, 1, 1, 1]), from);
    const after = run(virtualOf('mh', [1, 1, 1, 1]), from);
    const moved = from.filter((_, i) => before[i]?.ip !== after[i]?.ip && before[i]?.ip !== ip('10.244.0.5'));
    expect(moved.length).toBeLessThan(2000 * 0.1);
  });
});

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
