import { describe, expect, it } from 'vitest';
import type { IpPacket, L4 } from '../../wire/frame.ts';
import { ip } from '../../wire/ip.ts';
import { IpvsConnections } from './connection.ts';
import { type IpvsContext, ipvsReply, ipvsRequest } from './forward.ts';
import { printIpvsadmList } from './print.ts';
import { IPVS_SYSCTL_DEFAULTS, type VirtualServer } from './table.ts';

function packet(from: string, to: string, l4: L4): IpPacket {
  const header = { kind: 'ip', ttl: 64, df: false, mf: false, fragOffset: 0, id: 1, len: 80 } as const;
  return { ...header, src: ip(from), dst: ip(to), l4 };
}

const contextOf = (table: VirtualServer[]): IpvsContext => ({
  connections: new IpvsConnections(),
  table,
  sysctl: IPVS_SYSCTL_DEFAULTS,
  nowNs: 0,
  hasOldConntrack: false,
  isLocal: false,
});

describe('virtual servers of IPv6', () => {
  const six: VirtualServer = {
    proto: 'udp',
    ip: ip('fd00:96::10'),
    port: 53,
    scheduler: 'rr',
    realServers: [{ ip: ip('fd00:10::2'), port: 5353, weight: 1 }],
  };
  const datagram = (src: string, sport: number, dst: string, dport: number): IpPacket =>
    packet(src, dst, { proto: 'udp', sport, dport, dataBytes: 10 });
  const unreachable = (from: string, to: string, type: number, code: number, quoted: IpPacket): IpPacket =>
    packet(from, to, { proto: 'ipv6-icmp', type, code, id: 0, seq: 0, dataBytes: 0, quoted });

  it('are scheduled and answered as those of IPv4, and listed in brackets', () => {
    const at = contextOf([six]);
    const request = ipvsRequest(datagram('fd00:10::9', 40_000, 'fd00:96::10', 53), at);
    expect(request).toMatchObject({
      kind: 'translate',
      by: 'scheduler',
      after: { dst: 'fd00:10::2', l4: { dport: 5353 } },
    });
    const reply = ipvsReply(datagram('fd00:10::2', 5353, 'fd00:10::9', 40_000), at);
    expect(reply).toMatchObject({ kind: 'translate', after: { src: 'fd00:96::10', l4: { sport: 53 } } });
    expect(printIpvsadmList([six])).toContain('UDP  [fd00:96::10]:53 rr\n  -> [fd00:10::2]:5353 ');
  });

  it.each([
    ['port unreachable', 1, 4],
    ['packet too big', 2, 0],
    ['hop limit exceeded', 3, 0],
  ])('%s about a request goes back as from the virtual server', (_what, type, code) => {
    const at = contextOf([six]);
    ipvsRequest(datagram('fd00:10::9', 40_000, 'fd00:96::10', 53), at);
    const sent = datagram('fd00:10::9', 40_000, 'fd00:10::2', 5353);
    expect(ipvsReply(unreachable('fd00:10::2', 'fd00:10::9', type, code, sent), at)).toMatchObject({
      kind: 'translate',
      after: { src: 'fd00:96::10', l4: { quoted: { dst: 'fd00:96::10', l4: { dport: 53 } } } },
    });
  });
});
