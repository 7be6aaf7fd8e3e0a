/** `/etc/hosts` as kubelet writes it for a pod (pkg/kubelet/kubelet_pods.go, v1.36): read before any server is asked. */
import type { ClusterPod } from '../../kube/cluster.ts';
import { type Ip, ip } from '../../wire/ip.ts';

const LOCALHOST = ip('127.0.0.1');

/** Null: the file does not have the name. SIMPLIFIED: machines have only `localhost` in theirs. */
export function inHostsFile(name: string, pod: ClusterPod | undefined): Ip | null {
  const wanted = name.replace(/\.$/, '').toLowerCase();
  if (wanted === 'localhost') return LOCALHOST;
  return pod && !pod.hostNetwork && wanted === pod.name ? pod.ip : null;
}
