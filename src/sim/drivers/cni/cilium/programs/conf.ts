/** What the agent compiled into the programs of a node and of its endpoints (node_config.h, ep_config.h, CONFIG(…)). */
import type { BpfRecord } from '../../../../linux/bpf/map.ts';
import type { TcVerdict } from '../../../../linux/bpf/program.ts';
import type { Ip } from '../../../../wire/ip.ts';
import type { Mac } from '../../../../wire/mac.ts';
import { DROPS } from '../facts.ts';

export type NodeConf = {
  /** The tunnel device; empty with native routing (TUNNEL_MODE). */
  readonly tunnel: string;
  /** Services of all kinds, also for clients outside (ENABLE_NODEPORT), and socket load balancing. */
  readonly kubeProxyReplacement: boolean;
  /** ENABLE_MASQUERADE_IPV4. */
  readonly bpfMasquerade: boolean;
  /** ENABLE_HOST_ROUTING: packets do not go through the node's IP stack. */
  readonly bpfHostRouting: boolean;
  /** A route for each pod (the opposite of ENABLE_ROUTING). */
  readonly endpointRoutes: boolean;
  readonly node: string;
  readonly nodeIp: Ip;
  readonly routerIp: Ip;
  readonly hostMac: Mac;
  readonly netMac: Mac;
  /** Towards these addresses nothing is masqueraded (IPV4_SNAT_EXCLUSION_DST_CIDR). */
  readonly excludedBase: Ip;
  readonly excludedPrefix: number;
};

/** Of the program on a pod's cable. */
export type EndpointConf = NodeConf & {
  readonly endpoint: number;
  readonly identity: number;
  readonly ip: Ip;
  readonly dev: string;
  /** Of the node's end of the cable. */
  readonly mac: Mac;
  readonly pod: string;
  /** The policies that select it; empty: none, and no verdicts are reported (POLICY_VERDICT_LOG_FILTER). */
  readonly ingressPolicies: string;
  readonly egressPolicies: string;
  /** Its rules for names of the world (`NameRule`), as JSON: what the agent looks up when the DNS proxy has seen an answer. */
  readonly names: string;
};

/** What the caller leaves for the policy program (CB_SRC_LABEL, CB_DELIVERY_FLAGS). */
export type Delivery = {
  readonly source: number;
  readonly fromHost: boolean;
  readonly fromTunnel: boolean;
  readonly usePeer: boolean;
};

export const nodeConf = (conf: BpfRecord): NodeConf => conf as NodeConf;
export const endpointConf = (conf: BpfRecord): EndpointConf => conf as EndpointConf;
export const deliveryOf = (conf: BpfRecord): Delivery => conf as unknown as Delivery;

export function dropFor(reason: keyof typeof DROPS): Extract<TcVerdict, { kind: 'drop' }> {
  const [code, text] = DROPS[reason];
  return { kind: 'drop', code, reason: text };
}
