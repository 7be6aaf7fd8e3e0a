import { type PolicyQuestion, policyQuestion } from '../../sim/engine/policy-question.ts';
import { explain } from '../../sim/kube/policy/explain.ts';
import type { PolicyObject } from '../../sim/kube/policy-objects.ts';
import { useApp, useSession } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import { SmallestChange } from './SmallestChange.tsx';
import type { PolicyModels } from './use-model.ts';
import { WhySide } from './WhySide.tsx';
import './why.css';

/** Why the present packet may pass, or not: what its sender's policies say, and its receiver's. */
export function WhyPage({ models }: { readonly models: PolicyModels }) {
  const trace = useSession((state) => state.trace);
  const question = trace && policyQuestion(trace, models.world);
  if (question === null) {
    return (
      <p className="dock-empty">
        {trace === null
          ? 'No packet was sent. Choose two ends in the bar above and press Send.'
          : 'No policy is asked about this packet: it never comes to a pod.'}
      </p>
    );
  }
  return <Why models={models} question={question} />;
}

interface WhyProps {
  readonly models: PolicyModels;
  readonly question: PolicyQuestion;
}

function Why({ models, question }: WhyProps) {
  const { document } = useApp();
  const { now, would, switches } = models;
  const apply = (objects: readonly PolicyObject[]): void =>
    document.apply({ type: 'ManifestsApplied', objects, replace: false });
  const { probe, from, to, note } = question;
  const explained = explain(would, probe);
  const { verdict } = would === now ? explained : explain(now, probe);
  const { isAllowed } = verdict;
  const staged = new Set(switches.flatMap(({ ref, state }) => (state === 'staged' ? [ref] : [])));
  const port = probe.protocol === 'OTHER' ? 'without ports' : `${probe.protocol} ${probe.port}`;
  return (
    <ScrollBox className="why" label="Why">
      <p className="why-verdict">
        <span className={isAllowed ? 'why-badge why-good' : 'why-badge why-stopped'}>
          <Icon name={isAllowed ? 'check' : 'cross'} size={12} />
          {isAllowed ? 'Allowed' : 'Denied'}
        </span>
        <span>
          {from} to {to}, {port}. {note !== null && <span className="quiet">{note}</span>}
        </span>
      </p>
      {explained.verdict.isAllowed !== isAllowed && (
        <p className="why-staged">
          <strong>Staged:</strong> with the staged policies on, it would be{' '}
          {explained.verdict.isAllowed ? 'allowed' : 'dropped'}.
        </p>
      )}
      <div className="why-body">
        <div className="why-sides">
          <WhySide side={explained.egress} isAllowedNow={verdict.egress.isAllowed} end={from} staged={staged} />
          <WhySide side={explained.ingress} isAllowedNow={verdict.ingress.isAllowed} end={to} staged={staged} />
        </div>
        {!explained.verdict.isAllowed && <SmallestChange model={would} probe={probe} onApply={apply} />}
      </div>
    </ScrollBox>
  );
}
