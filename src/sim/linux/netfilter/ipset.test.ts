import { describe, expect, it } from 'vitest';
import type { IpPacket, L4 } from '../../wire/frame.ts';
import { ip } from '../../wire/ip.ts';
import type { IpSet, IpSetType } from '../config.ts';
import { isInSet, printSetsList, printSetsSave, type SetDirection, setNamed } from './ipset.ts';

function set(type: IpSetType, members: readonly string[], family: 4 | 6 = 4): IpSet {
  return { name: 'S', type, family, members };
}

function packet(l4: L4, src = '10.244.1.5', dst = '10.96.0.1'): IpPacket {
  const header = { kind: 'ip', ttl: 64, df: true, mf: false, fragOffset: 0, id: 1, len: 60 } as const;
  return { ...header, src: ip(src), dst: ip(dst), l4 };
}

const TCP = packet({ proto: 'tcp', sport: 40000, dport: 443, flags: 'S', seq: 0, ack: 0, dataBytes: 0 });
const UDP = packet({ proto: 'udp', sport: 40000, dport: 443, dataBytes: 0 });
const PING = packet({ proto: 'icmp', type: 8, code: 0, id: 1, seq: 1, dataBytes: 56 });
const REST = packet({ proto: 'tcp', fragment: true });
const SIX = packet(TCP.l4, 'fd00::5', 'fd00::1');

describe('membership', () => {
  it.each<[string, IpSet, string, IpPacket, boolean]>([
    ['an address', set('hash:ip', ['10.96.0.1']), 'dst', TCP, true],
    ['the other address', set('hash:ip', ['10.96.0.1']), 'src', TCP, false],
    ['an address of IPv6', set('hash:ip', ['fd00::1'], 6), 'dst', SIX, true],
    ['the wrong family', set('hash:ip', ['10.96.0.1']), 'dst', SIX, false],
    ['address and port', set('hash:ip,port', ['10.96.0.1,tcp:443']), 'dst,dst', TCP, true],
    ['address and port of another protocol', set('hash:ip,port', ['10.96.0.1,tcp:443']), 'dst,dst', UDP, false],
    ['the source port', set('hash:ip,port', ['10.96.0.1,tcp:40000']), 'dst,src', TCP, true],
    ['a source that is a Service', set('hash:ip,port', ['10.244.1.5,tcp:443']), 'src,dst', TCP, true],
    ['too few directions', set('hash:ip,port', ['10.96.0.1,tcp:443']), 'dst', TCP, false],
    ['ICMP: type and code', set('hash:ip,port', ['10.96.0.1,icmp:8/0']), 'dst,dst', PING, true],
    ['a fragment without ports', set('hash:ip,port', ['10.96.0.1,tcp:443']), 'dst,dst', REST, false],
    ['a fragment has addresses', set('hash:ip', ['10.96.0.1']), 'dst', REST, true],
    ['three', set('hash:ip,port,ip', ['10.96.0.1,tcp:443,10.244.1.5']), 'dst,dst,src', TCP, true],
    ['three, but the last', set('hash:ip,port,ip', ['10.96.0.1,tcp:443,10.244.1.6']), 'dst,dst,src', TCP, false],
    ['a network', set('hash:ip,port,net', ['10.96.0.1,tcp:443,10.244.0.0/16']), 'dst,dst,src', TCP, true],
    ['a network of one', set('hash:ip,port,net', ['10.96.0.1,tcp:443,10.244.1.5']), 'dst,dst,src', TCP, true],
    ['another network', set('hash:ip,port,net', ['10.96.0.1,tcp:443,10.0.0.0/16']), 'dst,dst,src', TCP, false],
    ['networks alone', set('hash:net', ['192.168.0.0/16', '10.244.0.0/16']), 'src', TCP, true],
    ['an exception', set('hash:net', ['10.0.0.0/8', '10.244.1.0/24 nomatch']), 'src', TCP, false],
    ['beside the exception', set('hash:net', ['10.0.0.0/8', '10.244.2.0/24 nomatch']), 'src', TCP, true],
    ['networks of IPv6', set('hash:net', ['fd00::/64'], 6), 'src', SIX, true],
    ['a port of TCP', set('bitmap:port', ['443']), 'dst', TCP, true],
    ['a bitmap does not ask for the protocol', set('bitmap:port', ['443']), 'dst', UDP, true],
    ['nor for the family', set('bitmap:port', ['443']), 'dst', SIX, true],
    ['a bitmap has no ICMP', set('bitmap:port', ['2048']), 'dst', PING, false],
    ['nothing', set('hash:net', []), 'src', TCP, false],
  ])('%s', (_name, of, dirs, sent, expected) => {
    expect(isInSet(of, dirs.split(',') as SetDirection[], sent, [])).toBe(expected);
  });

  it('a list asks the sets that it names', () => {
    const list = set('list:set', ['S', 'no such set']);
    const asked = (members: readonly string[]): boolean => isInSet(list, ['dst'], TCP, [set('hash:ip', members)]);
    expect([asked(['10.96.0.1']), asked(['10.96.0.2'])]).toEqual([true, false]);
  });

  it('sets are found by name', () => {
    const sets = [set('hash:ip', ['10.96.0.1'])];
    expect([setNamed(sets, 'S'), setNamed(sets, 'T')]).toEqual([sets[0], undefined]);
  });
});

describe('printing', () => {
  const sets = [
    set('hash:ip,port', ['10.96.0.1,tcp:443', '10.96.0.10,udp:53']),
    { ...set('bitmap:port', ['30080']), name: 'P' },
    { ...set('hash:ip', ['fd00::1'], 6), name: 'T' },
  ];

  it('ipset save', () => {
    expect(printSetsSave(sets)).toBe(
      [
        'create S hash:ip,port family inet hashsize 1024 maxelem 65536',
        'add S 10.96.0.1,tcp:443',
        'add S 10.96.0.10,udp:53',
        'create P bitmap:port range 0-65535',
        'add P 30080',
        'create T hash:ip family inet6 hashsize 1024 maxelem 65536',
        'add T fd00::1',
        '',
      ].join('\n'),
    );
  });

  it('ipset list', () => {
    const [first, second] = printSetsList(sets.slice(0, 2)).split('\n\n');
    expect(first?.split('\n')).toEqual([
      'Name: S',
      'Type: hash:ip,port',
      'Revision: 7',
      'Header: family inet hashsize 1024 maxelem 65536',
      'Number of entries: 2',
      'Members:',
      '10.96.0.1,tcp:443',
      '10.96.0.10,udp:53',
    ]);
    expect(second?.split('\n')[3]).toBe('Header: range 0-65535');
  });
});
