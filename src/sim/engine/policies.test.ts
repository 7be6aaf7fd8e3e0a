/** From a manifest to a packet that dies, or to a note that nobody looks at the policy. */
import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import { CNIS } from '../drivers/registry.ts';
import type { NetworkPolicyObject } from '../kube/policy-objects.ts';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import type { World } from './world.ts';

const DENY: NetworkPolicyObject = { kind: 'NetworkPolicy', namespace: 'default', name: 'deny-all', spec: {} };

function worldWith(cni: string, mode: string): World {
  const applied = { type: 'ManifestsApplied', objects: [DENY], replace: false } as const;
  const state = foldScenario({ ...DEFAULT_SCENARIO, events: [...DEFAULT_SCENARIO.events, applied] });
  const built = buildWorld({ ...state, cni: { id: cni, mode } });
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const modes = CNIS.flatMap((cni) => cni.modes.map((mode) => [cni.id, mode.id, cni] as const));

describe.each(modes)('%s %s', (id, mode, cni) => {
  const world = worldWith(id, mode);
  const enforced = cni.enforcesPolicies(mode);
  const from = must(world.cluster.pods[0], 'a pod');
  const to = must(
    world.cluster.pods.find((pod) => pod.node !== from.node),
    'a pod elsewhere',
  );
  const end = (pod: typeof from) => ({ kind: 'pod', ref: `${pod.namespace}/${pod.name}` }) as const;

  it('says who ended the packet, or that the policy has no effect', () => {
    const { verdict } = traceProbe(world, { from: end(from), to: end(to), proto: 'ping' });
    const note = world.notes.find(({ ref }) => ref === 'NetworkPolicy default/deny-all');
    if (enforced.by === null) {
      expect([verdict.outcome, note?.text]).toEqual([
        'reply',
        `${enforced.why}; the policy is stored and has no effect`,
      ]);
    } else {
      expect(verdict.sentence).toContain('NetworkPolicy default/deny-all');
      expect([verdict.outcome, note]).toEqual(['timeout', undefined]);
    }
  });
});
