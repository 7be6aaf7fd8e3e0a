import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import { CNIS } from '../drivers/registry.ts';
import { podNs } from '../kube/cluster.ts';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { Probe } from '../scenario/probe.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import { podStory } from './story/pod-story.ts';
import type { World } from './world.ts';

function world(cni: string, ...events: readonly ScenarioEvent[]): World {
  const mode = must(CNIS.find(({ id }) => id === cni)?.modes[0]?.id, 'a mode');
  const chosen: ScenarioEvent = { type: 'CniChosen', cni, mode };
  const built = buildWorld(
    foldScenario({ ...DEFAULT_SCENARIO, events: [...DEFAULT_SCENARIO.events, chosen, ...events] }),
  );
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const stop = (node: string): ScenarioEvent => ({ type: 'AgentStopped', node });
const start = (node: string): ScenarioEvent => ({ type: 'AgentStarted', node });
const more: ScenarioEvent = { type: 'WorkloadScaled', ref: 'Deployment default/web', replicas: 7 };

/** From the toolbox to a pod by address. */
function verdictTo(of: World, ref: string) {
  const probe: Probe = {
    from: { kind: 'pod', ref: 'default/toolbox' },
    to: { kind: 'pod', ref },
    proto: 'tcp',
    port: 8080,
  };
  return traceProbe(of, probe).verdict;
}

/** A web pod that stands, and one that came later, on one node that is not the toolbox's. */
function newcomers(
  before: World,
  after: World,
): { readonly node: string; readonly old: string; readonly late: string } {
  const known = new Set(before.cluster.pods.map(podNs));
  const home = before.cluster.pods.find(({ name }) => name === 'toolbox')?.node;
  const late = must(
    after.cluster.pods.find((pod) => pod.node !== home && !known.has(podNs(pod))),
    'a new pod',
  );
  const old = must(
    before.cluster.pods.find((pod) => pod.node === late.node && pod.owner === late.owner),
    'an old pod',
  );
  return { node: late.node, old: podNs(old), late: podNs(late) };
}

const withAgent = CNIS.flatMap((cni) => {
  const agent = cni.agent?.(cni.modes[0]?.id ?? '');
  return agent ? [{ id: cni.id, agent }] : [];
});

describe.each(withAgent)('the daemon of $id, stopped', ({ id, agent }) => {
  const before = world(id);
  const { node, old, late } = newcomers(before, world(id, more));

  it('what stands keeps working', () => {
    expect(verdictTo(world(id, stop(node)), old).good).toBe(true);
    expect(verdictTo(world(id, stop(node), more), old).good).toBe(true);
  });

  it('started again, it catches up', () => {
    const healed = world(id, stop(node), more, start(node));
    expect(healed.stoppedAgents).toBeUndefined();
    expect(verdictTo(healed, late).good).toBe(true);
  });

  it('a new pod waits where the plugin needs the daemon, and else gets what the plugin makes', () => {
    const stale = world(id, stop(node), more);
    const waits = stale.cluster.waiting?.map(podNs) ?? [];
    expect(waits.includes(late)).toBe(agent.addError !== undefined);
    const story = must(podStory(stale, late), late);
    expect(story.steps.some(({ failed }) => failed)).toBe(
      agent.addError !== undefined || id === 'calico' || id === 'canal',
    );
  });
});

describe('Felix, stopped', () => {
  it.each(['calico', 'canal'])('%s: a new pod has its cable, and no chain that lets its packets through', (id) => {
    const { node, late } = newcomers(world(id), world(id, more));
    const verdict = verdictTo(world(id, stop(node), more), late);
    expect(verdict.good).toBe(false);
    expect(verdict.sentence).toContain(`on ${node} is stopped and has not heard of Pod ${late}.`);
    expect(verdict.remedy).toMatch(/^Start (calico-node|canal) on /);
  });
});

describe('flanneld, stopped', () => {
  it('new pods of known nodes work; a new node is unknown', () => {
    const { node, late } = newcomers(world('flannel'), world('flannel', more));
    expect(verdictTo(world('flannel', stop(node), more), late).good).toBe(true);
    const { nodes: _, ...size } = { ...foldScenario(DEFAULT_SCENARIO) };
    const wider: ScenarioEvent = {
      type: 'ClusterSized',
      nodes: 4,
      podCIDR: size.podCIDR,
      nodeMask: size.nodeMask,
      serviceCIDR: size.serviceCIDR,
      nodeNetwork: size.nodeNetwork,
      mtuBytes: size.mtuBytes,
    };
    const grown = world('flannel', stop('node-1'), wider, more);
    const far = must(
      grown.cluster.pods.find((pod) => pod.node === 'node-4'),
      'a pod on the new node',
    );
    const verdict = verdictTo(grown, podNs(far));
    expect(verdict.good).toBe(false);
    expect(verdict.sentence).toContain('flanneld on node-1 is stopped and has not heard of Node node-4.');
  });
});
