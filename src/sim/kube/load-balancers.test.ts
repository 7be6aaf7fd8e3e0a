import { describe, expect, it } from 'vitest';
import { cidr, ip } from '../wire/ip.ts';
import type { ClusterService } from './cluster.ts';
import { allocateLoadBalancers, checkPool, type LoadBalancerController } from './load-balancers.ts';
import type { ServiceObject } from './objects.ts';
import { printService } from './print-service.ts';

const net = cidr('192.0.2.0/29');
const controller: LoadBalancerController = {
  by: 'cloud',
  ipMode: 'VIP',
  needsNodePorts: false,
  pool: () => ({ first: ip('192.0.2.1'), last: ip('192.0.2.2'), text: net.text, net }),
  refusesAddress: (asked, why) => `${asked} is ${why}`,
};
const toNodePorts = { ...controller, needsNodePorts: true };
const nodes = cidr('192.168.56.0/24');

const service = (name: string, more: Partial<ServiceObject> = {}): ServiceObject => ({
  kind: 'Service',
  namespace: 'default',
  name,
  type: 'LoadBalancer',
  ports: [{ port: 80 }],
  ...more,
});

const given = (services: readonly ServiceObject[], by: LoadBalancerController | null = controller) => {
  const { given: addresses, notes } = allocateLoadBalancers(services, by ?? undefined, by?.pool(nodes));
  return { addresses: Object.fromEntries(addresses), notes: notes.map(({ ref, text }) => `${ref}: ${text}`) };
};

describe('the address of a load balancer', () => {
  it('is one of the pool, for Services of this type only, each another', () => {
    const { addresses, notes } = given([service('a'), service('b'), service('c', { type: 'NodePort' })]);
    expect(Object.keys(addresses)).toEqual(['Service default/a', 'Service default/b']);
    expect(new Set(Object.values(addresses))).toEqual(new Set(['192.0.2.1', '192.0.2.2']));
    expect(notes).toEqual([]);
  });

  it('stays what it was when other Services come, as long as one is free', () => {
    const alone = given([service('b')]).addresses['Service default/b'];
    expect(given([service('b'), service('a')]).addresses['Service default/b']).toBe(alone);
  });

  it.each<[string, readonly ServiceObject[], LoadBalancerController | null, RegExp]>([
    ['nobody gives any', [service('a')], null, /default\/a: EXTERNAL-IP <pending>: nobody/],
    ['the pool is empty', [service('a'), service('b'), service('c')], controller, /default\/c: .*no address is left/],
    [
      'another class is asked for',
      [service('a', { loadBalancerClass: 'example.com/inner' })],
      controller,
      /nobody in this cluster answers to the loadBalancerClass example\.com\/inner/,
    ],
    ['a wish outside the pool', [service('a', { loadBalancerIP: '192.0.2.7' })], controller, /192\.0\.2\.7 is outside/],
    [
      'a wish that is taken',
      [service('a', { loadBalancerIP: '192.0.2.1' }), service('b', { loadBalancerIP: '192.0.2.1' })],
      controller,
      /default\/b: .*192\.0\.2\.1 is taken/,
    ],
    [
      'node ports are needed and not given',
      [service('a', { allocateLoadBalancerNodePorts: false })],
      toNodePorts,
      /allocateLoadBalancerNodePorts is false/,
    ],
  ])('is <pending> where %s', (_why, services, by, note) => {
    const { notes } = given(services, by);
    expect(notes).toEqual([expect.stringMatching(note)]);
  });

  it('is as wished, before anybody else may have it', () => {
    const { addresses } = given([service('a'), service('b', { loadBalancerIP: '192.0.2.2' })]);
    expect(addresses).toEqual({ 'Service default/a': '192.0.2.1', 'Service default/b': '192.0.2.2' });
  });

  it('needs no node port where none is used, or where one was named', () => {
    const named = service('a', { allocateLoadBalancerNodePorts: false, ports: [{ port: 80, nodePort: 30_080 }] });
    expect(given([named], toNodePorts).notes).toEqual([]);
    expect(given([service('a', { allocateLoadBalancerNodePorts: false })]).notes).toEqual([]);
  });
});

it('the pool must be nobody else’s', () => {
  expect(checkPool(controller, nodes, [['the pod network', cidr('192.0.0.0/16')]])).toEqual([
    { ref: 'cluster', text: 'The addresses of load balancers 192.0.2.0/29 overlap the pod network 192.0.0.0/16' },
  ]);
  expect(checkPool(controller, nodes, [['the pod network', cidr('10.244.0.0/16')]])).toEqual([]);
});

describe('kubectl get service', () => {
  const base: ClusterService = {
    namespace: 'default',
    name: 'web',
    type: 'ClusterIP',
    clusterIP: ip('10.96.0.10'),
    selector: {},
    ports: [{ name: '', protocol: 'TCP', port: 80, targetPort: 8080, endpoints: [] }],
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    externalIPs: [],
    loadBalancerIPs: [],
    loadBalancerSourceRanges: [],
  };
  const nodePort = [{ ...base.ports[0]!, nodePort: 30_080 }];
  it.each<[Partial<ClusterService>, string]>([
    [{}, 'web ClusterIP 10.96.0.10 <none> 80/TCP'],
    [{ clusterIP: 'None' }, 'web ClusterIP None <none> 80/TCP'],
    [{ externalIPs: [ip('198.51.100.7')] }, 'web ClusterIP 10.96.0.10 198.51.100.7 80/TCP'],
    [{ type: 'NodePort', ports: nodePort }, 'web NodePort 10.96.0.10 <none> 80:30080/TCP'],
    [{ type: 'LoadBalancer', ports: nodePort }, 'web LoadBalancer 10.96.0.10 <pending> 80:30080/TCP'],
    [{ type: 'LoadBalancer', loadBalancerIPs: [ip('192.0.2.1')] }, 'web LoadBalancer 10.96.0.10 192.0.2.1 80/TCP'],
    [
      { type: 'LoadBalancer', loadBalancerIPs: [ip('192.0.2.1')], externalIPs: [ip('198.51.100.7')] },
      'web LoadBalancer 10.96.0.10 192.0.2.1,198.51.100.7 80/TCP',
    ],
  ])('%j', (change, line) => {
    expect(printService({ ...base, ...change })[1]?.replace(/ +/g, ' ')).toBe(line);
  });

  it('an ExternalName has no address of its own', () => {
    const { clusterIP: _, ...rest } = base;
    const named: ClusterService = { ...rest, type: 'ExternalName', externalName: 'example.com', ports: [] };
    expect(printService(named)[1]?.replace(/ +/g, ' ')).toBe('web ExternalName <none> example.com <none>');
  });
});
