/** The policy map of an endpoint, as `cilium-dbg bpf policy get` prints it. */
import { describe, expect, it } from 'vitest';
import { must } from '../../../base/assert.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { ClusterPolicy, NamedPolicyPort, PolicyPeer, PolicyRule } from '../../../kube/cluster-policy.ts';
import { cidr } from '../../../wire/ip.ts';
import { LAB } from '../../conformance/lab-cluster.ts';
import { identityOf } from './identities.ts';
import { POLICY, type PolicyKey, type PolicyValue } from './maps.ts';
import { policyEntries } from './policies.ts';
import { cidrIdentities } from './policy-identities.ts';
import { prefixesOf } from './policy-ports.ts';
import { ciliumTools } from './tools.ts';

const podNamed = (name: string) =>
  must(
    LAB.pods.find((pod) => pod.name === name),
    name,
  );
const policy = (more: Partial<ClusterPolicy>): ClusterPolicy => ({
  kind: 'NetworkPolicy',
  namespace: 'default',
  name: 'p',
  pods: ['default/web-1'],
  ...more,
});
const withPolicies = (...policies: readonly ClusterPolicy[]): Cluster => ({ ...LAB, policies });
const peerOf = (app: string, key = 'app'): PolicyPeer => ({
  kind: 'pods',
  selector: `${key}=${app}`,
  selection: { pods: { matchLabels: { [key]: app } } },
  ips: LAB.pods.filter(({ labels }) => labels.app === app).map(({ ip }) => ip),
});
const net = (text: string, ...except: string[]): PolicyPeer => ({
  kind: 'net',
  cidr: cidr(text),
  except: except.map(cidr),
});

/** `Ingress 123 80/TCP 24` of web-1, without the node's own. */
function printed(cluster: Cluster, direction: 'Ingress' | 'Egress' = 'Ingress'): string[] {
  return policyEntries(cluster, podNamed('web-1'))
    .map(({ key, value }) => POLICY.print(key as PolicyKey, value as PolicyValue))
    .filter((columns) => columns[1] === direction && columns[2] !== 'reserved:host')
    .map(([, , identity, port, , , prefix]) => `${identity} ${port} ${prefix}`);
}
const ingress = (...rules: PolicyRule[]): string[] => printed(withPolicies(policy({ ingress: rules })));

const tool = identityOf(LAB, podNamed('tool-1'));

describe('entries', () => {
  it('allow everybody where no policy selects the pod', () => {
    expect([printed(LAB), printed(LAB, 'Egress')]).toEqual([['reserved:unknown ANY 0'], ['reserved:unknown ANY 0']]);
  });

  it.each<[string, PolicyRule, readonly string[]]>([
    ['nobody', { peers: [], ports: [{ protocol: 'udp' }] }, ['reserved:unknown ANY/UDP 8']],
    ['a label', { peers: [peerOf('tool')] }, [`${tool} ANY 0`]],
    ['a label and a port', { peers: [peerOf('tool')], ports: [{ protocol: 'tcp', from: 80 }] }, [`${tool} 80/TCP 24`]],
    [
      'a range of ports',
      { ports: [{ protocol: 'tcp', from: 8080, to: 8088 }] },
      ['reserved:unknown 8080-8087/TCP 21', 'reserved:unknown 8088/TCP 24'],
    ],
    ['a label that is no part of an identity', { peers: [peerOf('tool', 'pod-template-hash')] }, []],
    ['all of the world', { peers: [net('0.0.0.0/0')] }, ['reserved:world ANY 0']],
    ['a network', { peers: [net('10.0.0.0/8')] }, ['16777217 ANY 0']],
    ['a network with a hole', { peers: [net('0.0.0.0/0', '10.0.0.0/8')] }, ['reserved:world ANY 0']],
  ])('%s', (_what, rule, entries) => {
    expect(ingress(rule)).toEqual(entries);
  });

  it('name the networks of other policies that lie within', () => {
    const cluster = withPolicies(
      policy({ ingress: [{ peers: [net('10.0.0.0/8', '10.2.0.0/16')] }] }),
      policy({ pods: [], egress: [{ peers: [net('10.1.0.0/16')] }] }),
    );
    expect([...cidrIdentities(cluster).keys()]).toEqual(['10.0.0.0/8', '10.2.0.0/16', '10.1.0.0/16']);
    expect(printed(cluster)).toEqual(['16777217 ANY 0', '16777219 ANY 0']);
  });

  it('close a direction for which there are rules, whatever policyTypes says', () => {
    const idle = { ingress: [{ peers: [peerOf('tool')] }] };
    expect(printed(withPolicies(policy({ egress: [], idle })))).toEqual([`${tool} ANY 0`]);
  });

  it('know nothing of admin policies', () => {
    expect(printed(withPolicies(policy({ kind: 'AdminNetworkPolicy', tier: 'Admin', ingress: [{}] })))).toEqual([
      'reserved:unknown ANY 0',
    ]);
  });
});

describe("Cilium's own policies", () => {
  const own = (more: Partial<ClusterPolicy>): ClusterPolicy => policy({ kind: 'CiliumNetworkPolicy', ...more });
  const said = (cluster: Cluster, direction: 'Ingress' | 'Egress' = 'Ingress'): readonly string[] =>
    policyEntries(cluster, podNamed('web-1'))
      .map(({ key, value }) => POLICY.print(key as PolicyKey, value as PolicyValue))
      .filter((columns) => columns[1] === direction)
      .map(([word, , identity, port]) => `${word} ${identity} ${port}`);
  const entity = (name: Extract<PolicyPeer, { kind: 'entity' }>['entity']): PolicyRule => ({
    peers: [{ kind: 'entity', entity: name }],
  });
  const LOCALHOST = 'Allow reserved:host ANY';

  it.each<[string, PolicyRule, readonly string[]]>([
    ['all', entity('all'), ['Allow reserved:unknown ANY']],
    ['world', entity('world'), ['Allow reserved:world ANY']],
    ['remote-node', entity('remote-node'), ['Allow reserved:remote-node ANY', 'Allow reserved:kube-apiserver ANY']],
    ['kube-apiserver', entity('kube-apiserver'), ['Allow reserved:kube-apiserver ANY', LOCALHOST]],
    ['none', entity('none'), []],
  ])('know who is %s', (_name, rule, entries) => {
    const found = said(withPolicies(own({ ingress: [rule] })));
    expect(found.filter((entry) => entry !== LOCALHOST)).toEqual(entries.filter((entry) => entry !== LOCALHOST));
  });

  it.each<[string, readonly PolicyRule[], readonly string[]]>([
    [
      'everything that it covers, also for one of many',
      [{ peers: [peerOf('tool')] }, { action: 'Deny' }],
      ['Deny reserved:unknown ANY'],
    ],
    [
      'but not what is wider',
      [{ peers: [peerOf('tool')] }, { action: 'Deny', ports: [{ protocol: 'tcp', from: 80, to: 80 }] }],
      [`Allow ${tool} ANY`, 'Deny reserved:unknown 80/TCP', LOCALHOST],
    ],
    [
      'the node of the pod too',
      [{ action: 'Deny', peers: [{ kind: 'entity', entity: 'host' }] }],
      ['Deny reserved:host ANY'],
    ],
  ])('a denial takes the place of %s', (_what, rules, entries) => {
    expect(said(withPolicies(own({ ingress: rules })))).toEqual(entries);
  });

  it('leave the rest open where they say so, unless another policy closes it', () => {
    const open = own({ ingress: [{ action: 'Deny', peers: [peerOf('tool')] }], leavesOpen: ['ingress'] });
    expect(said(withPolicies(open))).toEqual([`Deny ${tool} ANY`, 'Allow reserved:unknown ANY', LOCALHOST]);
    expect(said(withPolicies(open, policy({ ingress: [] })))).toEqual([`Deny ${tool} ANY`, LOCALHOST]);
  });
});

describe('a port by name', () => {
  const named = (...numbers: readonly [string, number][]): NamedPolicyPort => ({
    name: 'http',
    protocol: 'tcp',
    ports: numbers.map(([name, port]) => ({ ip: podNamed(name).ip, port, protocol: 'tcp' })),
  });

  it('is what the endpoint itself calls so', () => {
    const ports = [named(['web-1', 8080], ['web-2', 80])];
    expect(ingress({ ports })).toEqual(['reserved:unknown 8080/TCP 24']);
  });

  it.each([
    [[named(['web-2', 80], ['web-3', 80])], ['reserved:unknown 80/TCP 24']],
    [[named(['web-2', 80], ['web-3', 81])], []],
  ])('of others counts only where they agree', (ports, entries) => {
    expect(printed(withPolicies(policy({ egress: [{ ports }] })), 'Egress')).toEqual(entries);
  });
});

it.each([
  [80, 80, ['80/16']],
  [80, 83, ['80/14']],
  [1, 65_535, Array.from({ length: 16 }, (_, i) => `${2 ** i}/${16 - i}`)],
])('the range %i-%i is %j', (from, to, prefixes) => {
  expect(prefixesOf(from, to).map(({ port, bits }) => `${port}/${bits}`)).toEqual(prefixes);
});

it('the tool says for which direction a policy is enforced', () => {
  const cluster = withPolicies(policy({ ingress: [] }));
  const lines = ciliumTools(cluster, must(cluster.nodes[0], 'node-1'))[0]?.lines ?? [];
  expect(lines.filter((line) => line.includes('abled')).map((line) => line.trim().split(/ {2,}/).slice(1, 3))).toEqual(
    expect.arrayContaining([
      ['Enabled', 'Disabled'],
      ['Disabled', 'Disabled'],
    ]),
  );
});
