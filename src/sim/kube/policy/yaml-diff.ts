/** What changed between two texts, line by line, as `diff -u` shows it. */

export interface LineChange {
  readonly mark: ' ' | '-' | '+';
  readonly line: string;
}

/** The longest common lines stay; both texts are short. */
export function diffLines(before: readonly string[], after: readonly string[]): readonly LineChange[] {
  const lengths = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  const at = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    const row = lengths[i];
    if (!row) continue;
    for (let j = after.length - 1; j >= 0; j--)
      row[j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const changes: LineChange[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    const [old = '', fresh = ''] = [before[i], after[j]];
    if (i < before.length && j < after.length && old === fresh) {
      changes.push({ mark: ' ', line: old });
      i++;
      j++;
    } else if (i < before.length && (j >= after.length || at(i + 1, j) >= at(i, j + 1))) {
      changes.push({ mark: '-', line: old });
      i++;
    } else {
      changes.push({ mark: '+', line: fresh });
      j++;
    }
  }
  return changes;
}
