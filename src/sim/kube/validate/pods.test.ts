/** Refusals in fields of a pod that do not change a packet's path. The recorded cases beside the checkout hold many more. */
import { describe, expect, it } from 'vitest';
import type { Container, PodSpec } from './manifest-types.ts';
import { validatePod } from './pod.ts';

const container: Container = {
  name: 'web',
  image: 'web:1',
  imagePullPolicy: 'Always',
  terminationMessagePolicy: 'File',
};
const sound: PodSpec = { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', containers: [container] };

function refused(spec: Partial<PodSpec>, annotations: Readonly<Record<string, string>> = {}): readonly string[] {
  const metadata = { name: 'web', namespace: 'default', annotations };
  return validatePod({ metadata, spec: { ...sound, ...spec } }).map(({ text }) => text);
}

const withResources = (resources: Container['resources']): readonly string[] =>
  refused({ containers: [{ ...container, resources }] });
const AT = 'spec.containers[0].resources';

describe('resources of a container', () => {
  it.each<[string, Container['resources'], string[]]>([
    ['of Kubernetes itself may be lent twice', { requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: 1 } }, []],
    [
      'of Kubernetes itself have a ceiling',
      { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } },
      [`${AT}.requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi`],
    ],
    [
      'of another domain may not',
      { requests: { 'example.com/gpu': 1 } },
      [`${AT}.limits: Required value: Limit must be set for non overcommitable resources`],
    ],
    [
      'of a quota are none',
      { limits: { pods: 1 } },
      [`${AT}.limits[pods]: Invalid value: "pods": must be a standard resource for containers`],
    ],
    [
      'that nobody knows need a domain',
      { limits: { gpu: 1 } },
      [
        `${AT}.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified`,
        `${AT}.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers`,
      ],
    ],
    [
      'must not look like a quota',
      { limits: { 'requests.example.com/gpu': 1 } },
      [
        `${AT}.limits[requests.example.com/gpu]: Invalid value: "requests.example.com/gpu": doesn't follow extended resource name standard`,
      ],
    ],
  ])('%s', (_name, resources, texts) => {
    expect(withResources(resources)).toEqual(texts);
  });
});

describe('a seccomp profile', () => {
  const FIELD = 'spec.securityContext.seccompProfile';
  const POD = 'seccomp.security.alpha.kubernetes.io/pod';
  it.each<[string, PodSpec['securityContext'], Readonly<Record<string, string>>, string[]]>([
    [
      'of a type that there is not',
      { seccompProfile: { type: 'Loose' } },
      {},
      [`${FIELD}.type: Unsupported value: "Loose": supported values: "Localhost", "RuntimeDefault", "Unconfined"`],
    ],
    [
      'without a type',
      { seccompProfile: {} },
      {},
      [`${FIELD}.type: Required value: type is required when seccompProfile is set`],
    ],
    [
      'of a file without its path',
      { seccompProfile: { type: 'Localhost' } },
      {},
      [`${FIELD}.localhostProfile: Required value: must be set when seccomp type is Localhost`],
    ],
    [
      'of a path that climbs',
      { seccompProfile: { type: 'Localhost', localhostProfile: '../x' } },
      {},
      [`${FIELD}.localhostProfile: Invalid value: "../x": must not contain '..'`],
    ],
    ['written twice alike', { seccompProfile: { type: 'RuntimeDefault' } }, { [POD]: 'docker/default' }, []],
    [
      'written twice, of two types',
      { seccompProfile: { type: 'Unconfined' } },
      { [POD]: 'runtime/default' },
      [`${FIELD}.type: Forbidden: seccomp type in annotation and field must match`],
    ],
    [
      'written twice, with two paths',
      { seccompProfile: { type: 'Localhost', localhostProfile: 'a' } },
      { [POD]: 'localhost/b' },
      [`${FIELD}.localhostProfile: Forbidden: seccomp profile in annotation and field must match`],
    ],
  ])('%s', (_name, securityContext, annotations, texts) => {
    expect(refused({ securityContext }, annotations)).toEqual(texts);
  });
});

describe('other fields', () => {
  it.each<[string, Partial<PodSpec>, Readonly<Record<string, string>>, string[]]>([
    ['a volume twice', { volumes: [{ name: 'a' }, { name: 'a' }] }, {}, ['spec.volumes[1].name: Duplicate value: "a"']],
    [
      'a profile for nobody',
      {},
      { 'container.apparmor.security.beta.kubernetes.io/db': 'unconfined' },
      [
        'metadata.annotations[container.apparmor.security.beta.kubernetes.io/db]: Invalid value: "db": container not found',
      ],
    ],
    [
      'a cost with a plus',
      {},
      { 'controller.kubernetes.io/pod-deletion-cost': '+10' },
      [
        'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+10": must be a 32bit integer',
      ],
    ],
    [
      'a node by a field that it has not',
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.uid', operator: 'In', values: ['a'] }] }],
            },
          },
        },
      },
      {},
      [
        'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].key: Invalid value: "metadata.uid": not a valid field selector key',
      ],
    ],
    [
      'a wish without weight',
      {
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 0, preference: { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1', '2'] }] } },
            ],
          },
        },
      },
      {},
      [
        'spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight: Invalid value: 0: must be in the range 1-100',
        "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'",
      ],
    ],
    [
      'an effect that there is not',
      { tolerations: [{ key: 'a', effect: 'Never' }] },
      {},
      [
        'spec.tolerations[0].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      ],
    ],
  ])('%s', (_name, spec, annotations, texts) => {
    expect(refused(spec, annotations)).toEqual(texts);
  });
});
