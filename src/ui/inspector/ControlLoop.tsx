/** What the control plane is told by hand: which pods are ready, how many there shall be, and whether a node's proxy hears of it. */
import { type FormEvent, useState } from 'react';
import type { World } from '../../sim/engine/world.ts';
import type { ClusterPod } from '../../sim/kube/cluster.ts';
import { indexOf } from '../../sim/kube/cluster-index.ts';
import { isScalable, objectRef } from '../../sim/kube/objects-merge.ts';
import { currentObjects } from '../../sim/scenario/changes.ts';
import { REPLICAS_MAX } from '../../sim/scenario/limits.ts';
import { useApp, useSession } from '../app-model.ts';
import { FaultButton } from '../faults/FaultButton.tsx';

/** Stops the process that keeps the rules of a node in step, or starts it again. Nothing where there is no such process. */
export function ProxySwitch({ node, world }: { readonly node: string; readonly world: World }) {
  const { proxies } = useApp();
  const stopped = world.stoppedProxies?.find((one) => one.node === node);
  const proxy = proxies.find(({ id }) => id === (stopped?.proxy ?? world.proxy).id);
  if (!proxy?.hasDaemon) return null;
  return stopped ? (
    <FaultButton label={`Start ${proxy.label}`} event={{ type: 'ProxyStarted', node }} mends />
  ) : (
    <FaultButton label={`Stop ${proxy.label}`} event={{ type: 'ProxyStopped', node }} />
  );
}

/** The same for the daemon of the CNI. */
export function AgentSwitch({ node, world }: { readonly node: string; readonly world: World }) {
  const { cnis } = useApp();
  const isStopped = world.stoppedAgents?.some((one) => one.node === node) === true;
  const agent = cnis.find(({ id }) => id === world.cni.id)?.agent?.(world.cni.mode);
  if (!agent) return null;
  return isStopped ? (
    <FaultButton label={`Start ${agent.label}`} event={{ type: 'AgentStarted', node }} mends />
  ) : (
    <FaultButton label={`Stop ${agent.label}`} event={{ type: 'AgentStopped', node }} />
  );
}

/** The file that the runtime reads before it calls a plugin. */
export function ConfSwitch({ node, world }: { readonly node: string; readonly world: World }) {
  const isGone = indexOf(world.cluster).node(node)?.notReady !== undefined;
  return isGone ? (
    <FaultButton label="Put the CNI configuration back" event={{ type: 'CniConfRestored', node }} mends />
  ) : (
    <FaultButton label="Remove the CNI configuration" event={{ type: 'CniConfRemoved', node }} />
  );
}

export function ReadySwitch({ pod: { namespace, name, ready } }: { readonly pod: ClusterPod }) {
  const event = { type: 'ReadinessSet', ref: `${namespace}/${name}`, ready: !ready } as const;
  return <FaultButton label={ready ? 'Mark not ready' : 'Mark ready'} event={event} mends={!ready} />;
}

/** The workload that makes a pod: how many, and whether they are ready. Nothing for what cannot be scaled. */
export function OwnerControls({ owner, world }: { readonly owner: string; readonly world: World }) {
  const { objects, faults } = useSession(({ state }) => state);
  const workload = currentObjects(objects, faults)
    .filter(isScalable)
    .find((object) => objectRef(object) === owner);
  if (!workload) return null;
  const pods = world.cluster.pods.filter((pod) => pod.owner === owner);
  return (
    <section>
      <h3 className="section-title">{owner}</h3>
      <div className="faults">
        <ScaleForm key={workload.replicas ?? 1} owner={owner} replicas={workload.replicas ?? 1} />
        <FaultButton
          label="Mark all not ready"
          event={{ type: 'ReadinessSet', ref: owner, ready: false }}
          disabled={pods.every(({ ready }) => !ready)}
        />
        <FaultButton
          label="Mark all ready"
          event={{ type: 'ReadinessSet', ref: owner, ready: true }}
          disabled={pods.every(({ ready }) => ready)}
          mends
        />
      </div>
    </section>
  );
}

function ScaleForm({ owner, replicas }: { readonly owner: string; readonly replicas: number }) {
  const { document } = useApp();
  const [count, setCount] = useState(replicas);
  const isGood = Number.isInteger(count) && count >= 0 && count <= REPLICAS_MAX;
  const apply = (event: FormEvent): void => {
    event.preventDefault();
    if (isGood) document.apply({ type: 'WorkloadScaled', ref: owner, replicas: count });
  };
  return (
    <form className="mtu-form" onSubmit={apply} noValidate>
      <input
        type="number"
        aria-label={`Replicas of ${owner}`}
        aria-invalid={!isGood}
        min={0}
        max={REPLICAS_MAX}
        value={Number.isNaN(count) ? '' : count}
        onChange={(event) => setCount(event.target.valueAsNumber)}
      />
      <button type="submit" className="button button-small" disabled={!isGood || count === replicas}>
        {isGood ? `Scale to ${count}` : 'Scale'}
      </button>
    </form>
  );
}
