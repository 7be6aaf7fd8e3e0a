import { useMemo, useState } from 'react';
import { type RuleDiff, ruleDiffs } from '../../sim/engine/rule-diff.ts';
import type { World } from '../../sim/engine/world.ts';
import { useApp, useSession } from '../app-model.ts';

/** More Services than that are compared when the person asks for it: every rule of every node is printed. */
const SERVICES_AT_ONCE_MAX = 200;
const LINES_SHOWN_MAX = 200;

/** The lines that the last edit made the proxies add and remove, the node that is looked at first. */
export function Rewrites({ world, node }: { readonly world: World; readonly node: string }) {
  const previous = useSession((session) => session.previous);
  const [asked, setAsked] = useState<World | null>(null);
  const isAtOnce = world.cluster.services.length <= SERVICES_AT_ONCE_MAX || asked === world;
  const diffs = useMemo(
    () => (previous && isAtOnce ? byNode(ruleDiffs(previous, world), node) : []),
    [previous, isAtOnce, world, node],
  );
  if (!previous) return null;
  return (
    <section aria-label="What the proxy rewrote">
      <h3 className="section-title">
        What the proxy rewrote
        <span className="quiet">by the last edit</span>
      </h3>
      {!isAtOnce && (
        <button type="button" className="button button-small" onClick={() => setAsked(world)}>
          Compare the rules
        </button>
      )}
      {isAtOnce && diffs.length === 0 && <p className="quiet">Nothing new: it wants the same rules as before.</p>}
      {diffs.map((diff) => (
        <NodeDiff key={diff.node} diff={diff} world={world} isOpen={diff.node === node} />
      ))}
    </section>
  );
}

const byNode = (diffs: readonly RuleDiff[], first: string): readonly RuleDiff[] =>
  [...diffs].sort((a, b) => Number(b.node === first) - Number(a.node === first));

interface NodeDiffProps {
  readonly diff: RuleDiff;
  readonly world: World;
  readonly isOpen: boolean;
}

function NodeDiff({ diff: { node, added, removed }, world, isOpen }: NodeDiffProps) {
  const { proxies } = useApp();
  const id = (world.stoppedProxies?.find((one) => one.node === node)?.proxy ?? world.proxy).id;
  const label = proxies.find((proxy) => proxy.id === id)?.label ?? id;
  const lines = [
    ...removed.map((line) => ({ sign: '\u2212', line, kind: 'removed' })),
    ...added.map((line) => ({ sign: '+', line, kind: 'added' })),
  ];
  const shown = lines.slice(0, LINES_SHOWN_MAX);
  return (
    <details className="rewrite" open={isOpen}>
      <summary>
        {label} on {node}: +{added.length} {'\u2212'}
        {removed.length} {lines.length === 1 ? 'line' : 'lines'}
      </summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling list must be reachable by keyboard. */}
      <ul className="rewrite-lines" tabIndex={0} aria-label={`Lines that changed on ${node}`}>
        {shown.map(({ sign, line, kind }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: equal lines are different entries.
          <li key={`${index} ${line}`} className={`rewrite-${kind}`}>
            <span className="rewrite-sign">{sign}</span>
            <code>{line}</code>
          </li>
        ))}
      </ul>
      {lines.length > shown.length && <p className="quiet">and {lines.length - shown.length} more</p>}
    </details>
  );
}
