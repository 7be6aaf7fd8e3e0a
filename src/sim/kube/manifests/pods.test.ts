/** What a Pod's spec says about its network, read and refused as the API server does. */
import { describe, expect, it } from 'vitest';
import type { WorkloadObject } from '../objects.ts';
import { readManifests } from './parse.ts';

const pod = (spec: string): string =>
  ['apiVersion: v1', 'kind: Pod', 'metadata: {name: web}', `spec: ${spec}`, ''].join('\n');

describe('what is kept of a pod', () => {
  it.each<[string, string, Partial<WorkloadObject>]>([
    [
      'a sidecar and an init container',
      '{initContainers: [{name: mesh, image: b, restartPolicy: Always, ports: [{containerPort: 15001}]}, {name: setup, image: c}], containers: [{name: web, image: a}]}',
      {
        containers: [{ name: 'web', ports: [] }],
        initContainers: [
          { name: 'mesh', restartPolicy: 'Always', ports: [{ containerPort: 15001 }] },
          { name: 'setup', ports: [] },
        ],
      },
    ],
    [
      'the host network, whose host ports say nothing more',
      '{hostNetwork: true, containers: [{name: web, image: a, ports: [{containerPort: 80}, {containerPort: 81, hostPort: 81}]}]}',
      {
        containers: [{ name: 'web', ports: [{ containerPort: 80 }, { containerPort: 81 }] }],
        hostNetwork: true,
      },
    ],
    [
      'host ports, with an address or without',
      '{containers: [{name: web, image: a, ports: [{containerPort: 80, hostPort: 8080}, {containerPort: 53, protocol: UDP, hostPort: 53, hostIP: 192.168.56.11}, {containerPort: 90, hostIP: 192.168.56.11}]}]}',
      {
        containers: [
          {
            name: 'web',
            ports: [
              { containerPort: 80, hostPort: 8080 },
              { containerPort: 53, protocol: 'UDP', hostPort: 53, hostIP: '192.168.56.11' },
              { containerPort: 90 },
            ],
          },
        ],
      },
    ],
  ])('%s', (_name, spec, kept) => {
    const { objects, errors } = readManifests(pod(spec));
    expect(errors).toEqual([]);
    expect(objects).toEqual([{ kind: 'Pod', namespace: 'default', name: 'web', labels: {}, ...kept }]);
  });
});

describe('what the API server refuses', () => {
  const template = (spec: string): string =>
    [
      'apiVersion: apps/v1',
      'kind: Deployment',
      'metadata: {name: web}',
      `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: ${spec}}}`,
      '',
    ].join('\n');
  const onHost = (ports: string): string => `{hostNetwork: true, containers: [{name: a, image: b, ports: ${ports}}]}`;

  it.each<[string, string, readonly string[]]>([
    [
      'a port of the host that is another one than the container port',
      pod(onHost('[{containerPort: 80, hostPort: 8080}]')),
      [
        'spec.containers[0].ports[0].hostPort: Invalid value: 8080: must match `containerPort` when `hostNetwork` is true',
      ],
    ],
    [
      'the same in a template',
      template(onHost('[{containerPort: 80, hostPort: 8080}, {containerPort: 81}]')),
      [
        'spec.template.spec.containers[0].ports[0].hostPort: Invalid value: 8080: must match `containerPort` when `hostNetwork` is true',
      ],
    ],
    [
      'a host port twice',
      pod(
        '{containers: [{name: a, image: b, ports: [{containerPort: 80, hostPort: 8080}]}, {name: c, image: d, ports: [{containerPort: 81, hostPort: 8080}]}]}',
      ),
      ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//8080"'],
    ],
    [
      'one port for two containers on the host',
      pod(
        '{hostNetwork: true, containers: [{name: a, image: b, ports: [{containerPort: 80}]}, {name: c, image: d, ports: [{containerPort: 80}]}]}',
      ),
      ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
    ],
    [
      'a host port that is none',
      pod('{containers: [{name: a, image: b, ports: [{containerPort: 80, hostPort: 70000}]}]}'),
      ['spec.containers[0].ports[0].hostPort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
    ],
  ])('%s', (_name, text, expected) => {
    expect(readManifests(text).errors.map((error) => error.text)).toEqual(expected);
  });
});
