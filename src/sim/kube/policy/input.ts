/** What the specification needs to know of a cluster, and nothing of how a CNI does it. */
import type { Ip } from '../../wire/ip.ts';
import type { PolicyObject, Protocol } from '../policy-objects.ts';

export type Labels = Readonly<Record<string, string>>;

export interface PolicyInput {
  readonly namespaces: readonly PolicyNamespace[];
  readonly pods: readonly PolicyPod[];
  readonly nodes: readonly PolicyNode[];
  readonly policies: readonly PolicyObject[];
  /** References of policies that are switched off (`NetworkPolicy shop/deny`). */
  readonly off?: ReadonlySet<string>;
  readonly profile?: Partial<PolicyProfile>;
}

/** Where the specification leaves a choice. Each default is what most implementations do. */
export interface PolicyProfile {
  /**
   * `ipBlock` and `networks` find pods by their addresses, as the upstream conformance tests demand. Cilium's do not (its issue 9209):
   * a pod's identity wins over its address.
   */
  readonly ipBlockFindsPods: boolean;
  /** A pod that calls itself is judged like any other pair, as no implementation does but some analysers do. */
  readonly judgesSelf: boolean;
}

export const COMMON_PROFILE: PolicyProfile = { ipBlockFindsPods: true, judgesSelf: false };

export interface PolicyNamespace {
  readonly name: string;
  readonly labels: Labels;
}

export interface PolicyPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** At most one of each family, the primary one first; none where it is not known. */
  readonly ips: readonly Ip[];
  readonly node?: string;
  readonly hostNetwork?: boolean;
  readonly ports: readonly PolicyPodPort[];
}

export interface PolicyPodPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface PolicyNode {
  readonly name: string;
  readonly ips: readonly Ip[];
  readonly labels: Labels;
}
