import type { Sysctl } from '../config.ts';

/** `net.ipv4.ip_forward = 1`. */
export function printSysctl(key: keyof Sysctl, value: number): string {
  return `net.${key} = ${value}`;
}
