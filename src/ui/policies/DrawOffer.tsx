import { useMemo } from 'react';
import { type PolicyQuestion, policyQuestion } from '../../sim/engine/policy-question.ts';
import { writeManifests } from '../../sim/kube/manifests/write.ts';
import { explain } from '../../sim/kube/policy/explain.ts';
import { matrixChanges, matrixOf } from '../../sim/kube/policy/matrix.ts';
import { policyModel, resolveEnd } from '../../sim/kube/policy/model.ts';
import type { PolicyObject } from '../../sim/kube/policy-objects.ts';
import type { Probe } from '../../sim/scenario/probe.ts';
import { useApp } from '../app-model.ts';
import { IconButton } from '../parts/IconButton.tsx';
import { SmallestChange } from './SmallestChange.tsx';
import { arrowPolicy, freshName } from './templates.ts';
import { type PolicyModels, usePolicyModels } from './use-model.ts';
import { YamlDiff } from './YamlDiff.tsx';
import './why.css';
import './policies.css';

/** What the arrow that was drawn would change, before anything is changed. */
export function DrawOffer({ drawn }: { readonly drawn: Probe }) {
  const { desk, document, engine } = useApp();
  const models = usePolicyModels();
  const question = useMemo(
    () => models && policyQuestion(engine.trace(models.world, drawn), models.world),
    [engine, models, drawn],
  );
  if (models === null) return null;
  const apply = (objects: readonly PolicyObject[]): void => {
    document.apply({ type: 'ManifestsApplied', objects, replace: false }, { type: 'ProbeSet', probe: drawn });
    desk.draw(null);
  };
  return (
    <section className="draw-offer" aria-label="The arrow that you drew">
      <div className="draw-offer-head">
        <h3>
          {question ? `Allow ${question.from} to ${question.to}, ${portWords(question)}` : 'This arrow says nothing'}
        </h3>
        <IconButton icon="close" label="Drop the arrow" className="icon-small" onClick={() => desk.draw(null)} />
      </div>
      {question === null ? (
        <p className="quiet">Policies are about pods, and this packet never comes to one.</p>
      ) : (
        <Offer models={models} question={question} onApply={apply} />
      )}
    </section>
  );
}

const portWords = ({ probe }: PolicyQuestion): string =>
  probe.protocol === 'OTHER' ? 'every port' : `${probe.protocol} ${probe.port}`;

interface OfferProps {
  readonly models: PolicyModels;
  readonly question: PolicyQuestion;
  readonly onApply: (objects: readonly PolicyObject[]) => void;
}

/** Closed: the smallest change. Open to everybody: a policy for this one. Open by a policy: nothing is left to do. */
function Offer({ models, question, onApply }: OfferProps) {
  const { now } = models;
  const { probe } = question;
  const { verdict, ingress } = explain(now, probe);
  if (!verdict.isAllowed) return <SmallestChange model={now} probe={probe} onApply={onApply} />;
  if (ingress.basis === 'policy') return <p className="quiet">It is allowed already: nothing has to change.</p>;
  return <FirstPolicy models={models} question={question} onApply={onApply} />;
}

function FirstPolicy({ models, question, onApply }: OfferProps) {
  const { now, switches } = models;
  const { probe, from, to } = question;
  const made = useMemo(() => {
    const server = resolveEnd(now, probe.to)?.pod;
    const client = resolveEnd(now, probe.from)?.pod ?? (probe.from.kind === 'ip' ? probe.from.ip : null);
    if (!server || client === null) return null;
    const port = probe.protocol === 'OTHER' ? null : { protocol: probe.protocol, port: probe.port };
    const policy = freshName(arrowPolicy(server, client, port), new Set(switches.map(({ ref }) => ref)));
    const after = policyModel({ ...now.input, policies: [...now.input.policies, policy] }, now);
    const ports = [{ protocol: probe.protocol, port: probe.port }];
    const closed = matrixChanges(matrixOf(now, ports), matrixOf(after, ports)).filter((one) => one.closed !== 0).length;
    return { policy, closed };
  }, [now, switches, probe]);
  if (made === null) return <p className="quiet">{to} has no policies: nothing can be drawn to it.</p>;
  const { policy, closed } = made;
  const lines = writeManifests([policy])
    .trimEnd()
    .split('\n')
    .map((line) => ({ mark: '+' as const, line }));
  return (
    <>
      <p>
        Until now everybody may reach {to}. A policy that allows {from} closes it to all others
        {closed === 0 ? '.' : `: ${closed} ${closed === 1 ? 'pair' : 'pairs'} of pods on this port.`}
      </p>
      <YamlDiff policyRef={`${policy.kind} ${policy.namespace}/${policy.name}`} lines={lines} />
      <div>
        <button type="button" className="button button-small button-primary" onClick={() => onApply([policy])}>
          Add this policy
        </button>
      </div>
    </>
  );
}
