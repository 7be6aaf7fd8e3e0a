/** Reads a lab's input (its README lists the keys) into the cluster and drivers that the lab stands for. */

import type { CniOptions, ProxyDriver } from '../../sim/drivers/contract.ts';
import { planNft } from '../../sim/drivers/proxy/kube-proxy/driver.ts';
import { NFT_DEFAULTS, type NftOptions } from '../../sim/drivers/proxy/kube-proxy/nftables/options.ts';
import { CNIS, PROXIES } from '../../sim/drivers/registry.ts';
import { assemble } from '../../sim/engine/assemble.ts';
import type { World } from '../../sim/engine/world.ts';
import { type Cluster, type ClusterService, type Endpoint, type Listening, podNs } from '../../sim/kube/cluster.ts';
import type { ClusterPolicy, PolicyRule } from '../../sim/kube/cluster-policy.ts';
import type { NetnsConfig, NsId } from '../../sim/linux/config.ts';
import type { Chain, Rule, TableName } from '../../sim/linux/netfilter/iptables/rule.ts';
import { cidr, ip } from '../../sim/wire/ip.ts';

export interface LabInput {
  readonly name: string;
  readonly podCIDR: string;
  readonly serviceCIDR: string;
  readonly underlay: { readonly cidr: string; readonly gateway: string; readonly mtu?: number };
  readonly cni: LabCni;
  readonly kubeProxy?: string;
  /** Of kube-proxy's nftables rules; labs were written in the one of 1.30 to 1.33. */
  readonly nftLayout?: NftOptions['layout'];
  readonly nodes: readonly {
    readonly name: string;
    readonly role?: string;
    readonly ip: string;
    readonly podCIDR: string;
    readonly tunnelIP?: string;
  }[];
  readonly externals: readonly { readonly name: string; readonly ip: string; readonly lo?: readonly string[] }[];
  readonly pods: readonly LabPod[];
  readonly hostListen?: Readonly<Record<string, LabPorts>>;
  readonly services: readonly LabService[];
  readonly bridge_nf?: 0 | 1;
  readonly ip_forward?: 0 | 1;
  readonly rp_filter?: 0 | 1 | 2;
  readonly policies?: Readonly<Record<string, 'ACCEPT' | 'DROP'>>;
  readonly nodeMtuLate?: number;
  readonly cni0Promisc?: boolean;
  readonly networkPolicies?: readonly LabPolicy[];
}

interface LabCni {
  readonly type: string;
  readonly backend?: string;
  readonly mode?: string;
  readonly hairpin?: boolean;
  readonly podMtu?: number;
  readonly missingFdb?: readonly (readonly [string, string])[];
  readonly noForwardAccept?: boolean;
  readonly notrack?: boolean;
  /** Rules were those that the driver writes; absent: written by hand, as Felix did up to v3.28. */
  readonly felix?: 'own';
}

interface LabPolicy {
  readonly name: string;
  readonly pods: readonly string[];
  readonly ingress?: readonly LabPolicyRule[];
  readonly egress?: readonly LabPolicyRule[];
}

/** Absent: any peer, any port. Ports are TCP. */
interface LabPolicyRule {
  readonly from?: string;
  readonly to?: string;
  readonly port?: number;
}

interface LabPorts {
  readonly tcp?: readonly number[];
  readonly udp?: readonly number[];
  readonly sctp?: readonly number[];
}

interface LabPod extends LabPorts {
  readonly name: string;
  readonly node: string;
  readonly ip: string;
  readonly veth?: string;
}

interface LabService {
  readonly namespace: string;
  readonly name: string;
  readonly portName?: string;
  readonly proto: string;
  readonly clusterIP: string;
  readonly port: number;
  readonly nodePort?: number;
  readonly etp?: 'Cluster' | 'Local';
  readonly sessionAffinity?: string;
  readonly headless?: boolean;
  readonly endpoints: readonly { readonly ip: string; readonly port: number; readonly node?: string }[];
}

/** Why a lab cannot be replayed yet; the one reviewed list of what is not modelled among kernel labs. */
export function notModelled(lab: LabInput): string | null {
  if (!CNIS.some((d) => d.id === lab.cni.type)) return `CNI ${lab.cni.type}: a later issue brings it`;
  const proxy = lab.kubeProxy ?? 'iptables';
  if (proxy !== 'none' && !PROXIES.some((d) => d.modes.some((m) => m.id === proxy)))
    return `kube-proxy in ${proxy} mode: a later issue brings it`;
  if ((lab.networkPolicies ?? []).length > 0 && lab.cni.type !== 'calico')
    return `network policies of ${lab.cni.type}: a later issue brings them`;
  return null;
}

export function labWorld(lab: LabInput, warm: boolean): World {
  const cluster = labCluster(lab);
  const cni = CNIS.find((d) => d.id === lab.cni.type);
  const proxyMode = lab.kubeProxy ?? 'iptables';
  const proxy = PROXIES.find((d) => (proxyMode === 'none' ? d.id === 'none' : d.modes.some((m) => m.id === proxyMode)));
  if (!cni || !proxy) throw new Error(`the lab ${lab.name} is not modelled`);
  const cniMode = lab.cni.backend ?? lab.cni.mode ?? cni.modes[0]?.id ?? '';
  const modeOfProxy = proxy.modes.some((m) => m.id === proxyMode) ? proxyMode : (proxy.modes[0]?.id ?? '');
  const chosen = proxyMode === 'nftables' ? { ...proxy, plan: planLabNft(lab.nftLayout ?? 'A') } : proxy;
  const plain = assemble(cluster, {
    cni,
    cniMode,
    cniOptions: optionsOf(lab.cni),
    proxy: chosen,
    proxyMode: modeOfProxy,
  });
  const namespaces = new Map(
    [...plain].map(([id, config]): [NsId, NetnsConfig] => [id, isNode(lab, id) ? nodeOverrides(lab, config) : config]),
  );
  return {
    cluster,
    namespaces,
    cni: { id: cni.id, mode: cniMode },
    proxy: { id: proxy.id, mode: modeOfProxy },
    warm,
    seed: 1,
    notes: [],
  };
}

const planLabNft =
  (layout: NftOptions['layout']): ProxyDriver['plan'] =>
  (cluster, node) =>
    planNft(cluster, node, { ...NFT_DEFAULTS, layout });

function optionsOf(cni: LabCni): CniOptions {
  return {
    ...(cni.hairpin === undefined ? {} : { hairpin: cni.hairpin }),
    ...(cni.podMtu === undefined ? {} : { podMtuBytes: cni.podMtu }),
    ...(cni.missingFdb === undefined ? {} : { missingFdb: cni.missingFdb }),
    ...(cni.noForwardAccept === undefined ? {} : { noForwardAccept: cni.noForwardAccept }),
  };
}

const isNode = (lab: LabInput, id: NsId): boolean => lab.nodes.some((n) => n.name === id);

/** What an administrator of the lab set beside CNI and proxy. */
function nodeOverrides(lab: LabInput, config: NetnsConfig): NetnsConfig {
  const devices = config.devices.map((d) => {
    const mtuBytes = d.name === 'eth0' && lab.nodeMtuLate !== undefined ? lab.nodeMtuLate : d.mtuBytes;
    return { ...d, mtuBytes, ...(d.kind === 'bridge' && lab.cni0Promisc ? { promisc: true } : {}) };
  });
  return {
    ...config,
    devices,
    sysctl: {
      ...config.sysctl,
      'ipv4.ip_forward': lab.ip_forward ?? 1,
      'ipv4.conf.all.rp_filter': lab.rp_filter ?? 2,
      'bridge.bridge-nf-call-iptables': lab.bridge_nf ?? 1,
    },
    iptables: withPolicies(asInLabs(config.iptables, lab.cni), lab.policies ?? {}),
  };
}

/**
 * Labs were written as Felix wrote its rules up to v3.28: before kube-proxy's in nat POSTROUTING, and VXLAN is tracked. It shows: what
 * Calico masquerades into a tunnel first keeps kube-proxy's mark, so its envelope is masqueraded, too.
 */
function asInLabs(ruleset: NetnsConfig['iptables'], cni: LabCni): NetnsConfig['iptables'] {
  if (cni.type !== 'calico' || cni.felix === 'own') return ruleset;
  const isFelix = ({ target }: Rule): boolean => target?.kind === 'jump' && target.chain === 'cali-POSTROUTING';
  return mapChains(ruleset, (table, chain) => {
    const rules = chain.rules.filter((rule) => cni.notrack === true || rule.target?.kind !== 'NOTRACK');
    const isBase = table === 'nat' && chain.name === 'POSTROUTING';
    return { ...chain, rules: isBase ? [...rules.filter(isFelix), ...rules.filter((rule) => !isFelix(rule))] : rules };
  });
}

function withPolicies(
  ruleset: NetnsConfig['iptables'],
  policies: NonNullable<LabInput['policies']>,
): NetnsConfig['iptables'] {
  return mapChains(ruleset, (table, chain) => ({
    ...chain,
    policy: chain.policy && (policies[`${table}.${chain.name}`] ?? chain.policy),
  }));
}

function mapChains(
  ruleset: NetnsConfig['iptables'],
  change: (table: TableName, chain: Chain) => Chain,
): NetnsConfig['iptables'] {
  return new Map(
    [...ruleset].map(([name, table]) => [
      name,
      { ...table, chains: new Map([...table.chains].map(([c, chain]) => [c, change(name, chain)])) },
    ]),
  );
}

function labCluster(lab: LabInput): Cluster {
  const listens = (name: string, ports: LabPorts | undefined): Listening[] => [
    ...(ports?.tcp ?? []).map((port): Listening => ({ proto: 'tcp', port, program: name })),
    ...(ports?.udp ?? []).map((port): Listening => ({ proto: 'udp', port, program: name })),
    ...(ports?.sctp ?? []).map((port): Listening => ({ proto: 'sctp', port, program: name })),
  ];
  return {
    podCIDR: cidr(lab.podCIDR),
    serviceCIDR: cidr(lab.serviceCIDR),
    nodeNetwork: {
      cidr: cidr(lab.underlay.cidr),
      gateway: ip(lab.underlay.gateway),
      mtuBytes: lab.underlay.mtu ?? 1500,
    },
    nodes: lab.nodes.map((n) => ({
      name: n.name,
      ip: ip(n.ip),
      podCIDR: cidr(n.podCIDR),
      // A lab with Calico gives each node one block, its podCIDR.
      ...(lab.cni.type === 'calico' ? { blocks: [cidr(n.podCIDR)] } : {}),
      ...(lab.cni.type === 'calico' && n.tunnelIP !== undefined && lab.cni.mode !== 'bgp'
        ? { tunnelIp: ip(n.tunnelIP) }
        : {}),
      role: n.role === 'control-plane' ? 'control-plane' : 'worker',
      listens: listens(n.name, lab.hostListen?.[n.name]),
    })),
    pods: lab.pods.map((p) => ({
      namespace: 'default',
      name: p.name,
      node: p.node,
      ip: ip(p.ip),
      labels: {},
      listens: listens(p.name, p),
      ready: true,
      owner: `Pod default/${p.name}`,
      ...(p.veth === undefined ? {} : { veth: p.veth }),
    })),
    services: lab.services.map(labService),
    policies: (lab.networkPolicies ?? []).map(labPolicy),
    externals: lab.externals.map((e) => ({
      name: e.name,
      ip: ip(e.ip),
      lo: (e.lo ?? []).map(ip),
      listens: listens(e.name, lab.hostListen?.[e.name]),
      isGateway: e.ip === lab.underlay.gateway,
    })),
  };
}

function labPolicy({ name, pods, ingress, egress }: LabPolicy): ClusterPolicy {
  const rule = ({ from, to, port }: LabPolicyRule): PolicyRule => {
    const net = from ?? to;
    return {
      ...(net === undefined ? {} : { peers: [{ kind: 'net', cidr: cidr(net), except: [] }] }),
      ...(port === undefined ? {} : { ports: [{ protocol: 'tcp', from: port }] }),
    };
  };
  return {
    kind: 'NetworkPolicy',
    namespace: 'default',
    name,
    pods: pods.map((pod) => podNs({ namespace: 'default', name: pod })),
    ...(ingress ? { ingress: ingress.map(rule) } : {}),
    ...(egress ? { egress: egress.map(rule) } : {}),
  };
}

function labService(s: LabService): ClusterService {
  const endpoints = s.endpoints.map(
    (e): Endpoint => ({
      ip: ip(e.ip),
      port: e.port,
      ready: true,
      serving: true,
      terminating: false,
      ...(e.node === undefined ? {} : { node: e.node }),
    }),
  );
  const protocol = s.proto.toUpperCase() as 'TCP' | 'UDP';
  return {
    namespace: s.namespace,
    name: s.name,
    type: s.nodePort === undefined ? 'ClusterIP' : 'NodePort',
    clusterIP: s.headless ? 'None' : ip(s.clusterIP),
    selector: {},
    ports: [
      {
        name: s.portName ?? '',
        protocol,
        port: s.port,
        targetPort: s.endpoints[0]?.port ?? s.port,
        endpoints,
        ...(s.nodePort === undefined ? {} : { nodePort: s.nodePort }),
      },
    ],
    externalTrafficPolicy: s.etp ?? 'Cluster',
    internalTrafficPolicy: 'Cluster',
    ...(s.sessionAffinity === 'ClientIP'
      ? { sessionAffinity: { type: 'ClientIP' as const, timeoutSeconds: 10_800 } }
      : {}),
    externalIPs: [],
    loadBalancerIPs: [],
    loadBalancerSourceRanges: [],
  };
}
