import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

function colours(block: string): Map<string, string> {
  return new Map([...block.matchAll(/--hs-([a-z0-9-]+):\s*(#[0-9a-f]{6})/g)].map((found) => [found[1]!, found[2]!]));
}

const blocks = css.split(/(?=^:root|^@media)/m).filter((block) => block.includes('--hs-background'));
const [light, darkByPreference, darkByChoice] = blocks.map(colours);

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [bright, dim] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (bright! + 0.05) / (dim! + 0.05);
}

const papers = ['background', 'surface', 'surface-raised', 'surface-sunken'];
const meanings = ['packet', 'changed', 'good', 'stopped'];

/** front, back, at least, why */
const pairs: readonly (readonly [string, string, number, string])[] = [
  ...papers.flatMap((paper) => [
    ['text', paper, 7, 'text is read from the back of a classroom'] as const,
    ['text-quiet', paper, 4.5, 'quiet text is still text'] as const,
    ['line-strong', paper, 3, 'the edge of a box is a graphical object (WCAG 1.4.11)'] as const,
    ['focus', paper, 3, 'the focus ring is seen on every paper'] as const,
    ...meanings.map((name) => [name, paper, 4.5, 'a meaning is also written in its colour'] as const),
  ]),
  ...meanings.flatMap((name) => [
    [name, `${name}-soft`, 4.5, 'a word on its own tint'] as const,
    ['text', `${name}-soft`, 7, 'plain text on a tint'] as const,
    ['on-accent', name, 4.5, 'a word on the full colour'] as const,
  ]),
];

describe.each([
  ['light', light!],
  ['dark', darkByChoice!],
])('%s theme', (_theme, theme) => {
  it.each(pairs)('%s on %s has at least %d:1: %s', (front, back, least) => {
    expect(contrast(theme.get(front)!, theme.get(back)!)).toBeGreaterThanOrEqual(least);
  });

  it('keeps the four meanings at 6:1 on the paper that they are mostly drawn on', () => {
    for (const name of meanings) expect(contrast(theme.get(name)!, theme.get('surface')!)).toBeGreaterThanOrEqual(6);
  });
});

it('is the same dark theme by preference and by choice', () => {
  expect([...darkByPreference!]).toEqual([...darkByChoice!]);
  expect([...light!.keys()]).toEqual([...darkByChoice!.keys()]);
});
