/** What the API server refuses, in its words, with the path of the field. The recorded cases beside the checkout hold many more. */
import { describe, expect, it } from 'vitest';
import type { PodSpec, ServiceSpec } from './manifest-types.ts';
import { validatePod } from './pod.ts';
import { validateService } from './service.ts';

const METADATA = { name: 'web', namespace: 'default' };
const SERVICE: ServiceSpec = {
  type: 'ClusterIP',
  sessionAffinity: 'None',
  internalTrafficPolicy: 'Cluster',
  ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 80 }],
};
const BALANCER: ServiceSpec = {
  ...SERVICE,
  type: 'LoadBalancer',
  allocateLoadBalancerNodePorts: true,
  externalTrafficPolicy: 'Local',
};

const ofService = (of: ServiceSpec): string[] =>
  validateService({ metadata: METADATA, spec: of }).map(({ text }) => text);

describe('a Service', () => {
  it('that is sound passes', () => {
    expect(ofService(SERVICE)).toEqual([]);
    expect(ofService({ ...BALANCER, healthCheckNodePort: 32_100 })).toEqual([]);
  });

  it.each<[string, ServiceSpec, string]>([
    [
      'an external IP of nobody',
      { ...SERVICE, externalIPs: ['::'] },
      'spec.externalIPs[0]: Invalid value: "::": may not be unspecified (::)',
    ],
    [
      'three addresses, of both families',
      { ...SERVICE, clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9', 'fd00::9', '10.96.0.10'] },
      'spec.clusterIPs: Invalid value: []string{"10.96.0.9", "fd00::9", "10.96.0.10"}: may only hold up to 2 values',
    ],
    [
      'two addresses of one family',
      { ...SERVICE, clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9', '10.96.0.10'] },
      'spec.clusterIPs: Invalid value: []string{"10.96.0.9", "10.96.0.10"}: may specify no more than one IP for each IP family',
    ],
    [
      'a health check port that cannot be',
      { ...BALANCER, healthCheckNodePort: -1 },
      'spec.healthCheckNodePort: Invalid value: -1: must be between 1 and 65535, inclusive',
    ],
    [
      'a health check port that nobody asks',
      { ...BALANCER, externalTrafficPolicy: 'Cluster', healthCheckNodePort: 32_100 },
      "spec.healthCheckNodePort: Invalid value: 32100: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
  ])('with %s is refused', (_name, of, text) => {
    expect(ofService(of)).toEqual([text]);
  });
});

describe('a Pod', () => {
  const container = { name: 'web', image: 'web:1', imagePullPolicy: 'Always', terminationMessagePolicy: 'File' };
  const sound: PodSpec = { restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', containers: [container] };
  const ofPod = (of: PodSpec): string[] => validatePod({ metadata: METADATA, spec: of }).map(({ text }) => text);

  it.each<[string, PodSpec, string[]]>([
    ['nothing wrong', sound, []],
    [
      'a blank around its image',
      { ...sound, containers: [{ ...container, image: ' web' }] },
      ['spec.containers[0].image: Invalid value: " web": must not have leading or trailing whitespace'],
    ],
    [
      'no policy',
      { containers: [container] },
      ['spec.restartPolicy: Required value', 'spec.dnsPolicy: Required value'],
    ],
    [
      'a policy that there is not',
      { ...sound, containers: [{ ...container, imagePullPolicy: 'Sometimes' }] },
      [
        'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
      ],
    ],
  ])('with %s', (_name, of, texts) => {
    expect(ofPod(of)).toEqual(texts);
  });
});
