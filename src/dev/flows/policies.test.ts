/** Where a packet dies that no policy allows, and what policies do not concern: every CNI that enforces, in every mode. */
import { describe, expect, it } from 'vitest';
import { LAB } from '../../sim/drivers/conformance/lab-cluster.ts';
import { CNIS } from '../../sim/drivers/registry.ts';
import type { Cluster } from '../../sim/kube/cluster.ts';
import type { ClusterPolicy, PolicyPeer } from '../../sim/kube/cluster-policy.ts';
import { labOf, probe, type Seen } from './cni-check.ts';

const modes = CNIS.flatMap((cni) =>
  cni.modes
    .filter(({ id }) => cni.enforcesPolicies(id).by !== null)
    .map(({ id }) => ({ cni: cni.id, mode: id, proxy: cni.replacesProxy?.(id) ? 'none' : 'iptables' })),
);

const named = (name: string, ...pods: string[]): Pick<ClusterPolicy, 'kind' | 'namespace' | 'name' | 'pods'> => ({
  kind: 'NetworkPolicy',
  namespace: 'default',
  name,
  pods: pods.map((pod) => `default/${pod}`),
});
const podsOf = (app: string): PolicyPeer => ({
  kind: 'pods',
  selector: `app=${app}`,
  selection: { pods: { matchLabels: { app } } },
  ips: LAB.pods.filter(({ labels }) => labels.app === app).map(({ ip }) => ip),
});

const POLICIES: readonly ClusterPolicy[] = [
  {
    ...named('tools-only', 'web-1', 'web-2'),
    ingress: [{ peers: [podsOf('tool')], ports: [{ protocol: 'tcp', from: 8080 }] }],
  },
  { ...named('closed', 'db-3'), ingress: [] },
  { ...named('no-way-out', 'api-2'), egress: [{ peers: [podsOf('dns')], ports: [{ protocol: 'udp', from: 5353 }] }] },
];
const CLUSTER: Cluster = { ...LAB, policies: POLICIES };

interface Row {
  readonly probe: string;
  readonly outcome: string;
  /** The node that a packet dies on. */
  readonly diesOn?: string;
}

const ROWS: readonly Row[] = [
  { probe: 'tool-1 tcp 10.244.1.2:8080', outcome: 'connected' },
  { probe: 'tool-1 tcp 10.244.2.2:8080', outcome: 'connected' },
  { probe: 'tool-1 icmp 10.244.2.2:0', outcome: 'timeout', diesOn: 'node-2' },
  { probe: 'web-3 tcp 10.244.2.2:8080', outcome: 'timeout', diesOn: 'node-2' },
  { probe: 'web-2 tcp 10.244.1.2:8080', outcome: 'timeout', diesOn: 'node-1' },
  { probe: 'tool-3 tcp 10.244.3.4:5432', outcome: 'timeout', diesOn: 'node-3' },
  { probe: 'node-3 tcp 10.244.3.4:5432', outcome: 'connected' },
  { probe: 'node-1 tcp 10.244.3.4:5432', outcome: 'timeout', diesOn: 'node-3' },
  { probe: 'db-3 tcp 10.244.3.2:8080', outcome: 'connected' },
  { probe: 'api-2 tcp 10.244.3.2:8080', outcome: 'timeout', diesOn: 'node-2' },
  { probe: 'api-2 tcp 10.244.2.2:8080', outcome: 'timeout', diesOn: 'node-2' },
  { probe: 'api-2 udp 10.244.3.5:5353', outcome: 'reply' },
  { probe: 'tool-1 tcp 10.244.2.4:8080', outcome: 'connected' },
];

const outcomeOf = ({ outcome }: Seen): string => outcome.split(' ')[0] ?? '';
const deathOf = ({ ran }: Seen): string | undefined => ran.steps.find(({ kind }) => kind === 'drop')?.ns;

describe.each(modes)('$cni $mode', (setting) => {
  const lab = labOf(setting.cni, setting.mode);
  it.each(ROWS)('$probe: $outcome $diesOn', ({ probe: text, outcome, diesOn }) => {
    const seen = probe(lab.there(text), { ...setting, cluster: { ...lab.cluster, policies: CLUSTER.policies ?? [] } });
    expect([outcomeOf(seen), deathOf(seen)]).toEqual([outcome, diesOn]);
  });
});

/**
 * Where implementations do otherwise than the specification with one pod alone; what they make of policies is in `policy-readings`, held
 * by the law. The specification lets a pod talk to its node and to itself, whatever policies say.
 */
describe.each(modes)('departures of $cni $mode', (setting) => {
  const { cluster, there } = labOf(setting.cni, setting.mode);
  const ask = (text: string, policy: ClusterPolicy): string =>
    outcomeOf(probe(there(text), { ...setting, cluster: { ...cluster, policies: [policy] } }));
  const polices = (who: Readonly<Record<string, boolean>>): boolean => who[setting.cni] === true;

  it('a pod that is closed for egress and its own node', () => {
    const closed = { ...named('closed', 'tool-2'), egress: [] };
    const isPoliced = polices({ calico: true, canal: true, cilium: true, weave: false });
    // Nobody listens on every node of it: an answer is enough.
    expect(ask('tool-2 tcp 192.168.56.12:10250', closed) === 'timeout').toBe(isPoliced);
  });

  it('a pod that is closed for ingress and its own Service', () => {
    const closed = { ...named('closed', 'web-1'), ingress: [] };
    const isPoliced = polices({ calico: true, canal: true, cilium: false, weave: true });
    expect(ask('web-1 tcp 10.96.0.30:80', closed)).toBe(isPoliced ? 'timeout' : 'connected');
  });
});

describe('a denial of Cilium', () => {
  const denying: ClusterPolicy = {
    ...named('no-tools', 'web-1'),
    kind: 'CiliumNetworkPolicy',
    ingress: [
      { peers: [podsOf('web'), podsOf('tool')] },
      { name: 'ingressDeny[0]', action: 'Deny', peers: [podsOf('tool')] },
    ],
  };

  it.each([
    ['web-2 tcp 10.244.1.2:8080', 'connected', undefined],
    ['tool-1 tcp 10.244.1.2:8080', 'timeout', 'Policy denied by denylist'],
    ['db-3 tcp 10.244.1.2:8080', 'timeout', 'Policy denied'],
  ])('%s: %s, %s', (text, outcome, reason) => {
    const lab = labOf('cilium', 'vxlan');
    const setting = { cni: 'cilium', mode: 'vxlan', proxy: 'iptables' };
    const seen = probe(lab.there(text), { ...setting, cluster: { ...lab.cluster, policies: [denying] } });
    const dropped = seen.ran.steps.find((step) => step.kind === 'bpf-notify' && step.dropped !== undefined);
    expect([outcomeOf(seen), dropped?.kind === 'bpf-notify' ? dropped.dropped : undefined]).toEqual([outcome, reason]);
  });
});
