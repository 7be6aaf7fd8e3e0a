import { expect, it } from 'vitest';
import { Kept } from './kept.ts';

it('makes a value once for each object and setting, wherever the object stands in a list', () => {
  const made: string[] = [];
  const kept = new Kept<{ readonly name: string }, string>();
  const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name })) as [{ name: string }, { name: string }, { name: string }];
  const list = (of: readonly { readonly name: string }[], given: string): readonly string[] =>
    kept.list(of, given, ({ name }) => {
      made.push(`${name} ${given}`);
      return `${name} ${given}`;
    });
  expect(list([a, b], 'x')).toEqual(['a x', 'b x']);
  expect(list([a, c, b], 'x')).toEqual(['a x', 'c x', 'b x']);
  expect(list([b], 'y')).toEqual(['b y']);
  expect(list([b, a], 'x')).toEqual(['b x', 'a x']);
  expect(list([{ name: 'a' }], 'x')).toEqual(['a x']);
  expect(made).toEqual(['a x', 'b x', 'c x', 'b y', 'a x']);
});
