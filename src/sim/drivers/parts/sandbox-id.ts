import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type ClusterPod, podNs } from '../../kube/cluster.ts';

/**
 * `CNI_CONTAINERID`, the pod sandbox's id that the runtime hands to a plugin: 64 hex digits, the same every time for one pod.
 * SIMPLIFIED: containerd draws 32 random bytes, so a pod that is made again has another one.
 */
export const sandboxId = (pod: Pick<ClusterPod, 'namespace' | 'name'>): string =>
  bytesToHex(sha256(utf8ToBytes(podNs(pod))));
