/** The same probes under every mode of kube-proxy: where they agree, and where they differ as in life (reference/kube-proxy.md 2.13, 3, 5.8). */
import { describe, expect, it } from 'vitest';
import { follow } from './check.ts';

const CLUSTER = `
node-1: web-1 tcp 8080, tool-1
node-2: web-2 tcp 8080, tool-2, dns udp 5353
node-3: web-3 tcp 8080
service web 10.96.0.10:80 node-port 30080 -> web-1:8080, web-2:8080, web-3:8080
service api 10.96.0.20:80 node-port 30081 local -> web-2:8080
service solo 10.96.0.30:80 node-port 30082 -> web-1:8080
service empty 10.96.0.40:80 node-port 30083 ->
service names 10.96.0.53:53 udp node-port 30053 -> dns:5353
`;

type Outcome = string;
type Row = [probe: string, iptables: Outcome, nftables: Outcome, ipvs: Outcome, why: string];

const CONNECTED = 'connected';
const TIMEOUT = 'timeout ETIMEDOUT';
const REFUSED = 'refused ECONNREFUSED';

const ROWS: Row[] = [
  ['tool-1 tcp 10.96.0.30:80', CONNECTED, CONNECTED, CONNECTED, 'same node'],
  ['tool-2 tcp 10.96.0.30:80', CONNECTED, CONNECTED, CONNECTED, 'another node'],
  ['web-1 tcp 10.96.0.30:80', CONNECTED, CONNECTED, CONNECTED, 'hairpin'],
  ['node-2 tcp 10.96.0.30:80', CONNECTED, CONNECTED, CONNECTED, 'a process of a node'],
  ['node-1 tcp 10.96.0.30:80', CONNECTED, CONNECTED, CONNECTED, 'a process of the node with the endpoint'],
  ['tool-1 tcp 10.96.0.10:80 full=yes', CONNECTED, CONNECTED, CONNECTED, 'a whole conversation'],
  ['tool-1 udp 10.96.0.53:53', 'reply', 'reply', 'reply', 'UDP'],
  ['client tcp node-2:30082', CONNECTED, CONNECTED, CONNECTED, 'NodePort'],
  ['client tcp node-2:30081', CONNECTED, CONNECTED, CONNECTED, 'Local, endpoint here'],
  // IPVS falls back to all endpoints and does not masquerade (kube-proxy.md 3.2); Flannel's own rule does.
  ['client tcp node-1:30081', TIMEOUT, TIMEOUT, CONNECTED, 'Local, none here'],
  ['tool-1 tcp 10.96.0.40:80', REFUSED, REFUSED, REFUSED, 'no endpoints'],
  ['tool-1 tcp 10.96.0.30:81', TIMEOUT, REFUSED, REFUSED, 'a port that the Service does not have'],
  ['tool-1 tcp 10.96.9.9:80', TIMEOUT, TIMEOUT, TIMEOUT, 'an address that no Service has'],
  ['tool-1 icmp 10.96.0.30', TIMEOUT, REFUSED, REFUSED, 'ping a ClusterIP'],
  ['node-2 tcp 127.0.0.1:30082', CONNECTED, REFUSED, REFUSED, 'node ports on localhost'],
];

describe.each([
  ['iptables', 1],
  ['nftables', 2],
  ['ipvs', 3],
] as const)('%s', (proxy, column) => {
  it.each(ROWS.map((row) => [row[0], row[column], row[4]] as const))('%s: %s (%s)', (probe, outcome) => {
    expect(follow(CLUSTER, probe, { proxy }).outcome).toBe(outcome);
  });
});

describe('the way', () => {
  const bySame = (proxy: 'iptables' | 'nftables' | 'ipvs'): string | undefined =>
    follow(CLUSTER, 'tool-1 tcp 10.96.0.30:80', { proxy }).path.split('\n')[0];

  it('is bridged in iptables and nftables mode, and routed in IPVS mode, where the address belongs to the node', () => {
    expect(bySame('nftables')).toBe(bySame('iptables'));
    expect(bySame('iptables')).toBe('p1 tool-1/eth0> node-1/veth-tool-1< node-1/veth-web-1> web-1/eth0<');
    expect(bySame('ipvs')).toBe(
      'p1 tool-1/eth0> node-1/veth-tool-1< node-1/cni0< node-1/cni0> node-1/veth-web-1> web-1/eth0<',
    );
  });
});
