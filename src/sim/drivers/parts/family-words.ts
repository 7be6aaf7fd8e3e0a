/** What is another thing in IPv6 and has the same part. */
import type { Family } from '../../kube/families.ts';
import type { Sysctl } from '../../linux/config.ts';
import { ANY_NET, type Cidr, MULTICAST_NET } from '../../wire/ip.ts';
import { ANY_NET_6, MULTICAST_NET_6 } from '../../wire/ip6.ts';

const ANY: Readonly<Record<Family, Cidr>> = { 4: ANY_NET, 6: ANY_NET_6 };
const MULTICAST: Readonly<Record<Family, Cidr>> = { 4: MULTICAST_NET, 6: MULTICAST_NET_6 };
const FORWARDING: Readonly<Record<Family, Partial<Sysctl>>> = {
  4: { 'ipv4.ip_forward': 1 },
  6: { 'ipv6.conf.all.forwarding': 1 },
};
const BRIDGE_CALLS: Readonly<Record<Family, Partial<Sysctl>>> = {
  4: { 'bridge.bridge-nf-call-iptables': 1 },
  6: { 'bridge.bridge-nf-call-ip6tables': 1 },
};

/** `0.0.0.0/0` or `::/0`, for whatever `of` is of. */
export const anyNet = ({ family }: Pick<Cidr, 'family'>): Cidr => ANY[family];
export const multicastNet = ({ family }: Pick<Cidr, 'family'>): Cidr => MULTICAST[family];
export const forwardingOn = ({ family }: Pick<Cidr, 'family'>): Partial<Sysctl> => FORWARDING[family];
/** Frames of bridges are lent to the rules of that family. */
export const bridgeCallsOn = ({ family }: Pick<Cidr, 'family'>): Partial<Sysctl> => BRIDGE_CALLS[family];
/** Of one address alone. */
export const hostPrefix = ({ family }: Pick<Cidr, 'family'>): 32 | 128 => (family === 4 ? 32 : 128);
