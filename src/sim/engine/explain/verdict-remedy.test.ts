import { describe, expect, it } from 'vitest';
import { LAB } from '../../drivers/conformance/lab-cluster.ts';
import type { NetnsConfig } from '../../linux/config.ts';
import type { Rule } from '../../linux/netfilter/iptables/rule.ts';
import type { Probe } from '../../scenario/probe.ts';
import { traceProbe } from '../converse.ts';
import { at, device, type LabChange, labWorld, outside, pod, service, tcp } from './lab-world.ts';

const toWeb2 = tcp(pod('tool-1'), pod('web-2'), 8080);
const toWeb = tcp(pod('tool-1'), service('default/web'), 80);

const withoutNeighbour =
  (ip: string) =>
  (config: NetnsConfig): NetnsConfig => ({ ...config, neighbours: config.neighbours.filter((n) => n.ip !== ip) });

/** Without the nat rules of a chain that pass. */
const withoutRules =
  (passes: (chain: string, rule: Rule) => boolean) =>
  (config: NetnsConfig): NetnsConfig => {
    const nat = config.iptables.get('nat');
    if (!nat) return config;
    const chains = new Map(
      [...nat.chains].map(([name, c]) => [name, { ...c, rules: c.rules.filter((r) => !passes(name, r)) }]),
    );
    return { ...config, iptables: new Map(config.iptables).set('nat', { ...nat, chains }) };
  };

const bare = (config: NetnsConfig): NetnsConfig => ({
  ...config,
  addresses: config.addresses.filter((a) => a.dev !== 'cni0'),
});

const noService = LAB.services.map((s) => ({
  ...s,
  ports: s.ports.map((p) => ({ ...p, targetPort: 8081, endpoints: p.endpoints.map((e) => ({ ...e, port: 8081 })) })),
}));

describe('names what is missing, and the command that brings it back', () => {
  it.each<[string, LabChange, Probe, string, string]>([
    [
      'neighbour entry of the tunnel',
      { ns: { 'node-1': withoutNeighbour('10.244.2.0') } },
      toWeb2,
      "flannel.1 of node-1 has no neighbour entry for 10.244.2.0 (node-2's flannel.1), and ARP cannot ask for it",
      'dev flannel.1 nud permanent   # on node-1',
    ],
    [
      'first rule of the proxy',
      { ns: { 'node-1': withoutRules((chain, r) => chain === 'PREROUTING' && r.origin?.by === 'kube-proxy') } },
      toWeb,
      'nothing on node-1 translates 10.96.0.10:80',
      'iptables -t nat -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES   # on node-1',
    ],
    [
      'rule of the endpoint that was chosen',
      { ns: { 'node-1': withoutRules((_chain, r) => r.target?.kind === 'DNAT') } },
      { ...toWeb, options: { endpoint: '10.244.3.2:8080' } },
      'nothing on node-1 translates 10.96.0.10:80',
      '-j DNAT --to-destination 10.244.',
    ],
    [
      'NIC of the other node',
      { cold: true, ns: { 'node-2': device('eth0', { up: false }) } },
      toWeb2,
      'eth0 of node-2 is down, so nobody answered when node-1 asked for 192.168.56.12 (ARP)',
      'ip link set eth0 up   # on node-2',
    ],
    [
      'NIC of this node',
      { ns: { 'node-1': device('eth0', { up: false }) } },
      toWeb2,
      'node-1 has no route to 192.168.56.12 (node-2): eth0 is down, and its routes went with it',
      'ip link set eth0 up   # on node-1',
    ],
    [
      "address of the node's bridge",
      { ns: { 'node-2': bare } },
      toWeb2,
      'node-2 has no route to 10.244.2.0/24, its own pods',
      'ip route add 10.244.2.0/24 dev cni0   # on node-2',
    ],
    [
      'a way in from outside',
      {},
      tcp(outside('client'), service('default/web'), 80),
      'the address of Service default/web is only a rule on the nodes, and client is outside the cluster',
      'From outside, use a node port: 192.168.56.11:30080 (Service default/web).',
    ],
    [
      'an address in the Internet',
      {},
      tcp(pod('tool-1'), at('8.8.8.8'), 80),
      'the router outside (internet) has no route to 8.8.8.8',
      'Send to an address that it has: 203.0.113.10',
    ],
    [
      'both ways through one node',
      {},
      { ...toWeb2, options: { src: '10.244.3.3' } },
      "the request reached web-2, but the answer was lost: conntrack on node-3 never saw the packet that this one answers, so it counts as INVALID and kube-proxy's rule in KUBE-FORWARD drops it",
      'Make both directions of the flow pass node-3, or neither.',
    ],
    [
      'right targetPort',
      { cluster: { ...LAB, services: noService } },
      { ...toWeb, options: { endpoint: '10.244.2.2:8081' } },
      "Service default/web led to 10.244.2.2:8081 (web-2), but nobody listens there, so web-2's kernel answered with a RST",
      'Set targetPort of Service default/web to a port of web-2 (it listens on 8080)',
    ],
    [
      'a TCP port for traceroute',
      {},
      { from: pod('tool-1'), to: service('default/web'), proto: 'traceroute' },
      'so no rule translated the address',
      'Trace one of its ports with TCP: 80/TCP.',
    ],
  ])('%s', (_name, change, probe, says, remedy) => {
    const { verdict } = traceProbe(labWorld(change), probe);
    expect(verdict.sentence).toContain(says);
    expect(verdict.remedy).toContain(remedy);
  });
});
