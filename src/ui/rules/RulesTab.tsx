import { lazy, Suspense } from 'react';
import type { Trace } from '../../sim/engine/trace.ts';
import type { World } from '../../sim/engine/world.ts';
import { RuleWalk } from './RuleWalk.tsx';
import { useArrangement } from './use-arrangement.ts';
import './rules.css';

const CostView = lazy(() => import('./CostView.tsx').then((module) => ({ default: module.CostView })));
const LoadView = lazy(() => import('./LoadView.tsx').then((module) => ({ default: module.LoadView })));

const VIEWS = [
  { id: 'walk', label: 'Line by line', Body: RuleWalk },
  { id: 'cost', label: 'Cost', Body: CostView },
  { id: 'load', label: 'Load', Body: LoadView },
] as const;

/** The rules that the packet meets: walked line by line, what they cost as the cluster grows, and where many connections end. */
export function RulesTab({ trace, world }: { readonly trace: Trace; readonly world: World }) {
  const [{ view }, arrange] = useArrangement();
  const { Body } = VIEWS.find(({ id }) => id === view) ?? VIEWS[0];
  const switcher = (
    <fieldset className="segmented" aria-label="What to show of the rules">
      {VIEWS.map(({ id, label }) => (
        <button key={id} type="button" aria-pressed={id === view} onClick={() => arrange({ view: id })}>
          {label}
        </button>
      ))}
    </fieldset>
  );
  return (
    <Suspense fallback={<p className="dock-empty">Loading …</p>}>
      <Body trace={trace} world={world} switcher={switcher} />
    </Suspense>
  );
}
