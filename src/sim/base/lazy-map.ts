/** A map whose keys are known and whose values are made when somebody asks for them. */
export class LazyMap<K, V> implements ReadonlyMap<K, V> {
  private readonly made = new Map<K, V>();
  private readonly makers: ReadonlyMap<K, () => V>;

  constructor(makers: ReadonlyMap<K, () => V>) {
    this.makers = makers;
  }

  get size(): number {
    return this.makers.size;
  }

  has(key: K): boolean {
    return this.makers.has(key);
  }

  get(key: K): V | undefined {
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const make = this.makers.get(key);
    if (!make) return undefined;
    const value = make();
    this.made.set(key, value);
    return value;
  }

  keys(): MapIterator<K> {
    return this.makers.keys();
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  *entries(): MapIterator<[K, V]> {
    for (const key of this.makers.keys()) yield [key, this.get(key) as V];
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this) visit(value, key, this);
  }
}
