import { useApp, useSession } from '../app-model.ts';
import { DriverKnob } from './DriverKnob.tsx';

/** Who serves Services of type LoadBalancer. It takes effect at once. */
export function BalancerKnob() {
  const { document, balancers } = useApp();
  const balancer = useSession(({ state }) => state.balancer);
  return (
    <DriverKnob
      label="Load balancer"
      className="node-place"
      drivers={balancers}
      value={balancer}
      onChoose={(id, mode) => document.apply({ type: 'BalancerChosen', balancer: id, mode })}
    />
  );
}
