import type { ContainerObject, KubeObject, WorkloadObject } from './objects.ts';

/** Listens on 8080, under the name that Services refer to. */
const server = (name: string): ContainerObject => ({ name, ports: [{ name: 'http', containerPort: 8080 }] });

const deployment = (name: string, replicas: number): WorkloadObject => ({
  kind: 'Deployment',
  namespace: 'default',
  name,
  replicas,
  labels: { app: name },
  containers: [server(name)],
});

/**
 * The first visit's cluster: `toolbox` asks, `web` and `api` answer. `web` is reached through a ClusterIP and from outside through any
 * node; `api` only through nodes that run it (externalTrafficPolicy Local), which is the first surprise worth seeing.
 */
export const DEFAULT_OBJECTS: readonly KubeObject[] = [
  { kind: 'Namespace', name: 'default' },
  deployment('web', 3),
  {
    kind: 'Service',
    namespace: 'default',
    name: 'web',
    type: 'NodePort',
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 30080 }],
  },
  deployment('api', 2),
  {
    kind: 'Service',
    namespace: 'default',
    name: 'api',
    type: 'NodePort',
    externalTrafficPolicy: 'Local',
    selector: { app: 'api' },
    ports: [{ name: 'http', port: 80, targetPort: 'http', nodePort: 30081 }],
  },
  {
    kind: 'Pod',
    namespace: 'default',
    name: 'toolbox',
    labels: { app: 'toolbox' },
    containers: [{ name: 'toolbox', ports: [] }],
    nodeName: 'node-1',
  },
];
