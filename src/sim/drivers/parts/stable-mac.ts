import { hash32 } from '../../base/rng.ts';
import { type Mac, macFromHash } from '../../wire/mac.ts';

/**
 * A MAC as the kernel would draw it at random (unicast, locally administered), but the same every time for one name.
 * SIMPLIFIED: real ones differ after every restart.
 */
export function stableMac(name: string): Mac {
  const first = hash32(`${name} first octets`);
  const octet = ((first & 0xfc) | 0x02).toString(16).padStart(2, '0');
  return macFromHash(octet, hash32(name), first >>> 8);
}
