import { expect, it } from 'vitest';
import { makeFrameLoop } from './frame-loop.ts';

function hand() {
  const waiting: ((nowMs: number) => void)[] = [];
  const loop = makeFrameLoop((frame) => waiting.push(frame));
  const tick = (nowMs: number): void => {
    for (const frame of waiting.splice(0)) frame(nowMs);
  };
  return { loop, tick, waiting };
}

it('reads of all tasks come before writes of any', () => {
  const { loop, tick } = hand();
  const said: string[] = [];
  const task = (name: string) => ({
    read: () => void said.push(`read ${name}`),
    write: () => said.push(`write ${name}`) < 0,
  });
  loop.add(task('a'));
  loop.add(task('b'));
  tick(0);
  expect(said).toEqual(['read a', 'read b', 'write a', 'write b']);
});

it('sleeps when no task wants another frame, and wakes once however often it is asked', () => {
  const { loop, tick, waiting } = hand();
  let left = 2;
  loop.add({ write: () => --left > 0 });
  tick(0);
  expect(waiting.length).toBe(1);
  tick(16);
  expect(waiting.length).toBe(0);
  expect(loop.isAwake).toBe(false);
  loop.wake();
  loop.wake();
  expect(waiting.length).toBe(1);
});

it('tells the time since the last frame, 0 after sleep, and never a whole hidden minute', () => {
  const { loop, tick } = hand();
  const since: number[] = [];
  let goesOn = true;
  loop.add({
    write: (_now, sinceMs) => {
      since.push(sinceMs);
      return goesOn;
    },
  });
  tick(1000);
  tick(1016);
  goesOn = false;
  tick(61_016);
  loop.wake();
  tick(70_000);
  expect(since).toEqual([0, 16, 100, 0]);
});

it('forgets a removed task', () => {
  const { loop, tick } = hand();
  let calls = 0;
  const remove = loop.add({ write: () => ++calls > 0 });
  remove();
  tick(0);
  expect(calls).toBe(0);
});
