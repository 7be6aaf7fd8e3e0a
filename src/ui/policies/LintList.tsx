import { useMemo } from 'react';
import { writeManifests } from '../../sim/kube/manifests/write.ts';
import { lint } from '../../sim/kube/policy/lint.ts';
import type { LintFinding } from '../../sim/kube/policy/lint-finding.ts';
import { policyModel } from '../../sim/kube/policy/model.ts';
import { refOf } from '../../sim/kube/policy/uniform.ts';
import type { PolicyObject } from '../../sim/kube/policy-objects.ts';
import { pathText } from '../../sim/kube/validate/field-error.ts';
import type { SwitchedPolicy } from '../../sim/scenario/policy-switches.ts';
import { useApp } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { mend } from './lint-mend.ts';
import { freshName, TEMPLATES, templateGround } from './templates.ts';
import type { PolicyModels } from './use-model.ts';

interface LintListProps {
  readonly models: PolicyModels;
  /** As they stand in the editor. */
  readonly drafts: readonly PolicyObject[];
  readonly standing: SwitchedPolicy | null;
  /** Shows a field in the YAML. */
  readonly onField: (path: readonly (string | number)[]) => void;
  readonly onChange: (policy: PolicyObject) => void;
}

/** What the API server accepts and a person most likely did not mean: the field, what it means here, and what would mend it. */
export function LintList({ models, drafts, standing, onField, onChange }: LintListProps) {
  const findings = useLint(models, drafts, standing);
  if (findings.length === 0) return null;
  return (
    <ul className="policy-lint" aria-label="Findings">
      {findings.map((finding) => (
        <li key={`${pathText(finding.path)} ${finding.text}`}>
          <Icon name="warning" size={12} />
          <span>
            <button type="button" className="link-button" onClick={() => onField(finding.path)}>
              {pathText(finding.path)}
            </button>
            : {finding.text}.
          </span>
          <Fix finding={finding} models={models} draft={drafts[0] ?? null} onChange={onChange} />
        </li>
      ))}
    </ul>
  );
}

/** Of the policies in the editor, as if they were on, among those that are. */
function useLint(models: PolicyModels, drafts: readonly PolicyObject[], standing: SwitchedPolicy | null) {
  const key = JSON.stringify(drafts);
  return useMemo(() => {
    const read = JSON.parse(key) as readonly PolicyObject[];
    const refs = new Set([...read.map(refOf), ...(standing ? [standing.ref] : [])]);
    const { input } = models.now;
    const { podCIDR, podCIDRs = [podCIDR], serviceCIDR, serviceCIDRs = [serviceCIDR] } = models.world.cluster;
    const policies = [...input.policies.filter((one) => !refs.has(refOf(one))), ...read];
    const off = new Set([...(input.off ?? [])].filter((ref) => !refs.has(ref)));
    return lint(policyModel({ ...input, policies, off }, models.now), { podCIDRs, serviceCIDRs }).filter(({ ref }) =>
      refs.has(ref),
    );
  }, [key, models, standing]);
}

interface FixProps {
  readonly finding: LintFinding;
  readonly models: PolicyModels;
  readonly draft: PolicyObject | null;
  readonly onChange: (policy: PolicyObject) => void;
}

/** The mend that needs no thought; others are for the person. */
function Fix({ finding, models, draft, onChange }: FixProps) {
  const { desk } = useApp();
  if (draft?.kind !== 'NetworkPolicy') return null;
  if (finding.kind === 'no-dns') {
    const allowDns = (): void => {
      const template = TEMPLATES.find(({ id }) => id === 'dns');
      const ground = { ...templateGround(models.world, null), client: { namespace: draft.namespace, labels: {} } };
      const taken = new Set([...models.switches.map(({ ref }) => ref), refOf(draft)]);
      if (template) desk.begin(writeManifests([freshName(template.make(ground), taken)]));
    };
    return <FixButton label="Add a policy that allows DNS" onFix={allowDns} />;
  }
  const mended = mend(finding, draft);
  return mended && <FixButton label={mended.label} onFix={() => onChange(mended.policy)} />;
}

function FixButton({ label, onFix }: { readonly label: string; readonly onFix: () => void }) {
  return (
    <button type="button" className="button button-small" onClick={onFix}>
      {label}
    </button>
  );
}
