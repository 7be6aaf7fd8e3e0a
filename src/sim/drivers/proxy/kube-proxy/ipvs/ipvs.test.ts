import { describe, expect, it } from 'vitest';
import { printIpvsadmList, printIpvsadmSave } from '../../../../linux/ipvs/print.ts';
import { endpointText, type RealServer, type VirtualServer } from '../../../../linux/ipvs/table.ts';
import { applyRuleOps } from '../../../../linux/netfilter/iptables/build.ts';
import { cidr, familyOf, intToIp, ip, ipToInt } from '../../../../wire/ip.ts';
import type { NodeView } from '../options.ts';
import { linesOf } from '../recorded-case.ts';
import type { ProxyEndpoint, ServicePort } from '../service-port.ts';
import { IPVS_DEFAULTS, type IpvsOptions } from './options.ts';
import { type IpvsPlan, planIpvs } from './plan.ts';
import { type SyncContext, syncServers } from './sync.ts';

const VIEW: NodeView = {
  nodeName: 'node-1',
  family: 4,
  nodeIP: ip('192.168.56.11'),
  localAddresses: ['127.0.0.1', '192.168.56.11', '10.244.1.1'].map(ip),
  detector: { kind: 'cidr', cidr: cidr('10.244.0.0/16') },
};

const VIEW_6: NodeView = {
  ...VIEW,
  family: 6,
  nodeIP: ip('fd00:56::11'),
  localAddresses: ['::1', 'fe80::1', 'fd00:56::11'].map(ip),
  detector: null,
};

function endpoint(address: string, more: Partial<ProxyEndpoint> = {}): ProxyEndpoint {
  const text = familyOf(ip(address)) === 6 ? `[${address}]:8080` : `${address}:8080`;
  const conditions = { ready: true, serving: true, terminating: false, local: false, zoneHints: [] };
  return { ip: ip(address), port: 8080, text, ...conditions, ...more };
}

function service(more: Partial<ServicePort> = {}): ServicePort {
  return {
    name: 'shop/web:http',
    service: 'shop/web',
    protocol: 'tcp',
    clusterIP: ip('10.96.0.5'),
    port: 80,
    nodePort: null,
    externalIPs: [],
    loadBalancerIPs: [],
    sourceRanges: [],
    externalPolicyLocal: false,
    internalPolicyLocal: false,
    healthCheckNodePort: null,
    affinitySeconds: null,
    endpoints: [endpoint('10.244.1.5', { local: true }), endpoint('10.244.2.5')],
    ...more,
  };
}

const plan = (
  ports: readonly ServicePort[],
  options: Partial<IpvsOptions> = {},
  view: Partial<NodeView> = {},
): IpvsPlan => planIpvs([ports], { ...VIEW, ...view }, { ...IPVS_DEFAULTS, ...options });

const rules = (of: IpvsPlan, chain: string): string[] =>
  linesOf(applyRuleOps(of.iptables))
    .filter((line) => line.startsWith(`-A ${chain} `))
    .map((line) => line.replace(`-A ${chain} `, '').replace(/-m comment --comment "[^"]*" /, ''));

const members = (of: IpvsPlan, name: string): readonly string[] | undefined =>
  of.ipsets.find((set) => set.name === name)?.members;

describe('options', () => {
  it.each<[string, Partial<IpvsOptions>, Partial<NodeView>, string]>([
    ['a CIDR tells pods', {}, {}, '! -s 10.244.0.0/16 -m set --match-set KUBE-CLUSTER-IP dst,dst'],
    [
      'a device tells pods',
      {},
      { detector: { kind: 'device', device: 'veth+' } },
      '! -i veth+ -m set --match-set KUBE-CLUSTER-IP dst,dst',
    ],
    ['nobody can tell: only the node itself', {}, { detector: null }, '-m set --match-set KUBE-CLUSTER-IP src,dst'],
    ['masqueradeAll', { masqueradeAll: true }, {}, '-m set --match-set KUBE-CLUSTER-IP dst,dst'],
  ])('%s', (_name, options, view, expected) => {
    const masquerade = rules(plan([service()], options, view), 'KUBE-SERVICES').filter((line) =>
      line.endsWith('KUBE-MARK-MASQ'),
    );
    expect(masquerade).toEqual([`${expected} -j KUBE-MARK-MASQ`]);
  });

  it('strictARP', () => {
    expect(plan([]).sysctl).toEqual({
      'ipv4.vs.conntrack': 1,
      'ipv4.vs.expire_nodest_conn': 1,
      'ipv4.vs.expire_quiescent_template': 1,
      'ipv4.ip_forward': 1,
    });
    expect(plan([], { strictARP: true }).sysctl).toMatchObject({
      'ipv4.conf.all.arp_ignore': 1,
      'ipv4.conf.all.arp_announce': 2,
    });
  });

  it('scheduler, with what mh needs', () => {
    const sticky = service({ affinitySeconds: 600 });
    expect(printIpvsadmList(plan([sticky], { scheduler: 'mh' }).virtualServers)).toContain(
      'TCP  10.96.0.5:80 mh (mh-port) persistent 600\n',
    );
    expect(printIpvsadmSave(plan([sticky], { scheduler: 'mh' }).virtualServers)).toContain(
      '-A -t 10.96.0.5:80 -s mh -p 600 -b mh-port\n',
    );
    expect(printIpvsadmSave(plan([service()], { scheduler: 'wlc' }).virtualServers)).toContain('-s wlc\n');
  });

  it('nodePortAddresses choose where node ports are served; loopback never is', () => {
    const at = (nets: string[]): string[] =>
      plan([service({ nodePort: 30080 })], { nodePortAddresses: nets.map(cidr) })
        .virtualServers.slice(1)
        .map(endpointText);
    expect(at([])).toEqual(['192.168.56.11:30080', '10.244.1.1:30080']);
    expect(at(['0.0.0.0/0'])).toEqual(['192.168.56.11:30080', '10.244.1.1:30080']);
    expect(at(['192.168.56.0/24', '127.0.0.0/8'])).toEqual(['192.168.56.11:30080']);
    expect(at(['172.16.0.0/12'])).toEqual([]);
  });
});

describe('addresses and sets', () => {
  const balanced = { loadBalancerIPs: [ip('203.0.113.100')] };

  it('an address that another device has is not bound again', () => {
    const of = plan([service({ externalIPs: ['192.168.56.11', '192.0.2.50'].map(ip) })]);
    expect(of.addresses.map((each) => each.ip)).toEqual(['10.96.0.5', '192.0.2.50']);
    expect(members(of, 'KUBE-IPVS-IPS')).toEqual(['10.96.0.5', '192.0.2.50']);
    expect(of.addresses[0]).toMatchObject({ prefix: 32, origin: { for: 'Service shop/web' } });
  });

  it('every local endpoint is in KUBE-LOOP-BACK, ready or not', () => {
    const of = plan([service({ endpoints: [endpoint('10.244.1.5', { local: true, ready: false, serving: false })] })]);
    expect(members(of, 'KUBE-LOOP-BACK')).toEqual(['10.244.1.5,tcp:8080,10.244.1.5']);
    expect(of.virtualServers[0]?.realServers).toEqual([]);
  });

  it.each<[string, string, string[], number]>([
    ['source ranges that name the node', '192.168.56.0/24', ['203.0.113.100,tcp:80,203.0.113.100'], 0],
    ['source ranges that do not', '198.51.100.0/24', [], 1],
  ])('%s', (_name, range, sourceIPs, refused) => {
    const of = plan([service({ ...balanced, sourceRanges: [cidr(range)] })]);
    expect(members(of, 'KUBE-LOAD-BALANCER-FW')).toEqual(['203.0.113.100,tcp:80']);
    expect(members(of, 'KUBE-LOAD-BALANCER-SOURCE-CIDR')).toEqual([`203.0.113.100,tcp:80,${range}`]);
    expect(members(of, 'KUBE-LOAD-BALANCER-SOURCE-IP')).toEqual(sourceIPs);
    expect(rules(of, 'KUBE-IPVS-OUT-FILTER')).toHaveLength(refused);
  });

  it('the node that is not named is refused on the way out', () => {
    const of = plan([service({ ...balanced, sourceRanges: [cidr('198.51.100.0/24')] })]);
    expect(rules(of, 'KUBE-IPVS-OUT-FILTER')).toEqual([
      '-s 203.0.113.100/32 -m ipvs --vproto 6 --vaddr 203.0.113.100 --vport 80 -j DROP',
    ]);
  });

  it('external IPs: marked and accepted, or with policy Local only accepted', () => {
    const at = { externalIPs: [ip('192.0.2.50')] };
    const asked = (of: IpvsPlan): string[] => rules(of, 'KUBE-SERVICES').filter((line) => line.includes('EXTERNAL-IP'));
    expect(asked(plan([service(at)])).map((line) => line.split('-j ')[1])).toEqual([
      'KUBE-MARK-MASQ',
      'ACCEPT',
      'ACCEPT',
    ]);
    expect(asked(plan([service({ ...at, externalPolicyLocal: true })]))).toEqual([
      '-m set --match-set KUBE-EXTERNAL-IP-LOCAL dst,dst -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT',
      '-m set --match-set KUBE-EXTERNAL-IP-LOCAL dst,dst -m addrtype --dst-type LOCAL -j ACCEPT',
    ]);
  });

  it('IPv6: other set names, cut to 31 characters, and other prefixes', () => {
    const six = service({ clusterIP: ip('fd00:96::5'), nodePort: 30080, endpoints: [endpoint('fd00:244::5')] });
    const of = planIpvs([[six]], VIEW_6, IPVS_DEFAULTS);
    expect(of.ipsets.map((set) => set.name)).toEqual(
      expect.arrayContaining(['KUBE-6-LOAD-BALANCER-SOURCE-CID', 'KUBE-6-NODE-PORT-LOCAL-SCTP-HAS']),
    );
    expect(of.addresses.map(({ prefix }) => prefix)).toEqual([128]);
    expect(rules(of, 'KUBE-SERVICES')[0]).toBe('-s ::1/128 -j RETURN');
    expect(printIpvsadmList(of.virtualServers)).toContain('TCP  [fd00:56::11]:30080 rr\n  -> [fd00:244::5]:8080 ');
    expect(of.virtualServers).toHaveLength(2);
  });
});

describe('policy Local', () => {
  const remote = { endpoints: [endpoint('10.244.2.5')], nodePort: 30080 };
  const serversOf = (of: ServicePort): string[] =>
    plan([of], { nodePortAddresses: [cidr('192.168.56.0/24')] }).virtualServers.map((virtual) =>
      virtual.realServers.map(endpointText).join(' '),
    );

  it.each<[string, Partial<ServicePort>, string[]]>([
    [
      'external: local ones',
      { nodePort: 30080, externalPolicyLocal: true },
      ['10.244.1.5:8080 10.244.2.5:8080', '10.244.1.5:8080'],
    ],
    [
      'internal: local ones',
      { nodePort: 30080, internalPolicyLocal: true },
      ['10.244.1.5:8080', '10.244.1.5:8080 10.244.2.5:8080'],
    ],
    ['none is local: all of them', { ...remote, externalPolicyLocal: true }, ['10.244.2.5:8080', '10.244.2.5:8080']],
    ['internal, none is local', { ...remote, internalPolicyLocal: true }, ['10.244.2.5:8080', '10.244.2.5:8080']],
    ['internal only, none is local: none', { endpoints: remote.endpoints, internalPolicyLocal: true }, ['']],
  ])('%s', (_name, more, expected) => {
    expect(serversOf(service(more))).toEqual(expected);
  });
});

describe('a sync over what stands', () => {
  const [A, B, C] = [5, 6, 7].map((n): RealServer => ({ ip: ip(`10.244.1.${n}`), port: 8080, weight: 1 }));
  const web = (realServers: (RealServer | undefined)[], proto: VirtualServer['proto'] = 'tcp'): VirtualServer => ({
    proto,
    ip: ip('10.96.0.5'),
    port: 80,
    scheduler: 'rr',
    realServers: realServers.filter((real) => real !== undefined),
  });
  const context: SyncContext = { family: 4, excludeCIDRs: [], connectionsOf: () => 1, isFirst: false };
  const quiet = B && { ...B, weight: 0, lastWeight: 1 };

  it.each<[string, VirtualServer, VirtualServer, Partial<SyncContext>, string]>([
    ['a server with connections stays with weight 0', web([A, B]), web([A]), {}, '5:1 6:0'],
    ['without connections it goes', web([A, B]), web([A]), { connectionsOf: () => 0 }, '5:1'],
    ['UDP waits for nobody', web([A, B], 'udp'), web([A], 'udp'), {}, '5:1'],
    ['a new one comes last', web([A, B]), web([C, A, B]), {}, '5:1 6:1 7:1'],
    ['one that returns is added anew', web([A, quiet, C]), web([A, B, C]), {}, '5:1 7:1 6:1'],
    [
      'after a restart it only gets its weight back',
      web([A, quiet, C]),
      web([A, B, C]),
      { isFirst: true },
      '5:1 6:1 7:1',
    ],
  ])('%s', (_name, before, wanted, more, expected) => {
    const [after] = syncServers([before], [wanted], { ...context, ...more });
    expect(after?.realServers.map((each) => `${each.ip.split('.')[3]}:${each.weight}`).join(' ')).toBe(expected);
  });

  it('virtual servers of nobody go, but not those of excludeCIDRs or of the other family', () => {
    const stray = ['10.0.0.1', '172.16.0.1', 'fd00::1'].map((text) => ({ ...web([]), ip: ip(text) }));
    const after = syncServers(stray, [web([A])], { ...context, excludeCIDRs: [cidr('172.16.0.0/12')] });
    expect(after.map((virtual) => virtual.ip)).toEqual(['172.16.0.1', 'fd00::1', '10.96.0.5']);
  });
});

describe('size', () => {
  it('10,000 Services with five endpoints each have as many rules as one', () => {
    const pods = (i: number): ProxyEndpoint[] =>
      Array.from({ length: 5 }, (_, j) => endpoint(intToIp(ipToInt(ip('10.244.0.0')) + i * 5 + j), { local: j === 0 }));
    const ports = Array.from({ length: 10_000 }, (_, i) =>
      service({ name: `shop/web-${i}:http`, clusterIP: intToIp(ipToInt(ip('10.96.0.0')) + i), endpoints: pods(i) }),
    );
    const of = plan(ports);
    expect(of.virtualServers).toHaveLength(10_000);
    expect(of.iptables.length).toBe(plan(ports.slice(0, 1)).iptables.length);
  });
});
