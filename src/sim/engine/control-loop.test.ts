import { describe, expect, it } from 'vitest';
import { must } from '../base/assert.ts';
import { printRuleset } from '../linux/netfilter/iptables/print.ts';
import { printTable } from '../linux/netfilter/nftables/print.ts';
import { DEFAULT_SCENARIO } from '../scenario/defaults.ts';
import { foldScenario } from '../scenario/fold.ts';
import type { Probe } from '../scenario/probe.ts';
import type { ScenarioEvent } from '../scenario/scenario.ts';
import { buildWorld } from './build-world.ts';
import { traceProbe } from './converse.ts';
import { type RuleDiff, ruleDiff, ruleDiffs } from './rule-diff.ts';
import type { Verdict } from './trace.ts';
import type { World } from './world.ts';

const NODE = 'node-1';
const stopped: ScenarioEvent = { type: 'ProxyStopped', node: NODE };
const started: ScenarioEvent = { type: 'ProxyStarted', node: NODE };
const scaled = (replicas: number): ScenarioEvent => ({
  type: 'WorkloadScaled',
  ref: 'Deployment default/web',
  replicas,
});

function world(...events: ScenarioEvent[]): World {
  const built = buildWorld(foldScenario({ events: [...DEFAULT_SCENARIO.events, ...events] }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const mode = (id: string): ScenarioEvent => ({ type: 'ProxyChosen', proxy: 'kube-proxy', mode: id });
const webPods = ({ cluster }: World) => cluster.pods.filter(({ owner }) => owner === 'Deployment default/web');
const victimOf = (before: World) =>
  must(
    webPods(before).find(({ node }) => node !== NODE),
    'a pod of web elsewhere',
  );

/** From node-1 to the Service, by the endpoint that is named. */
function verdict(of: World, endpoint?: string, ref = 'default/web'): Verdict {
  const probe: Probe = {
    from: { kind: 'pod', ref: 'default/toolbox' },
    to: { kind: 'service', ref, via: 'clusterIP' },
    proto: 'tcp',
    port: 80,
    ...(endpoint !== undefined && { options: { endpoint } }),
  };
  return traceProbe(of, probe).verdict;
}

const outcome = (of: World, endpoint?: string): string => verdict(of, endpoint).outcome;

describe.each(['iptables', 'nftables', 'ipvs'])('the control loop in %s mode', (id) => {
  const before = world(mode(id));
  const victim = victimOf(before);
  const endpoint = `${victim.ip}:8080`;
  const deleted: ScenarioEvent = { type: 'PodDeleted', ref: `${victim.namespace}/${victim.name}` };
  const config = (of: World) => {
    const { iptables, nftables, ipsets, ipvs, addresses } = must(of.namespaces.get(NODE), NODE);
    // Without pods the CNI makes no bridge.
    const wired = addresses.filter(({ dev }) => dev !== 'cni0');
    return { rules: printRuleset(iptables), tables: nftables?.map(printTable), ipsets, ipvs, addresses: wired };
  };

  it('reaches the pod while it stands', () => {
    expect(outcome(before, endpoint)).toBe('connected');
  });

  it('sends to the dead address while the proxy is stopped, and heals when it is started', () => {
    // IPVS chooses by its scheduler: every other endpoint is taken away, so that only the dead one is left.
    const others = id === 'ipvs' ? webPods(before).filter((pod) => pod !== victim) : [];
    const only = others.map(
      ({ namespace, name }): ScenarioEvent => ({ type: 'ReadinessSet', ref: `${namespace}/${name}`, ready: false }),
    );
    const stale = world(mode(id), ...only, stopped, deleted);
    expect(verdict(stale, endpoint)).toMatchObject({
      outcome: 'host-unreachable',
      sentence: `Unreachable: kube-proxy on node-1 is stopped, and its stale rules still send Service default/web to ${endpoint}, the address of Pod default/${victim.name}, which is gone.`,
      remedy: 'Start kube-proxy on node-1 again: it brings the rules there up to date.',
    });
    const healed = world(mode(id), ...only, stopped, deleted, started);
    expect(outcome(healed, endpoint)).toBe('connected');
    expect(config(healed)).toEqual(config(world(mode(id), ...only, deleted)));
  });

  it('writes nothing more on the node, and goes on elsewhere', () => {
    const [stop, stale, healed] = [
      world(mode(id), stopped),
      world(mode(id), stopped, deleted),
      world(mode(id), deleted),
    ];
    expect(config(stale)).toEqual(config(before));
    expect(ruleDiffs(before, stop)).toEqual([]);
    expect(ruleDiff(stop, stale, NODE)).toEqual({ node: NODE, added: [], removed: [] });
    expect(ruleDiffs(stop, stale).map(({ node }) => node)).toEqual(['node-2', 'node-3']);
    expect(ruleDiff(stale, healed, NODE)).toEqual(ruleDiff(before, healed, NODE));
    expect(ruleDiff(stale, healed, NODE).removed.join('\n')).toContain(victim.ip);
  });

  it('still refuses, or knows nothing, for what came after the stop', () => {
    const empty = world(mode(id), scaled(0), stopped, scaled(3));
    expect(verdict(empty)).toMatchObject({
      outcome: 'refused',
      sentence:
        'Refused: kube-proxy on node-1 is stopped, and its stale rules still say that Service default/web has no ready endpoints.',
    });
    const late: ScenarioEvent = {
      type: 'ManifestsApplied',
      objects: [
        {
          kind: 'Service',
          namespace: 'default',
          name: 'late',
          selector: { app: 'web' },
          ports: [{ port: 80, targetPort: 8080 }],
        },
      ],
      replace: false,
    };
    const unknown = world(mode(id), stopped, late);
    expect(verdict(unknown, undefined, 'default/late').good).toBe(false);
    expect(verdict(unknown, undefined, 'default/late').sentence).toContain(
      'kube-proxy on node-1 is stopped and has never heard of Service default/late, so no rule there translates',
    );
    expect(verdict(world(mode(id), stopped, late, started), undefined, 'default/late').good).toBe(true);
  });

  it('keeps its rules also through other manifests and another mode', () => {
    const applied: ScenarioEvent = { type: 'ManifestsApplied', objects: [], replace: true };
    const stale = world(mode(id), stopped, applied, mode(id === 'ipvs' ? 'nftables' : 'ipvs'));
    expect(config(stale)).toEqual(config(before));
    expect(stale.stoppedProxies).toMatchObject([{ node: NODE, proxy: { id: 'kube-proxy', mode: id } }]);
  });

  it('takes an endpoint out when its pod is not ready, and puts it back', () => {
    const ref = `${victim.namespace}/${victim.name}`;
    const unready = world(mode(id), { type: 'ReadinessSet', ref, ready: false });
    const { added, removed } = ruleDiff(before, unready, NODE);
    expect(removed.join('\n')).toContain(victim.ip);
    expect(added.join('\n')).not.toContain(victim.ip);
    const ready = world(
      mode(id),
      { type: 'ReadinessSet', ref, ready: false },
      { type: 'ReadinessSet', ref, ready: true },
    );
    expect(ruleDiffs(before, ready)).toEqual([]);
  });

  it('adds what a new pod needs, and moves no pod that stands', () => {
    const more = world(mode(id), scaled(4));
    const fresh = must(
      webPods(more).find((pod) => !webPods(before).some(({ name }) => name === pod.name)),
      'a new pod',
    );
    expect(more.cluster.pods.filter((pod) => pod !== fresh)).toEqual(before.cluster.pods);
    const { added, removed } = ruleDiff(before, more, NODE);
    expect(added.join('\n')).toContain(fresh.ip);
    expect(removed.join('\n')).not.toContain(fresh.ip);
    expect(ruleDiffs(before, world(mode(id), scaled(4), scaled(3)))).toEqual([]);
  });

  it('reads backwards as it reads forwards', () => {
    const after = world(mode(id), scaled(5), deleted);
    const swap = ({ node, added, removed }: RuleDiff): RuleDiff => ({ node, added: removed, removed: added });
    expect(ruleDiffs(after, before).map(swap)).toEqual(ruleDiffs(before, after));
    expect(ruleDiffs(before, world(mode(id)))).toEqual([]);
  });
});

describe('a rule diff', () => {
  it('shows the chain of a new endpoint and every probability that it changes', () => {
    const { added, removed } = ruleDiff(world(), world(scaled(4)), NODE);
    expect(added.filter((line) => /^:KUBE-SEP-\w+ - \[0:0\]$/.test(line))).toHaveLength(1);
    const shares = (lines: readonly string[]) => lines.flatMap((line) => /--probability (\S+)/.exec(line)?.[1] ?? []);
    expect(shares(removed)).toEqual(['0.33333333349', '0.50000000000']);
    expect(shares(added)).toEqual(['0.25000000000', '0.33333333349', '0.50000000000']);
  });

  it('names the chain or map of each line of nft', () => {
    const { added } = ruleDiff(world(mode('nftables')), world(mode('nftables'), scaled(4)), NODE);
    for (const line of added) expect(line).toMatch(/^(chain|map|set) \S+ \{ .*\}$/);
  });

  it('has the commands of ipvsadm', () => {
    const { added, removed } = ruleDiff(world(mode('ipvs')), world(mode('ipvs'), scaled(4)), NODE);
    expect(added.filter((line) => line.startsWith('-a '))).not.toEqual([]);
    expect(removed).toEqual([]);
  });

  it('says nothing of what other writers or faults did', () => {
    const line = '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES';
    expect(ruleDiffs(world(), world({ type: 'RuleDeleted', ns: NODE, table: 'nat', line }))).toEqual([]);
    expect(ruleDiffs(world(), world({ type: 'CniChosen', cni: 'flannel', mode: 'host-gw' }))).toEqual([]);
  });

  it('shows all that a proxy wrote when it is taken away', () => {
    const { added, removed } = ruleDiff(world(), world({ type: 'ProxyChosen', proxy: 'none', mode: 'none' }), NODE);
    expect(added).toEqual([]);
    expect(removed.length).toBeGreaterThan(20);
  });
});

it('a node whose proxy never ran has no rules', () => {
  const sized: ScenarioEvent = {
    type: 'ClusterSized',
    nodes: 4,
    podCIDR: '10.244.0.0/16',
    nodeMask: 24,
    serviceCIDR: '10.96.0.0/12',
    nodeNetwork: '192.168.56.0/24',
    mtuBytes: 1500,
  };
  const grown = world({ type: 'ProxyStopped', node: 'node-4' }, sized);
  expect(grown.namespaces.get('node-4')?.iptables.get('nat')?.chains.has('KUBE-SERVICES') ?? false).toBe(false);
  expect(ruleDiff(grown, world(sized), 'node-4').added.join('\n')).toContain('KUBE-SERVICES');
});
