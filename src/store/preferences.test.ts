import { describe, expect, it } from 'vitest';
import { fakeStorage, fakeTimers, forbiddenStorage } from './fake-browser.ts';
import { createPreferences, PREFERENCES_KEY } from './preferences.ts';
import type { KeyValueStorage } from './storage.ts';

const open = (storage: KeyValueStorage, timers = fakeTimers()) =>
  createPreferences({ tabs: ['timeline', 'rules'], storage, timers });
const first = open(fakeStorage()).getState();

describe('preferences', () => {
  it('survive a reload', () => {
    const storage = fakeStorage();
    const timers = fakeTimers();
    const preferences = open(storage, timers);
    preferences.set({ theme: 'dark', dockTab: 'rules' });
    preferences.set({ inspectorWidthPx: 420 });
    timers.pass(1000);
    expect(storage.writes()).toBe(1);
    expect(open(storage).getState()).toEqual({ ...first, theme: 'dark', dockTab: 'rules', inspectorWidthPx: 420 });
  });

  it('are written at once when the page goes away', () => {
    const storage = fakeStorage();
    const preferences = open(storage);
    preferences.set({ speed: 2 });
    preferences.flush();
    expect(open(storage).getState().speed).toBe(2);
  });

  it.each<[string, string, object]>([
    ['what is no JSON', '{', {}],
    ['what is no object', '[]', {}],
    ['a theme that never was', '{"theme":"pink","speed":2}', { speed: 2 }],
    ['a tab that is gone', '{"dockTab":"lessons","dockOpen":false}', { dockOpen: false }],
    ['sizes out of range', '{"dockHeightPx":-5,"inspectorWidthPx":1e9,"speed":null}', {}],
    ['a view of the rules that never was', '{"rules":{"view":"pie"},"speed":2}', { speed: 2 }],
    ['keys of others', '{"__proto__":{"theme":"dark"},"other":1}', {}],
  ])('pass over %s', (_what, value, said) => {
    expect(open(fakeStorage({ [PREFERENCES_KEY]: value })).getState()).toEqual({ ...first, ...said });
  });

  it('work for one visit where storage is forbidden', () => {
    const preferences = open(forbiddenStorage);
    preferences.set({ theme: 'light' });
    preferences.flush();
    expect(preferences.getState().theme).toBe('light');
  });
});
