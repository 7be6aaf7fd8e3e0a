import { hash32 } from '../base/rng.ts';
import { LINE_CHARS_MAX } from './limits.ts';

/** How a saved event names a printed line. A verdict map over hundreds of endpoints is longer than a link should be: its start and a hash. */
export function lineName(line: string): string {
  if (line.length <= LINE_CHARS_MAX) return line;
  const mark = `... (${hash32(line).toString(16)})`;
  return line.slice(0, LINE_CHARS_MAX - mark.length) + mark;
}
