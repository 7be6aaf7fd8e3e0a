import { useMemo, useState } from 'react';
import type { PolicyModel } from '../../sim/kube/policy/model.ts';
import type { Proposal } from '../../sim/kube/policy/smallest-change.ts';
import type { PolicyProbe } from '../../sim/kube/policy/verdict.ts';
import type { LineChange } from '../../sim/kube/policy/yaml-diff.ts';
import { useApp } from '../app-model.ts';
import { useWork } from '../work/use-work.ts';

interface SmallestChangeProps {
  readonly model: PolicyModel;
  readonly probe: PolicyProbe;
}

/** What would let the packet through, as lines of YAML that come and go. It is tried in the worker. */
export function SmallestChange({ model, probe }: SmallestChangeProps) {
  const { input } = model;
  const key = JSON.stringify(probe);
  const work = useMemo(() => ({ kind: 'change' as const, input, probe: JSON.parse(key) as PolicyProbe }), [input, key]);
  const { isRunning, end, failed } = useWork(work);
  if (isRunning || end === null) {
    return <p className="quiet why-change">{failed ?? 'Looking for the smallest change …'}</p>;
  }
  if (end.length === 0) {
    return <p className="quiet why-change">No small change of policies lets it through: {reasonOf(probe)}.</p>;
  }
  return <Proposals key={key} proposals={end} />;
}

const reasonOf = ({ protocol }: PolicyProbe): string =>
  protocol === 'OTHER' ? 'a policy cannot name what has no ports' : 'what closes it is no policy';

function Proposals({ proposals }: { readonly proposals: readonly Proposal[] }) {
  const { document } = useApp();
  const [at, setAt] = useState(0);
  const shown = proposals[at] ?? proposals[0];
  if (shown === undefined) return null;
  return (
    <section className="why-change" aria-label="Smallest change">
      <div className="why-change-head">
        <h3>{at === 0 ? 'The smallest change' : 'Another change'}</h3>
        {proposals.length > 1 && (
          <fieldset className="segmented segmented-small" aria-label="Ways to let it through">
            {proposals.map((one, index) => (
              <button
                key={one.texts.join('; ')}
                type="button"
                aria-pressed={index === at}
                title={one.texts.join('; ')}
                onClick={() => setAt(index)}
              >
                {index + 1}
              </button>
            ))}
          </fieldset>
        )}
        <button
          type="button"
          className="button button-small button-primary"
          onClick={() => document.apply({ type: 'ManifestsApplied', objects: shown.objects, replace: false })}
        >
          Apply this change
        </button>
      </div>
      <p>
        {upperFirst(shown.texts.join('; '))}. <span className="quiet">{opensWords(shown)}</span>
      </p>
      {shown.diffs.map(({ ref, lines }) => (
        <figure key={ref} className="why-diff">
          <figcaption>{lines.some(({ mark }) => mark !== '+') ? ref : `${ref}, new`}</figcaption>
          <pre>
            {inShort(lines).map(({ mark, line }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text, in their order.
              <span key={index} className={LOOKS[mark]}>
                {mark} {line}
                {'\n'}
              </span>
            ))}
          </pre>
        </figure>
      ))}
    </section>
  );
}

/** Lines around a change that are shown with it. */
const CONTEXT = 2;

/** The changes and what is near them; `…` stands for the rest. */
function inShort(lines: readonly LineChange[]): readonly LineChange[] {
  const isNear = (at: number): boolean =>
    lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ mark }) => mark !== ' ');
  return lines.flatMap((change, at): LineChange[] => {
    if (isNear(at)) return [change];
    return at > 0 && !isNear(at - 1) ? [] : [{ mark: ' ', line: '…' }];
  });
}

const LOOKS = { ' ': '', '+': 'diff-added', '-': 'diff-removed' } as const;

function opensWords({ opens }: Proposal): string {
  return opens <= 1 ? 'Nothing else is opened by it.' : `It opens ${opens} pairs of pods on this port.`;
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
