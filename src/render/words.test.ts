import { expect, it } from 'vitest';
import { cutAddress, cutToFit } from './words.ts';

it.each([
  ['web-1', 100, 'web-1', 'it fits'],
  ['web-7d4b9c6f5-x1k1z', 80, 'web-7…1k1z', 'the beginning says what it is, the end which one'],
  ['abcdef', 8, 'a', 'hardly any room'],
])('%s in %d px is %s: %s', (text, width, shown) => {
  expect(cutToFit(text, width, 'sans')).toBe(shown);
});

it.each([
  ['10.244.1.2', 20, '10.244.1.2', 'IPv4 is never cut'],
  ['fd00::2', 80, 'fd00::2', 'it fits'],
  ['fd00:10:244:1::2', 90, '…:244:1::2', 'the end says which one'],
  ['[fd00:10:96::e4d4]:80', 100, '[…::e4d4]:80', 'with a port'],
])('address %s in %d px is %s: %s', (text, width, shown) => {
  expect(cutAddress(text, width)).toBe(shown);
});
