import { type Cidr, cidrNth, type Ip } from '../wire/ip.ts';

/** One node's pod addresses, given out as the host-local IPAM plugin does. */
export interface PodRange {
  /** The next free address, or null when none is left. */
  take(): Ip | null;
  /** The last free one: what `take` gives shortly before it wraps. */
  takeLast(): Ip | null;
  release(address: Ip): void;
}

/** .1 is the bridge's. */
const FIRST_POD_OFFSET = 2;
/** Where `takeLast` starts in a range without a practical end. */
const LAST_OFFSET_MAX = 0xfffe;

/** Round robin from the last one reserved: a released address comes again only after the range has wrapped. */
export function makePodRange(range: Cidr): PodRange {
  const lastOffset = range.family === 4 ? 2 ** (32 - range.prefix) - 2 : 2 ** (128 - range.prefix) - 1;
  const taken = new Set<Ip>();
  let next = FIRST_POD_OFFSET;
  return {
    take() {
      if (taken.size > lastOffset - FIRST_POD_OFFSET) return null;
      for (;;) {
        const address = cidrNth(range, next);
        next = next === lastOffset ? FIRST_POD_OFFSET : next + 1;
        if (taken.has(address)) continue;
        taken.add(address);
        return address;
      }
    },
    takeLast() {
      for (let offset = Math.min(lastOffset, LAST_OFFSET_MAX); offset >= FIRST_POD_OFFSET; offset--) {
        const address = cidrNth(range, offset);
        if (taken.has(address)) continue;
        taken.add(address);
        return address;
      }
      return null;
    },
    release: (address) => void taken.delete(address),
  };
}
