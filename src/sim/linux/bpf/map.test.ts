import { describe, expect, it } from 'vitest';
import { ip } from '../../wire/ip.ts';
import { type BpfMapKind, kindOfMap, printTable, suffixOf } from './kind.ts';
import { type BpfMap, findEntry, findLongest } from './map.ts';

const entry = (base: string, prefix: number, value: number) => ({ key: { base, prefix }, value: { value } });
const trie: BpfMap = {
  name: 'trie',
  entries: [entry('0.0.0.0', 0, 1), entry('10.0.0.0', 8, 2), entry('10.1.0.0', 16, 3), entry('10.1.2.3', 32, 4)],
};

describe('a trie', () => {
  it.each([
    ['10.1.2.3', 4],
    ['10.1.2.4', 3],
    ['10.2.0.1', 2],
    ['192.168.0.1', 1],
  ])('finds the longest prefix of %s', (address, value) => {
    expect(findLongest(trie, ip(address))?.value.value).toBe(value);
  });

  it('finds nothing where nothing covers the address', () => {
    expect(findLongest({ name: 'empty', entries: trie.entries.slice(1) }, ip('192.168.0.1'))).toBeUndefined();
  });
});

it('a hash finds the whole key only', () => {
  expect(findEntry(trie, { base: '10.1.0.0', prefix: 16 })?.value).toEqual({ value: 3 });
  expect(findEntry(trie, { base: '10.1.0.0', prefix: 15 })).toBeUndefined();
});

it('prints columns as text/tabwriter does: three blanks after the widest cell, none at the end', () => {
  expect(
    printTable(
      ['A', 'LONGER'],
      [
        ['wide cell', 'b'],
        ['', 'c'],
      ],
    ),
  ).toEqual(['A           LONGER', 'wide cell   b', '            c']);
});

describe('the kind of a map', () => {
  const kind = (name: string): BpfMapKind => ({
    name,
    type: 'hash',
    about: '',
    command: () => '',
    header: [],
    print: () => [],
  });
  const kinds = [kind('cilium_policy_v2'), kind('cilium_lb4_services_v2')];

  it.each([
    ['cilium_policy_v2_01145', 'cilium_policy_v2', '01145'],
    ['cilium_lb4_services_v2', 'cilium_lb4_services_v2', ''],
  ])('%s', (name, expected, suffix) => {
    const found = kindOfMap(kinds, name);
    expect(found?.name).toBe(expected);
    expect(found && suffixOf(found, name)).toBe(suffix);
  });

  it('is unknown of a map that nobody described', () => {
    expect(kindOfMap(kinds, 'other')).toBeUndefined();
  });
});
