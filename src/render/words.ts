/** Words that have to fit: SVG text has no ellipsis of its own, and measuring in the page would cost a layout. */

export type Face = 'sans' | 'bold' | 'mono';

/** Widths in em, a little wide on purpose. */
const MONO_EM = 0.604;
const BOLD = 1.05;
const CLASSES: readonly (readonly [RegExp, number])[] = [
  [/[ilj.:;,'|!]/, 0.29],
  [/[ftr()/\- ]/, 0.43],
  [/[mwMW@%…]/, 0.92],
  [/[A-Z]/, 0.7],
  [/\d/, 0.64],
];
const OTHER_EM = 0.6;

function letterEm(letter: string, face: Face): number {
  if (face === 'mono') return MONO_EM;
  const em = CLASSES.find(([letters]) => letters.test(letter))?.[1] ?? OTHER_EM;
  return face === 'bold' ? em * BOLD : em;
}

export function widthOf(text: string, face: Face, sizePx = 12): number {
  let em = 0;
  for (const letter of text) em += letterEm(letter, face);
  return Math.ceil(em * sizePx);
}

/** Cuts in the middle, since the ends of generated names tell them apart. */
export function cutToFit(text: string, widthPx: number, face: Face, sizePx = 12): string {
  if (widthOf(text, face, sizePx) <= widthPx) return text;
  for (let kept = text.length - 1; kept > 1; kept--) {
    const tail = Math.floor(kept / 2);
    const cut = `${text.slice(0, kept - tail)}…${text.slice(text.length - tail)}`;
    if (widthOf(cut, face, sizePx) <= widthPx) return cut;
  }
  return text.slice(0, 1);
}

/** Of an IPv6 address the end tells one machine from another; it is cut at a colon, and keeps the bracket before a port. */
export function cutAddress(text: string, widthPx: number): string {
  if (widthOf(text, 'mono') <= widthPx || !text.includes('::')) return text;
  const head = text.startsWith('[') ? '[…' : '…';
  const tails = Array.from(text.matchAll(/:/g), ({ index }) => text.slice(index));
  const fits = tails.find(
    (tail) => !tail.includes(']:') === !text.includes(']:') && widthOf(head + tail, 'mono') <= widthPx,
  );
  return head + (fits ?? tails.at(-1) ?? '');
}
