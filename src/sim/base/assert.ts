/** Stops at a broken invariant. The message says what should have held. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${message}`);
}

/** Proves to the compiler that a union is exhausted; reached only when data lied about its type. */
export function never(value: never, what: string): never {
  throw new Error(`Broken invariant: unknown ${what}: ${JSON.stringify(value)}`);
}

/** The value at a key that must be there. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`Broken invariant: missing ${what}`);
  return value;
}
