/** Containers of one pod, seen by packets: one network namespace, several programs. */
import { describe, expect, it } from 'vitest';
import { readManifests } from '../kube/manifests/parse.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { Probe, ProbeFrom, ProbeTo } from '../scenario/probe.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';

const YAML = `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  nodeName: node-2
  initContainers:
  - {name: mesh, image: m, restartPolicy: Always, ports: [{name: admin, containerPort: 15000}]}
  containers:
  - {name: web, image: w, ports: [{containerPort: 8080}]}
  - {name: metrics, image: e, ports: [{containerPort: 9100}]}
---
apiVersion: v1
kind: Pod
metadata: {name: twice, labels: {app: twice}}
spec:
  nodeName: node-1
  containers:
  - {name: web, image: w, ports: [{containerPort: 8080}]}
  - {name: proxy, image: p, ports: [{containerPort: 8080}, {containerPort: 9901}]}
---
apiVersion: v1
kind: Service
metadata: {name: twice}
spec: {selector: {app: twice}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: admin}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: admin}]}
`;

const { objects, errors } = readManifests(YAML);
const APPLIED: ScenarioEvent = { type: 'ManifestsApplied', objects, replace: true };
const built = buildWorld(foldScenario({ events: [APPLIED] }));

const from = (name: string): ProbeFrom => ({ kind: 'pod', ref: `default/${name}` });
const LOCALHOST: ProbeTo = { kind: 'ip', ip: '127.0.0.1' };

const rows: readonly [string, ProbeFrom, ProbeTo, number, string, RegExp][] = [
  [
    'localhost reaches another container',
    from('web'),
    LOCALHOST,
    9100,
    'connected',
    /container metrics of web on node-2/,
  ],
  ['localhost reaches a sidecar', from('web'), LOCALHOST, 15000, 'connected', /container mesh of web/],
  ['the pod is reached at its own address, too', from('web'), from('web'), 8080, 'connected', /container web of web/],
  [
    'localhost is no other pod',
    from('twice'),
    LOCALHOST,
    9100,
    'refused',
    /nobody listens on 127\.0\.0\.1:9100 \(twice\)/,
  ],
  [
    'a container that lost its port has none of its ports',
    from('web'),
    from('twice'),
    9901,
    'refused',
    /container proxy is in CrashLoopBackOff \(listen tcp :8080: bind: address already in use\)/,
  ],
  ['the first one answers', from('web'), from('twice'), 8080, 'connected', /twice on node-1 answered as/],
];

describe('containers of one pod', () => {
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  const world = built.value;

  it('are read without an error', () => expect(errors).toEqual([]));

  it.each(rows)('%s', (_name, start, to, port, outcome, says) => {
    const probe: Probe = { from: start, to, proto: 'tcp', port };
    const { verdict } = traceProbe(world, probe);
    expect(verdict.sentence).toMatch(says);
    expect(verdict.outcome).toBe(outcome);
  });

  it('stay inside: a packet to localhost crosses no device but lo', () => {
    const { steps } = traceProbe(world, { from: from('web'), to: LOCALHOST, proto: 'tcp', port: 9100 });
    const devices = new Set(steps.flatMap((step) => (step.kind === 'dev' ? [`${step.ns} ${step.dev}`] : [])));
    expect([...devices]).toEqual(['default/web lo']);
  });

  it('that do not all run are no endpoint, and the verdict says which one is in the way', () => {
    const to = { kind: 'service', ref: 'default/twice', via: 'clusterIP' } as const;
    const { verdict } = traceProbe(world, { from: from('web'), to, proto: 'tcp', port: 80 });
    expect(verdict.outcome).toBe('refused');
    expect(verdict.remedy).toContain('selected but not ready: container proxy is in CrashLoopBackOff');
  });

  it('that do not all run make no ready pod, whatever a person says of its probe', () => {
    const said: ScenarioEvent = { type: 'ReadinessSet', ref: 'default/twice', ready: true };
    for (const events of [[APPLIED], [APPLIED, said]]) {
      const again = buildWorld(foldScenario({ events }));
      if (!again.ok) throw new Error(JSON.stringify(again.error));
      const { cluster, notes } = again.value;
      const service = cluster.services.find(({ name }) => name === 'twice');
      const own = cluster.pods.filter(({ namespace }) => namespace !== 'kube-system');
      expect(own.map(({ name, ready }) => `${name} ${ready}`)).toEqual(['web true', 'twice false']);
      expect(service?.ports[0]?.endpoints).toMatchObject([{ ready: false, serving: false, port: 8080 }]);
      expect(notes.map(({ kind, ref }) => `${kind} ${ref}`)).toEqual(['pending Pod default/twice']);
    }
  });
});
