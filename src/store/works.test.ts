import { describe, expect, it } from 'vitest';
import type { Scenario } from '../sim/scenario/scenario.ts';
import { fakeStorage, forbiddenStorage } from './fake-browser.ts';
import { openWork, readWorks, saveWork, WORKS_KEY, WORKS_MAX, type Work } from './works.ts';

const withSeed = (seed: number): Scenario => ({ events: [{ type: 'SeedSet', seed }] });
const work = (id: string, seed: number, own = true): Work => ({
  id,
  own,
  scenario: withSeed(seed),
  moment: { step: seed },
});
const idsOf = (storage: ReturnType<typeof fakeStorage>): string[] => readWorks(storage).map(({ id }) => id);

describe('works', () => {
  it('come back as they were kept, the last one first', () => {
    const storage = fakeStorage();
    saveWork(storage, work('a', 2));
    saveWork(storage, work('b', 3));
    expect(readWorks(storage).map(openWork)).toEqual([work('b', 3), work('a', 2)]);
  });

  it('are kept once each', () => {
    const storage = fakeStorage();
    for (const [id, seed] of [
      ['a', 2],
      ['b', 3],
      ['a', 4],
    ] as const)
      saveWork(storage, work(id, seed));
    expect(idsOf(storage)).toEqual(['a', 'b']);
  });

  it('that were only looked at go when another is opened', () => {
    const storage = fakeStorage();
    saveWork(storage, work('mine', 2));
    saveWork(storage, work('link', 3, false));
    expect(idsOf(storage)).toEqual(['link', 'mine']);
    saveWork(storage, work('other-link', 4, false));
    expect(idsOf(storage)).toEqual(['other-link', 'mine']);
  });

  it('are not more than WORKS_MAX', () => {
    const storage = fakeStorage();
    for (let i = 0; i < WORKS_MAX + 3; i++) saveWork(storage, work(`w${i}`, i + 2));
    expect(idsOf(storage)).toHaveLength(WORKS_MAX);
    expect(idsOf(storage)[0]).toBe(`w${WORKS_MAX + 2}`);
  });

  it('of a newer version are not opened, and not lost', () => {
    const newer = { id: 'newer', own: true, link: '#9.abcd' };
    const storage = fakeStorage({ [WORKS_KEY]: JSON.stringify([newer]) });
    expect(openWork(newer)).toBeNull();
    saveWork(storage, work('a', 2));
    expect(readWorks(storage)).toContainEqual(newer);
  });

  it.each(['{', '5', '[1]', '[{"id":1}]', 'null'])('are none where storage holds %s', (value) => {
    expect(readWorks(fakeStorage({ [WORKS_KEY]: value }))).toEqual([]);
  });

  it('cannot be kept where storage is forbidden', () => {
    expect(readWorks(forbiddenStorage)).toEqual([]);
    expect(saveWork(forbiddenStorage, work('a', 2))).toBe(false);
  });
});
