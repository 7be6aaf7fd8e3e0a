import { describe, expect, it } from 'vitest';
import { fakeStorage, fakeTimers, forbiddenStorage } from './fake-browser.ts';
import { delayed, readJson, readKey, writeKey } from './storage.ts';

describe('reading and writing', () => {
  it('says what was kept, and undefined for what is no JSON', () => {
    const storage = fakeStorage({ a: '{"b":1}', c: '{' });
    expect(readJson(storage, 'a')).toEqual({ b: 1 });
    expect(readJson(storage, 'c')).toBeUndefined();
    expect(readJson(storage, 'none')).toBeUndefined();
    expect(writeKey(storage, 'd', 'e') && readKey(storage, 'd')).toBe('e');
  });

  it('goes on where storage is forbidden', () => {
    expect(readKey(forbiddenStorage, 'a')).toBeNull();
    expect(writeKey(forbiddenStorage, 'a', 'b')).toBe(false);
  });
});

describe('a delayed run', () => {
  it('waits for the last of several calls', () => {
    const timers = fakeTimers();
    let runs = 0;
    const { schedule } = delayed(timers, 100, () => runs++);
    schedule();
    timers.pass(60);
    schedule();
    timers.pass(60);
    expect(runs).toBe(0);
    timers.pass(60);
    expect(runs).toBe(1);
  });

  it('runs at once when it must, once, and not at all when nothing waits', () => {
    const timers = fakeTimers();
    let runs = 0;
    const { schedule, flush, cancel } = delayed(timers, 100, () => runs++);
    flush();
    schedule();
    flush();
    timers.pass(1000);
    schedule();
    cancel();
    timers.pass(1000);
    expect(runs).toBe(1);
  });
});
