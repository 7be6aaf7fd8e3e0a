import { describe, expect, it } from 'vitest';
import { packetsOf } from '../../sim/engine/packets.ts';
import { follow, type Setting } from './check.ts';
import { CLUSTER } from './reference.ts';

describe('what the program learns', () => {
  const rows: [probe: string, outcome: string, why: string, extra?: string, setting?: Setting][] = [
    ['tool-1 tcp 10.96.0.30:80', 'connected', 'same node'],
    ['tool-2 tcp 10.96.0.30:80', 'connected', 'another node'],
    ['web-1 tcp 10.96.0.30:80', 'connected', 'hairpin: a pod calls itself by its Service'],
    ['node-2 tcp 10.96.0.30:80', 'connected', 'a process of a node'],
    ['client tcp node-2:30082', 'connected', 'NodePort, endpoint elsewhere'],
    ['client tcp node-2:30081', 'connected', 'externalTrafficPolicy Local, endpoint here'],
    ['client tcp node-1:30081', 'timeout ETIMEDOUT', 'externalTrafficPolicy Local, no endpoint here: DROP'],
    ['tool-1 tcp node-1:30081', 'connected', 'but a pod is short-circuited to all endpoints'],
    ['node-2 tcp 127.0.0.1:30082', 'connected', 'iptables mode answers NodePorts on localhost'],
    ['tool-1 tcp 10.96.0.40:80', 'refused ECONNREFUSED', 'no endpoints: REJECT'],
    ['client tcp node-1:30083', 'refused ECONNREFUSED', 'no endpoints, from outside'],
    ['tool-1 tcp 10.244.2.2:9999', 'refused ECONNREFUSED', 'nobody listens: RST'],
    ['tool-1 udp 10.244.2.2:9999', 'refused ECONNREFUSED', 'nobody listens: ICMP port unreachable'],
    ['tool-1 udp 10.96.0.53:53', 'reply', 'a UDP Service'],
    ['tool-1 tcp 10.96.0.30:81', 'timeout ETIMEDOUT', 'a port that the Service does not have leaks to the router'],
    ['tool-1 icmp 10.96.0.30', 'timeout ETIMEDOUT', 'nobody answers for a ClusterIP'],
    ['tool-1 icmp 10.244.2.2', 'reply', 'ping another node'],
    ['tool-1 tcp 203.0.113.10:80', 'connected', 'the Internet'],
    ['tool-1 icmp 10.244.2.2 ttl=1', 'ttl-exceeded EHOSTUNREACH', 'the own node answers'],
    ['tool-1 icmp 10.244.1.2 ttl=1', 'reply', 'bridged: the TTL is never looked at'],
    ['tool-1 icmp 10.244.2.2 size=1472 df=do', 'message-too-long EMSGSIZE', 'the pod knows its own MTU'],
    ['client udp node-1:30053 size=1472 df=do', 'message-too-long EMSGSIZE', 'the node reports the tunnel MTU'],
    ['client udp node-1:30053 size=1472 df=dont', 'reply', 'without DF the node fragments'],
    ['client tcp 10.1.2.3:80', 'timeout ETIMEDOUT', 'the router swallows private addresses'],
    ['tool-2 tcp 10.244.2.99:80 wait=3600', 'host-unreachable EHOSTUNREACH', 'nobody answers ARP for three seconds'],
    ['tool-2 tcp 10.244.1.99:80 wait=3600', 'host-unreachable EHOSTUNREACH', 'the remote node says so'],
    ['tool-1 tcp 10.96.0.30:80', 'timeout ETIMEDOUT', 'no proxy: nothing translates', '', { proxy: 'none' }],
    ['tool-1 tcp 10.244.2.2:8080', 'connected', 'cold caches: ARP first', '', { cold: true }],
    ['tool-2 tcp 10.96.0.30:80', 'connected', 'host-gw', '', { backend: 'host-gw' }],
    [
      'tool-1 tcp 10.96.0.30:80',
      'timeout ETIMEDOUT',
      'bridge-nf off: the answer comes untranslated',
      'fault node-1 sysctl bridge.bridge-nf-call-iptables=0',
    ],
    ['tool-1 tcp 10.244.2.2:8080', 'timeout ETIMEDOUT', 'ip_forward off', 'fault node-1 sysctl ipv4.ip_forward=0'],
    [
      'tool-1 tcp 10.244.1.2:8080',
      'connected',
      'ip_forward off does not stop what is bridged',
      'fault node-1 sysctl ipv4.ip_forward=0',
    ],
    ['tool-1 tcp 10.244.2.2:8080', 'timeout ETIMEDOUT', 'NIC down', 'fault node-2 device eth0'],
    [
      'tool-1 tcp 10.244.2.2:8080',
      'timeout ETIMEDOUT',
      'route gone: out by the default route, masqueraded',
      'fault node-1 route 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink',
    ],
    [
      'tool-1 tcp 10.244.1.2:8080',
      'connected',
      'connected route gone, but the bridge does not need it',
      'fault node-1 route 10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1',
    ],
    [
      'tool-1 tcp 10.244.2.2:8080',
      'timeout ETIMEDOUT',
      "a pod's MASQUERADE rule is no help against a device that is down",
      'fault node-1 device flannel.1',
    ],
    [
      'tool-1 tcp 10.244.2.2:8080',
      'no-route ENETUNREACH',
      "the pod's own cable is down: no route is left",
      'fault tool-1 device eth0',
    ],
    [
      'tool-1 icmp 10.244.2.2 size=1400 df=do',
      'message-too-long EMSGSIZE',
      'an MTU lowered on the way',
      'fault node-1 mtu flannel.1 1300',
    ],
    [
      'client udp node-1:30053 size=1472 df=do',
      'timeout ETIMEDOUT',
      'the receiver has a smaller MTU than the sender: nobody is told',
      'fault node-1 mtu eth0 1400',
    ],
    [
      'client udp node-1:30053 size=1376 df=do',
      'reply',
      'four bytes more than its MTU it still takes (a VLAN tag)',
      'fault node-1 mtu eth0 1400',
    ],
  ];
  it.each(rows)('%s: %s (%s)', (probe, outcome, _why, extra = '', setting = {}) => {
    expect(follow(CLUSTER + extra, probe, setting).outcome).toBe(outcome);
  });
});

describe('the way', () => {
  it('is bridged to a Service on the same node: the packet never reaches cni0', () => {
    expect(follow(CLUSTER, 'tool-1 tcp 10.96.0.30:80').path).toBe(
      [
        'p1 tool-1/eth0> node-1/veth-tool-1< node-1/veth-web-1> web-1/eth0<',
        'p2 web-1/eth0> node-1/veth-web-1< node-1/veth-tool-1> tool-1/eth0<',
        'p3 tool-1/eth0> node-1/veth-tool-1< node-1/veth-web-1> web-1/eth0<',
      ].join('\n'),
    );
  });

  it('goes through the tunnel to another node', () => {
    const [request] = follow(CLUSTER, 'tool-2 tcp 10.96.0.30:80').path.split('\n');
    expect(request).toBe(
      'p1 tool-2/eth0> node-2/veth-tool-2< node-2/cni0< node-2/flannel.1> (node-2/eth0>) (node-1/eth0<) node-1/flannel.1< node-1/cni0> node-1/veth-web-1> web-1/eth0<',
    );
  });

  it('has no tunnel with host-gw', () => {
    const [request] = follow(CLUSTER, 'tool-2 tcp 10.96.0.30:80', { backend: 'host-gw' }).path.split('\n');
    expect(request).toBe(
      'p1 tool-2/eth0> node-2/veth-tool-2< node-2/cni0< node-2/eth0> node-1/eth0< node-1/cni0> node-1/veth-web-1> web-1/eth0<',
    );
  });

  it('ends at the tunnel when the FDB entry is missing', () => {
    const { path, ran } = follow(CLUSTER, 'tool-1 tcp 10.244.2.2:8080', {
      lab: { cni: { type: 'flannel', backend: 'vxlan', missingFdb: [['node-1', 'node-2']] } },
    });
    expect(path).toBe('p1 tool-1/eth0> node-1/veth-tool-1< node-1/cni0< node-1/flannel.1>');
    expect(ran.steps.at(-1)).toMatchObject({ kind: 'drop', reason: 'VXLAN_NO_REMOTE', ns: 'node-1' });
  });

  it('sends SYNs again at 1, 2 and 3 seconds (tcp_syn_linear_timeouts)', () => {
    const { ran } = follow(CLUSTER, 'client tcp node-1:30081 wait=3500');
    const sent = ran.steps.filter((s) => s.kind === 'send').map((s) => s.atNs / 1e9);
    expect(sent).toEqual([0, 1, 2, 3]);
  });

  it('carries a request and its answer, and closes', () => {
    const { ran } = follow(CLUSTER, 'tool-2 tcp 10.96.0.30:80 full=yes');
    const flags = ran.steps.flatMap((s) =>
      s.kind === 'send' && 'ttl' in s.frame && 'flags' in s.frame.l4 ? [s.frame.l4.flags] : [],
    );
    expect(flags).toEqual(['S', 'SA', 'A', 'PA', 'A', 'PA', 'A', 'FA', 'FA', 'A']);
  });

  it('of traceroute shows each router, and the destination last', () => {
    expect(follow(CLUSTER, 'tool-1 traceroute 10.244.2.2').ran.result.route).toEqual([
      { ttl: 1, from: '10.244.1.1', what: 'ttl-exceeded' },
      { ttl: 2, from: '10.244.2.0', what: 'ttl-exceeded' },
      { ttl: 3, from: '10.244.2.2', what: 'port-unreachable' },
    ]);
  });

  it('of a TCP traceroute to a ClusterIP shows the ClusterIP at every hop: conntrack translates the errors', () => {
    const { route } = follow(CLUSTER, 'tool-2 traceroute 10.96.0.30:80').ran.result;
    expect(route?.map((r) => r.from)).toEqual(['10.96.0.30', '10.96.0.30', '10.96.0.30']);
  });
});

describe('lanes', () => {
  it.each([
    ['web-1 tcp 10.96.0.30:80', 'a pod that calls itself', ['request', 'reply', 'request']],
    ['tool-1 tcp 10.96.0.40:80', 'a refusal is an answer', ['request', 'reply']],
    ['tool-1 icmp 10.244.2.2', 'ping', ['request', 'reply']],
  ])('%s (%s)', (probe, _why, lanes) => {
    const { ran } = follow(CLUSTER, probe);
    expect(packetsOf(ran.steps, ran.steps[0]?.ns ?? '').map((p) => p.lane)).toEqual(lanes);
  });
});

describe('the address that the server sees', () => {
  const rows: [probe: string, source: string, why: string][] = [
    ['tool-2 tcp 10.96.0.30:80', '10.244.2.3', 'pods keep their own'],
    ['web-1 tcp 10.96.0.30:80', '10.244.1.1', 'hairpin: masqueraded to cni0'],
    ['node-2 tcp 10.96.0.30:80', '10.244.2.0', 'a node: the address of the leaving device, flannel.1'],
    ['node-1 tcp 10.96.0.30:80', '10.244.1.1', 'a node to its own pod: cni0'],
    ['client tcp node-2:30082', '10.244.2.0', 'externalTrafficPolicy Cluster hides the client'],
    ['client tcp node-2:30081', '192.168.56.100', 'externalTrafficPolicy Local keeps it'],
    ['tool-1 tcp 203.0.113.10:80', '192.168.56.11', 'the Internet sees the node'],
  ];
  it.each(rows)('%s: %s (%s)', (probe, source) => {
    const { ran } = follow(CLUSTER, probe);
    const heard = ran.steps.find((s) => s.kind === 'deliver' && s.to === 'socket' && s.socket !== null);
    expect(heard && 'src' in heard.frame ? heard.frame.src : null).toBe(source);
  });
});
