/**
 * Worlds of any size for drawing tests and the gallery, made without drivers: what is drawn may not depend on who wrote the
 * configuration. The shapes are those of an overlay with a bridge, of plain routes with a bridge, and of routed veths.
 */
import type { World } from '../sim/engine/world.ts';
import { FAR_UNDERLAY, UNDERLAY } from '../sim/engine/world.ts';
import type { Cluster, ClusterPod, ClusterService } from '../sim/kube/cluster.ts';
import type { Address, Device, NetnsConfig, NsId } from '../sim/linux/config.ts';
import type { Rule, Table, TableName } from '../sim/linux/netfilter/iptables/rule.ts';
import { cidr, ip } from '../sim/wire/ip.ts';
import { macFromHash } from '../sim/wire/mac.ts';

export interface MadeUp {
  readonly nodes: number;
  /** Pods of each node, or of all. */
  readonly pods: number | readonly number[];
  readonly shape: 'overlay' | 'bridge' | 'routed';
  readonly services?: number;
  readonly longNames?: boolean;
  /** Nodes with this number and above are behind a router; 0 or absent: there is none. */
  readonly farFrom?: number;
}

const MAC = macFromHash('0a', 7);

const base = (name: string) => ({ name, mac: MAC, mtuBytes: 1500, up: true });

function rules(names: readonly string[]): Rule[] {
  return names.map((chain) => ({ matches: [], target: { kind: 'jump', chain } }));
}

function tables(): ReadonlyMap<TableName, Table> {
  const chain = (name: string, jumps: readonly string[]) =>
    [name, { name, policy: 'ACCEPT' as const, rules: rules(jumps) }] as const;
  return new Map<TableName, Table>([
    [
      'nat',
      {
        name: 'nat',
        chains: new Map([
          chain('PREROUTING', ['KUBE-SERVICES']),
          chain('OUTPUT', ['KUBE-SERVICES']),
          chain('POSTROUTING', ['KUBE-POSTROUTING', 'FLANNEL-POSTRTG']),
        ]),
      },
    ],
    [
      'filter',
      {
        name: 'filter',
        chains: new Map([
          chain('INPUT', ['KUBE-PROXY-FIREWALL', 'KUBE-NODEPORTS', 'KUBE-EXTERNAL-SERVICES', 'KUBE-FIREWALL']),
          chain('FORWARD', ['KUBE-PROXY-FIREWALL', 'KUBE-FORWARD', 'KUBE-SERVICES', 'FLANNEL-FWD']),
          chain('OUTPUT', ['KUBE-PROXY-FIREWALL', 'KUBE-SERVICES', 'KUBE-FIREWALL']),
        ]),
      },
    ],
  ]);
}

function config(
  id: NsId,
  devices: Device[],
  addresses: readonly (readonly [string, string])[],
  isNode = false,
): NetnsConfig {
  return {
    id,
    devices: [{ kind: 'loopback', ...base('lo') }, ...devices],
    addresses: addresses.map(([dev, text]): Address => ({ dev, ip: ip(text), prefix: 24, scope: 'global' })),
    routes: [],
    neighbours: [],
    fdb: [],
    sysctl: {},
    iptables: isNode ? tables() : new Map(),
    ipsets: [],
    listeners: isNode ? [{ proto: 'tcp', port: 10250, program: 'kubelet' }] : [],
  };
}

function pods(made: MadeUp): ClusterPod[] {
  const found: ClusterPod[] = [];
  for (let n = 1; n <= made.nodes; n++) {
    const count = typeof made.pods === 'number' ? made.pods : (made.pods[n - 1] ?? 0);
    for (let k = 1; k <= count; k++) {
      const app = k % 2 === 1 ? 'web' : 'client';
      const suffix = made.longNames
        ? `-7d4b9c6f5-x${n}k${k}z`
        : `-${n}${count > 2 ? String.fromCharCode(96 + Math.ceil(k / 2)) : ''}`;
      found.push({
        namespace: 'default',
        name: `${app}${suffix}`,
        node: `node-${n}`,
        ip: ip(`10.244.${n}.${k + 1}`),
        labels: { app },
        listens: app === 'web' ? [{ proto: 'tcp', port: 8080, program: 'nginx' }] : [],
        ready: true,
        owner: `Deployment default/${app}`,
      });
    }
  }
  return found;
}

function services(made: MadeUp, all: readonly ClusterPod[]): ClusterService[] {
  const names = ['web', 'api', 'kube-dns', 'metrics', 'shop', 'cart', 'search', 'mail', 'auth', 'ads'];
  return Array.from(
    { length: made.services ?? 2 },
    (_, i): ClusterService => ({
      namespace: i === 2 ? 'kube-system' : 'default',
      name: names[i] ?? `service-${i}`,
      type: 'ClusterIP',
      clusterIP: ip(`10.96.0.${10 + i}`),
      selector: { app: 'web' },
      ports: [
        {
          name: 'http',
          protocol: 'TCP',
          port: 80,
          targetPort: 8080,
          endpoints: all
            .filter((pod) => pod.labels.app === 'web' && i !== 1)
            .map((pod) => ({
              ip: pod.ip,
              port: 8080,
              node: pod.node,
              ready: true,
              serving: true,
              terminating: false,
              pod: `${pod.namespace}/${pod.name}`,
            })),
        },
      ],
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      externalIPs: [],
      loadBalancerIPs: [],
      loadBalancerSourceRanges: [],
    }),
  );
}

const switchOf = ({ farFrom = 0 }: MadeUp, n: number): NsId => (farFrom > 0 && n >= farFrom ? FAR_UNDERLAY : UNDERLAY);

function nodeConfig(made: MadeUp, n: number, here: readonly ClusterPod[]): NetnsConfig {
  const peer = { ns: switchOf(made, n), dev: `sw-node-${n}` };
  const devices: Device[] = [{ kind: 'nic', ...base('eth0'), peer }];
  const addresses: [string, string][] = [['eth0', `192.168.${Math.floor(n / 200) + 56}.${10 + (n % 200)}`]];
  if (made.shape !== 'routed') {
    devices.push({ kind: 'bridge', ...base('cni0') });
    addresses.push(['cni0', `10.244.${n}.1`]);
  }
  if (made.shape === 'overlay') {
    const vxlan = {
      vni: 1,
      local: ip('192.168.56.11'),
      lower: 'eth0',
      dstPort: 8472,
      learning: false,
      udpChecksum: false,
    };
    devices.push({ kind: 'vxlan', ...base('flannel.1'), mtuBytes: 1450, vxlan });
    addresses.push(['flannel.1', `10.244.${n}.0`]);
  }
  for (const pod of here) {
    const master = made.shape === 'routed' ? {} : { master: 'cni0' };
    devices.push({
      kind: 'veth',
      ...base(`veth-${pod.name}`),
      peer: { ns: `default/${pod.name}`, dev: 'eth0' },
      ...master,
    });
  }
  return config(`node-${n}`, devices, addresses, true);
}

const ROUTER: NonNullable<Cluster['router']> = {
  name: 'router',
  knowsPods: false,
  farSubnet: { cidr: cidr('192.168.57.0/24'), gateway: ip('192.168.57.1') },
  uplink: { cidr: cidr('198.51.100.0/30'), ip: ip('198.51.100.2') },
};

/** Switches, machines outside, and the router where there is one. */
function addNetwork(made: MadeUp, namespaces: Map<NsId, NetnsConfig>): void {
  const nic = (name: string, ns: NsId, dev: string): Device => ({ kind: 'nic', ...base(name), peer: { ns, dev } });
  const isApart = (made.farFrom ?? 0) > 0;
  const nodes = Array.from({ length: made.nodes }, (_, i) => i + 1);
  namespaces.set('client', config('client', [nic('eth0', UNDERLAY, 'sw-client')], [['eth0', '192.168.56.100']]));
  const way = isApart ? nic('eth0', 'router', 'eth2') : nic('eth0', UNDERLAY, 'sw-internet');
  namespaces.set('internet', config('internet', [way], [['eth0', '192.168.56.1']]));
  const legs = [
    nic('eth0', UNDERLAY, 'sw-router'),
    nic('eth1', FAR_UNDERLAY, 'sw-router'),
    nic('eth2', 'internet', 'eth0'),
  ];
  if (isApart) namespaces.set('router', config('router', legs, []));
  for (const ns of isApart ? [UNDERLAY, FAR_UNDERLAY] : [UNDERLAY]) {
    const machines = [
      ...nodes.filter((n) => switchOf(made, n) === ns).map((n) => `node-${n}`),
      ...(ns === UNDERLAY ? ['client', ...(isApart ? [] : ['internet'])] : []),
    ];
    const ends = [
      ...machines.map((name) => [name, 'eth0']),
      ...(isApart ? [['router', ns === UNDERLAY ? 'eth0' : 'eth1']] : []),
    ];
    const ports = ends.map(([name = '', dev = '']) => ({ ...nic(`sw-${name}`, name, dev), master: 'br0' }));
    namespaces.set(ns, config(ns, [{ kind: 'bridge', ...base('br0') }, ...ports], []));
  }
}

export function makeUpWorld(made: MadeUp): World {
  const all = pods(made);
  const namespaces = new Map<NsId, NetnsConfig>();
  for (let n = 1; n <= made.nodes; n++) {
    const here = all.filter((pod) => pod.node === `node-${n}`);
    namespaces.set(`node-${n}`, nodeConfig(made, n, here));
    for (const pod of here) {
      const peer = { ns: `node-${n}`, dev: `veth-${pod.name}` };
      namespaces.set(
        `default/${pod.name}`,
        config(`default/${pod.name}`, [{ kind: 'veth', ...base('eth0'), peer }], [['eth0', pod.ip]]),
      );
    }
  }
  addNetwork(made, namespaces);
  const cluster: Cluster = {
    podCIDR: cidr('10.244.0.0/16'),
    serviceCIDR: cidr('10.96.0.0/12'),
    nodeNetwork: { cidr: cidr('192.168.56.0/24'), gateway: ip('192.168.56.1'), mtuBytes: 1500 },
    nodes: Array.from({ length: made.nodes }, (_, i) => ({
      name: `node-${i + 1}`,
      ip: ip(`192.168.56.${(11 + i) % 250}`),
      podCIDR: cidr(`10.244.${(i + 1) % 250}.0/24`),
      role: i === 0 ? ('control-plane' as const) : ('worker' as const),
      listens: [],
    })),
    pods: all,
    services: services(made, all),
    externals: [
      { name: 'client', ip: ip('192.168.56.100'), lo: [], listens: [], isGateway: false },
      { name: 'internet', ip: ip('192.168.56.1'), lo: [ip('203.0.113.10')], listens: [], isGateway: true },
    ],
    ...(made.farFrom ? { router: ROUTER } : {}),
  };
  return {
    cluster,
    namespaces,
    cni: { id: 'made-up', mode: made.shape },
    proxy: { id: 'made-up', mode: 'none' },
    warm: true,
    seed: 1,
    notes: [],
  };
}
