import { useMemo } from 'react';
import { lint } from '../../sim/kube/policy/lint.ts';
import { useApp, usePart } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import { PolicyEditor } from './PolicyEditor.tsx';
import { PolicySwitch } from './PolicySwitch.tsx';
import type { DeskPage } from './policy-desk.ts';
import { policyName, selectsWords } from './policy-words.ts';
import { TemplateList } from './TemplateList.tsx';
import { Unenforced } from './Unenforced.tsx';
import { type PolicyModels, usePolicyModels } from './use-model.ts';
import { WhyPage } from './WhyPage.tsx';
import './policies.css';
import './policies-narrow.css';

/** Policies: which there are, why they let the packet pass or not, and each of them to edit. */
export function PoliciesTab() {
  const { desk } = useApp();
  const models = usePolicyModels();
  const page = usePart(desk, (state) => state.page);
  const hasDraft = usePart(desk, (state) => state.draft !== null);
  if (models === null) return <p className="dock-empty">There is no cluster to have policies.</p>;
  const shown = pageOf(page, models);
  return (
    <div className="policies">
      <Side models={models} page={shown} />
      <div className="policies-page">
        {shown.kind === 'why' && <WhyPage models={models} />}
        {shown.kind === 'policy' && (
          <PolicyEditor key={shown.ref} models={models} standing={standingOf(models, shown.ref)} />
        )}
        {shown.kind === 'new' &&
          (hasDraft ? <PolicyEditor key="new" models={models} standing={null} /> : <TemplateList models={models} />)}
      </div>
    </div>
  );
}

const standingOf = ({ switches }: PolicyModels, ref: string) => switches.find((one) => one.ref === ref) ?? null;

/** A policy that is gone (by undo, by another CNI's manifests) has no page; without any, the templates are the page. */
function pageOf(page: DeskPage, models: PolicyModels): DeskPage {
  if (page.kind === 'policy' && standingOf(models, page.ref) === null) return pageOf({ kind: 'why' }, models);
  return page.kind === 'why' && models.switches.length === 0 ? { kind: 'new' } : page;
}

function Side({ models, page }: { readonly models: PolicyModels; readonly page: DeskPage }) {
  const { desk } = useApp();
  const { switches, would } = models;
  const findings = useFindings(models);
  return (
    <ScrollBox className="policies-side" label="Policies">
      <div className="policies-actions">
        <button
          type="button"
          className="button button-small"
          aria-current={page.kind === 'new' ? 'page' : undefined}
          onClick={() => desk.show({ kind: 'new' })}
        >
          <Icon name="plus" />
          New policy
        </button>
        {switches.length > 0 && (
          <button
            type="button"
            className="button button-small"
            aria-current={page.kind === 'why' ? 'page' : undefined}
            onClick={() => desk.show({ kind: 'why' })}
          >
            <Icon name="target" />
            Why
          </button>
        )}
      </div>
      <Unenforced />
      {switches.length === 0 && <p className="quiet">No policy selects any pod: everything may talk to everything.</p>}
      <ul className="policy-list">
        {switches.map((one) => (
          <li key={one.ref} className={page.kind === 'policy' && page.ref === one.ref ? 'is-current' : undefined}>
            <button
              type="button"
              className="policy-name"
              aria-current={page.kind === 'policy' && page.ref === one.ref ? 'page' : undefined}
              onClick={() => desk.show({ kind: 'policy', ref: one.ref })}
            >
              <strong>{policyName(one.policy)}</strong>
              <span className="quiet">
                {one.policy.kind === 'NetworkPolicy' ? '' : `${one.policy.kind}, `}
                {selectsWords(would, one.ref)}
                {findings.has(one.ref) && (
                  <span className="policy-found" title="There are findings: open it">
                    <Icon name="warning" size={12} />
                    {findings.get(one.ref)}
                    <span className="visually-hidden"> findings</span>
                  </span>
                )}
              </span>
            </button>
            <PolicySwitch of={one} />
          </li>
        ))}
      </ul>
    </ScrollBox>
  );
}

/** So many pods and policies are looked through at once; with more, a policy tells when it is opened. */
const LINTED_MAX = 20_000;

/** How many findings each policy has. */
function useFindings({ would, world, switches }: PolicyModels): ReadonlyMap<string, number> {
  return useMemo(() => {
    const counts = new Map<string, number>();
    if (would.input.pods.length * switches.length > LINTED_MAX) return counts;
    const { podCIDR, podCIDRs = [podCIDR], serviceCIDR, serviceCIDRs = [serviceCIDR] } = world.cluster;
    for (const { ref } of lint(would, { podCIDRs, serviceCIDRs })) counts.set(ref, (counts.get(ref) ?? 0) + 1);
    return counts;
  }, [would, world, switches]);
}
