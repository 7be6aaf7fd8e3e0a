/** Names and numbers of the AWS VPC CNI (aws/amazon-vpc-cni-k8s v1.23.0, 2026-07-31). */

/** misc/10-aws.conflist. */
export const NETWORK = 'aws-cni';
/** The executable, as the writer of what it leaves. */
export const PLUGIN = 'aws-cni (CNI plugin)';
/** Runs in the DaemonSet `aws-node`, as its init container does, which writes the sysctl. */
export const IPAMD = 'ipamd';
/** The node's primary ENI. */
export const ENI = 'eth0';
/** pkg/networkutils/network.go `defaultMTU`, the most that `AWS_VPC_ENI_MTU` can be. */
export const MTU_MAX_BYTES = 9001;
/** pkg/networkutils/network.go `CalculatePodIPv4GatewayIP`: no machine has it. */
export const POD_GATEWAY = '169.254.1.1';
