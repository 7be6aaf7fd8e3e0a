import { useMemo } from 'react';
import type { PolicyKind } from '../../sim/kube/policy-objects.ts';
import { policiesOf, type SwitchedPolicy } from '../../sim/scenario/policy-switches.ts';
import { type CniChoice, useApp, useSession } from '../app-model.ts';

/** The policies of the cluster with their switches. */
export function useSwitches(): readonly SwitchedPolicy[] {
  const objects = useSession(({ state }) => state.objects);
  const faults = useSession(({ state }) => state.faults);
  return useMemo(() => policiesOf(objects, faults), [objects, faults]);
}

/** Why a policy of some kind has no effect here: the start of a sentence, without a full stop. Null: it is enforced. */
export function useIdleReason(): (kind: PolicyKind) => string | null {
  const { cnis } = useApp();
  const { id, mode } = useSession(({ state }) => state.cni);
  const cni = cnis.find((one) => one.id === id);
  return useMemo(() => (kind) => idleReason(cni, mode, kind), [cni, mode]);
}

function idleReason(cni: CniChoice | undefined, mode: string, kind: PolicyKind): string | null {
  if (cni === undefined) return null;
  const enforced = cni.enforcesPolicies(mode);
  if (enforced.by === null) return enforced.why;
  return enforced.kinds.includes(kind) ? null : `${cni.label} does not know ${kind}`;
}
