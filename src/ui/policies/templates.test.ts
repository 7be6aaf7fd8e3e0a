import { describe, expect, it } from 'vitest';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { readManifests } from '../../sim/kube/manifests/parse.ts';
import { writeManifests } from '../../sim/kube/manifests/write.ts';
import { DEFAULT_SCENARIO } from '../../sim/scenario/defaults.ts';
import { foldScenario } from '../../sim/scenario/fold.ts';
import { SHOP } from '../../sim/scenario/sample-scenarios.ts';
import { OWN_TEMPLATES } from './own-templates.ts';
import { freshName, TEMPLATES, templateGround } from './templates.ts';

const grounds = [DEFAULT_SCENARIO, SHOP, { events: [] }].map((scenario) => {
  const state = foldScenario(scenario);
  const built = buildWorld(state);
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return templateGround(built.value, state.probe);
});

describe.each([...TEMPLATES, ...OWN_TEMPLATES].map((template) => [template.label, template] as const))(
  '%s',
  (_label, template) => {
    it('is a policy that the API server takes, in any cluster', () => {
      for (const ground of grounds) {
        const policy = template.make(ground);
        const { errors, objects } = readManifests(writeManifests([policy]));
        expect(errors).toEqual([]);
        expect(objects).toHaveLength(1);
      }
    });
  },
);

it('is filled in for the two ends of the packet', () => {
  const [ground] = grounds;
  expect(ground && TEMPLATES.find(({ id }) => id === 'app-to-app')?.make(ground)).toEqual({
    kind: 'NetworkPolicy',
    namespace: 'default',
    name: 'allow-toolbox-to-web',
    spec: {
      podSelector: { matchLabels: { app: 'web' } },
      policyTypes: ['Ingress'],
      ingress: [
        { from: [{ podSelector: { matchLabels: { app: 'toolbox' } } }], ports: [{ protocol: 'TCP', port: 8080 }] },
      ],
    },
  });
});

it('gets a name that nobody has', () => {
  const policy = { kind: 'NetworkPolicy', namespace: 'a', name: 'deny', spec: {} } as const;
  const taken = new Set(['NetworkPolicy a/deny', 'NetworkPolicy a/deny-2']);
  expect(freshName(policy, taken).name).toBe('deny-3');
  expect(freshName(policy, new Set()).name).toBe('deny');
});
