import type { Brand } from '../base/brand.ts';

/** A MAC address in lower case with colons, as `ip link` prints it. */
export type Mac = Brand<string, 'Mac'>;

export const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff' as Mac;
export const ZERO_MAC = '00:00:00:00:00:00' as Mac;

export function mac(text: string): Mac {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(text)) throw new Error(`Broken invariant: "${text}" is not a MAC address`);
  return text as Mac;
}

/** A stable, locally administered unicast MAC for a name, under a prefix byte such as `0a`. */
export function macFromHash(firstOctet: string, hash: number, salt = 0): Mac {
  const octet = (shift: number): string => ((hash >>> shift) & 255).toString(16).padStart(2, '0');
  return mac(
    `${firstOctet}:${(salt & 255).toString(16).padStart(2, '0')}:${octet(24)}:${octet(16)}:${octet(8)}:${octet(0)}`,
  );
}

/** Group bit of the first octet (IEEE 802): broadcast and multicast. */
export function isGroupMac(address: Mac): boolean {
  return (Number.parseInt(address.slice(0, 2), 16) & 1) === 1;
}
