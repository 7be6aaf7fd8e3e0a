/** What policies let the selected pod reach, and who may reach it, as arrows. */
import type { AllowArrow } from '../../render/allow-arrows.ts';
import { idOf } from '../../render/picture-id.ts';
import { type ClusterPod, podNs } from '../../sim/kube/cluster.ts';
import { indexOf } from '../../sim/kube/cluster-index.ts';
import type { PolicyProtocol } from '../../sim/kube/policy/port-sets.ts';
import { verdictOf } from '../../sim/kube/policy/verdict.ts';
import type { PolicyModels } from '../policies/use-model.ts';

/** More arrows than these are one blot. */
const PODS_MAX = 200;

const PROTOCOLS: Readonly<Record<ClusterPod['listens'][number]['proto'], PolicyProtocol>> = {
  tcp: 'TCP',
  udp: 'UDP',
  sctp: 'SCTP',
};

/** On the first port that each receiver listens on; whoever listens on none is asked for a ping. */
export function allowedArrows({ world, now }: PolicyModels, ref: string): readonly AllowArrow[] {
  const own = indexOf(world.cluster).pod(ref);
  if (!own) return [];
  const others = world.cluster.pods.filter((pod) => pod !== own).slice(0, PODS_MAX);
  const may = (from: ClusterPod, to: ClusterPod): boolean => {
    const [first] = to.listens;
    const asked = first
      ? { protocol: PROTOCOLS[first.proto], port: first.port }
      : ({ protocol: 'OTHER', port: 0 } as const);
    const end = (pod: ClusterPod) => ({ kind: 'pod', ref: podNs(pod) }) as const;
    return verdictOf(now, { from: end(from), to: end(to), ...asked }).isAllowed;
  };
  const id = (pod: ClusterPod) => idOf({ kind: 'ns', ns: podNs(pod) });
  return others.flatMap((other): readonly AllowArrow[] => [
    ...(may(own, other) ? [{ from: id(own), to: id(other), way: 'out' as const }] : []),
    ...(may(other, own) ? [{ from: id(other), to: id(own), way: 'in' as const }] : []),
  ]);
}
