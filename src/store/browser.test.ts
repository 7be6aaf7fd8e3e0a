import { afterEach, expect, it, vi } from 'vitest';
import { browserTimers, newWorkId, openBrowserStorage } from './browser.ts';
import { fakeStorage } from './fake-browser.ts';
import { readKey, writeKey } from './storage.ts';

afterEach(() => vi.unstubAllGlobals());

it('keeps in localStorage', () => {
  const fake = fakeStorage();
  vi.stubGlobal('localStorage', fake);
  expect(writeKey(openBrowserStorage(), 'a', 'b')).toBe(true);
  expect(fake.values.get('a')).toBe('b');
});

it('keeps nothing where reaching for localStorage throws', () => {
  vi.stubGlobal('localStorage', undefined);
  const storage = openBrowserStorage();
  expect(writeKey(storage, 'a', 'b')).toBe(false);
  expect(readKey(storage, 'a')).toBeNull();
});

it('starts and stops timers', () => {
  const started: number[] = [];
  vi.stubGlobal('window', {
    setTimeout: (_run: () => void, ms: number) => started.push(ms),
    clearTimeout: (timer: number) => started.splice(timer - 1, 1),
  });
  const timer = browserTimers.start(() => {}, 50);
  expect(started).toEqual([50]);
  browserTimers.stop(timer);
  expect(started).toEqual([]);
});

it('names each work differently', () => {
  expect(newWorkId()).not.toBe(newWorkId());
});
