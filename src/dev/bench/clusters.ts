/** Clusters of any size for measuring: one Service that is used, and as many others as wanted. */
import type { KubeObject, ServiceObject } from '../../sim/kube/objects.ts';
import { BASE_STATE } from '../../sim/scenario/defaults.ts';
import type { ScenarioState } from '../../sim/scenario/scenario.ts';

/** The Service that the probe uses stands in the middle of the rules. */
export function clusterWith(services: number, nodes = 3): ScenarioState {
  const names = Array.from({ length: services }, (_, i) => `svc-${String(i).padStart(5, '0')}`);
  const used = names[Math.floor(services / 2)] ?? 'svc-00000';
  const objects: KubeObject[] = [
    {
      kind: 'Deployment',
      namespace: 'default',
      name: 'server',
      replicas: nodes,
      labels: { app: 'server' },
      containers: [{ name: 'server', ports: [{ containerPort: 8080 }] }],
    },
    {
      kind: 'Pod',
      namespace: 'default',
      name: 'client',
      labels: { app: 'client' },
      containers: [{ name: 'client', ports: [] }],
    },
    ...names.map(
      (name): ServiceObject => ({
        kind: 'Service',
        namespace: 'default',
        name,
        selector: { app: 'server' },
        ports: [{ port: 80, targetPort: 8080 }],
      }),
    ),
  ];
  const probe = {
    from: { kind: 'pod', ref: 'default/client' },
    to: { kind: 'service', ref: `default/${used}`, via: 'clusterIP' },
    proto: 'tcp',
    port: 80,
    options: { handshakeOnly: true },
  } as const;
  return { ...BASE_STATE, nodes, objects, probe };
}

/** As many Services as wanted, each with two pods of its own, spread over the nodes. */
export function crowdedCluster(services: number, nodes: number): ScenarioState {
  const objects = Array.from({ length: services }, (_, i): KubeObject[] => {
    const app = `app-${i}`;
    return [
      {
        kind: 'Deployment',
        namespace: 'default',
        name: app,
        replicas: 2,
        labels: { app },
        containers: [{ name: app, ports: [{ containerPort: 8080 }] }],
      },
      {
        kind: 'Service',
        namespace: 'default',
        name: app,
        selector: { app },
        ports: [{ port: 80, targetPort: 8080 }],
      },
    ];
  }).flat();
  return { ...BASE_STATE, nodes, podCIDR: '10.244.0.0/16', objects };
}
