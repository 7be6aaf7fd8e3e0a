import { describe, expect, it } from 'vitest';
import type { IpPacket } from '../../wire/frame.ts';
import { ip } from '../../wire/ip.ts';
import { inWordsOf } from './family-words.ts';

const to = (dst: string): IpPacket => ({
  kind: 'ip',
  src: ip(dst),
  dst: ip(dst),
  ttl: 64,
  df: false,
  mf: false,
  fragOffset: 0,
  id: 1,
  len: 60,
  l4: { proto: 'udp', sport: 1, dport: 2, dataBytes: 12 },
});

describe('a sentence about a packet of IPv6', () => {
  it.each([
    ['TTL 64 becomes 63', 'Hop limit 64 becomes 63'],
    [
      'node-1 forwards the packet like a router, so it takes one from the TTL.',
      'node-1 forwards the packet like a router, so it takes one from the hop limit.',
    ],
    ['Nobody answers ARP', 'Nobody answers NDP'],
    ['The sender gets an ICMP "time exceeded".', 'The sender gets an ICMPv6 "time exceeded".'],
    ['The kernel answers ICMP itself.', 'The kernel answers ICMPv6 itself.'],
    ['sysctl net.ipv4.ip_forward   # on node-1', 'sysctl net.ipv6.conf.all.forwarding   # on node-1'],
    ['Port 80 is closed.', 'Port 80 is closed.'],
  ])('%s', (text, expected) => {
    expect(inWordsOf(to('fd00::1'), text)).toBe(expected);
    expect(inWordsOf(to('10.0.0.1'), text)).toBe(text);
  });
});
