import { expect, it } from 'vitest';
import { cutToFit } from './words.ts';

it.each([
  ['web-1', 100, 'web-1', 'it fits'],
  ['web-7d4b9c6f5-x1k1z', 80, 'web-7…1k1z', 'the beginning says what it is, the end which one'],
  ['abcdef', 8, 'a', 'hardly any room'],
])('%s in %d px is %s: %s', (text, width, shown) => {
  expect(cutToFit(text, width, 'sans')).toBe(shown);
});
