import { describe, expect, it } from 'vitest';
import type { IpPacket, L4 } from '../../wire/frame.ts';
import { ip } from '../../wire/ip.ts';
import { ConntrackTable, track } from '../netfilter/conntrack.ts';
import { IpvsConnections } from './connection.ts';
import { trackReply, trackRequest } from './conntrack.ts';
import { type IpvsContext, type IpvsVerdict, ipvsReply, ipvsRequest } from './forward.ts';
import { printIpvsadmList } from './print.ts';
import { IPVS_SYSCTL_DEFAULTS, type RealServer, type VirtualServer } from './table.ts';

const S = 1_000_000_000;
const VIP = '10.96.0.1';

const real = (n: number, weight = 1): RealServer => ({ ip: ip(`10.244.0.${n}`), port: 8080, weight });

function web(realServers: RealServer[], more: Partial<VirtualServer> = {}): VirtualServer {
  return { proto: 'tcp', ip: ip(VIP), port: 80, scheduler: 'rr', realServers, ...more };
}

function packet(from: string, to: string, l4: L4): IpPacket {
  const header = { kind: 'ip', ttl: 64, df: true, mf: false, fragOffset: 0, id: 1, len: 60 } as const;
  return { ...header, src: ip(from), dst: ip(to), l4 };
}

function tcp(from: string, to: string, flags: string): IpPacket {
  const [src = '', sport] = from.split(':');
  const [dst = '', dport] = to.split(':');
  return packet(src, dst, {
    proto: 'tcp',
    sport: Number(sport),
    dport: Number(dport),
    flags,
    seq: 0,
    ack: 0,
    dataBytes: 0,
  });
}

function udp(from: string, to: string): IpPacket {
  const [src = '', sport] = from.split(':');
  const [dst = '', dport] = to.split(':');
  return packet(src, dst, { proto: 'udp', sport: Number(sport), dport: Number(dport), dataBytes: 10 });
}

function portUnreachable(from: string, to: string, quoted: IpPacket): IpPacket {
  return packet(from, to, { proto: 'icmp', type: 3, code: 3, id: 0, seq: 0, dataBytes: 0, quoted });
}

/** One namespace; what is not said is as kube-proxy sets it. */
function node(table: VirtualServer[], more: Partial<IpvsContext> = {}) {
  const connections = new IpvsConnections();
  const kubeProxy = { 'ipv4.vs.conntrack': 1, 'ipv4.vs.expire_nodest_conn': 1, 'ipv4.vs.expire_quiescent_template': 1 };
  const base: IpvsContext = {
    connections,
    table,
    sysctl: { ...IPVS_SYSCTL_DEFAULTS, ...kubeProxy } as IpvsContext['sysctl'],
    nowNs: 0,
    hasOldConntrack: false,
    isLocal: false,
    ...more,
  };
  return {
    connections,
    request: (sent: IpPacket, at: Partial<IpvsContext> = {}) => said(ipvsRequest(sent, { ...base, ...at })),
    reply: (sent: IpPacket, at: Partial<IpvsContext> = {}) => said(ipvsReply(sent, { ...base, ...at })),
    loads: (of = table) =>
      printIpvsadmList(of, connections)
        .split('\n')
        .filter((line) => line.includes('Masq'))
        .map((line) => line.trim().split(/\s+/).slice(-2).join('+')),
  };
}

/** `10.244.1.5:40000 > 10.244.0.1:8080 (scheduler)`, or the kind of verdict. */
function said(verdict: IpvsVerdict): string {
  if (verdict.kind !== 'translate') return verdict.kind;
  return `${line(verdict.after)} (${verdict.by})`;
}

function line({ src, dst, l4 }: IpPacket): string {
  if ('quoted' in l4 && l4.quoted) return `${src} > ${dst} about ${line(l4.quoted)}`;
  return 'sport' in l4 ? `${src}:${l4.sport} > ${dst}:${l4.dport}` : `${src} > ${dst}`;
}

const CLIENT = '10.244.1.5:40000';
const SERVICE = `${VIP}:80`;
const handshake = (n: ReturnType<typeof node>, client = CLIENT, server = '10.244.0.1:8080'): string[] => [
  n.request(tcp(client, SERVICE, 'S')),
  n.reply(tcp(server, client, 'SA')),
  n.request(tcp(client, SERVICE, 'A')),
];

describe('requests and replies', () => {
  it('one connection keeps its server in both directions', () => {
    const n = node([web([real(1)])]);
    expect(handshake(n)).toEqual([
      '10.244.1.5:40000 > 10.244.0.1:8080 (scheduler)',
      '10.96.0.1:80 > 10.244.1.5:40000 (connection)',
      '10.244.1.5:40000 > 10.244.0.1:8080 (connection)',
    ]);
  });

  it('new connections go round, the server that was added last first', () => {
    const n = node([web([real(1), real(2)])]);
    const ports = [1, 2, 3].map((port) => n.request(tcp(`10.244.1.5:${port}`, SERVICE, 'S')));
    expect(ports.map((text) => text.split(' ')[2])).toEqual(['10.244.0.2:8080', '10.244.0.1:8080', '10.244.0.2:8080']);
  });

  it.each<[string, IpPacket, string]>([
    ['another port of the address', tcp(CLIENT, `${VIP}:81`, 'S'), 'pass'],
    ['another protocol', udp(CLIENT, SERVICE), 'pass'],
    ['a segment of no known connection', tcp(CLIENT, SERVICE, 'A'), 'pass'],
    ['data of active FTP', tcp('10.244.1.5:20', SERVICE, 'S'), 'pass'],
    ['a ping', packet('10.244.1.5', VIP, { proto: 'icmp', type: 8, code: 0, id: 1, seq: 1, dataBytes: 56 }), 'pass'],
    ['a later fragment', packet('10.244.1.5', VIP, { proto: 'tcp', fragment: true }), 'pass'],
    ['an error about something else', portUnreachable('10.0.0.1', '10.244.1.5', tcp(CLIENT, SERVICE, 'S')), 'pass'],
  ])('%s', (_name, sent, expected) => {
    const n = node([web([real(1)])]);
    expect([n.request(sent), n.reply(sent)]).toEqual([expected, 'pass']);
  });

  it('without a server that takes connections the client is told at once', () => {
    expect(node([web([])]).request(tcp(CLIENT, SERVICE, 'S'))).toBe('unreachable');
    expect(node([web([real(1, 0)])]).request(tcp(CLIENT, SERVICE, 'S'))).toBe('unreachable');
    expect(node([web([], { persistentSeconds: 10 })]).request(tcp(CLIENT, SERVICE, 'S'))).toBe('unreachable');
  });

  it('the answer of a server in this namespace is no request', () => {
    const own = { ...web([real(1)]), ip: ip('10.244.1.5'), port: 40000 };
    const n = node([web([real(1)]), own]);
    n.request(tcp(CLIENT, SERVICE, 'S'));
    expect(n.request(tcp(SERVICE, CLIENT, 'S'), { isLocal: true })).toBe('pass');
    expect(n.request(tcp(SERVICE, CLIENT, 'S'))).toContain('(scheduler)');
  });
});

describe('errors', () => {
  it('of the real server come from the virtual one', () => {
    const n = node([web([real(1)], { proto: 'udp' })]);
    n.request(udp(CLIENT, SERVICE));
    const error = portUnreachable('10.244.0.1', '10.244.1.5', udp(CLIENT, '10.244.0.1:8080'));
    expect(n.reply(error)).toBe('10.96.0.1 > 10.244.1.5 about 10.244.1.5:40000 > 10.96.0.1:80 (connection)');
  });

  it('of the client go to the real server', () => {
    const n = node([web([real(1)], { proto: 'udp' })]);
    n.request(udp(CLIENT, SERVICE));
    const error = portUnreachable('10.244.1.5', VIP, udp(SERVICE, CLIENT));
    expect(n.request(error)).toBe('10.244.1.5 > 10.244.0.1 about 10.244.0.1:8080 > 10.244.1.5:40000 (connection)');
  });

  it("about pings are nobody's", () => {
    const ping = packet('10.244.1.5', VIP, { proto: 'icmp', type: 8, code: 0, id: 1, seq: 1, dataBytes: 56 });
    const n = node([web([real(1)])]);
    expect([
      n.request(portUnreachable(VIP, '10.244.1.5', ping)),
      n.reply(portUnreachable(VIP, '10.244.1.5', ping)),
    ]).toEqual(['pass', 'pass']);
  });
});

describe('counts', () => {
  it.each<[string, [from: 'client' | 'server', flags: string][], string]>([
    ['a SYN counts as active', [['client', 'S']], '1+0'],
    [
      'so does an open connection',
      [
        ['client', 'S'],
        ['server', 'SA'],
        ['client', 'A'],
      ],
      '1+0',
    ],
    [
      'closed by the client',
      [
        ['client', 'S'],
        ['server', 'SA'],
        ['client', 'A'],
        ['client', 'FA'],
      ],
      '0+1',
    ],
    [
      'closed by the server',
      [
        ['client', 'S'],
        ['server', 'SA'],
        ['client', 'A'],
        ['server', 'FA'],
      ],
      '0+1',
    ],
    [
      'refused',
      [
        ['client', 'S'],
        ['server', 'RA'],
      ],
      '0+1',
    ],
  ])('%s', (_name, segments, expected) => {
    const n = node([web([real(1)])]);
    for (const [from, flags] of segments) {
      if (from === 'client') n.request(tcp(CLIENT, SERVICE, flags));
      else n.reply(tcp('10.244.0.1:8080', CLIENT, flags));
    }
    expect(n.loads()).toEqual([expected]);
  });

  it('UDP never counts as active', () => {
    const n = node([web([real(1)], { proto: 'udp' })]);
    n.request(udp(CLIENT, SERVICE));
    n.reply(udp('10.244.0.1:8080', CLIENT));
    expect(n.loads()).toEqual(['0+1']);
  });

  it('lc sees them: who is busy gets nothing', () => {
    const n = node([web([real(1), real(2)], { scheduler: 'lc' })]);
    handshake(n, '10.244.1.5:1', '10.244.0.2:8080');
    n.request(tcp('10.244.1.5:2', SERVICE, 'S'));
    n.reply(tcp('10.244.0.1:8080', '10.244.1.5:2', 'RA'));
    expect(n.request(tcp('10.244.1.5:3', SERVICE, 'S'))).toContain('10.244.0.1:8080');
  });
});

describe('time', () => {
  it.each<[string, (n: ReturnType<typeof node>) => unknown, number, string]>([
    ['an open connection of TCP', handshake, 15 * 60, '1+0'],
    ['a SYN without an answer', (n) => n.request(tcp(CLIENT, SERVICE, 'S')), 60, '1+0'],
  ])('%s ends at its timeout and not before', (_name, begin, seconds, before) => {
    const n = node([web([real(1)])]);
    begin(n);
    n.connections.expire(seconds * S - 1);
    expect(n.loads()).toEqual([before]);
    expect(n.connections.expire(seconds * S)).toHaveLength(1);
    expect(n.loads()).toEqual(['0+0']);
    expect(n.reply(tcp('10.244.0.1:8080', CLIENT, 'A'))).toBe('pass');
  });

  it('UDP: five minutes from the last packet of either side', () => {
    const n = node([web([real(1), real(2)], { proto: 'udp' })]);
    n.request(udp(CLIENT, SERVICE));
    n.reply(udp('10.244.0.2:8080', CLIENT), { nowNs: 200 * S });
    expect(n.request(udp(CLIENT, SERVICE), { nowNs: 499 * S })).toContain('(connection)');
    expect(n.request(udp(CLIENT, SERVICE), { nowNs: 800 * S })).toContain('10.244.0.1:8080 (scheduler)');
  });
});

describe('persistence', () => {
  const sticky = (seconds = 100): VirtualServer => web([real(1), real(2)], { persistentSeconds: seconds });
  const syn = (client: string): IpPacket => tcp(client, SERVICE, 'S');

  it('binds the address of the client, whatever its port', () => {
    const n = node([sticky()]);
    expect([syn('10.244.1.5:1'), syn('10.244.1.5:2'), syn('10.244.1.6:1')].map((sent) => n.request(sent))).toEqual([
      '10.244.1.5:1 > 10.244.0.2:8080 (scheduler)',
      '10.244.1.5:2 > 10.244.0.2:8080 (template)',
      '10.244.1.6:1 > 10.244.0.1:8080 (scheduler)',
    ]);
  });

  it('is forgotten after its time without a new connection, when none is left', () => {
    const n = node([sticky()]);
    n.request(syn('10.244.1.5:1'));
    n.reply(tcp('10.244.0.2:8080', '10.244.1.5:1', 'RA'));
    expect(n.request(syn('10.244.1.5:2'), { nowNs: 99 * S })).toContain('10.244.0.2:8080 (template)');
    expect(n.request(syn('10.244.1.5:3'), { nowNs: 198 * S })).toContain('10.244.0.2:8080 (template)');
    expect(n.request(syn('10.244.1.5:4'), { nowNs: 999 * S })).toContain('10.244.0.1:8080 (scheduler)');
  });

  it('lives on while a connection does', () => {
    const n = node([sticky()]);
    handshake(n, '10.244.1.5:1', '10.244.0.2:8080');
    expect(n.request(syn('10.244.1.5:2'), { nowNs: 140 * S })).toContain('10.244.0.2:8080 (template)');
  });

  it('does not lead to a server that is gone or takes no connections', () => {
    const n = node([sticky()]);
    n.request(syn('10.244.1.5:1'));
    const quiet = [web([real(1), real(2, 0)], { persistentSeconds: 100 })];
    expect(n.request(syn('10.244.1.5:2'), { table: quiet })).toContain('10.244.0.1:8080 (scheduler)');
    const other = node([sticky()]);
    other.request(syn('10.244.1.5:1'));
    const sysctl = { ...IPVS_SYSCTL_DEFAULTS };
    expect(other.request(syn('10.244.1.5:2'), { table: quiet, sysctl })).toContain('10.244.0.2:8080 (template)');
    const gone = [web([real(1)], { persistentSeconds: 100 })];
    expect(other.request(syn('10.244.1.5:3'), { table: gone, sysctl })).toContain('10.244.0.1:8080 (scheduler)');
  });
});

describe('when a server goes', () => {
  const left = [web([real(1)])];
  const both = (): ReturnType<typeof node> => {
    const n = node([web([real(1), real(2)])]);
    handshake(n, CLIENT, '10.244.0.2:8080');
    return n;
  };

  it('its connection ends, and the next SYN finds another', () => {
    const n = both();
    expect(n.request(tcp(CLIENT, SERVICE, 'A'), { table: left, hasOldConntrack: true })).toBe('drop');
    expect(n.request(tcp(CLIENT, SERVICE, 'S'), { table: left })).toContain('10.244.0.1:8080 (scheduler)');
  });

  it('without expire_nodest_conn it holds on to nothing until its timeout', () => {
    const n = both();
    const sysctl = IPVS_SYSCTL_DEFAULTS;
    expect(n.request(tcp(CLIENT, SERVICE, 'A'), { table: left, sysctl })).toBe('drop');
    expect(n.request(tcp(CLIENT, SERVICE, 'S'), { table: left, sysctl })).toBe('drop');
  });

  it('of weight 0: old connections go on, a new one of the same port does not', () => {
    const n = both();
    const table = [web([real(1), real(2, 0)])];
    expect(n.request(tcp(CLIENT, SERVICE, 'A'), { table })).toContain('10.244.0.2:8080 (connection)');
    expect(n.request(tcp(CLIENT, SERVICE, 'S'), { table, hasOldConntrack: true })).toBe('drop');
    expect(n.request(tcp(CLIENT, SERVICE, 'S'), { table })).toContain('10.244.0.1:8080 (scheduler)');
  });

  it('the virtual server went too', () => {
    expect(both().request(tcp(CLIENT, SERVICE, 'A'), { table: [] })).toBe('pass');
  });
});

describe('a port that is used again', () => {
  const ended = (): ReturnType<typeof node> => {
    const n = node([web([real(1), real(2)])]);
    n.request(tcp(CLIENT, SERVICE, 'S'));
    n.reply(tcp('10.244.0.2:8080', CLIENT, 'RA'));
    return n;
  };

  it('is scheduled anew', () => {
    expect(ended().request(tcp(CLIENT, SERVICE, 'S'))).toContain('10.244.0.1:8080 (scheduler)');
  });

  it('first loses its SYN while conntrack still leads to the old server', () => {
    expect(ended().request(tcp(CLIENT, SERVICE, 'S'), { hasOldConntrack: true })).toBe('drop');
  });

  it('goes to the old server with conn_reuse_mode 0, as before Linux 5.9', () => {
    const sysctl = { ...IPVS_SYSCTL_DEFAULTS, 'ipv4.vs.conn_reuse_mode': 0 } as const;
    expect(ended().request(tcp(CLIENT, SERVICE, 'S'), { sysctl })).toContain('10.244.0.2:8080 (connection)');
  });
});

describe('conntrack', () => {
  const on = { ...IPVS_SYSCTL_DEFAULTS, 'ipv4.vs.conntrack': 1 } as const;

  function first() {
    const table = new ConntrackTable();
    const sent = tcp(CLIENT, SERVICE, 'S');
    const { ref } = track(table, sent, true);
    const { connections, request } = node([web([real(1)])]);
    request(sent);
    return { table, ref, connection: connections.entries()[0]! };
  }

  it('learns from the first packet where answers come from', () => {
    const { table, ref, connection } = first();
    trackRequest(ref, connection, on);
    expect(ref.entry).toMatchObject({ reply: { src: '10.244.0.1', sport: 8080 }, dnat: false });
    table.confirm(ref.entry!);
    expect(track(table, tcp('10.244.0.1:8080', CLIENT, 'SA'), true).ref).toMatchObject({ dir: 'reply' });
  });

  it('is not changed by later packets', () => {
    const { table, ref, connection } = first();
    table.confirm(ref.entry!);
    trackRequest(ref, connection, on);
    expect(ref.entry?.reply.src).toBe(VIP);
  });

  it('is given up without the sysctl', () => {
    const { ref, connection } = first();
    expect(trackRequest(ref, connection, IPVS_SYSCTL_DEFAULTS)).toMatchObject({ state: 'UNTRACKED' });
    expect(trackReply(ref, IPVS_SYSCTL_DEFAULTS)).toMatchObject({ state: 'UNTRACKED' });
    expect(trackReply(ref, on)).toBe(ref);
  });
});
