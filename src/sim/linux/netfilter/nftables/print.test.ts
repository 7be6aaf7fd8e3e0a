/** Texts of the real program: what it was given, and what it listed after that. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseNft } from './parse.ts';
import { printSeconds, printTable } from './print.ts';
import { parsePriority, printPriority } from './priority.ts';

const recording = (file: string): string => readFileSync(new URL(`recordings/${file}`, import.meta.url), 'utf8');

function listed(text: string): string {
  const parsed = parseNft(text);
  if (!parsed.ok) throw new Error(`line ${parsed.error.line}: ${parsed.error.message}`);
  return parsed.value.map((table) => `${printTable(table)}\n`).join('');
}

describe('nft -s list ruleset', () => {
  it('prints what it was given as the real program does', () => {
    expect(listed(recording('nft-input.txt'))).toBe(recording('nft-list.txt'));
  });

  it('prints a listing as it was', () => {
    expect(listed(recording('nft-list.txt'))).toBe(recording('nft-list.txt'));
  });

  it('an empty table is two lines', () => {
    expect(listed('add table ip6 t')).toBe('table ip6 t {\n}\n');
  });
});

describe('priorities', () => {
  it.each([
    [-100, 'PREROUTING', 'dstnat'],
    [-110, 'PREROUTING', 'dstnat - 10'],
    [-111, 'PREROUTING', '-111'],
    [-110, 'OUTPUT', '-110'],
    [100, 'POSTROUTING', 'srcnat'],
    [100, 'INPUT', '100'],
    [0, 'FORWARD', 'filter'],
    [-7, 'FORWARD', 'filter - 7'],
    [60, 'INPUT', 'security + 10'],
  ] as const)('%i at %s is %s', (priority, hook, text) => {
    expect(printPriority(priority, hook)).toBe(text);
    expect(parsePriority(text)).toBe(priority);
  });

  it('another word is none', () => {
    expect(parsePriority('late')).toBeUndefined();
    expect(parsePriority('1e3')).toBeUndefined();
  });
});

describe('times', () => {
  it.each([
    [10_800, '3h'],
    [86_461, '1d1m1s'],
    [59, '59s'],
  ])('%i s is %s', (seconds, text) => {
    expect(printSeconds(seconds)).toBe(text);
  });
});
