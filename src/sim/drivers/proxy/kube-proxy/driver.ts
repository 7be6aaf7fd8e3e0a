import { must } from '../../../base/assert.ts';
import { once } from '../../../base/once.ts';
import type { Cluster, ClusterNode } from '../../../kube/cluster.ts';
import type { Family } from '../../../kube/families.ts';
import type { RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import type { NodePlan, ProxyDriver } from '../../contract.ts';
import { baseJumps, servesLoopback } from './base-rules.ts';
import { healthListeners, ownHealth } from './health-server.ts';
import { syncOps } from './iptables.ts';
import { IPVS_DEFAULTS, type IpvsOptions } from './ipvs/options.ts';
import { planIpvs } from './ipvs/plan.ts';
import { MODES, schedulerOf } from './modes.ts';
import { NFT_DEFAULTS, type NftLayout, type NftOptions } from './nftables/options.ts';
import { planNftables } from './nftables/plan.ts';
import { viewsOf } from './node-view.ts';
import { type NodeView, PROXY_DEFAULTS, type ProxyOptions } from './options.ts';
import { servicePorts } from './service-port.ts';
import { writesAgain } from './writes-again.ts';

export const KUBE_PROXY: ProxyDriver = {
  id: 'kube-proxy',
  label: 'kube-proxy',
  about: 'The proxy that comes with Kubernetes: one DaemonSet pod per node writes rules for every Service.',
  modes: MODES,
  hasDaemon: true,
  usesIpvs: (mode) => schedulerOf(mode) !== undefined,
  evidence: 'kernel-verified',
  factsFrom: 'v1.33 (the rule text is the same from v1.28 to v1.36; topology hints as of v1.35)',
  refuses: (_cluster, mode) => (mode === 'userspace' ? USERSPACE_IS_GONE : null),
  plan: planMode,
  writesAgain,
};

const USERSPACE_IS_GONE =
  'userspace mode was removed in Kubernetes 1.26: every connection was accepted and dialled again by the kube-proxy process. Choose iptables, nftables or IPVS.';

const NFT_LAYOUTS: Readonly<Record<string, NftLayout>> = { nftables: 'B', 'nftables-1-30': 'A', 'nftables-1-36': 'C' };

function planMode(cluster: Cluster, node: ClusterNode, mode: string): NodePlan {
  if (mode === 'iptables') return planIptables(cluster, node, PROXY_DEFAULTS);
  const layout = NFT_LAYOUTS[mode];
  if (layout) return planNft(cluster, node, { ...NFT_DEFAULTS, layout });
  const scheduler = must(schedulerOf(mode), `kube-proxy mode "${mode}"`);
  const strictARP = cluster.balancer?.strictArp === true;
  return planVirtualServers(cluster, node, { ...IPVS_DEFAULTS, scheduler, strictARP });
}

/** nftables mode; no `route_localnet`, because node ports do not answer on 127.0.0.1. */
export function planNft(cluster: Cluster, node: ClusterNode, options: NftOptions): NodePlan {
  const tables = once(() => planNftables(cluster, node, options));
  return {
    node: {
      get nftables() {
        return tables();
      },
    },
    daemon: daemonOf(cluster, viewsOf(cluster, node, options), options, 'the primary address'),
  };
}

/** Asked for when the node is. Each proxier has servers of its own; what both would open is one socket for both families. */
function daemonOf(
  { services }: Cluster,
  views: readonly NodeView[],
  ...rest: Tail<Tail<Parameters<typeof healthListeners>>>
): NonNullable<NodePlan['daemon']> {
  const listeners = once(() => {
    const all = [ownHealth(), ...views.flatMap((view) => healthListeners(services, view, ...rest))];
    return [...new Map(all.map((one) => [`${one.port} ${one.ip}`, one])).values()];
  });
  return {
    get listeners() {
      return listeners();
    },
  };
}

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;

function planVirtualServers(cluster: Cluster, node: ClusterNode, options: IpvsOptions): NodePlan {
  const views = viewsOf(cluster, node, options);
  const plans = once(() =>
    views.map((view) => ({
      family: view.family,
      ...planIpvs(servicePorts(cluster.services, view), view, options),
    })),
  );
  const rulesIn = (family: Family): readonly RuleOp[] => plans().find((plan) => plan.family === family)?.iptables ?? [];
  return {
    node: {
      /** Both find the device there or make it. */
      get devices() {
        return plans()[0]?.devices ?? [];
      },
      get addresses() {
        return plans().flatMap(({ addresses }) => addresses);
      },
      get sysctl() {
        return Object.assign({}, ...plans().map(({ sysctl }) => sysctl));
      },
      get iptables() {
        return rulesIn(4);
      },
      get ip6tables() {
        return rulesIn(6);
      },
      get ipsets() {
        return plans().flatMap(({ ipsets }) => ipsets);
      },
      get ipvs() {
        return plans().flatMap(({ virtualServers }) => virtualServers);
      },
    },
    daemon: daemonOf(cluster, views, options, 'every address'),
  };
}

export function planIptables(cluster: Cluster, node: ClusterNode, options: ProxyOptions): NodePlan {
  const views = viewsOf(cluster, node, options);
  const rulesIn = (family: Family): (() => readonly RuleOp[]) =>
    once(() => {
      const view = views.find((one) => one.family === family);
      if (!view) return [];
      return [...baseJumps(family), ...syncOps(servicePorts(cluster.services, view), view, options)];
    });
  const [four, six] = [rulesIn(4), rulesIn(6)];
  return {
    node: {
      // Written when somebody reads them: of a hundred nodes a packet visits two.
      get iptables() {
        return four();
      },
      get ip6tables() {
        return six();
      },
      ...(views.some((view) => servesLoopback(view, options)) ? { sysctl: { 'ipv4.conf.all.route_localnet': 1 } } : {}),
    },
    daemon: daemonOf(cluster, views, options, 'every address'),
  };
}
