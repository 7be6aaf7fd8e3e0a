/** Words that have to fit: SVG text has no ellipsis of its own. */

/** Widths of one letter at 12 px, of the two faces that are used; a little wide on purpose. */
const LETTER = { sans: 6.6, bold: 7.4, mono: 7.25 } as const;

export type Face = keyof typeof LETTER;

/** Cuts in the middle, since the ends of generated names tell them apart. */
export function cutToFit(text: string, widthPx: number, face: Face, sizePx = 12): string {
  const room = Math.floor(widthPx / (LETTER[face] * (sizePx / 12)));
  if (text.length <= room) return text;
  if (room <= 2) return text.slice(0, Math.max(1, room));
  const tail = Math.floor((room - 1) / 2);
  return `${text.slice(0, room - 1 - tail)}…${text.slice(text.length - tail)}`;
}

export function widthOf(text: string, face: Face, sizePx = 12): number {
  return Math.ceil(text.length * LETTER[face] * (sizePx / 12));
}
