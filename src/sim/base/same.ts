/** Equality of plain JSON values: by content, whatever the order of keys. An undefined field equals an absent one. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => same(item, b[i]));
  }
  const [left, right] = [a as Fields, b as Fields];
  for (const key of Object.keys(left)) if (!same(left[key], ownField(right, key))) return false;
  for (const key of Object.keys(right)) if (right[key] !== undefined && ownField(left, key) === undefined) return false;
  return true;
}

type Fields = Readonly<Record<string, unknown>>;

const ownField = (of: Fields, key: string): unknown => (Object.hasOwn(of, key) ? of[key] : undefined);
