/**
 * What a driver is: a folder that turns "this cluster, as seen from this node" into plain Linux configuration. It never decides
 * where a packet goes. Fragments of several writers are joined in start order by `engine/world`.
 */

import type { Cluster, ClusterNode, ClusterPod, ClusterService, ExternalHost } from '../kube/cluster.ts';
import type { ClusterPolicy, ClusterPolicyKind } from '../kube/cluster-policy.ts';
import type { Family } from '../kube/families.ts';
import type { MakeIpam } from '../kube/ipam.ts';
import type { LoadBalancerController } from '../kube/load-balancers.ts';
import type { BpfAttachment } from '../linux/bpf/attach.ts';
import type { BpfMapKind } from '../linux/bpf/kind.ts';
import type { BpfMap } from '../linux/bpf/map.ts';
import type { BpfProgram } from '../linux/bpf/program.ts';
import type {
  Address,
  ArpResponder,
  Device,
  FdbEntry,
  IpSet,
  Listener,
  Neighbour,
  NetnsConfig,
  NsId,
  Route,
  Sysctl,
} from '../linux/config.ts';
import type { VirtualServer } from '../linux/ipvs/table.ts';
import type { RuleOp } from '../linux/netfilter/iptables/rule.ts';
import type { NftTable } from '../linux/netfilter/nftables/ruleset.ts';
import type { Origin } from '../linux/origin.ts';
import type { Step } from '../linux/step.ts';
import type { Cidr, Ip } from '../wire/ip.ts';

/** A part of one namespace's configuration. Rule operations are applied in the order in which the writers start. */
export interface Fragment {
  readonly devices?: readonly Device[];
  readonly addresses?: readonly Address[];
  readonly routes?: readonly Route[];
  /** Routes that follow from an address, and that the writer deletes again. */
  readonly deletedRoutes?: readonly Route[];
  readonly neighbours?: readonly Neighbour[];
  readonly fdb?: readonly FdbEntry[];
  readonly sysctl?: Partial<Sysctl>;
  readonly iptables?: readonly RuleOp[];
  /** The same for IPv6. */
  readonly ip6tables?: readonly RuleOp[];
  readonly nftables?: readonly NftTable[];
  readonly ipsets?: readonly IpSet[];
  readonly ipvs?: readonly VirtualServer[];
  readonly listeners?: readonly Listener[];
  /** Programs attached here, by id; a node's maps serve its pods too. */
  readonly bpf?: { readonly attachments: readonly BpfAttachment[]; readonly maps?: readonly BpfMap[] };
}

/** What a writer contributes to a node and to the namespaces of that node's pods (by namespace id). */
export interface NodePlan {
  readonly node: Fragment;
  readonly pods?: ReadonlyMap<string, Fragment>;
  /** What only a running process has on the node, and what goes when it is stopped. */
  readonly daemon?: Pick<Fragment, 'listeners'>;
}

export interface DriverMode {
  readonly id: string;
  readonly label: string;
  /** One sentence for the picker. */
  readonly about: string;
  /** The mode that it is a variant of; absent for the main ones, which comparisons show. */
  readonly variantOf?: string;
  /** Where it differs from the driver's. */
  readonly evidence?: DriverBase['evidence'];
}

/** What a person can delete from a node, by what its writer must know of it: tables as their tool names them (`nat`, `ip kube-proxy`). */
export type Written =
  | { readonly kind: 'iptables'; readonly table: string; readonly line: string }
  | { readonly kind: 'nftables'; readonly table: string }
  | { readonly kind: 'ipvs' }
  | { readonly kind: 'ipset'; readonly set: string }
  | { readonly kind: 'address'; readonly dev: string };

interface DriverBase {
  readonly id: string;
  readonly label: string;
  readonly about: string;
  readonly modes: readonly DriverMode[];
  /** `kernel-verified`: traces of it were compared with a real kernel. `modelled`: from source and documents. */
  readonly evidence: 'kernel-verified' | 'modelled';
  /** Version of the real program that the facts are from. */
  readonly factsFrom: string;
  /** A sentence when this driver and mode cannot run on this cluster, else null. */
  refuses(cluster: Cluster, mode: string): string | null;
  /**
   * When the running program itself would write something deleted again, as one sentence with a full stop; null: it is not its own, or
   * it never looks. What a proxy names here is what its full sync restores.
   */
  writesAgain?(mode: string, written: Written): string | null;
}

/** Options that a lab or the person may set beside the mode; each driver documents which it honours. */
export interface CniOptions {
  readonly hairpin?: boolean;
  readonly podMtuBytes?: number;
  /** Pairs `[node, peer]` whose FDB entry was never written. */
  readonly missingFdb?: readonly (readonly [string, string])[];
  readonly noForwardAccept?: boolean;
  /** kube-proxy runs in IPVS mode: there is a `kube-ipvs0` on every node. */
  readonly besideIpvs?: boolean;
}

/** JSON as plugins read and print it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One run of a plugin's executable with `CNI_COMMAND=ADD` (CNI spec, sections 2 and 3). */
export interface PluginCall {
  /** Its file in /opt/cni/bin. */
  readonly plugin: string;
  /** `containerd`, or the plugin that runs it. */
  readonly caller: string;
  /** Who is in the origins of what this call gave to the pod, where that is not the plugin: the daemon that it asked. */
  readonly signs?: string;
  /** One sentence: what it does with what it reads. */
  readonly does: string;
  readonly stdin: Json;
  /** It chooses the address, so it is the one that fails when there is none left. */
  readonly isIpam?: true;
  /** The result that it prints. */
  readonly stdout: Json;
}

/** How a pod gets its network on its node, and how the other machines come to know of it. */
export interface PodAdd {
  /** What the runtime reads in /etc/cni/net.d. */
  readonly conf: { readonly path: string; readonly json: Json };
  /** In the order in which they begin. */
  readonly calls: readonly PluginCall[];
  /**
   * What the CNI's own daemons do after the call, a sentence each: on this node, and towards the others. What they change is not told
   * here: it is seen by comparing plans.
   */
  readonly afterwards: readonly Afterwards[];
}

export interface Afterwards {
  /** As in the origins of what it writes: `felix`, `flanneld`. */
  readonly by: string;
  /** What is said of this node is told only where something changed on it. */
  readonly where: 'this node' | 'other nodes';
  readonly how: string;
}

/** A command and what it prints: a view of the control plane, for people. */
export interface ToolOutput {
  readonly command: string;
  /** One or more sentences on what it shows. */
  readonly about: string;
  readonly lines: readonly string[];
}

/** The CNI's own log of the flows that its programs report. */
export interface FlowLog {
  readonly command: string;
  /** In order. `hostOf`: the node whose agent sees what happens in a namespace. */
  lines(steps: readonly Step[], cluster: Cluster, hostOf: (ns: NsId) => NsId): readonly FlowLine[];
}

export interface FlowLine {
  /** The step that it reports. */
  readonly step: number;
  readonly text: string;
}

/** What keeps a node in step with the cluster. Stopped, it leaves what it wrote and hears of nothing new. */
export interface CniAgent {
  /** `calico-node`. */
  readonly label: string;
  /** Its programs, as the origins of what they write name them. */
  readonly signs: readonly string[];
  /** What the plugin answers while the daemon is stopped; absent: the plugin can do its part alone. */
  readonly addError?: string;
}

/** What a cloud's network knows: a line of its route table or, as a /32, an address of a machine's network card. */
export interface FabricRoute {
  readonly dst: Cidr;
  readonly via: Ip;
  /** The machine that it leads to. */
  readonly machine: string;
  readonly origin: Origin;
}

/** What the real program can do, and how it stands in the field: for whoever chooses one. */
export interface CniProfile {
  /** Who enforces NetworkPolicy; null: nobody. */
  readonly policy: string | null;
  /** How it can encrypt between nodes; null: it cannot. None of it is modelled. */
  readonly encryption: string | null;
  readonly state: 'maintained' | 'deprecated' | 'archived' | 'removed';
  /** One clause: since when and for whom. */
  readonly stateNote: string;
}

/** Who enforces policies here, and which kinds of them; or why nobody does. */
export type PolicyEnforcement =
  | {
      readonly by: string;
      readonly kinds: readonly ClusterPolicyKind[];
      /** One clause: where a packet dies. */
      readonly how: string;
      /** What the program says to a policy of these kinds that it cannot read, and so leaves aside; null: it reads it. */
      readonly rejects?: (policy: ClusterPolicy) => string | null;
    }
  /** The start of a sentence, without a full stop: `Flannel does not enforce NetworkPolicy`. */
  | { readonly by: null; readonly why: string };

export interface CniDriver extends DriverBase {
  readonly profile: CniProfile;
  /** What is modelled, where `profile` tells what the real program can. */
  readonly enforcesPolicies: (mode: string) => PolicyEnforcement;
  /** What wraps packets between nodes in a mode; null: they travel as they are. */
  readonly overlay: (mode: string) => string | null;
  /** Whose default a mode is, `kube-flannel.yml`; null: nobody's. */
  readonly defaultOf: (mode: string) => string | null;
  /**
   * Why it cannot serve a cluster of these families, and what to do; null: it can. Asked before addresses are given. Absent: it can serve
   * any.
   */
  refusesFamilies?(families: readonly Family[], mode: string): string | null;
  /** What the network between the nodes is told about pods. Absent: it is a switch, and knows nothing. */
  fabric?(cluster: Cluster, mode: string): readonly FabricRoute[];
  /** Who gives pods their addresses in a mode. Absent: `host-local`, from each node's podCIDR. */
  readonly ipam?: (mode: string) => MakeIpam;
  /** The one thing besides data: eBPF programs, pure functions that plans name by id, and what is known about their maps. */
  readonly bpf?: { readonly programs: readonly BpfProgram[]; readonly maps: readonly BpfMapKind[] };
  /** What the CNI's own tools print on a node. */
  tools?(cluster: Cluster, node: ClusterNode, mode: string): readonly ToolOutput[];
  readonly flowLog?: FlowLog;
  /** In this mode the CNI itself makes Services work, so that no proxy is needed. */
  replacesProxy?(mode: string): boolean;
  /** What has no effect in a mode beside a proxy that runs, or beside none, and why. */
  idleBeside?(mode: string, proxyRuns: boolean): { readonly what: string; readonly why: string } | null;
  /** Who makes `hostPort` work in a mode: the chained plugin `portmap`, the CNI's own programs, or nobody. */
  readonly hostPorts: (mode: string) => 'portmap' | 'own' | 'nobody';
  plan(cluster: Cluster, node: ClusterNode, mode: string, options: CniOptions): NodePlan;
  /** The daemon on each node, which can be stopped. Absent or null: the plugins are all there is. */
  readonly agent?: (mode: string) => CniAgent | null;
  /** The call that wires this pod; the pod stands on the node. */
  add(cluster: Cluster, node: ClusterNode, pod: ClusterPod, mode: string, options: CniOptions): PodAdd;
}

/** kube-proxy, or what replaces it. */
export interface ProxyDriver extends DriverBase {
  /** In this mode IPVS passes packets on, past FORWARD. */
  usesIpvs?(mode: string): boolean;
  /** A process on each node keeps the rules in step with the cluster: it can be stopped. */
  readonly hasDaemon: boolean;
  plan(cluster: Cluster, node: ClusterNode, mode: string): NodePlan;
}

/** What a load balancer asks of a node before it sends it packets: an HTTP request. */
export interface HealthCheck {
  readonly port: number;
  readonly path: string;
  readonly waitMs: number;
}

export interface NodeHealth {
  readonly node: string;
  readonly isHealthy: boolean;
  /** What came back, line by line: the HTTP answer, or why there was none. */
  readonly answer: readonly string[];
}

/** Asks all nodes, in their order, with packets of the world as it is. */
export type AskNodes = (check: HealthCheck) => readonly NodeHealth[];

/** The nodes as a balancer, or its programs on them, see them. */
export interface NodesSeen {
  readonly ask: AskNodes;
  /** Its cable or card is down: the other nodes do not hear it any more. */
  isLost(node: string): boolean;
}

/** Makes `type: LoadBalancer` true: a cloud's balancer, or an announcer on the nodes. */
export interface BalancerDriver extends DriverBase {
  /** Who watches the Services; null: nobody. */
  controller(mode: string): LoadBalancerController | null;
  /** What a machine outside the nodes has for it: the balancer itself, or a router that learns the addresses. */
  outside?(cluster: Cluster, host: ExternalHost, mode: string, view: NodesSeen): Fragment;
  /** The addresses that its program on a node answers ARP for. */
  announces?(cluster: Cluster, node: ClusterNode, mode: string, view: NodesSeen): readonly ArpResponder[];
  /** What it thinks of the nodes, as one can look it up at a machine: its own, or one that listens to it. */
  tools?(cluster: Cluster, machine: string, mode: string, view: NodesSeen): readonly ToolOutput[];
  /** In a sentence or two: where packets for this Service come to, and why there. */
  tells?(cluster: Cluster, service: ClusterService, mode: string, view: NodesSeen): string;
}

export type { NetnsConfig };
