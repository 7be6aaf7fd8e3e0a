/** Of how many settings the last list is remembered. */
const LISTS_MAX = 32;

interface Last<K, V> {
  readonly of: readonly K[];
  readonly values: readonly V[];
}

/**
 * Remembers what was made of an object, for as long as the object lives. `given` names everything else that `make` reads: what is
 * kept must be a pure function of the two, so that remembering changes nothing but time.
 */
export class Kept<K extends object, V> {
  private readonly values = new WeakMap<K, Map<string, V>>();
  private readonly lists = new Map<string, Last<K, V>>();

  get(of: K, given: string, make: (of: K) => V): V {
    let known = this.values.get(of);
    if (!known) {
      known = new Map();
      this.values.set(of, known);
    }
    const before = known.get(given);
    if (before !== undefined) return before;
    const value = make(of);
    known.set(given, value);
    return value;
  }

  /** The same of many. What stands where it stood the last time is not even looked up. */
  list(of: readonly K[], given: string, make: (of: K) => V): readonly V[] {
    const last = this.lists.get(given);
    const values = of.map((one, at) => {
      const before = last?.of[at] === one ? last.values[at] : undefined;
      return before ?? this.get(one, given, make);
    });
    this.lists.delete(given);
    this.lists.set(given, { of, values });
    const [oldest] = this.lists.keys();
    if (this.lists.size > LISTS_MAX && oldest !== undefined) this.lists.delete(oldest);
    return values;
  }
}
