import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import { podNs } from '../kube/cluster.ts';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { podStory } from './story/pod-story.ts';
import type { World } from './world.ts';

function world(...events: readonly ScenarioEvent[]): World {
  const built = buildWorld(foldScenario({ ...DEFAULT_SCENARIO, events: [...DEFAULT_SCENARIO.events, ...events] }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const remove = (node: string): ScenarioEvent => ({ type: 'CniConfRemoved', node });
const restore = (node: string): ScenarioEvent => ({ type: 'CniConfRestored', node });
const scale = (replicas: number): ScenarioEvent => ({
  type: 'WorkloadScaled',
  ref: 'Deployment default/web',
  replicas,
});
const places = ({ cluster }: World): ReadonlyMap<string, string> =>
  new Map(cluster.pods.map((pod) => [podNs(pod), pod.node]));

describe('a node whose runtime finds no CNI configuration', () => {
  const pinned: ScenarioEvent = {
    type: 'ManifestsApplied',
    replace: false,
    objects: [
      {
        kind: 'Deployment',
        namespace: 'default',
        name: 'pinned',
        replicas: 1,
        labels: { app: 'pinned' },
        nodeName: 'node-2',
        containers: [{ name: 'c', ports: [] }],
      },
    ],
  };

  it('is not ready, and says why; what stands on it stays', () => {
    const gone = world(remove('node-2'));
    const node = must(
      gone.cluster.nodes.find(({ name }) => name === 'node-2'),
      'node-2',
    );
    expect(node.notReady).toContain('cni plugin not initialized');
    expect(gone.cluster.nodes.filter(({ notReady }) => notReady !== undefined)).toHaveLength(1);
    expect(places(gone)).toEqual(places(world()));
  });

  it('gets no new pod: the others do', () => {
    const before = places(world());
    const late = [...places(world(remove('node-2'), scale(8)))].filter(([ref]) => !before.has(ref));
    expect(late.length).toBeGreaterThan(0);
    expect(late.map(([, node]) => node)).not.toContain('node-2');
  });

  it('on every node: pods stay pending, in the words of the scheduler', () => {
    const all = world(remove('node-1'), remove('node-2'), remove('node-3'), scale(8));
    expect(places(all)).toEqual(places(world()));
    expect(all.notes.map(({ text }) => text)).toContain(
      '0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/not-ready: }',
    );
  });

  it('with the file put back, pods that waited are placed, and none that stands moves', () => {
    const [waited, healed] = [
      places(world(remove('node-2'), scale(8))),
      places(world(remove('node-2'), scale(8), restore('node-2'), scale(11))),
    ];
    for (const [ref, node] of waited) expect(healed.get(ref)).toBe(node);
    expect([...healed.values()].filter((node) => node === 'node-2').length).toBeGreaterThan(
      [...waited.values()].filter((node) => node === 'node-2').length,
    );
  });

  it('removed and put back at once leaves no trace in the document', () => {
    expect(foldScenario({ ...DEFAULT_SCENARIO, events: [remove('node-2'), restore('node-2')] }).faults).toEqual([]);
  });

  it('a new pod that is bound to it waits in ContainerCreating, and its story says so', () => {
    const more: ScenarioEvent = { type: 'WorkloadScaled', ref: 'Deployment default/pinned', replicas: 2 };
    const gone = world(pinned, remove('node-2'), more);
    const [waiting, ...others] = gone.cluster.waiting ?? [];
    expect(others).toEqual([]);
    expect(waiting).toMatchObject({ node: 'node-2', owner: 'Deployment default/pinned' });
    const story = must(waiting && podStory(gone, podNs(waiting)), 'a story');
    expect(story.steps.map(({ actor }) => actor)).toEqual(['kube-scheduler', 'containerd', 'kubelet']);
    expect(story.steps.at(-1)).toMatchObject({ title: 'ContainerCreating', failed: true });
    expect(world(pinned, remove('node-2'), more, restore('node-2'), scale(4)).cluster.waiting).toBeUndefined();
  });
});
