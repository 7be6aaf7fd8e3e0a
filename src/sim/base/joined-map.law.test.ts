import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JoinedMap } from './joined-map.ts';

type Lists = readonly (readonly (readonly [string, number])[])[];

const key = fc.integer({ min: 0, max: 400 }).map(String);
const list = fc.array(fc.tuple(key, fc.integer()), { maxLength: 4 });
const lists: fc.Arbitrary<Lists> = fc.array(list, { maxLength: 30 });

/** An edit as a person makes it: some lists replaced, taken away or added, the others the very same. */
const edit = fc.array(fc.record({ at: fc.nat(40), drop: fc.nat(2), add: fc.array(list, { maxLength: 2 }) }), {
  maxLength: 4,
});

const edited = (before: Lists, changes: readonly { at: number; drop: number; add: Lists }[]): Lists =>
  changes.reduce<Lists>((now, { at, drop, add }) => [...now.slice(0, at), ...add, ...now.slice(at + drop)], before);

const plain = (of: Lists): Map<string, number> => new Map(of.flat());

const itself = (entries: Lists[number]): Lists[number] => entries;

describe('a joined map', () => {
  it('is the map of all its entries, whatever map it grew from', () => {
    fc.assert(
      fc.property(lists, fc.array(edit, { maxLength: 5 }), (first, edits) => {
        let now = first;
        let map = new JoinedMap(now, itself);
        for (const changes of [[], ...edits]) {
          now = edited(now, changes);
          map = new JoinedMap(now, itself, map);
          const wanted = plain(now);
          expect([...map]).toEqual([...wanted]);
          expect(map.size).toBe(wanted.size);
          for (let i = 0; i <= 401; i++) expect(map.get(String(i))).toBe(wanted.get(String(i)));
        }
      }),
    );
  });
});
