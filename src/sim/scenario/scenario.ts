/**
 * The saved document: a list of events. The state is a fold over it, undo edits the list, a link is its compact encoding.
 * Events are in the past tense. Everything in it is plain JSON.
 */
import type { FarSubnet, Ipv6Networks } from '../kube/cluster-input.ts';
import type { KubeObject } from '../kube/objects.ts';
import type { IpvsProtocol } from '../linux/ipvs/table.ts';
import type { PortProtocol } from '../wire/frame.ts';
import type { Probe } from './probe.ts';

export interface Scenario {
  readonly events: readonly ScenarioEvent[];
}

export type ScenarioEvent =
  /** All of it: what it does not say is as it is by default. */
  | ({ readonly type: 'ClusterSized' } & ClusterSize)
  /** Replaces (`replace`) or adds to what stood. */
  | { readonly type: 'ManifestsApplied'; readonly objects: readonly KubeObject[]; readonly replace: boolean }
  | { readonly type: 'CniChosen'; readonly cni: string; readonly mode: string }
  | { readonly type: 'ProxyChosen'; readonly proxy: string; readonly mode: string }
  /** Who serves Services of type LoadBalancer. */
  | { readonly type: 'BalancerChosen'; readonly balancer: string; readonly mode: string }
  | { readonly type: 'WorkloadScaled'; readonly ref: string; readonly replicas: number }
  /** `ref` names a pod (`default/web-1`) or a workload (`Deployment default/web`): its readiness probes pass or fail. */
  | { readonly type: 'ReadinessSet'; readonly ref: string; readonly ready: boolean }
  /** The node keeps the rules that stood. `seen` is what they were written from, where that is not what came before this event. */
  | { readonly type: 'ProxyStopped'; readonly node: string; readonly seen?: SeenCluster }
  | { readonly type: 'ProxyStarted'; readonly node: string }
  /** The CNI's daemon on a node: it learns of nothing new until it is started. `seen`: where that is not what stands before it. */
  | { readonly type: 'AgentStopped'; readonly node: string; readonly seen?: SeenCluster }
  | { readonly type: 'AgentStarted'; readonly node: string }
  /** The files in /etc/cni/net.d of a node are gone, and back. */
  | { readonly type: 'CniConfRemoved' | 'CniConfRestored'; readonly node: string }
  /** A full sync of the proxy, which writes again what was deleted of its own. A stopped one does not hear of it. */
  | { readonly type: 'ProxySynced'; readonly node: string }
  | { readonly type: 'PodDeleted'; readonly ref: string }
  /** `ref` is `NetworkPolicy shop/deny`. The object stays as it is. */
  | { readonly type: 'PolicySwitched'; readonly ref: string; readonly to: PolicyState }
  | { readonly type: 'PolicyDeleted'; readonly ref: string }
  | { readonly type: 'ListenerStopped'; readonly ns: string; readonly proto: PortProtocol; readonly port: number }
  | { readonly type: 'DeviceSetDown'; readonly ns: string; readonly dev: string }
  /** `line` is the object as the tool prints it; the n-th equal line when `nth` is given (from 0). */
  | { readonly type: 'RouteDeleted'; readonly ns: string; readonly line: string }
  | { readonly type: 'NeighbourDeleted'; readonly ns: string; readonly line: string }
  | { readonly type: 'FdbEntryDeleted'; readonly ns: string; readonly line: string }
  | {
      readonly type: 'RuleDeleted';
      readonly ns: string;
      readonly table: string;
      readonly line: string;
      readonly nth?: number;
    }
  /** `table` is `ip kube-proxy`, as nft names it. */
  | {
      readonly type: 'NftRuleDeleted';
      readonly ns: string;
      readonly table: string;
      readonly chain: string;
      readonly line: string;
      readonly nth?: number;
    }
  | {
      readonly type: 'NftElementDeleted';
      readonly ns: string;
      readonly table: string;
      readonly set: string;
      readonly key: string;
    }
  /** `at` is `10.96.0.10:53`; its real servers go with it. */
  | { readonly type: 'VirtualServerDeleted'; readonly ns: string; readonly proto: IpvsProtocol; readonly at: string }
  | {
      readonly type: 'RealServerDeleted';
      readonly ns: string;
      readonly proto: IpvsProtocol;
      readonly at: string;
      readonly server: string;
    }
  | { readonly type: 'IpsetMemberDeleted'; readonly ns: string; readonly set: string; readonly member: string }
  | { readonly type: 'AddressDeleted'; readonly ns: string; readonly dev: string; readonly ip: string }
  | { readonly type: 'SysctlSet'; readonly ns: string; readonly key: string; readonly value: number }
  | { readonly type: 'MtuSet'; readonly ns: string; readonly dev: string; readonly mtuBytes: number }
  | { readonly type: 'ProbeSet'; readonly probe: Probe }
  | { readonly type: 'SeedSet'; readonly seed: number };

/** `staged` and `off` are enforced by nobody; of a staged policy the page tells what it would do. */
export type PolicyState = 'on' | 'staged' | 'off';

export interface ClusterSize {
  readonly nodes: number;
  readonly podCIDR: string;
  readonly nodeMask: number;
  readonly serviceCIDR: string;
  readonly nodeNetwork: string;
  readonly mtuBytes: number;
  /** The same networks in IPv6, beside those above or instead of them. */
  readonly ipv6?: Ipv6Networks;
  /** The zone of each node in order; '', and what is missing at the end, is none. */
  readonly zones?: readonly string[];
  /** A second node subnet behind a router, with the nodes from this number on. */
  readonly farSubnet?: FarSubnet;
  /** NodeLocal DNSCache runs on every node. */
  readonly nodeLocalDns?: true;
}

/** The part of a state that a proxy writes rules from. */
export interface SeenCluster extends ClusterSize {
  readonly objects: readonly KubeObject[];
  readonly proxy: { readonly id: string; readonly mode: string };
  /** Absent: nobody gave out load balancers. */
  readonly balancer?: { readonly id: string; readonly mode: string };
  readonly changes: readonly ClusterEvent[];
}

/** The fold of a scenario: what the engine builds a world from. Faults stay events, applied after the drivers. */
export interface ScenarioState extends ClusterSize {
  /** As they were applied; `currentObjects` has them as they were scaled since. */
  readonly objects: readonly KubeObject[];
  readonly cni: { readonly id: string; readonly mode: string };
  readonly proxy: { readonly id: string; readonly mode: string };
  readonly balancer: { readonly id: string; readonly mode: string };
  /** What was changed by hand since the objects were applied, oldest first: a stopped proxy has seen what stands before it. */
  readonly faults: readonly FaultEvent[];
  readonly probe: Probe | null;
  readonly seed: number;
}

/** Changes of the pods that stand and of what is enforced, which the control plane tells every proxy and agent. */
export type ClusterEvent = Extract<
  ScenarioEvent,
  { type: 'WorkloadScaled' | 'ReadinessSet' | 'PodDeleted' | 'PolicySwitched' | 'CniConfRemoved' | 'CniConfRestored' }
>;

export type FaultEvent = Extract<
  ScenarioEvent,
  {
    type:
      | 'WorkloadScaled'
      | 'ReadinessSet'
      | 'ProxyStopped'
      | 'AgentStopped'
      | 'CniConfRemoved'
      | 'CniConfRestored'
      | 'PodDeleted'
      | 'PolicySwitched'
      | 'ListenerStopped'
      | 'DeviceSetDown'
      | 'RouteDeleted'
      | 'NeighbourDeleted'
      | 'FdbEntryDeleted'
      | 'RuleDeleted'
      | 'NftRuleDeleted'
      | 'NftElementDeleted'
      | 'VirtualServerDeleted'
      | 'RealServerDeleted'
      | 'IpsetMemberDeleted'
      | 'AddressDeleted'
      | 'SysctlSet'
      | 'MtuSet';
  }
>;
