import { ReadMap } from './read-map.ts';

type Entries<V> = readonly (readonly [key: string, value: V])[];

/** Once so large a part of an index was replaced, a new one is made. */
const REPLACED_PART_MAX = 8;
const ITEMS_FEW = 64;

/**
 * What many items contribute, as one map, walked in their order; of two entries with one key the later stands. The index by key is
 * taken over from the map before, as far as it has the same items (by identity): of ten thousand Services' chains an edit changes five.
 * What is in the map does not depend on the map before, which was made with the same `pick`.
 */
export class JoinedMap<T, V> extends ReadMap<string, V> {
  readonly size: number;
  // Private to the language, not to the types alone: two maps are equal when their entries are.
  readonly #items: readonly T[];
  readonly #pick: (item: T) => Entries<V>;
  readonly #index: Index<V>;

  constructor(items: readonly T[], pick: (item: T) => Entries<V>, before?: JoinedMap<T, V>) {
    super();
    this.#items = items;
    this.#pick = pick;
    this.#index = (before && grownIndex(before.#index, before.#items, items, pick)) ?? newIndex(items, pick);
    this.size = this.#index.size;
  }

  get(key: string): V | undefined {
    return find(this.#index, key);
  }

  /** The entries as an array, which is quicker to make than to iterate over. */
  toArray(): (readonly [string, V])[] {
    // With twins the index was made anew, and a Map has each key once, where it stood first.
    if (this.#index.hasTwins) return [...this.#index.base];
    const found: (readonly [string, V])[] = [];
    if (this.size === 0) return found;
    for (const item of this.#items) for (const entry of this.#pick(item)) found.push(entry);
    return found;
  }

  *entries(): MapIterator<[string, V]> {
    for (const [key, value] of this.toArray()) yield [key, value];
  }
}

interface Index<V> {
  readonly base: ReadonlyMap<string, V>;
  /** What came, and undefined for what went, since `base` was made. */
  readonly changes: ReadonlyMap<string, V | undefined>;
  readonly size: number;
  /** Some key stands in two entries. Taking one of them away must leave the other, so such an index is never grown. */
  readonly hasTwins: boolean;
}

function find<V>({ base, changes }: Pick<Index<V>, 'base' | 'changes'>, key: string): V | undefined {
  if (changes.size === 0) return base.get(key);
  return changes.has(key) ? changes.get(key) : base.get(key);
}

function newIndex<T, V>(items: readonly T[], pick: (item: T) => Entries<V>): Index<V> {
  const base = new Map<string, V>();
  let entries = 0;
  for (const item of items) {
    const own = pick(item);
    entries += own.length;
    for (const [key, value] of own) base.set(key, value);
  }
  return { base, changes: new Map(), size: base.size, hasTwins: entries !== base.size };
}

function grownIndex<T, V>(
  index: Index<V>,
  was: readonly T[],
  is: readonly T[],
  pick: (item: T) => Entries<V>,
): Index<V> | undefined {
  if (index.hasTwins) return undefined;
  const [gone, come] = difference(was, is);
  // So many that the changes would be as good as a new index: not worth collecting.
  if (gone.length + come.length > Math.max(ITEMS_FEW, is.length / REPLACED_PART_MAX)) return undefined;
  const changes = new Map(index.changes);
  let { size } = index;
  for (const item of gone) {
    for (const [key] of pick(item)) changes.set(key, undefined);
    size -= pick(item).length;
  }
  for (const item of come) {
    for (const [key, value] of pick(item)) {
      if (find({ base: index.base, changes }, key) !== undefined) return undefined;
      changes.set(key, value);
    }
    size += pick(item).length;
  }
  if (changes.size > index.base.size / REPLACED_PART_MAX) return undefined;
  return { ...index, changes, size };
}

/** The items that are in only one of two rows. Most edits leave the beginning and the end as they were. */
function difference<T>(was: readonly T[], is: readonly T[]): readonly [gone: readonly T[], come: readonly T[]] {
  const short = Math.min(was.length, is.length);
  let head = 0;
  while (head < short && was[head] === is[head]) head += 1;
  let tail = 0;
  while (tail < short - head && was[was.length - 1 - tail] === is[is.length - 1 - tail]) tail += 1;
  const [old, fresh] = [was.slice(head, was.length - tail), is.slice(head, is.length - tail)];
  const [inOld, inFresh] = [new Set(old), new Set(fresh)];
  return [old.filter((item) => !inFresh.has(item)), fresh.filter((item) => !inOld.has(item))];
}

/** Makes joined maps, each from the last one of its name; of names it remembers the last few. */
export class JoinedMaps<T, V> {
  private readonly last = new Map<string, JoinedMap<T, V>>();
  private readonly namesMax: number;

  constructor(namesMax: number) {
    this.namesMax = namesMax;
  }

  /** `pick` is always the same for one name. */
  make(name: string, items: readonly T[], pick: (item: T) => Entries<V>): JoinedMap<T, V> {
    const made = new JoinedMap(items, pick, this.last.get(name));
    this.last.delete(name);
    this.last.set(name, made);
    const [oldest] = this.last.keys();
    if (this.last.size > this.namesMax && oldest !== undefined) this.last.delete(oldest);
    return made;
  }
}
