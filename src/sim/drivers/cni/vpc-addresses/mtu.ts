import type { Cluster } from '../../../kube/cluster.ts';
import type { CniOptions } from '../../contract.ts';
import { MTU_MAX_BYTES } from './facts.ts';

/** Nothing is wrapped, so a pod has the MTU of the card: both are `AWS_VPC_ENI_MTU`, here what the node network was given. */
export const mtuOf = ({ nodeNetwork }: Cluster, { podMtuBytes }: CniOptions): number =>
  podMtuBytes ?? Math.min(nodeNetwork.mtuBytes, MTU_MAX_BYTES);
