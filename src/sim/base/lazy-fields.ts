import { once } from './once.ts';

/** `known` with more fields, which are all made when one of them is first read. */
export function lazyFields<K extends object, T extends object>(
  known: K,
  keys: readonly (keyof T)[],
  make: () => T,
): K & T {
  const made = once(make);
  const fields = keys.map((key) => [key, { enumerable: true, get: () => made()[key] }] as const);
  return Object.defineProperties({ ...known }, Object.fromEntries(fields)) as K & T;
}
