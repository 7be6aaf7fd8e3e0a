/** What is told of a pod whatever network it is on, and the view of a pod that has no network namespace of its own. */
import { nameTools } from '../../sim/engine/names/name-tools.ts';
import type { World } from '../../sim/engine/world.ts';
import { type ClusterPod, podNs } from '../../sim/kube/cluster.ts';
import { ipsOf } from '../../sim/kube/families.ts';
import { useApp } from '../app-model.ts';
import { FaultButton } from '../faults/FaultButton.tsx';
import { ContainerList } from './ContainerList.tsx';
import { OwnerControls, ReadySwitch } from './ControlLoop.tsx';
import { type Fact, Facts } from './Facts.tsx';
import { OutputList } from './ToolOutputs.tsx';

export function podFacts(pod: ClusterPod): readonly Fact[] {
  const labels = Object.entries(pod.labels).map(([key, value]) => `${key}=${value}`);
  const hostPorts = (pod.hostPorts ?? []).map(
    ({ proto, hostPort, containerPort, hostIP }) =>
      `${hostIP ?? pod.node}:${hostPort}${proto === 'tcp' ? '' : `/${proto}`} → :${containerPort}`,
  );
  return [
    [ipsOf(pod).length > 1 ? 'Addresses' : 'Address', ipsOf(pod).join(', '), 'code'],
    ['On node', pod.node],
    ...(pod.hostNetwork ? ([['Network', "the host's: it has no namespace and no address of its own"]] as const) : []),
    ...(hostPorts.length > 0 ? ([['Host ports', hostPorts.join(', '), 'code']] as const) : []),
    ['Owner', pod.owner],
    ['Labels', labels.join(', ') || 'none', 'code'],
    ['Ready', pod.ready ? 'yes' : 'no'],
  ];
}

/** A pod with a container that does not run is not ready, whatever its probe says. */
const canBeReady = ({ containers = [] }: ClusterPod): boolean =>
  containers.every(({ state }) => state === 'Running' || state === 'Completed');

export function PodFaults({ pod }: { readonly pod: ClusterPod }) {
  return (
    <>
      <FaultButton label="Delete this pod" event={{ type: 'PodDeleted', ref: podNs(pod) }} />
      {canBeReady(pod) && <ReadySwitch pod={pod} />}
    </>
  );
}

/** Its programs run among the node's own: what else there is to see is the node's. */
export function HostPodView({ pod, world }: { readonly pod: ClusterPod; readonly world: World }) {
  const { selection } = useApp();
  return (
    <>
      <Facts facts={podFacts(pod)} />
      <section>
        <h3 className="section-title">Break it</h3>
        <div className="faults">
          <PodFaults pod={pod} />
        </div>
      </section>
      {pod.containers !== undefined && <ContainerList containers={pod.containers} />}
      <OutputList title="Names" outputs={nameTools(world, podNs(pod), pod)} />
      <OwnerControls key={pod.owner} owner={pod.owner} world={world} />
      <section>
        <h3 className="section-title">Network namespace</h3>
        <button type="button" className="chip" onClick={() => selection.select({ kind: 'node', id: pod.node })}>
          {pod.node}
        </button>
      </section>
    </>
  );
}
