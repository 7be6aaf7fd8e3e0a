import type { PolicyExplanation, RuleExplanation, SideExplanation, Word } from '../../sim/kube/policy/explain.ts';
import type { Direction } from '../../sim/kube/policy/uniform.ts';
import { BASIS_TEXT, policyText, ruleSummary, ruleText, selectsText } from '../../sim/kube/policy/words.ts';
import { useApp } from '../app-model.ts';
import { Icon, type IconName } from '../parts/Icon.tsx';
import { policyName } from './policy-words.ts';

interface WhySideProps {
  readonly side: SideExplanation;
  /** What holds now: `side` may be told with staged policies. */
  readonly isAllowedNow: boolean;
  /** The pod, node or address at this end. */
  readonly end: string;
  readonly staged: ReadonlySet<string>;
}

const ROLES: Readonly<Record<Direction, string>> = {
  egress: 'Egress at the sender',
  ingress: 'Ingress at the receiver',
};

/** One end of the packet: the policies that select it, rule by rule, and on request those that do not. */
export function WhySide({ side, isAllowedNow, end, staged }: WhySideProps) {
  const { direction, basis, policies } = side;
  const selecting = policies.filter(({ notSelected }) => notSelected === undefined);
  const others = policies.filter(({ notSelected }) => notSelected !== undefined);
  const says = basis === 'policy' || basis === 'undefined';
  return (
    <section className="why-side" aria-label={ROLES[direction]}>
      <h3>
        <span className={isAllowedNow ? 'why-mark why-good' : 'why-mark why-stopped'}>
          <Icon name={isAllowedNow ? 'check' : 'cross'} size={12} />
          <span className="visually-hidden">{isAllowedNow ? 'allowed:' : 'denied:'}</span>
        </span>
        {ROLES[direction]}
        <span className="quiet">{end}</span>
      </h3>
      {basis !== 'policy' && <p className="quiet">{sentence(BASIS_TEXT[basis])}</p>}
      {says && (
        <ol className="why-policies">
          {selecting.map((policy, index) => (
            <PolicyWhy
              // biome-ignore lint/suspicious/noArrayIndexKey: one object may hold several policies.
              key={`${policy.ref} ${index}`}
              policy={policy}
              direction={direction}
              isStaged={staged.has(policy.ref)}
              isStopping={!isAllowedNow || staged.has(policy.ref)}
            />
          ))}
        </ol>
      )}
      {others.length > 0 && (
        <details className="why-others">
          <summary>
            {others.length} {others.length === 1 ? 'policy is' : 'policies are'} not applicable
          </summary>
          <ul>
            {others.map((policy, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: as above.
              <li key={`${policy.ref} ${index}`}>{sentence(policyText(policy, direction))}</li>
            ))}
          </ul>
        </details>
      )}
    </section>
  );
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

interface PolicyWhyProps {
  readonly policy: PolicyExplanation;
  readonly direction: Direction;
  readonly isStaged: boolean;
  /** This end denies the packet: what does not admit it is why. */
  readonly isStopping: boolean;
}

function PolicyWhy({ policy: explained, direction, isStaged, isStopping }: PolicyWhyProps) {
  const { ref, policy, word, rules, tier } = explained;
  const { desk } = useApp();
  return (
    <li className={isStaged ? 'why-policy is-staged' : 'why-policy'}>
      <p className="why-policy-head">
        <WordMark word={word} isStaged={isStaged} isQuiet={word === 'does not admit' && !isStopping} />
        <button
          type="button"
          className="link-button"
          title={`Edit ${ref}`}
          onClick={() => desk.show({ kind: 'policy', ref })}
        >
          {policyName(policy.object)}
        </button>
        <span className="quiet">
          {tier === 'NetworkPolicy' ? '' : `${tier} tier, `}
          {selectsText(policy)}
          {isStaged ? ', staged' : ''}
        </span>
      </p>
      {rules.length === 0 ? (
        <p className="why-rule quiet">It has no {direction} rules: nothing may pass.</p>
      ) : (
        <ol className="why-rules">
          {rules.map((rule) => (
            <RuleWhy key={rule.index} rule={rule} of={policy[direction]?.[rule.index]} direction={direction} />
          ))}
        </ol>
      )}
    </li>
  );
}

interface RuleWhyProps {
  readonly rule: RuleExplanation;
  readonly of: Parameters<typeof ruleSummary>[0] | undefined;
  readonly direction: Direction;
}

function RuleWhy({ rule, of, direction }: RuleWhyProps) {
  return (
    <li className={rule.isDecisive ? 'why-rule is-decisive' : 'why-rule'}>
      <span className="why-rule-name">{rule.name ?? `#${rule.index + 1}`}</span>
      <span>
        {of && <code>{ruleSummary(of, direction)}</code>}
        <span className={rule.isMatch ? undefined : 'why-not'}>{sentence(ruleText(rule, direction))}</span>
      </span>
    </li>
  );
}

const MARKS: Readonly<Record<Word, { readonly icon: IconName; readonly look: string; readonly staged: string }>> = {
  admits: { icon: 'check', look: 'why-good', staged: 'would admit' },
  'does not admit': { icon: 'cross', look: 'why-stopped', staged: 'would not admit' },
  'not applicable': { icon: 'minus', look: '', staged: 'not applicable' },
  'cannot tell': { icon: 'help', look: '', staged: 'cannot tell' },
};

interface WordMarkProps {
  readonly word: Word;
  readonly isStaged: boolean;
  /** Another policy admits what this one does not: nothing is stopped here. */
  readonly isQuiet: boolean;
}

function WordMark({ word, isStaged, isQuiet }: WordMarkProps) {
  const { icon, look, staged } = MARKS[word];
  return (
    <span className={`why-badge ${isQuiet ? '' : look}`}>
      <Icon name={icon} size={12} />
      {isStaged ? staged : word}
    </span>
  );
}
