import { describe, expect, it } from 'vitest';
import { type Reach, reachOf } from '../../sim/engine/reach.ts';
import type { PolicyObject } from '../../sim/kube/policy-objects.ts';
import { ip } from '../../sim/wire/ip.ts';
import { cellText } from './cell-words.ts';
import {
  CLOSED,
  cellsOf,
  changeWords,
  countChanges,
  exampleOf,
  foldable,
  linesOf,
  type MatrixCells,
  OPENED,
} from './matrix-cells.ts';

const pods = [
  ['a', 'web-1'],
  ['a', 'web-2'],
  ['b', 'db'],
].map(([namespace = '', name = ''], at) => ({
  namespace,
  name,
  labels: { app: name.slice(0, 3) },
  ips: [ip(`10.0.0.${at + 1}`)],
  node: 'node-1',
  ports: [],
}));

const reach = (...policies: PolicyObject[]): Reach =>
  reachOf({
    input: { namespaces: [], pods, nodes: [{ name: 'node-1', ips: [ip('192.168.0.1')], labels: {} }], policies },
    outside: [{ name: 'internet', ip: ip('203.0.113.10') }],
    owners: ['Deployment a/web', 'Deployment a/web', 'Pod b/db'],
    ports: [
      { protocol: 'TCP', port: 80 },
      { protocol: 'TCP', port: 443 },
    ],
  }).reach;

const policy = (name: string, spec: Extract<PolicyObject, { kind: 'NetworkPolicy' }>['spec']): PolicyObject => ({
  kind: 'NetworkPolicy',
  namespace: 'a',
  name,
  spec,
});
const denyA = policy('deny', {});
const web80 = policy('web-80', { ingress: [{ ports: [{ port: 80 }] }] });
const folded = { namespace: null, unfolded: new Set<string>() };

/** One letter for each cell: a, d, p, or - where nobody asks. */
const picture = (cells: MatrixCells): readonly string[] =>
  cells.lines.map((_, row) =>
    cells.lines
      .map(
        (__, column) =>
          ({ allowed: 'a', denied: 'd', partly: 'p', unknown: '?', unasked: '-' })[cells.stateAt(row, column)],
      )
      .join(''),
  );

describe('lines', () => {
  const { ends } = reach();

  it('fold pods of one workload, and unfold them', () => {
    expect(linesOf(ends, folded).map(({ label, count }) => `${label} ${count}`.trim())).toEqual([
      'a/web 2 pods',
      'b/db',
      'node-1',
      'internet',
    ]);
    const open = linesOf(ends, { ...folded, unfolded: new Set(['Deployment a/web']) });
    expect(open.map(({ label }) => label)).toEqual(['a/web-1', 'a/web-2', 'b/db', 'node-1', 'internet']);
  });

  it('of one namespace leave out the pods of others, and nothing else', () => {
    expect(linesOf(ends, { ...folded, namespace: 'b' }).map(({ label }) => label)).toEqual([
      'b/db',
      'node-1',
      'internet',
    ]);
  });

  it('can be folded where a group has several ends', () => {
    expect([...foldable(ends)]).toEqual(['Deployment a/web']);
  });
});

describe('cells', () => {
  const lines = linesOf(reach().ends, folded);
  const cells = (now: Reach, base: Reach | null = null, would: Reach | null = null) =>
    cellsOf({ now, base, would }, lines);

  it('sum up all pairs of two lines', () => {
    expect(picture(cells(reach()))).toEqual(['aaaa', 'a-aa', 'aa--', 'aa--']);
    expect(picture(cells(reach(denyA)))).toEqual(['daaa', 'd-aa', 'aa--', 'da--']);
  });

  it('are partly open where one port is', () => {
    const some = cells(reach(web80));
    expect(some.stateAt(1, 0)).toBe('partly');
    expect(some.countAt(1, 0)).toEqual({ open: 2, asked: 4 });
    expect(cellText(some, { row: 1, column: 0 })).toBe('b/db to a/web (2 pods): partly allowed, 2 of 4');
  });

  it('tell what changed, and what staged policies would change', () => {
    const [open, closed] = [reach(), reach(denyA)];
    expect(cells(closed, open).changeAt(1, 0)).toBe(CLOSED);
    expect(cells(open, closed).changeAt(1, 0)).toBe(OPENED);
    expect(cells(closed, open).changeAt(0, 1)).toBe(0);
    expect(cells(open, null, closed).stagedAt(3, 0)).toBe(CLOSED);
    expect(cellText(cells(closed, open), { row: 1, column: 0 })).toBe('b/db to a/web (2 pods): denied, just closed');
  });

  it('count changed pairs, not ports', () => {
    expect(changeWords(countChanges(reach(), reach(denyA)))).toBe('6 pairs closed');
    expect(changeWords(countChanges(reach(denyA), reach(web80)))).toBe('6 pairs opened');
    expect(changeWords(countChanges(reach(denyA), reach(denyA)))).toBeNull();
    expect(changeWords({ opened: 1, closed: 12 })).toBe('12 pairs closed, 1 opened');
  });

  it('are explained by a pair that is closed, on the port that is', () => {
    const [web, db] = [lines[0], lines[1]];
    expect(web && db && exampleOf(reach(web80), db, web)).toEqual({ source: 2, destination: 0, port: 1 });
    expect(db && exampleOf(reach(web80), db, db)).toBeNull();
  });
});
