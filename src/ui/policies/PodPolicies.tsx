import { selectingPolicies } from '../../sim/kube/policy/model.ts';
import { DIRECTIONS, type Direction } from '../../sim/kube/policy/uniform.ts';
import { useApp } from '../app-model.ts';
import { policyName } from './policy-words.ts';
import { usePolicyModels } from './use-model.ts';
import { useIdleReason } from './use-switches.ts';

const TITLES: Readonly<Record<Direction, string>> = { ingress: 'May come in', egress: 'May leave' };

/** What policies say of one pod: whether it is isolated, in which direction, and by whom. Nothing where there are no policies. */
export function PodPolicies({ pod }: { readonly pod: string }) {
  const { desk, preferences } = useApp();
  const models = usePolicyModels();
  const reason = useIdleReason();
  const end = models?.now.ends.ofPod(pod);
  if (models === null || models.switches.length === 0 || end === undefined) return null;
  const isIdle = models.switches.some(({ policy, state }) => state === 'on' && reason(policy.kind) !== null);
  const open = (ref: string): void => {
    desk.show({ kind: 'policy', ref });
    preferences.set({ dockTab: 'policies', dockOpen: true });
  };
  return (
    <section>
      <h3 className="section-title">
        Policies
        {isIdle && <span className="quiet">stored, not enforced</span>}
      </h3>
      <dl className="facts">
        {DIRECTIONS.map((direction) => {
          const selecting = selectingPolicies(models.now, end, direction);
          return (
            <div key={direction} className="fact">
              <dt>{TITLES[direction]}</dt>
              <dd>
                {selecting.length === 0 ? 'everything: no policy selects it' : 'what these allow: '}
                {selecting.map(({ policy }) => (
                  <button key={policy.ref} type="button" className="chip" onClick={() => open(policy.ref)}>
                    {policyName(policy.object)}
                  </button>
                ))}
              </dd>
            </div>
          );
        })}
      </dl>
    </section>
  );
}
