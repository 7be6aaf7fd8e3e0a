import { Icon } from '../parts/Icon.tsx';
import { useIdleReason, useSwitches } from './use-switches.ts';

/** Where policies are stored and nobody enforces them: that is the first thing to know about every one of them. */
export function Unenforced() {
  const reason = useIdleReason();
  const kinds = [...new Set(useSwitches().map(({ policy }) => policy.kind))];
  const reasons = [...new Set(kinds.flatMap((kind) => reason(kind) ?? []))];
  return reasons.map((why) => (
    <p key={why} className="policy-idle">
      <Icon name="warning" />
      <span>{upperFirst(why)}: it is stored and has no effect. What is told here is what the specification says.</span>
    </p>
  ));
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
