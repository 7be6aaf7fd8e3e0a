import { describe, expect, it } from 'vitest';
import type { Probe } from '../../sim/scenario/probe.ts';
import { parseCommand, printCommand } from './command-text.ts';
import type { EndOption } from './probe-ends.ts';

const api = 'default/api';
const web = { port: 8080, proto: 'tcp' } as const;
const options: readonly EndOption[] = [
  {
    text: 'api.default',
    detail: '',
    group: 'Services',
    end: { kind: 'service', ref: api, via: 'name' },
    ports: [{ port: 80, proto: 'tcp' }],
  },
  {
    text: 'api.default (10.96.0.20)',
    detail: '',
    group: 'Services',
    end: { kind: 'service', ref: api, via: 'clusterIP' },
  },
  {
    text: 'cart.shop',
    detail: '',
    group: 'Services',
    end: { kind: 'service', ref: 'shop/cart', via: 'name' },
    ports: [{ port: 7070, proto: 'tcp' }],
  },
  { text: 'default/web-1', detail: '', group: 'Pods', end: { kind: 'pod', ref: 'default/web-1' }, ports: [web] },
  { text: 'node-1', detail: '', group: 'Nodes', end: { kind: 'node', ref: 'node-1' } },
];
const from = { kind: 'pod', ref: 'default/client' } as const;
/** Given to the program as it is. */
const typed = (name: string): Probe['to'] => ({ kind: 'name', name });
const byName = (ref: string) => ({ kind: 'service', ref, via: 'name' });
const pod = { kind: 'pod', ref: 'default/web-1' };

describe('parseCommand', () => {
  it.each<[string, unknown, string, number?]>([
    ['curl http://api.default/', byName(api), 'tcp', 80],
    ['curl https://api', typed('api'), 'tcp', 443],
    ['curl api:80', typed('api'), 'tcp', 80],
    ['curl -s -v api.default.svc.cluster.local:9090', typed('api.default.svc.cluster.local'), 'tcp', 9090],
    ['curl http://nowhere/', typed('nowhere'), 'tcp', 80],
    ['ping example.com.', typed('example.com.'), 'ping'],
    ['nslookup api.shop', typed('api.shop'), 'nslookup'],
    ['dig api.shop', typed('api.shop'), 'dig'],
    ['ncat --sctp web-1 3868', pod, 'sctp', 3868],
    ['wget cart.shop:7070', byName('shop/cart'), 'tcp', 7070],
    ['ping 10.244.1.2', { kind: 'ip', ip: '10.244.1.2' }, 'ping'],
    ['curl localhost:9100', { kind: 'ip', ip: '127.0.0.1' }, 'tcp', 9100],
    ['curl http://[fd00::2]:8080/', { kind: 'ip', ip: 'fd00::2' }, 'tcp', 8080],
    ['ping fd00::2', { kind: 'ip', ip: 'fd00::2' }, 'ping'],
    ['traceroute web-1', pod, 'traceroute'],
    ['nc -u web-1 53', pod, 'udp', 53],
    ['nc -zv web-1 8080', pod, 'tcp', 8080],
    ['  curl   node-1:30080 ', { kind: 'node', ref: 'node-1' }, 'tcp', 30080],
  ])('%s', (text, to, proto, port) => {
    const expected = port === undefined ? { from, to, proto } : { from, to, proto, port };
    expect(parseCommand(text, from, options)).toEqual({ ok: true, value: expected });
  });

  it.each([
    ['curl -6 http://node-1/', { port: 80, options: { family: 'IPv6' } }],
    ['curl -s4v node-1:32100/healthz', { port: 32_100, options: { path: '/healthz', family: 'IPv4' } }],
    ['curl node-1:32100/healthz', { port: 32_100, options: { path: '/healthz' } }],
    ['curl http://node-1/livez?verbose', { port: 80, options: { path: '/livez' } }],
    ['curl http://node-1/', { port: 80 }],
  ])('%s keeps its path', (text, more) => {
    const to = { kind: 'node', ref: 'node-1' };
    expect(parseCommand(text, from, options)).toEqual({ ok: true, value: { from, to, proto: 'tcp', ...more } });
  });

  it.each([
    ['', /Try curl/],
    ['ping', /ping what/],
    ['curl api:99999', /not a port/],
    ['nc web-1', /not a port/],
    ['ssh node-1', /not a command/],
    ['curl ftp://api/', /http and https/],
    ['curl a..b', /"a..b" has an empty label/],
  ])('%s is refused with the reason', (text, reason) => {
    const parsed = parseCommand(text, from, options);
    expect(parsed.ok ? '' : parsed.error).toMatch(reason);
  });

  it('leaves the search for a bare name to the resolver of the sender', () => {
    const parsed = parseCommand('curl cart:7070', { kind: 'pod', ref: 'shop/front-1' }, options);
    expect(parsed).toMatchObject({ ok: true, value: { to: typed('cart') } });
  });
});

describe('commands that ask for names', () => {
  it.each([
    'nslookup api.shop',
    'nslookup -type=SRV _http._tcp.api.shop.svc.cluster.local',
    'nslookup example.com 203.0.113.53',
    'dig api.shop.svc.cluster.local',
    'dig @10.244.0.254 api.shop AAAA +search +tcp',
    'dig -x 10.96.0.10',
  ])('%s is written as it was read', (text) => {
    const parsed = parseCommand(text, from, options);
    expect(parsed.ok && printCommand(parsed.value, options)).toBe(text);
  });
});

describe('printCommand', () => {
  it.each<[Probe['to'], Probe['proto'], number | undefined, string]>([
    [{ kind: 'service', ref: api, via: 'name' }, 'tcp', 80, 'curl http://api.default/'],
    [{ kind: 'service', ref: api, via: 'clusterIP' }, 'tcp', 8080, 'curl 10.96.0.20:8080'],
    [{ kind: 'pod', ref: 'default/web-1' }, 'udp', 53, 'nc -u web-1 53'],
    [{ kind: 'ip', ip: '10.244.1.2' }, 'ping', undefined, 'ping 10.244.1.2'],
    [{ kind: 'ip', ip: '127.0.0.1' }, 'tcp', 9100, 'curl localhost:9100'],
  ])('%j %s', (to, proto, port, text) => {
    const probe: Probe = { from, to, proto, ...(port !== undefined && { port }) };
    expect(printCommand(probe, options)).toBe(text);
  });

  it('is read back as the same probe', () => {
    const probe: Probe = { from, to: { kind: 'service', ref: 'shop/cart', via: 'name' }, proto: 'tcp', port: 7070 };
    expect(parseCommand(printCommand(probe, options), from, options)).toEqual({ ok: true, value: probe });
  });
});
