/** Terse tuples. What comes out of them is not judged here: the decoder of scenarios sees it next. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Without the items at the end that equal their defaults. */
export function trimTuple(values: readonly Json[], defaults: readonly Json[]): Json[] {
  let length = values.length;
  while (length > 0 && JSON.stringify(values[length - 1]) === JSON.stringify(defaults[length - 1])) length--;
  return values.slice(0, length);
}

/** Anything -> exactly as many items as there are defaults. */
export function fillTuple(tuple: unknown, defaults: readonly Json[]): unknown[] {
  const given = listIn(tuple);
  return defaults.map((standard, i) => (i < given.length ? given[i] : standard));
}

export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Only own keys are read from it, by `Object.entries`. */
export const recordIn = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** A field that is there, or none: for spreading. */
export const optional = (field: string, value: unknown): Readonly<Record<string, unknown>> =>
  value === undefined ? {} : { [field]: value };

/** The word at a position of a table; a position that is not in it stays a number, for the decoder to refuse. */
export const wordAt = (words: readonly string[], position: unknown): unknown =>
  typeof position === 'number' ? (words[position] ?? position) : position;
