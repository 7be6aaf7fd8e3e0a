import { ReadMap } from './read-map.ts';

/** A map whose keys are known and whose values are made when somebody asks for them. */
export class LazyMap<K, V> extends ReadMap<K, V> {
  private readonly made = new Map<K, V>();
  private readonly makers: ReadonlyMap<K, () => V>;

  constructor(makers: ReadonlyMap<K, () => V>) {
    super();
    this.makers = makers;
  }

  get size(): number {
    return this.makers.size;
  }

  override has(key: K): boolean {
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

  override keys(): MapIterator<K> {
    return this.makers.keys();
  }

  *entries(): MapIterator<[K, V]> {
    for (const key of this.makers.keys()) yield [key, this.get(key) as V];
  }
}
