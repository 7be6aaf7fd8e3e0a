import { useMemo, useState } from 'react';
import type { PolicyModel } from '../../sim/kube/policy/model.ts';
import type { Proposal } from '../../sim/kube/policy/smallest-change.ts';
import type { PolicyProbe } from '../../sim/kube/policy/verdict.ts';
import type { PolicyObject } from '../../sim/kube/policy-objects.ts';
import { useWork } from '../work/use-work.ts';
import { YamlDiff } from './YamlDiff.tsx';

interface SmallestChangeProps {
  readonly model: PolicyModel;
  readonly probe: PolicyProbe;
  readonly onApply: (objects: readonly PolicyObject[]) => void;
}

/** What would let the packet through, as lines of YAML that come and go. It is tried in the worker. */
export function SmallestChange({ model, probe, onApply }: SmallestChangeProps) {
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
  return <Proposals key={key} proposals={end} onApply={onApply} />;
}

const reasonOf = ({ protocol }: PolicyProbe): string =>
  protocol === 'OTHER' ? 'a policy cannot name what has no ports' : 'what closes it is no policy';

interface ProposalsProps extends Pick<SmallestChangeProps, 'onApply'> {
  readonly proposals: readonly Proposal[];
}

function Proposals({ proposals, onApply }: ProposalsProps) {
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
        <button type="button" className="button button-small button-primary" onClick={() => onApply(shown.objects)}>
          Apply this change
        </button>
      </div>
      <p>
        {upperFirst(shown.texts.join('; '))}. <span className="quiet">{opensWords(shown)}</span>
      </p>
      {shown.diffs.map(({ ref, lines }) => (
        <YamlDiff key={ref} policyRef={ref} lines={lines} />
      ))}
    </section>
  );
}

function opensWords({ opens }: Proposal): string {
  return opens <= 1 ? 'Nothing else is opened by it.' : `It opens ${opens} pairs of pods on this port.`;
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
