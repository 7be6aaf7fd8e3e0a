/** Equality of plain JSON values: by content, whatever the order of keys. An undefined field equals an absent one. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
  }
  const [left, right] = [presentEntries(a), presentEntries(b)];
  const rightValues = new Map(right);
  return (
    left.length === right.length &&
    left.every(([key, value]) => rightValues.has(key) && same(value, rightValues.get(key)))
  );
}

function presentEntries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, field]) => field !== undefined);
}
