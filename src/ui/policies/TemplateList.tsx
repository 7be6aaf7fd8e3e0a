import { writeManifests } from '../../sim/kube/manifests/write.ts';
import { useApp, useSession } from '../app-model.ts';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import { OWN_TEMPLATES } from './own-templates.ts';
import { freshName, TEMPLATES, templateGround } from './templates.ts';
import type { PolicyModels } from './use-model.ts';
import { useIdleReason } from './use-switches.ts';

/** Where a new policy begins: each template is filled in for the packet's two ends, and opens in the editor. */
export function TemplateList({ models }: { readonly models: PolicyModels }) {
  const { desk } = useApp();
  const probe = useSession(({ state }) => state.probe);
  const ground = templateGround(models.world, probe);
  const idleReason = useIdleReason();
  const own = OWN_TEMPLATES.map((template) => ({ ...template, policy: template.make(ground) })).filter(
    ({ policy }) => idleReason(policy.kind) === null,
  );
  const offers = [...TEMPLATES.map((template) => ({ ...template, policy: template.make(ground) })), ...own];
  const taken = new Set(models.switches.map(({ ref }) => ref));
  return (
    <ScrollBox className="policy-templates" label="Templates">
      <p className="quiet">
        A pod that no policy selects may talk to everything. Begin with one of these, change it, then add it to the
        cluster.
      </p>
      <ul>
        {offers.map((template) => (
          <li key={template.id}>
            <button
              type="button"
              className="policy-template"
              onClick={() => desk.begin(writeManifests([freshName(template.policy, taken)]))}
            >
              <strong>{template.label}</strong>
              <span className="quiet">{template.about}</span>
            </button>
          </li>
        ))}
      </ul>
    </ScrollBox>
  );
}
