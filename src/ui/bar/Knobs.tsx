import type { ReactNode } from 'react';
import { useApp, useSession } from '../app-model.ts';
import { FaultList } from '../faults/FaultList.tsx';
import { isListed } from '../faults/fault-words.ts';
import { ClusterKnob } from './ClusterKnob.tsx';
import { CniKnob } from './CniKnob.tsx';
import { DriverKnob } from './DriverKnob.tsx';
import { Notes } from './Notes.tsx';
import { PoliciesKnob } from './PoliciesKnob.tsx';

/** The cluster that the packet meets. Each knob takes effect at once. */
export function Knobs({ hint }: { readonly hint: ReactNode }) {
  const { document, proxies } = useApp();
  const proxy = useSession(({ state }) => state.proxy);
  const change = useSession((state) => state.change);
  const hasFaults = useSession(({ state }) => state.faults.some(isListed));
  return (
    <section className="bar-row knobs" aria-label="Cluster">
      <CniKnob />
      <DriverKnob
        label="Proxy"
        drivers={proxies}
        value={proxy}
        onChoose={(id, mode) => document.apply({ type: 'ProxyChosen', proxy: id, mode })}
      />
      <ClusterKnob />
      <PoliciesKnob />
      <FaultList />
      <p className="change" aria-live="polite" title={change ?? undefined}>
        {change}
      </p>
      {!change && !hasFaults && hint}
      <Notes />
    </section>
  );
}
