/** How a pod or a machine resolves names, as its own files say. */
import type { ToolOutput } from '../../drivers/contract.ts';
import type { ClusterPod } from '../../kube/cluster.ts';
import { printResolvConf, resolvConfOf } from '../../kube/dns/resolv-conf.ts';
import type { NsId } from '../../linux/config.ts';
import type { World } from '../world.ts';

/** `pod`: whose namespace it is, or the one on the host's network that is looked at. */
export function nameTools({ cluster }: World, ns: NsId, pod?: ClusterPod): readonly ToolOutput[] {
  const lines = printResolvConf(resolvConfOf(cluster, ns, pod));
  return [{ command: 'cat /etc/resolv.conf', about: pod ? podWords(pod) : 'The file of the machine itself', lines }];
}

function podWords({ dnsPolicy = 'ClusterFirst', hostNetwork, dnsConfig }: ClusterPod): string {
  const more = dnsConfig ? ', and its dnsConfig' : '';
  if (hostNetwork && dnsPolicy === 'ClusterFirst')
    return `Written by kubelet: on the host's network ClusterFirst means the node's own file${more}`;
  return `Written by kubelet, as dnsPolicy ${dnsPolicy} says${more}`;
}
