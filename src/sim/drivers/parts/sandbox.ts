/** What containerd makes and says of a pod's sandbox (internal/cri/server, pkg/netns, v2.1; go-cni). */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { podNs } from '../../kube/cluster.ts';
import { sandboxId } from './sandbox-id.ts';

type PodRef = Parameters<typeof sandboxId>[0];

const hashOf = (pod: PodRef, what: string): string => bytesToHex(sha256(utf8ToBytes(`${what} ${podNs(pod)}`)));

const uuidOf = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');

/** SIMPLIFIED: random in reality, here from the pod's name, as is the next one. */
export const netnsPath = (pod: PodRef): string => `/var/run/netns/cni-${uuidOf(hashOf(pod, 'netns'))}`;

/** `metadata.uid`. */
export const podUid = (pod: PodRef): string => uuidOf(hashOf(pod, 'uid'));

/** The environment of every plugin of a pod (CNI spec, section 2; `CNI_ARGS` by internal/cri/server/sandbox_run.go). */
export function addEnvironment(pod: PodRef): Readonly<Record<string, string>> {
  const args = {
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: pod.namespace,
    K8S_POD_NAME: pod.name,
    K8S_POD_INFRA_CONTAINER_ID: sandboxId(pod),
    K8S_POD_UID: podUid(pod),
  };
  return {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: sandboxId(pod),
    CNI_NETNS: netnsPath(pod),
    CNI_IFNAME: 'eth0',
    CNI_PATH: '/opt/cni/bin',
    CNI_ARGS: Object.entries(args)
      .map(([key, value]) => `${key}=${value}`)
      .join(';'),
  };
}
