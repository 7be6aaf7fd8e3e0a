/** A row for each kind of record: what is asked, and what the plugin answers, as `dig` would print it. */
import { expect, it } from 'vitest';
import { buildCluster } from '../../../kube/build-cluster.ts';
import type { ClusterInput } from '../../../kube/cluster-input.ts';
import { SYSTEM_OBJECTS } from '../../../kube/dns/cluster-dns.ts';
import type { KubeObject, ServiceObject, WorkloadObject } from '../../../kube/objects.ts';
import type { DnsType } from '../../../wire/dns.ts';
import { recordData } from '../../../wire/print-dns.ts';
import { lookUp } from './kubernetes.ts';

const workload = (kind: WorkloadObject['kind'], name: string, more: Partial<WorkloadObject> = {}): WorkloadObject => ({
  kind,
  namespace: 'shop',
  name,
  labels: { app: name },
  containers: [{ name, ports: [{ name: 'http', containerPort: 8080 }] }],
  ...more,
});
const service = (name: string, more: Partial<ServiceObject> = {}): ServiceObject => ({
  kind: 'Service',
  namespace: 'shop',
  name,
  selector: { app: name },
  ports: [{ name: 'http', port: 80, targetPort: 8080 }],
  ...more,
});

const objects: readonly KubeObject[] = [
  workload('Deployment', 'api', { replicas: 2 }),
  service('api', { clusterIP: '10.96.13.7' }),
  workload('Deployment', 'peers', { replicas: 2 }),
  service('peers', { clusterIP: 'None' }),
  workload('StatefulSet', 'db', { replicas: 2 }),
  service('db', { clusterIP: 'None' }),
  workload('Pod', 'cache', { hostname: 'one', subdomain: 'caches' }),
  service('caches', { clusterIP: 'None', selector: { app: 'cache' } }),
  workload('Deployment', 'slow', { ready: false }),
  service('slow', { clusterIP: 'None' }),
  service('slow-early', { clusterIP: 'None', selector: { app: 'slow' }, publishNotReadyAddresses: true }),
  service('idle', { clusterIP: '10.96.13.8', selector: { app: 'nobody' } }),
  service('out', { type: 'ExternalName', externalName: 'www.example.com', ports: [] }),
  service('alias', { type: 'ExternalName', externalName: 'api.shop.svc.cluster.local', ports: [] }),
];
const input: ClusterInput = {
  nodes: 1,
  podCIDR: '10.244.0.0/16',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/12',
  nodeNetwork: '192.168.56.0/24',
  mtuBytes: 1500,
  objects,
  system: SYSTEM_OBJECTS,
  deletedPods: [],
  stoppedListeners: [],
};
const built = buildCluster(input);
if (!built.ok) throw new Error(JSON.stringify(built.error));
const { cluster } = built.value;

function asked(name: string, type: DnsType): string {
  const found = lookUp(cluster, { name, type });
  if (!found) return 'not mine';
  const answers = found.answers.map((record) => `${record.type} ${recordData(record)}`);
  const outside = found.outside === undefined ? [] : [`then ${found.outside}`];
  return [found.rcode, ...answers, ...outside].join(' | ');
}

const SVC = 'shop.svc.cluster.local.';
it.each<[string, string, DnsType, string]>([
  ['a Service has its ClusterIP', `api.${SVC}`, 'A', 'NOERROR | A 10.96.13.7'],
  ['of IPv4 alone: no data', `api.${SVC}`, 'AAAA', 'NOERROR'],
  ['without endpoints too', `idle.${SVC}`, 'A', 'NOERROR | A 10.96.13.8'],
  ['headless: each ready pod', `peers.${SVC}`, 'A', 'NOERROR | A 10.244.0.4 | A 10.244.0.5'],
  ['headless without a ready pod', `slow.${SVC}`, 'A', 'NXDOMAIN'],
  ['unless it says so', `slow-early.${SVC}`, 'A', 'NOERROR | A 10.244.0.9'],
  ['a pod of a StatefulSet', `db-0.db.${SVC}`, 'A', 'NOERROR | A 10.244.0.6'],
  ['another one', `db-1.db.${SVC}`, 'A', 'NOERROR | A 10.244.0.7'],
  ['one that is not there', `db-2.db.${SVC}`, 'A', 'NXDOMAIN'],
  ['hostname and subdomain', `one.caches.${SVC}`, 'A', 'NOERROR | A 10.244.0.8'],
  ['an endpoint by its address', `10-244-0-4.peers.${SVC}`, 'A', 'NOERROR | A 10.244.0.4'],
  ['one of a Service with a ClusterIP', `10-244-0-2.api.${SVC}`, 'A', 'NOERROR | A 10.244.0.2'],
  ['a pod by its address', '10-244-0-99.shop.pod.cluster.local.', 'A', 'NOERROR | A 10.244.0.99'],
  ['in no namespace', '10-244-0-99.nowhere.pod.cluster.local.', 'A', 'NXDOMAIN'],
  ['a pod by its name', 'cache.shop.pod.cluster.local.', 'A', 'NXDOMAIN'],
  ['a port', `_http._tcp.api.${SVC}`, 'SRV', `NOERROR | SRV 0 100 80 api.${SVC}`],
  ['a port of another protocol', `_http._udp.api.${SVC}`, 'SRV', 'NXDOMAIN'],
  [
    'ports of a headless Service',
    `_http._tcp.db.${SVC}`,
    'SRV',
    `NOERROR | SRV 0 50 8080 db-0.db.${SVC} | SRV 0 50 8080 db-1.db.${SVC}`,
  ],
  ['all ports', `api.${SVC}`, 'SRV', `NOERROR | SRV 0 100 80 api.${SVC}`],
  ['an address of a Service', '7.13.96.10.in-addr.arpa.', 'PTR', `NOERROR | PTR api.${SVC}`],
  ['an address of a pod', '4.0.244.10.in-addr.arpa.', 'PTR', `NOERROR | PTR 10-244-0-4.peers.${SVC}`],
  ['of a pod with a name', '6.0.244.10.in-addr.arpa.', 'PTR', `NOERROR | PTR db-0.db.${SVC}`],
  ['an address of nobody falls through', '1.2.3.4.in-addr.arpa.', 'PTR', 'not mine'],
  ['an alias to the outside', `out.${SVC}`, 'A', 'NOERROR | CNAME www.example.com. | then www.example.com.'],
  ['the alias itself', `out.${SVC}`, 'CNAME', 'NOERROR | CNAME www.example.com.'],
  ['an alias inside', `alias.${SVC}`, 'A', `NOERROR | CNAME api.${SVC} | A 10.96.13.7`],
  ['the version', 'dns-version.cluster.local.', 'TXT', 'NOERROR | TXT "1.1.0"'],
  ['the zone', 'cluster.local.', 'NS', 'NOERROR | NS ns.dns.cluster.local.'],
  ['the name server', 'ns.dns.cluster.local.', 'A', 'NOERROR | A 10.96.0.10'],
  ['a namespace', 'shop.svc.cluster.local.', 'A', 'NOERROR'],
  ['no namespace', 'nowhere.svc.cluster.local.', 'A', 'NXDOMAIN'],
  ['no Service', `nothing.${SVC}`, 'A', 'NXDOMAIN'],
  ['a name from the search list', `api.shop.svc.cluster.local.${SVC}`, 'A', 'NXDOMAIN'],
  ['a name of the world', 'example.com.', 'A', 'not mine'],
])('%s: %s %s', (_why, name, type, expected) => {
  expect(asked(name, type)).toBe(expected);
});

it('kube-dns has the 10th address and pods that move nobody', () => {
  const own = cluster.pods.filter(({ namespace }) => namespace === 'kube-system');
  expect(own.map(({ ip }) => ip)).toEqual(['10.244.0.254', '10.244.0.253']);
  expect(cluster.services.at(-1)).toMatchObject({ name: 'kube-dns', clusterIP: '10.96.0.10' });
});
