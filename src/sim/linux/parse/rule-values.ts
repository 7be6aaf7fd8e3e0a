/** The values of rule options: numbers, networks, ports. */
import { ANY_NET, type Cidr, type Ip, parseCidr, parseIp } from '../../wire/ip.ts';
import type { PortRange } from '../netfilter/iptables/rule.ts';
import type { Problems } from './problems.ts';

export const UINT32_MAX = 0xffffffff;
export const PORT_MAX = 65535;

/** Decimal or `0x` hexadecimal, 0 to `max`. */
export function readNumber(text: string, max: number, problems: Problems): number {
  const value = /^(\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;
  if (value <= max) return value;
  problems.note(`"${text}" is not a number from 0 to ${max}`);
  return 0;
}

export function readNet(text: string, problems: Problems): Cidr {
  const net = parseCidr(text);
  if (net.ok) return net.value;
  problems.note(net.error);
  return ANY_NET;
}

/** `80`, `1024:65535`. */
export function readPorts(text: string, problems: Problems): PortRange {
  const [from = '', to] = text.split(':');
  const first = readNumber(from, PORT_MAX, problems);
  return { from: first, to: to === undefined ? first : readNumber(to, PORT_MAX, problems) };
}

/** `10.0.0.1`, `10.0.0.1:80`, `fd00::1`, `[fd00::1]:80`. */
export function readEndpoint(text: string, problems: Problems): { readonly to: Ip; readonly port?: number } {
  const [, bracketed, v6Port] = /^\[(.+)\](?::(\d+))?$/.exec(text) ?? [];
  const [, plain, v4Port] = /^([^:]+):(\d+)$/.exec(text) ?? [];
  const address = parseIp(bracketed ?? plain ?? text);
  const port = v6Port ?? v4Port;
  if (!address.ok) problems.note(address.error);
  const to = address.ok ? address.value : ANY_NET.base;
  return port === undefined ? { to } : { to, port: readNumber(port, PORT_MAX, problems) };
}

/** `value` or `value/mask`, where a missing mask is all bits. */
export function readMasked(text: string, problems: Problems): { readonly value: number; readonly mask: number } {
  const [value = '', mask] = text.split('/');
  return {
    value: readNumber(value, UINT32_MAX, problems),
    mask: mask === undefined ? UINT32_MAX : readNumber(mask, UINT32_MAX, problems),
  };
}

/** A word of a fixed list. */
export function readWord<const W extends string>(
  text: string,
  words: readonly W[],
  what: string,
  problems: Problems,
): W | null {
  const found = words.find((word) => word === text) ?? null;
  if (found === null) problems.note(`${what} "${text}" is not modelled`);
  return found;
}
