/** The bits of the packet mark that Felix takes from 0xffff0000, lowest first (felix/dataplane/driver.go, v3.31), and words with them. */

/** Policy or a profile let the packet pass. */
export const ACCEPTED = 0x10000;
/** A policy left the decision to the next tier. */
export const PASSED = 0x20000;
/** A policy denies it; no rule clears it. Since v3.30. */
export const DROPPED = 0x40000;
export const SCRATCH_0 = 0x80000;
export const SCRATCH_1 = 0x100000;
export const ALL_BITS = ACCEPTED | PASSED | SCRATCH_0 | SCRATCH_1;

const hex = (bits: number): string => `0x${bits.toString(16)}`;

export const isSet = (bits: number): string => `-m mark --mark ${hex(bits)}/${hex(bits)}`;
export const isNotClear = (bits: number): string => `-m mark ! --mark 0/${hex(bits)}`;
export const isClear = (bits: number): string => `-m mark --mark 0/${hex(bits)}`;

export const set = (bits: number): string => `--jump MARK --set-mark ${hex(bits)}/${hex(bits)}`;
export const setMasked = (bits: number, mask: number): string => `--jump MARK --set-mark ${hex(bits)}/${hex(mask)}`;
export const clear = (bits: number): string => `--jump MARK --set-mark 0/${hex(bits)}`;
