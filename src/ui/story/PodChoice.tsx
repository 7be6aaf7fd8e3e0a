import type { World } from '../../sim/engine/world.ts';
import { podNs } from '../../sim/kube/cluster.ts';

interface PodChoiceProps {
  readonly world: World;
  readonly value: string;
  readonly onChoose: (ref: string) => void;
}

/** Every pod by node, those that wait for a network with it. */
export function PodChoice({ world, value, onChoose }: PodChoiceProps) {
  const { nodes, pods, waiting = [] } = world.cluster;
  return (
    <label className="labelled">
      <span>Pod</span>
      <select value={value} onChange={(event) => onChoose(event.target.value)}>
        {nodes.map(({ name }) => (
          <optgroup key={name} label={name}>
            {pods.filter(({ node }) => node === name).map((pod) => option(podNs(pod), ''))}
            {waiting.filter(({ node }) => node === name).map((pod) => option(podNs(pod), ' (ContainerCreating)'))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

const option = (ref: string, note: string) => (
  <option key={ref} value={ref}>
    {ref}
    {note}
  </option>
);
