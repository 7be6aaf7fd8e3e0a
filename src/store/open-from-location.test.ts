import { describe, expect, it } from 'vitest';
import type { Scenario } from '../sim/scenario/scenario.ts';
import { encodeLink } from '../sim/scenario/url.ts';
import { openFromLocation } from './open-from-location.ts';
import type { SavedWork } from './works.ts';

const withSeed = (seed: number): Scenario => ({ events: [{ type: 'SeedSet', seed }] });
const firstVisit = withSeed(100);
const saved = (id: string, seed: number, own = true): SavedWork => ({
  id,
  own,
  link: encodeLink(withSeed(seed), { step: seed }),
});
const mine = saved('mine', 2);
const open = (hash: string, ...works: SavedWork[]) =>
  openFromLocation({ hash, saved: works, firstVisit, newId: () => 'new' });
const linkTo = (seed: number): string => encodeLink(withSeed(seed), { step: 9, view: 'rules' });

describe('opening', () => {
  it('shows the first visit where nothing was kept', () => {
    expect(open('')).toEqual({
      work: { id: 'new', own: false, scenario: firstVisit, moment: { step: 0 } },
      from: 'first-visit',
      error: null,
      kept: null,
      stripHash: false,
    });
  });

  it('goes on with the last work', () => {
    const opening = open('', mine, saved('older', 3));
    expect(opening).toMatchObject({ from: 'saved', kept: null, stripHash: false });
    expect(opening.work).toEqual({ id: 'mine', own: true, scenario: withSeed(2), moment: { step: 2 } });
  });

  it('opens a link as a work of its own, at its moment, and offers the way back', () => {
    const opening = open(linkTo(5), mine);
    expect(opening).toMatchObject({ from: 'link', error: null, stripHash: true, kept: { id: 'mine' } });
    expect(opening.work).toEqual({ id: 'new', own: false, scenario: withSeed(5), moment: { step: 9, view: 'rules' } });
  });

  it('still offers the way back after a reload', () => {
    expect(open('', saved('visited', 5, false), mine)).toMatchObject({
      work: { id: 'visited' },
      kept: { id: 'mine', own: true },
    });
  });

  it('goes on with its own work when the link says the same', () => {
    const opening = open(linkTo(2), saved('visited', 5, false), mine);
    expect(opening).toMatchObject({ work: { id: 'mine', own: true, moment: { step: 9 } }, kept: null });
  });

  it.each<[string, string, string]>([
    ['cut', linkTo(5).slice(0, -3), 'truncated'],
    ['changed', `${linkTo(5).slice(0, -2)}AA`, 'altered'],
    ['newer', '#2.abcdefgh', 'newer'],
  ])('says that a link was %s, and opens what was kept', (_what, hash, kind) => {
    expect(open(hash, mine)).toMatchObject({ work: { id: 'mine' }, from: 'saved', error: { kind }, stripHash: true });
    expect(open(hash)).toMatchObject({ work: { scenario: firstVisit }, from: 'first-visit', error: { kind } });
  });

  it('leaves an anchor of the page alone', () => {
    expect(open('#timeline', mine)).toMatchObject({ work: { id: 'mine' }, error: null, stripHash: false });
  });

  it('passes over a work that only a newer version can open', () => {
    expect(open('', { id: 'newer', own: true, link: '#9.abc' }, mine).work.id).toBe('mine');
  });
});
