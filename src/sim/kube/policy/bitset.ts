/** Sets of small numbers, 32 to a word. */
export type Bitset = Uint32Array;

export const makeBitset = (size: number): Bitset => new Uint32Array((size + 31) >>> 5);

export const addBit = (set: Bitset, bit: number): void => {
  set[bit >>> 5] = (set[bit >>> 5] ?? 0) | (1 << (bit & 31));
};

export const hasBit = (set: Bitset, bit: number): boolean => ((set[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;

/** Every number below `size`. */
export function fullBitset(size: number): Bitset {
  const set = makeBitset(size);
  for (let bit = 0; bit < size; bit++) addBit(set, bit);
  return set;
}

export function intersection(a: Bitset, b: Bitset): Bitset {
  const set = new Uint32Array(a.length);
  for (let i = 0; i < a.length; i++) set[i] = (a[i] ?? 0) & (b[i] ?? 0);
  return set;
}

export function difference(a: Bitset, b: Bitset): Bitset {
  const set = new Uint32Array(a.length);
  for (let i = 0; i < a.length; i++) set[i] = (a[i] ?? 0) & ~(b[i] ?? 0);
  return set;
}

/** Puts all of `from` into `into`. */
export function unite(into: Bitset, from: Bitset): void {
  for (let i = 0; i < into.length; i++) into[i] = (into[i] ?? 0) | (from[i] ?? 0);
}

export const isEmptyBitset = (set: Bitset): boolean => set.every((word) => word === 0);

/** In ascending order. */
export function forEachBit(set: Bitset, visit: (bit: number) => void): void {
  for (let i = 0; i < set.length; i++) {
    for (let word = set[i] ?? 0; word !== 0; word &= word - 1) visit((i << 5) + 31 - Math.clz32(word & -word));
  }
}

export function bitsOf(set: Bitset): readonly number[] {
  const bits: number[] = [];
  forEachBit(set, (bit) => bits.push(bit));
  return bits;
}
