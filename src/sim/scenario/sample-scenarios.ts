/** Scenarios as people make them, for tests of size and of opening. */
import type { ContainerPortObject, KubeObject, ServicePortObject, WorkloadKind } from '../kube/objects.ts';
import type { Scenario, ScenarioEvent } from './scenario.ts';

type Work = readonly [name: string, replicas: number, ...ports: ContainerPortObject[]];

const port = (name: string, containerPort: number): ContainerPortObject => ({ name, containerPort });

function workloads(namespace: string, kind: WorkloadKind, ...list: readonly Work[]): KubeObject[] {
  return list.map(([name, replicas, ...ports]) => ({
    kind,
    namespace,
    name,
    replicas,
    labels: { app: name },
    containers: [{ name, ports }],
  }));
}

function services(namespace: string, list: Readonly<Record<string, readonly ServicePortObject[]>>): KubeObject[] {
  return Object.entries(list).map(([name, ports]) => ({
    kind: 'Service',
    namespace,
    name,
    selector: { app: name },
    ports,
  }));
}

const probe = (from: string, to: string): ScenarioEvent => ({
  type: 'ProbeSet',
  probe: { from: { kind: 'pod', ref: from }, to: { kind: 'service', ref: to, via: 'name' }, proto: 'tcp', port: 80 },
});

/** Six workloads and four Services in two namespaces on three nodes. */
export const SHOP: Scenario = {
  events: [
    {
      type: 'ManifestsApplied',
      replace: true,
      objects: [
        { kind: 'Namespace', name: 'shop' },
        ...workloads(
          'shop',
          'Deployment',
          ['storefront', 3, port('http', 8080)],
          ['catalogue', 2, port('http', 8000)],
          ['checkout', 2, port('grpc', 5050)],
          ['session-cache', 1, port('redis', 6379)],
        ),
        ...workloads('shop', 'StatefulSet', ['orders-db', 2, port('postgres', 5432)]),
        ...services('shop', {
          storefront: [{ name: 'http', port: 80, targetPort: 'http' }],
          catalogue: [{ name: 'http', port: 80, targetPort: 'http' }],
          checkout: [{ name: 'grpc', port: 5050 }],
          'orders-db': [{ name: 'postgres', port: 5432 }],
        }),
        { kind: 'Namespace', name: 'default' },
        ...workloads('default', 'Pod', ['client', 1]),
      ],
    },
    { type: 'CniChosen', cni: 'calico', mode: 'ipip' },
    { type: 'DeviceSetDown', ns: 'node-2', dev: 'tunl0' },
    probe('default/client', 'shop/storefront'),
  ],
};

/** Online Boutique and what surrounds it: 15 workloads, 12 Services, 50 pods on five nodes. */
export const BOUTIQUE: Scenario = {
  events: [
    {
      type: 'ClusterSized',
      nodes: 5,
      podCIDR: '10.244.0.0/16',
      nodeMask: 24,
      serviceCIDR: '10.96.0.0/12',
      nodeNetwork: '192.168.56.0/24',
      mtuBytes: 1450,
    },
    {
      type: 'ManifestsApplied',
      replace: true,
      objects: [
        { kind: 'Namespace', name: 'boutique', labels: { team: 'shop' } },
        ...workloads(
          'boutique',
          'Deployment',
          ['emailservice', 2, port('grpc', 8080)],
          ['checkoutservice', 4, port('grpc', 5050)],
          ['recommendationservice', 4, port('grpc', 8080)],
          ['frontend', 6, port('http', 8080)],
          ['paymentservice', 4, port('grpc', 50051)],
          ['productcatalogservice', 6, port('grpc', 3550)],
          ['cartservice', 4, port('grpc', 7070)],
          ['currencyservice', 4, port('grpc', 7000)],
          ['shippingservice', 3, port('grpc', 50051)],
          ['adservice', 2, port('grpc', 9555)],
          ['loadgenerator', 2],
        ),
        ...workloads('boutique', 'StatefulSet', ['redis-cart', 3, port('tcp-redis', 6379)]),
        ...services('boutique', {
          emailservice: [{ name: 'grpc', port: 5000, targetPort: 8080 }],
          checkoutservice: [{ name: 'grpc', port: 5050 }],
          recommendationservice: [{ name: 'grpc', port: 8080 }],
          frontend: [{ name: 'http', port: 80, targetPort: 8080 }],
          paymentservice: [{ name: 'grpc', port: 50051 }],
          productcatalogservice: [{ name: 'grpc', port: 3550 }],
          cartservice: [{ name: 'grpc', port: 7070 }],
          currencyservice: [{ name: 'grpc', port: 7000 }],
          shippingservice: [{ name: 'grpc', port: 50051 }],
          'redis-cart': [{ name: 'tcp-redis', port: 6379 }],
          adservice: [{ name: 'grpc', port: 9555 }],
        }),
        {
          kind: 'Service',
          namespace: 'boutique',
          name: 'frontend-external',
          type: 'NodePort',
          selector: { app: 'frontend' },
          ports: [{ name: 'http', port: 80, targetPort: 8080, nodePort: 31_000 }],
          externalTrafficPolicy: 'Local',
        },
        { kind: 'Namespace', name: 'tools' },
        ...workloads('tools', 'DaemonSet', ['node-agent', 1]),
        ...workloads('tools', 'Deployment', ['prometheus', 1, port('web', 9090)], ['grafana', 1, port('http', 3000)]),
      ],
    },
    { type: 'CniChosen', cni: 'cilium', mode: 'native' },
    { type: 'SysctlSet', ns: 'node-2', key: 'net.ipv4.ip_forward', value: 0 },
    probe('boutique/frontend-7d4b9c6f5d-x2kzp', 'boutique/cartservice'),
  ],
};
