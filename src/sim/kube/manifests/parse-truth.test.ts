import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildCluster } from '../build-cluster.ts';
import { readManifests } from './parse.ts';

const shared = join(dirname(fileURLToPath(import.meta.url)), '../../../../../shared');

describe.skipIf(!existsSync(shared))('manifests that people use (skipped where they are not here)', () => {
  const size = { nodes: 3, podCIDR: '10.244.0.0/16', nodeMask: 24, serviceCIDR: '10.96.0.0/12' };
  const network = { nodeNetwork: '192.168.56.0/24', mtuBytes: 1500, deletedPods: [], stoppedListeners: [] };

  it.each<[string, number, number, readonly string[], readonly string[]]>([
    [
      'online-boutique.yaml',
      12,
      12,
      [
        ...Array.from(
          { length: 11 },
          () => 'ServiceAccount: who may call the API does not change the path of a packet',
        ),
        'Deployment: spec.template.spec.initContainers: they are started in their order and have their ports, but rules that they write are not there',
        "Deployment: 12 Deployments: annotations, command, env, image, livenessProbe, readinessProbe, resources, restartPolicy, securityContext, serviceAccountName, terminationGracePeriodSeconds, volumeMounts, volumes do not change a packet's path",
      ],
      [
        'Service default/frontend-external: EXTERNAL-IP <pending>: nobody in this cluster gives out load balancers. Choose one under "Load balancer"',
      ],
    ],
    [
      'voting-app.yaml',
      5,
      4,
      ["Deployment: 5 Deployments: env, image, volumeMounts, volumes do not change a packet's path"],
      [],
    ],
  ])('%s', (file, deployments, services, listed, noted) => {
    const { objects, notModelled, errors } = readManifests(readFileSync(join(shared, 'manifests', file), 'utf8'));
    expect(errors).toEqual([]);
    const count = (kind: string) => objects.filter((object) => object.kind === kind).length;
    expect([count('Deployment'), count('Service')]).toEqual([deployments, services]);
    expect(notModelled.map(({ kind, text }) => `${kind}: ${text}`).sort()).toEqual([...listed].sort());

    const built = buildCluster({ ...size, ...network, objects });
    if (!built.ok) throw new Error(built.error.map(({ text }) => text).join('\n'));
    const { cluster, notes } = built.value;
    const endpointCounts = cluster.services.flatMap(({ ports }) => ports.map(({ endpoints }) => endpoints.length));
    expect(new Set(endpointCounts)).toEqual(new Set([1]));
    expect(notes.map(({ ref, text }) => `${ref}: ${text}`)).toEqual(noted);
  });
});
