import { ReadMap } from './read-map.ts';

/** A few entries over many: those on top come first and hide what is under them. Neither map is copied. */
export class LayeredMap<K, V> extends ReadMap<K, V> {
  readonly size: number;
  // Private to the language, not to the types alone: two maps are equal when their entries are.
  readonly #top: ReadonlyMap<K, V>;
  readonly #under: ReadonlyMap<K, V>;

  constructor(top: ReadonlyMap<K, V>, under: ReadonlyMap<K, V>) {
    super();
    this.#top = top;
    this.#under = under;
    let hidden = 0;
    for (const key of top.keys()) if (under.has(key)) hidden += 1;
    this.size = top.size + under.size - hidden;
  }

  get(key: K): V | undefined {
    return this.#top.get(key) ?? this.#under.get(key);
  }

  *entries(): MapIterator<[K, V]> {
    yield* this.#top.entries();
    for (const entry of this.#under.entries()) if (!this.#top.has(entry[0])) yield entry;
  }
}
