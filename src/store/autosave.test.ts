import { describe, expect, it } from 'vitest';
import type { ScenarioEvent } from '../sim/scenario/scenario.ts';
import { decodeLink } from '../sim/scenario/url.ts';
import { createAutosave, SAVE_DELAY_MS } from './autosave.ts';
import { createDocument } from './document.ts';
import { fakeStorage, fakeTimers, forbiddenStorage } from './fake-browser.ts';
import type { KeyValueStorage } from './storage.ts';
import { readWorks } from './works.ts';

const seed = (value: number): ScenarioEvent => ({ type: 'SeedSet', seed: value });

function start(storage: KeyValueStorage = fakeStorage()) {
  const timers = fakeTimers();
  const document = createDocument({ events: [] });
  const moment = { step: 0 };
  const autosave = createAutosave({
    document,
    work: { id: 'a', own: false },
    readMoment: () => moment,
    storage,
    timers,
  });
  const kept = () => readWorks(storage).map(({ id, own, link }) => ({ id, own, opened: decodeLink(link) }));
  return { document, autosave, timers, moment, kept };
}

describe('autosave', () => {
  it('keeps an edit a moment later, as the person’s own', () => {
    const { document, autosave, timers, kept } = start();
    document.apply(seed(7));
    expect(autosave.getState()).toEqual({ work: { id: 'a', own: true }, status: 'waiting' });
    expect(kept()).toEqual([]);
    timers.pass(SAVE_DELAY_MS);
    expect(autosave.getState().status).toBe('saved');
    expect(kept()).toMatchObject([{ id: 'a', own: true, opened: { value: { scenario: { events: [seed(7)] } } } }]);
  });

  it('keeps the moment too, and looking makes nothing one’s own', () => {
    const { autosave, timers, moment, kept } = start();
    moment.step = 12;
    autosave.touch();
    timers.pass(SAVE_DELAY_MS);
    expect(kept()).toMatchObject([{ own: false, opened: { value: { moment: { step: 12 } } } }]);
  });

  it('writes once for many changes', () => {
    const storage = fakeStorage();
    const { document, timers } = start(storage);
    for (let i = 2; i < 20; i++) {
      document.apply(seed(i));
      timers.pass(10);
    }
    timers.pass(SAVE_DELAY_MS);
    expect(storage.writes()).toBe(1);
  });

  it('keeps the work that is left before another takes its place', () => {
    const { document, autosave, kept } = start();
    document.apply(seed(7));
    autosave.switchTo({ id: 'b', own: false });
    document.open({ events: [seed(8)] });
    autosave.flush();
    expect(kept()).toMatchObject([
      { id: 'b', own: false, opened: { value: { scenario: { events: [seed(8)] } } } },
      { id: 'a', own: true, opened: { value: { scenario: { events: [seed(7)] } } } },
    ]);
  });

  it('writes what is waiting when it ends, and no more after that', () => {
    const storage = fakeStorage();
    const { document, autosave, timers } = start(storage);
    document.apply(seed(7));
    autosave.close();
    document.apply(seed(8));
    timers.pass(SAVE_DELAY_MS);
    expect(storage.writes()).toBe(1);
  });

  it('says that it failed', () => {
    const { document, autosave, timers } = start(forbiddenStorage);
    document.apply(seed(7));
    timers.pass(SAVE_DELAY_MS);
    expect(autosave.getState().status).toBe('failed');
  });
});
