import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DOCUMENT_VERSION, type Migration, migrate } from './migrate.ts';

describe('the chain of migrations', () => {
  const steps = new Map<number, Migration>([
    [1, (document) => ({ ...document, trail: 'one' })],
    [2, (document) => ({ ...document, trail: `${document.trail} two` })],
  ]);

  it.each([
    [1, 'one two'],
    [2, 'undefined two'],
    [3, undefined],
  ])('leads from version %d to the present one', (version, trail) => {
    expect(migrate({ version }, steps, 3)).toMatchObject({ ok: true, value: { version: 3 } });
    expect(migrate({ version }, steps, 3)).toMatchObject({ value: trail === undefined ? {} : { trail } });
  });

  it('notices a missing link', () => {
    expect(() => migrate({ version: 1 }, new Map([[2, (document) => document]]), 3)).toThrow(
      'no migration from document version 1',
    );
  });

  it('has a step and a file for every version that was', () => {
    for (let version = 1; version <= DOCUMENT_VERSION; version++) expect(migrate({ version }).ok).toBe(true);
    const files = readdirSync(new URL('.', import.meta.url)).filter((file) => /^v\d+-to-v\d+\.ts$/.test(file));
    const expected = Array.from({ length: DOCUMENT_VERSION - 1 }, (_, i) => `v${i + 1}-to-v${i + 2}.ts`);
    expect(files.sort()).toEqual(expected.sort());
  });
});
