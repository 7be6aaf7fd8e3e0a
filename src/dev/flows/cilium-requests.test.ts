/** Requests that a policy of Cilium lets pass or not: what curl prints, what the flow log says, in every mode. */
import { describe, expect, it } from 'vitest';
import { cniById } from '../../sim/drivers/registry.ts';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { traceProbe } from '../../sim/engine/converse.ts';
import { flowLinesOf } from '../../sim/engine/explain/evidence-flows.ts';
import { readManifests } from '../../sim/kube/manifests/parse.ts';
import { DEFAULT_SCENARIO } from '../../sim/scenario/defaults.ts';
import { foldScenario } from '../../sim/scenario/fold.ts';
import type { Probe } from '../../sim/scenario/probe.ts';

const L7 = `
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: public-only, namespace: default}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
    - fromEndpoints: [{}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules: {http: [{method: GET, path: "/public(/.*)?"}]}
`;
const EGRESS = L7.replace('{app: web}', '{app: toolbox}')
  .replace('ingress:', 'egress:')
  .replace('fromEndpoints', 'toEndpoints');
const OPEN = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: default}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{}]}
`;

const modes = cniById('cilium').modes.map(({ id }) => id);

function asked(mode: string, path: string, ...manifests: readonly string[]) {
  const folded = foldScenario(DEFAULT_SCENARIO);
  const { objects, errors } = readManifests(manifests.join('---\n'));
  expect(errors).toEqual([]);
  const isReplaced = cniById('cilium').replacesProxy?.(mode) === true;
  const proxy = isReplaced ? { id: 'none', mode: 'none' } : { id: 'kube-proxy', mode: 'iptables' };
  const state = {
    ...folded,
    objects: [...folded.objects, ...objects],
    cni: { ...folded.cni, id: 'cilium', mode },
    proxy,
  };
  const built = buildWorld(state);
  if (!built.ok || !folded.probe) throw new Error('the default scenario has a world and a probe');
  const to = { kind: 'service', ref: 'default/web', via: 'clusterIP' } as const;
  const probe: Probe = { ...folded.probe, to, options: { path } };
  const trace = traceProbe(built.value, probe);
  const log = flowLinesOf(trace, built.value)
    .map(({ text }) => text)
    .filter((text) => text.includes('http-request'))
    .map((text) => text.replace(/^.*(?=http-request)/, '').replace(/\/\/[\d.]+/, '//ip'));
  return { verdict: trace.verdict, log };
}

describe.each(modes)('%s', (mode) => {
  it.each([
    ['/public', 'HTTP/1.1 200 OK', ['http-request FORWARDED (HTTP/1.1 GET http://ip/public)']],
    ['/public/a', 'HTTP/1.1 200 OK', ['http-request FORWARDED (HTTP/1.1 GET http://ip/public/a)']],
    ['/admin', 'HTTP/1.1 403 Forbidden', ['http-request DROPPED (HTTP/1.1 GET http://ip/admin)']],
    ['/publicity', 'HTTP/1.1 403 Forbidden', ['http-request DROPPED (HTTP/1.1 GET http://ip/publicity)']],
  ])('%s: %s', (path, status, lines) => {
    const { verdict, log } = asked(mode, path, L7);
    expect(verdict.printed.split('\n')[0]).toBe(status);
    expect(log).toEqual(lines);
  });

  it('the proxy of the sender refuses as well', () => {
    expect(asked(mode, '/admin', EGRESS).verdict.printed).toContain('403 Forbidden');
    expect(asked(mode, '/public', EGRESS).verdict.printed).toContain('200 OK');
  });
});

describe('a request that is refused', () => {
  const { verdict } = asked('vxlan', '/admin', L7);

  it('is answered by the proxy, and that is no success', () => {
    expect(verdict.printed.endsWith('Access denied')).toBe(true);
    expect(verdict.good).toBe(false);
    expect(verdict.sentence).toMatch(
      /^cilium-envoy on node-\d answered HTTP\/1.1 403 Forbidden: the connection stands, but no rule of CiliumNetworkPolicy default\/public-only lets GET \/admin pass\.$/,
    );
  });

  it('passes where another policy says nothing of requests', () => {
    expect(asked('vxlan', '/admin', L7, OPEN).verdict.printed).toContain('200 OK');
  });
});
