import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.ts';
import { CNIS } from '../../drivers/registry.ts';
import { podNs } from '../../kube/cluster.ts';
import { DEFAULT_SCENARIO } from '../../scenario/defaults.ts';
import { foldScenario } from '../../scenario/fold.ts';
import type { ScenarioState } from '../../scenario/scenario.ts';
import { buildWorld } from '../build-world.ts';
import type { World } from '../world.ts';
import { podStory } from './pod-story.ts';
import type { PodStory } from './story.ts';

function worldOf(change: Partial<ScenarioState>): World {
  const built = buildWorld({ ...foldScenario(DEFAULT_SCENARIO), ...change });
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const story = (world: World, ref: string): PodStory => must(podStory(world, ref), ref);
const textOf = ({ steps }: PodStory): string =>
  steps.flatMap(({ sentence, evidence }) => [sentence, ...evidence.map(({ text }) => text)]).join('\n');

const choices = CNIS.flatMap(({ id, modes }) => modes.map((mode) => ({ id, mode: mode.id })));

describe.each(choices)('the story of a pod with $id/$mode', (cni) => {
  const world = worldOf({ cni });
  const refs = world.cluster.pods.map(podNs);

  it.each(refs)('%s: every step says who and what, and all that the CNI wrote is told of', (ref) => {
    const told = story(world, ref);
    const pod = must(
      world.cluster.pods.find((one) => podNs(one) === ref),
      ref,
    );
    for (const { actor, title, sentence } of told.steps) expect([actor, title, sentence]).not.toContain('');
    expect(new Set(told.steps.map(({ id }) => id)).size).toBe(told.steps.length);
    expect(told.steps.at(0)?.actor).toBe('kube-scheduler');
    // What no plugin and no daemon of the CNI claims would fall to kubelet, which writes nothing.
    expect(told.steps.find(({ id }) => id === 'start')?.appears).toEqual([]);
    const made = told.steps.flatMap(({ appears }) => appears);
    expect(made).toContainEqual({ kind: 'ns', ns: ref });
    expect(made).toContainEqual({ kind: 'dev', ns: ref, dev: 'eth0' });
    expect(made.some((thing) => thing.kind === 'dev' && thing.ns === pod.node)).toBe(true);
    expect(textOf(told)).toContain(pod.ip);
  });

  it('without an address the pod waits, with the error of the plugin that gives addresses', () => {
    const [deployment] = foldScenario(DEFAULT_SCENARIO).objects.filter(({ kind }) => kind === 'Deployment');
    const many = { ...must(deployment, 'a Deployment'), name: 'many', replicas: 70 };
    const small = { podCIDR: '10.244.0.0/26', nodeMask: 28, nodes: 2 } as const;
    const full = worldOf({ cni, ...small, objects: [many] as ScenarioState['objects'], probe: null });
    const waiting = must(full.cluster.waiting?.[0], 'a waiting pod');
    const told = story(full, podNs(waiting));
    expect(told.steps.at(-1)).toMatchObject({ actor: 'kubelet', title: 'ContainerCreating', failed: true });
    expect(told.steps.filter(({ failed }) => failed)).toHaveLength(2);
    expect(textOf(told)).toContain(waiting.error);
  });
});

describe('who learns of a pod', () => {
  it('with Calico, only the first pod of a block is news to the other nodes', () => {
    const world = worldOf({ cni: { id: 'calico', mode: 'bgp' } });
    const news = world.cluster.pods.map((pod) => {
      const block = world.cluster.nodes.find(({ name }) => name === pod.node)?.blocks?.[0];
      const mates = world.cluster.pods.filter((other) => other.node === pod.node);
      const step = story(world, podNs(pod)).steps.find(({ place }) => place === 'other nodes');
      return { alone: mates.length === 1 && block !== undefined, lines: step?.evidence.length ?? 0 };
    });
    for (const { alone, lines } of news) expect(lines > 0).toBe(alone);
  });

  it('nobody knows a pod that is not there', () => {
    expect(podStory(worldOf({}), 'default/nobody')).toBeNull();
  });
});
