import { err, ok, type Result } from '../../base/result.ts';

/**
 * Splits a line into words as iptables-restore does: at white space, except inside double quotes; a backslash inside quotes
 * takes the next character as it is (iptables/xshared.c `add_param_to_argv`, 1.8.9).
 */
export function splitWords(line: string): Result<string[], string> {
  const words: string[] = [];
  let word: string | null = null;
  let isQuoted = false;
  for (let i = 0; i < line.length; i++) {
    const letter = line[i] ?? '';
    if (isQuoted && letter === '\\') {
      i += 1;
      word = (word ?? '') + (line[i] ?? '');
    } else if (letter === '"') {
      isQuoted = !isQuoted;
      word ??= '';
    } else if (!isQuoted && /\s/.test(letter)) {
      if (word !== null) words.push(word);
      word = null;
    } else {
      word = (word ?? '') + letter;
    }
  }
  if (isQuoted) return err('a quote is not closed');
  if (word !== null) words.push(word);
  return ok(words);
}
