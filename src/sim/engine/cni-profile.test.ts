/** What the picker says of a CNI, held against what packets do. */
import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import { CNIS } from '../drivers/registry.ts';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';

const modes = CNIS.flatMap((cni) => cni.modes.map((mode) => ({ cni, id: cni.id, mode: mode.id })));

describe.each(modes)('$id $mode', ({ cni, id, mode }) => {
  it('wraps packets between nodes as the picker says', () => {
    const built = buildWorld({ ...foldScenario(DEFAULT_SCENARIO), cni: { id, mode } });
    if (!built.ok) throw new Error(JSON.stringify(built.error));
    const { pods } = built.value.cluster;
    const from = must(pods[0], 'a pod');
    const to = must(
      pods.find(({ node }) => node !== from.node),
      'a pod elsewhere',
    );
    const end = (pod: typeof from) => ({ kind: 'pod', ref: `${pod.namespace}/${pod.name}` }) as const;
    const { steps } = traceProbe(built.value, { from: end(from), to: end(to), proto: 'ping' });
    const overlay = cni.overlay(mode);
    // All nodes of this cluster share one subnet.
    const isWrapped = overlay !== null && !overlay.endsWith('between subnets');
    expect(steps.some(({ kind }) => kind === 'encap')).toBe(isWrapped);
  });
});

describe('profiles', () => {
  it.each(CNIS.map((cni) => [cni.id, cni] as const))(
    'of %s name who enforces policies, if somebody does',
    (_id, cni) => {
      const enforced = cni.modes.map(({ id }) => cni.enforcesPolicies(id));
      if (cni.profile.policy === null) expect(enforced.every(({ by }) => by === null)).toBe(true);
      for (const one of enforced) expect(one.by === null ? one.why : one.how).toMatch(/^\S.*[^.\s]$/);
    },
  );

  it.each(CNIS.map((cni) => [cni.id, cni] as const))('of %s are clauses without a full stop', (_id, { profile }) => {
    for (const text of [profile.policy, profile.encryption, profile.stateNote])
      expect(text ?? 'nothing').toMatch(/^\S.*[^.\s]$/);
  });
});
