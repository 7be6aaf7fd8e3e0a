import { describe, expect, it } from 'vitest';
import { CNIS } from '../drivers/registry.ts';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { Probe } from '../scenario/probe.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import { policyQuestion } from './policy-question.ts';
import type { World } from './world.ts';

function world(...events: ScenarioEvent[]): World {
  const built = buildWorld(foldScenario({ events: [...DEFAULT_SCENARIO.events, ...events] }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const asked = (of: World, probe: Probe) => policyQuestion(traceProbe(of, probe), of);
const toolbox = { kind: 'pod', ref: 'default/toolbox' } as const;
const api = { kind: 'service', ref: 'default/api', via: 'name' } as const;

describe('what policies are asked about a packet', () => {
  const flannel = world();
  const [web] = flannel.cluster.pods.filter(({ name }) => name.startsWith('web-'));
  const ref = `default/${web?.name}`;

  it('a ping between pods has no ports', () => {
    const question = asked(flannel, { from: toolbox, to: { kind: 'pod', ref }, proto: 'ping' });
    expect(question).toEqual({
      probe: { from: toolbox, to: { kind: 'pod', ref }, protocol: 'OTHER', port: 0 },
      from: 'default/toolbox',
      to: ref,
      note: null,
    });
  });

  it('an address of a pod is that pod', () => {
    const question = asked(flannel, { from: toolbox, to: { kind: 'ip', ip: web?.ip ?? '' }, proto: 'udp', port: 53 });
    expect(question?.probe).toEqual({ from: toolbox, to: { kind: 'pod', ref }, protocol: 'UDP', port: 53 });
  });

  it('a machine outside is its address', () => {
    const question = asked(flannel, {
      from: toolbox,
      to: { kind: 'external', ref: 'internet' },
      proto: 'tcp',
      port: 443,
    });
    expect(question?.probe.to).toEqual({ kind: 'ip', ip: '203.0.113.10' });
    expect(question?.to).toBe('internet (203.0.113.10)');
  });

  it('an outsider that is masqueraded is the address of the device that it left by', () => {
    const probe: Probe = {
      from: { kind: 'external', ref: 'client' },
      to: { kind: 'node', ref: 'node-1' },
      proto: 'tcp',
      port: 30_080,
    };
    const far = flannel.cluster.pods.find(({ name, node }) => name.startsWith('web-') && node === 'node-2');
    const question = asked(flannel, { ...probe, options: { endpoint: `${far?.ip}:8080` } });
    expect(question?.probe).toEqual({
      from: { kind: 'ip', ip: '10.244.0.0' },
      to: { kind: 'pod', ref: `default/${far?.name}` },
      protocol: 'TCP',
      port: 8080,
    });
    expect(question?.note).toContain('client is masqueraded: the pod sees');
  });

  it('a name that nobody answers is a question to the cluster DNS', () => {
    const denied = world(
      { type: 'CniChosen', cni: 'calico', mode: 'ipip' },
      {
        type: 'ManifestsApplied',
        objects: [{ kind: 'NetworkPolicy', namespace: 'default', name: 'deny', spec: { policyTypes: ['Egress'] } }],
        replace: false,
      },
    );
    const question = asked(denied, { from: toolbox, to: api, proto: 'tcp', port: 80 });
    expect(question?.probe).toMatchObject({ from: toolbox, protocol: 'UDP', port: 53 });
    expect(question?.to).toMatch(/^kube-system\/coredns-/);
  });

  it('nobody is asked where a Service has nobody behind it', () => {
    const empty = world({ type: 'WorkloadScaled', ref: 'Deployment default/api', replicas: 0 });
    expect(asked(empty, { from: toolbox, to: api, proto: 'tcp', port: 80 })).toBeNull();
  });
});

const modes = CNIS.flatMap((cni) => cni.modes.map((mode) => [cni.id, mode.id] as const));

describe.each(modes)('%s %s', (cni, mode) => {
  it('a Service is its endpoint that was chosen, and its own port', () => {
    const built = world({ type: 'CniChosen', cni, mode });
    const question = asked(built, { from: toolbox, to: api, proto: 'tcp', port: 80 });
    const { probe } = question ?? {};
    expect(probe?.port).toBe(8080);
    expect(probe?.to.kind === 'pod' && probe.to.ref).toMatch(/^default\/api-/);
    expect(question?.note).toMatch(/^default\/api chose default\/api-/);
  });
});
