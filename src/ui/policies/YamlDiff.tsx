import type { LineChange } from '../../sim/kube/policy/yaml-diff.ts';

interface YamlDiffProps {
  readonly policyRef: string;
  readonly lines: readonly LineChange[];
}

/** What changes in an object, as lines that come and go. */
export function YamlDiff({ policyRef: ref, lines }: YamlDiffProps) {
  return (
    <figure className="why-diff">
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
