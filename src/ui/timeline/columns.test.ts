import { describe, expect, it } from 'vitest';
import type { Beat, BeatMark, Trace } from '../../sim/engine/trace.ts';
import { bandsOf, type Column, columnAt, columnsOf, columnUnder, shortFold, shortPlace } from './columns.ts';

const beat = (step: number, packet: string, ns: string, mark: BeatMark): Beat => {
  return { step, packet, ns, mark, lane: packet === 'p2' ? 'reply' : 'request', title: `${mark} ${step}` };
};

const trace = {
  packets: [
    { id: 'p1', title: 'TCP SYN', lane: 'request', repeats: null },
    { id: 'p2', title: 'TCP SYN, ACK', lane: 'reply', repeats: null },
    { id: 'p3', title: 'TCP ACK', lane: 'request', repeats: 'p1' },
  ],
  steps: [0, 1, 2, 3, 4, 5].map((i) => ({ i, ns: 'a', packet: 'p1', kind: 'hook' })),
  beats: [
    beat(0, 'p1', 'default/a', 'send'),
    beat(2, 'p1', 'node-1', 'route'),
    beat(3, 'p1', 'node-1', 'dnat'),
    beat(4, 'p2', 'node-1', 'send'),
    beat(5, 'p3', 'default/a', 'send'),
  ],
} as unknown as Trace;

const kinds = (columns: readonly Column[]): string[] => columns.map(({ kind }) => kind);

describe('columnsOf', () => {
  it('gives each beat a column and folds a packet that repeats a path', () => {
    const columns = columnsOf(trace, 'beats');
    expect(kinds(columns)).toEqual(['send', 'route', 'dnat', 'send', 'fold']);
    expect(columns.at(-1)?.title).toBe('TCP ACK');
    expect(columns.map(({ isFirst }) => isFirst)).toEqual([true, false, false, true, true]);
  });

  it('gives every step a column in step detail, and keeps the marks', () => {
    expect(kinds(columnsOf(trace, 'steps'))).toEqual(['send', 'step', 'step', 'dnat', 'send', 'send']);
  });
});

describe('finding a column', () => {
  const columns = columnsOf(trace, 'beats');

  it.each([
    [0, 0],
    [1, 0],
    [3, 2],
    [99, 4],
  ])('step %i belongs to column %i', (step, column) => expect(columnAt(columns, step)).toBe(column));

  it.each([
    [0, 0],
    [0.999, 4],
    [1, 4],
    [-1, 0],
  ])('the point %f of the track is column %i', (fraction, column) => {
    expect(columnUnder(columns, fraction)).toBe(column);
  });
});

it('joins neighbouring columns in one namespace, whichever packet they belong to', () => {
  expect(bandsOf(columnsOf(trace, 'beats'))).toEqual([
    { from: 0, to: 0, ns: 'default/a' },
    { from: 1, to: 3, ns: 'node-1' },
  ]);
});

describe('short names', () => {
  it.each([
    ['default/web-55489cf447-6nrgm', 'web'],
    ['kube-system/kube-flannel-ds-7xk2p', 'kube-flannel-ds'],
    ['default/redis-cart', 'redis-cart'],
    ['default/email-queue', 'email-queue'],
    ['shop/db-0', 'db-0'],
    ['node-1', 'node-1'],
    ['underlay', 'net'],
  ])('%s is %s', (ns, short) => expect(shortPlace(ns)).toBe(short));

  it.each([
    ['TCP ACK', 'ACK'],
    ['data (GET / HTTP/1.1)', 'GET /'],
    ['data (HTTP/1.1 200 OK)', '200 OK'],
    ['ICMP echo request', 'ICMP echo request'],
  ])('%s is %s', (title, short) => expect(shortFold(title)).toBe(short));
});
