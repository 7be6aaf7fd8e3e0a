import { describe, expect, it } from 'vitest';
import type { ClusterHostPort, ClusterPod } from '../../kube/cluster.ts';
import { applyRuleOps } from '../../linux/netfilter/iptables/build.ts';
import { printRule } from '../../linux/netfilter/iptables/print.ts';
import { cidr, ip } from '../../wire/ip.ts';
import { hostPortChain, portmapFragment } from './portmap.ts';
import { sandboxId } from './sandbox-id.ts';

const pod = (name: string, address: string, ...hostPorts: ClusterHostPort[]): ClusterPod => ({
  namespace: 'default',
  name,
  node: 'node-1',
  ip: ip(address),
  labels: {},
  listens: [],
  ready: true,
  hostPorts,
  owner: `Pod default/${name}`,
});
const config = { network: 'cbr0', podNet: () => cidr('10.244.0.0/24'), hostDevice: () => 'cni0' };

/** As `iptables-save -t nat` lists what portmap wrote. */
function listing(...pods: ClusterPod[]): string[] {
  const table = applyRuleOps(portmapFragment(pods, config).iptables ?? []).get('nat');
  return [...(table?.chains.values() ?? [])].flatMap(({ name, rules }) =>
    rules.map((rule) => `-A ${name} ${printRule(name, rule).replace(`-A ${name} `, '')}`),
  );
}

describe('portmap', () => {
  const web = pod(
    'web',
    '10.244.0.2',
    { proto: 'tcp', hostPort: 8080, containerPort: 80 },
    { proto: 'tcp', hostPort: 8081, containerPort: 81, hostIP: ip('192.168.56.11') },
  );
  const id = sandboxId(web);
  const chain = hostPortChain('cbr0', id);

  it('writes what iptables 1.8.9 lists of it on Linux 6.18', () => {
    expect(listing(web)).toEqual([
      '-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
      '-A OUTPUT -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
      '-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
      '-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000',
      '-A CNI-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE',
      `-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"${id}\\"" -m multiport --dports 8080,8081 -j ${chain}`,
      `-A ${chain} -s 10.244.0.0/24 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK`,
      `-A ${chain} -s 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j CNI-HOSTPORT-SETMARK`,
      `-A ${chain} -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.244.0.2:80`,
      `-A ${chain} -s 10.244.0.0/24 -d 192.168.56.11/32 -p tcp -m tcp --dport 8081 -j CNI-HOSTPORT-SETMARK`,
      `-A ${chain} -s 127.0.0.1/32 -d 192.168.56.11/32 -p tcp -m tcp --dport 8081 -j CNI-HOSTPORT-SETMARK`,
      `-A ${chain} -d 192.168.56.11/32 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 10.244.0.2:81`,
    ]);
  });

  it('names a chain of 28 characters after network and sandbox', () => {
    // The same hash as the chains of ipMasq, whose vector pkg/utils gives, behind a longer prefix.
    expect(hostPortChain('cbr0', '0123456789abcdef'.repeat(4))).toBe('CNI-DN-65299167c7285b471ffb1');
  });

  it('needs more than one entry for more than 15 ports, and one for each protocol', () => {
    const many = Array.from({ length: 16 }, (_, n): ClusterHostPort => {
      return { proto: 'tcp', hostPort: 9000 + n, containerPort: 80 };
    });
    const dns: ClusterHostPort = { proto: 'udp', hostPort: 53, containerPort: 53 };
    const entries = listing(pod('many', '10.244.0.3', ...many, dns)).filter((line) =>
      line.startsWith('-A CNI-HOSTPORT-DNAT'),
    );
    expect(entries.map((line) => /-p (\w+) .*--dports (\S+)/.exec(line)?.slice(1).join(' '))).toEqual([
      'tcp 9000,9001,9002,9003,9004,9005,9006,9007,9008,9009,9010,9011,9012,9013,9014',
      'tcp 9015',
      'udp 53',
    ]);
  });

  it('writes nothing for pods without host ports, and lets 127.0.0.1 pass to the others', () => {
    expect(portmapFragment([pod('plain', '10.244.0.4')], config)).toEqual({});
    expect(portmapFragment([web], config).sysctl).toEqual({ 'ipv4.conf.cni0.route_localnet': 1 });
  });
});
