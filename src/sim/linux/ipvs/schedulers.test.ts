import { describe, expect, it } from 'vitest';
import { ip } from '../../wire/ip.ts';
import { hash32, hsiphash } from './hash.ts';
import type { Load } from './schedulers/scheduler.ts';
import { newMark } from './schedulers/scheduler.ts';
import { SCHEDULERS } from './schedulers.ts';
import type { RealServer, SchedulerFlag, SchedulerName, VirtualServer } from './table.ts';
import { scheduleOrder } from './table.ts';

/** Servers A, B, C … with these weights, added in this order: the kernel's list begins with the last. */
function servers(...weights: number[]): RealServer[] {
  return weights.map((weight, i) => ({ ip: ip(`10.244.0.${i + 1}`), port: 8080, weight }));
}

function virtual(
  scheduler: SchedulerName,
  realServers: RealServer[],
  flags: readonly SchedulerFlag[] = [],
): VirtualServer {
  return { proto: 'tcp', ip: ip('10.96.0.1'), port: 80, scheduler, flags, realServers };
}

const nameOf = (server: RealServer | null): string =>
  server === null ? '-' : String.fromCharCode(64 + Number(server.ip.split(/[.:]/).at(-1)));

/** `count` new connections that stay active; `loads` are there before, in the order of adding. */
function sequence(of: VirtualServer, count: number, loads: readonly Load[] = []): string {
  const held = new Map(of.realServers.map((server, i) => [server.ip, loads[i] ?? { active: 0, inactive: 0 }]));
  const mark = newMark();
  const loadOf = (server: RealServer): Load => held.get(server.ip) ?? { active: 0, inactive: 0 };
  const names = Array.from({ length: count }, () => {
    const client = { ip: ip('10.244.1.5'), port: 40000 };
    const chosen = SCHEDULERS[of.scheduler]({ virtual: of, servers: scheduleOrder(of), client, loadOf, mark });
    if (chosen) held.set(chosen.ip, { ...loadOf(chosen), active: loadOf(chosen).active + 1 });
    return nameOf(chosen);
  });
  return names.join('');
}

describe('sequences', () => {
  it.each<[string, SchedulerName, number[], string]>([
    ['rr begins with the server that was added last', 'rr', [1, 1, 1], 'CBACBA'],
    ['rr knows no weights but 0', 'rr', [5, 0, 1], 'CACACA'],
    ['rr with nobody to choose', 'rr', [0, 0], '--'],
    ['rr without servers', 'rr', [], '--'],
    ['wrr of equal weights is rr', 'wrr', [1, 1, 1], 'CBACBA'],
    ['wrr: the rounds for weight 1, 3 and 2: the first one is the last of its series', 'wrr', [3, 1], 'BAAABAAA'],
    ['wrr: weights with a common divisor', 'wrr', [4, 2], 'BAABAA'],
    ['wrr: a new heaviest server does not begin the series anew', 'wrr', [1, 3], 'BABBBABB'],
    ['wrr: nobody takes connections', 'wrr', [0, 0], '--'],
    ['lc fills up', 'lc', [1, 1, 1], 'CBACBA'],
    ['lc knows no weights but 0', 'lc', [9, 0, 1], 'CACACA'],
    ['wlc fills up by weight', 'wlc', [2, 1], 'BAABAA'],
    ['wlc leaves 0 out', 'wlc', [0, 1], 'BBBB'],
    ['sed counts the coming connection: the heavy one first', 'sed', [3, 1], 'AABAAA'],
    ['nq: the idle one first, even when it is light', 'nq', [3, 1], 'BAAAAAB'],
    ['sh: one client, one server', 'sh', [1, 1, 1], 'BBBB'],
    ['dh: one address, one server', 'dh', [1, 1, 1], 'BBBB'],
    ['mh: one client, one server', 'mh', [1, 1, 1], 'BBBB'],
  ])('%s', (_name, scheduler, weights, expected) => {
    expect(sequence(virtual(scheduler, servers(...weights)), expected.length)).toBe(expected);
  });

  const load = (active: number, inactive: number): Load => ({ active, inactive });

  it.each<[string, SchedulerName, number[], Load[], string]>([
    ['lc: one active weighs more than 255 inactive', 'lc', [1, 1], [load(1, 0), load(0, 255)], 'B'],
    ['lc: 257 inactive weigh more than one active', 'lc', [1, 1], [load(1, 0), load(0, 257)], 'A'],
    ['lc: of equals the first of the list', 'lc', [1, 1], [load(1, 0), load(0, 256)], 'B'],
    ['wlc: half the load for half the weight', 'wlc', [2, 1], [load(2, 1), load(1, 1)], 'A'],
    ['sed does not look at inactive ones', 'sed', [1, 1], [load(0, 900), load(1, 0)], 'A'],
    ['nq does not either', 'nq', [1, 1], [load(0, 900), load(1, 0)], 'A'],
  ])('%s', (_name, scheduler, weights, loads, expected) => {
    expect(sequence(virtual(scheduler, servers(...weights)), 1, loads)).toBe(expected);
  });
});

function chosenFor(of: VirtualServer, client: string, port = 40000): string {
  const choice = { virtual: of, servers: scheduleOrder(of), client: { ip: ip(client), port } };
  const idle = { active: 0, inactive: 0 };
  return nameOf(SCHEDULERS[of.scheduler]({ ...choice, loadOf: () => idle, mark: newMark() }));
}

/** Computed from the published algorithms by another program. */
describe('hashing', () => {
  it('hsiphash: the vector of lib/test_siphash.c for four bytes', () => {
    expect(hsiphash(0x03020100, [0x0706050403020100n, 0x0f0e0d0c0b0a0908n])).toBe(0x88d38328);
  });

  it('hash_32 takes the high bits', () => {
    expect(hash32(0x0af40105, 8)).toBe(115);
  });

  it.each([
    ['10.244.1.5', 'A', 'B', 'C', 'B'],
    ['10.244.1.6', 'C', 'B', 'A', 'A'],
    ['10.244.1.7', 'B', 'C', 'C', 'C'],
    ['10.244.1.8', 'C', 'A', 'C', 'A'],
    ['192.168.56.11', 'A', 'A', 'B', 'C'],
    ['203.0.113.2', 'A', 'A', 'A', 'C'],
  ])('%s: sh of weights 1 2 1, mh, mh-port; as destination dh', (client, sh, mh, mhPort, dh) => {
    expect(chosenFor(virtual('sh', servers(1, 2, 1)), client)).toBe(sh);
    expect(chosenFor(virtual('mh', servers(1, 1, 1)), client)).toBe(mh);
    expect(chosenFor(virtual('mh', servers(1, 1, 1), ['mh-port']), client)).toBe(mhPort);
    expect(chosenFor({ ...virtual('dh', servers(1, 1, 1)), ip: ip(client) }, '10.244.1.5')).toBe(dh);
  });

  it('IPv6 addresses are folded', () => {
    const six = ['fd00::2', 'fd00::3'].map((text) => ({ ip: ip(text), port: 80, weight: 1 }));
    expect(['fd00:1::9', 'fd00:1::a'].map((client) => chosenFor(virtual('mh', six), client))).toEqual(['C', 'B']);
    const three = ['fd00::1', 'fd00::2', 'fd00::2', 'fd00::3'].map((text) => ({ ip: ip(text), port: 80, weight: 1 }));
    expect(chosenFor(virtual('sh', three), 'fd00:1::9')).toBe('B');
  });

  it('a server of weight 0 has no substitute, but with fallback', () => {
    expect(chosenFor(virtual('sh', servers(0, 2, 1)), '10.244.1.5')).toBe('-');
    expect(chosenFor(virtual('sh', servers(0, 2, 1), ['sh-fallback']), '10.244.1.5')).toMatch(/[BC]/);
    const quiet = servers(1, 0, 1).map((server) => ({ ...server, lastWeight: 1 }));
    expect(chosenFor(virtual('mh', quiet), '10.244.1.5')).toBe('-');
    expect(chosenFor(virtual('mh', quiet, ['mh-fallback']), '10.244.1.5')).toMatch(/[AC]/);
    expect(chosenFor(virtual('dh', servers(0, 0, 0)), '10.244.1.5')).toBe('-');
  });

  it('nobody to fall back to', () => {
    expect(chosenFor(virtual('sh', servers(0, 0), ['sh-fallback']), '10.244.1.5')).toBe('-');
    const quiet = servers(0, 0).map((server) => ({ ...server, lastWeight: 1 }));
    expect(chosenFor(virtual('mh', quiet, ['mh-fallback']), '10.244.1.5')).toBe('-');
    expect(chosenFor(virtual('mh', servers(0, 0)), '10.244.1.5')).toBe('-');
  });
});

describe('while servers come and go', () => {
  const idle = (): Load => ({ active: 0, inactive: 0 });
  const client = { ip: ip('10.244.1.5'), port: 40000 };

  it.each<[string, SchedulerName, number[], number[], string, string]>([
    ['rr: the mark of a removed server goes to the one before it', 'rr', [1, 1, 1], [1, 3], 'CB', 'AC'],
    ['rr: a new server waits for its turn', 'rr', [1, 1], [1, 2, 3], 'B', 'ACB'],
    ['wrr: a change begins a round', 'wrr', [1, 1, 1], [1, 3], 'CB', 'CA'],
  ])('%s', (_name, scheduler, weights, stay, before, after) => {
    const mark = newMark();
    const ask = (of: VirtualServer, count: number): string =>
      Array.from({ length: count }, () =>
        nameOf(SCHEDULERS[scheduler]({ virtual: of, servers: scheduleOrder(of), client, loadOf: idle, mark })),
      ).join('');
    expect(ask(virtual(scheduler, servers(...weights)), before.length)).toBe(before);
    const left = stay.map((n) => ({ ip: ip(`10.244.0.${n}`), port: 8080, weight: 1 }));
    expect(ask(virtual(scheduler, left), after.length)).toBe(after);
  });
});
