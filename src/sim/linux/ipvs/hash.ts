/** The two hashes of IPVS schedulers. */

/** GOLDEN_RATIO_32 of include/linux/hash.h. */
const GOLDEN_RATIO_32 = 0x61c88647;
const MASK_64 = (1n << 64n) - 1n;

/** `hash_32(value, bits)`: the high bits of a product (include/linux/hash.h). */
export const hash32 = (value: number, bits: number): number => Math.imul(value, GOLDEN_RATIO_32) >>> (32 - bits);

/** "somepseudorandomlygeneratedbytes", the constants of SipHash (Aumasson and Bernstein, 2012). */
const SIP_CONSTANTS = [0x736f6d6570736575n, 0x646f72616e646f6dn, 0x6c7967656e657261n, 0x7465646279746573n] as const;

export type SipKey = readonly [bigint, bigint];

/** `hsiphash_1u32` on a 64-bit kernel: SipHash-1-3 of four bytes, cut to 32 bits (lib/siphash.c). */
export function hsiphash(value: number, [k0, k1]: SipKey): number {
  const state: SipState = [SIP_CONSTANTS[0] ^ k0, SIP_CONSTANTS[1] ^ k1, SIP_CONSTANTS[2] ^ k0, SIP_CONSTANTS[3] ^ k1];
  const block = (4n << 56n) | BigInt(value >>> 0);
  state[3] ^= block;
  sipRound(state);
  state[0] ^= block;
  state[2] ^= 0xffn;
  for (let i = 0; i < 3; i++) sipRound(state);
  return Number((state[0] ^ state[1] ^ state[2] ^ state[3]) & 0xffffffffn);
}

type SipState = [bigint, bigint, bigint, bigint];

function sipRound(v: SipState): void {
  v[0] = (v[0] + v[1]) & MASK_64;
  v[1] = rotate(v[1], 13n) ^ v[0];
  v[0] = rotate(v[0], 32n);
  v[2] = (v[2] + v[3]) & MASK_64;
  v[3] = rotate(v[3], 16n) ^ v[2];
  v[0] = (v[0] + v[3]) & MASK_64;
  v[3] = rotate(v[3], 21n) ^ v[0];
  v[2] = (v[2] + v[1]) & MASK_64;
  v[1] = rotate(v[1], 17n) ^ v[2];
  v[2] = rotate(v[2], 32n);
}

const rotate = (word: bigint, bits: bigint): bigint => ((word << bits) | (word >> (64n - bits))) & MASK_64;
