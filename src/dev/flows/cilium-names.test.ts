/** Names of the world in policies of Cilium: an address is let pass once the DNS proxy has seen it for the name. */
import { describe, expect, it } from 'vitest';
import { nameMatches } from '../../sim/drivers/cni/cilium/programs/name-pattern.ts';
import { cniById } from '../../sim/drivers/registry.ts';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { traceProbe } from '../../sim/engine/converse.ts';
import { flowLinesOf } from '../../sim/engine/explain/evidence-flows.ts';
import { readManifests } from '../../sim/kube/manifests/parse.ts';
import { internetHost } from '../../sim/kube/network-plan.ts';
import { DEFAULT_SCENARIO } from '../../sim/scenario/defaults.ts';
import { foldScenario } from '../../sim/scenario/fold.ts';
import type { Probe, ProbeTo } from '../../sim/scenario/probe.ts';

const policy = (dns: string, fqdn: string): string => `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: names, namespace: default}
spec:
  endpointSelector: {matchLabels: {app: toolbox}}
  egress:
    - toEndpoints:
        - matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, "k8s:k8s-app": kube-dns}
      toPorts:
        - ports: [{port: "53", protocol: ANY}]
          ${dns}
    - toFQDNs: [${fqdn}]
      toPorts: [{ports: [{port: "80", protocol: TCP}]}]
`;
const ALL_DNS = 'rules: {dns: [{matchPattern: "*"}]}';

function asked(mode: string, to: ProbeTo, manifest: string) {
  const folded = foldScenario(DEFAULT_SCENARIO);
  const { objects, errors } = readManifests(manifest);
  expect(errors).toEqual([]);
  const isReplaced = cniById('cilium').replacesProxy?.(mode) === true;
  const proxy = isReplaced ? { id: 'none', mode: 'none' } : { id: 'kube-proxy', mode: 'iptables' };
  const built = buildWorld({
    ...folded,
    objects: [...folded.objects, ...objects],
    cni: { ...folded.cni, id: 'cilium', mode },
    proxy,
  });
  if (!built.ok || !folded.probe) throw new Error('the default scenario has a world and a probe');
  const probe: Probe = { ...folded.probe, to, port: 80 };
  const trace = traceProbe(built.value, probe);
  const log = flowLinesOf(trace, built.value).map(({ text }) => text.replace(/^.*(?=dns-request)/, ''));
  return { outcome: trace.verdict.outcome, log };
}

const NAME: ProbeTo = { kind: 'name', name: 'example.com' };
const ADDRESS: ProbeTo = { kind: 'ip', ip: internetHost(4) };
const modes = cniById('cilium').modes.map(({ id }) => id);

describe.each(modes)('%s', (mode) => {
  it.each([
    ['a name that a rule names', ALL_DNS, '{matchName: example.com}', NAME, 'connected'],
    ['a pattern', ALL_DNS, '{matchPattern: "*.com"}', NAME, 'connected'],
    ['another name', ALL_DNS, '{matchName: example.org}', NAME, 'timeout'],
    ['the address without a lookup', ALL_DNS, '{matchName: example.com}', ADDRESS, 'timeout'],
    ['a lookup that no proxy sees', '', '{matchName: example.com}', NAME, 'timeout'],
    [
      'a question that is refused',
      'rules: {dns: [{matchName: other.com}]}',
      '{matchName: example.com}',
      NAME,
      'unresolved',
    ],
  ])('%s', (_what, dns, fqdn, to, outcome) => {
    expect(asked(mode, to, policy(dns, fqdn)).outcome).toBe(outcome);
  });
});

it('a denial of its network goes before a name', () => {
  const denied = `${policy(ALL_DNS, '{matchName: example.com}')}  egressDeny: [{toCIDR: [203.0.113.0/24]}]`;
  expect(asked('vxlan', NAME, denied).outcome).toBe('timeout');
});

it('the flow log tells what was asked', () => {
  expect(asked('vxlan', NAME, policy(ALL_DNS, '{matchName: example.com}')).log).toContain(
    'dns-request FORWARDED (DNS Query example.com. A)',
  );
});

it.each([
  ['*', 'a.b.c.', true],
  ['*.cilium.io', 'www.cilium.io.', true],
  ['*.cilium.io', 'a.www.cilium.io.', false],
  ['*.cilium.io', 'cilium.io.', false],
  ['**.cilium.io', 'a.www.cilium.io.', true],
  ['**.cilium.io', 'cilium.io.', false],
  ['*cilium.io', 'sub-cilium.io.', true],
  ['Cilium.IO', 'cilium.io.', true],
  ['cilium.io', 'ciliumXio.', false],
])('the pattern %s and %s: %s', (pattern, name, expected) => {
  expect(nameMatches(pattern, name)).toBe(expected);
});
