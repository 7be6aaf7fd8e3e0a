/** Every line of the x-ray that stands for an object can be deleted, and a proxy that runs writes its own again. */
import { describe, expect, it } from 'vitest';
import { must } from '../../sim/base/assert.ts';
import { buildWorld } from '../../sim/engine/build-world.ts';
import { traceProbe } from '../../sim/engine/converse.ts';
import type { NetnsConfig } from '../../sim/linux/config.ts';
import { DEFAULT_SCENARIO } from '../../sim/scenario/defaults.ts';
import { foldScenario } from '../../sim/scenario/fold.ts';
import { LINE_CHARS_MAX } from '../../sim/scenario/limits.ts';
import type { Probe } from '../../sim/scenario/probe.ts';
import { comebackOf } from '../../sim/scenario/resync.ts';
import type { FaultEvent, ScenarioEvent } from '../../sim/scenario/scenario.ts';
import { decodeLink, encodeLink } from '../../sim/scenario/url.ts';
import { artefactOf, type XrayRow } from './artefact.ts';

const NODE = 'node-1';
const SYNCED: ScenarioEvent = { type: 'ProxySynced', node: NODE };
const mode = (id: string): ScenarioEvent => ({ type: 'ProxyChosen', proxy: 'kube-proxy', mode: id });
const scenarioOf = (...events: ScenarioEvent[]) => ({ events: [...DEFAULT_SCENARIO.events, ...events] });
const stateOf = (...events: ScenarioEvent[]) => foldScenario(scenarioOf(...events));

function worldOf(...events: ScenarioEvent[]) {
  const built = buildWorld(stateOf(...events));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  return built.value;
}

const configOf = (...events: ScenarioEvent[]): NetnsConfig => must(worldOf(...events).namespaces.get(NODE), NODE);
const rowsOf = (...events: ScenarioEvent[]): readonly XrayRow[] => artefactOf(configOf(...events)).rows;
const keysOf = (rows: readonly XrayRow[]): string[] => rows.flatMap(({ keys }) => keys).sort();

/** Two entries of one key would make a deletion ambiguous. */
const deletionsOf = (rows: readonly XrayRow[]): readonly FaultEvent[] => rows.flatMap((row) => row.deletions ?? []);

/** Who wrote the object behind a line, as its text tells: these are kubelet's and flanneld's. */
const isOfOthers = (event: FaultEvent): boolean => 'line' in event && /FLANNEL|KUBE-FIREWALL/.test(event.line);

describe.each(['iptables', 'nftables', 'nftables-1-30', 'nftables-1-36', 'ipvs'])('lines of %s mode', (id) => {
  const rows = rowsOf(mode(id));
  const events = deletionsOf(rows);

  it('can be deleted, each with its own words', () => {
    expect(events.length).toBeGreaterThan(20);
    expect(events.length).toBe(keysOf(rows).length);
    expect(new Set(events.map((event) => JSON.stringify(event))).size).toBe(events.length);
  });

  it('are gone then, and nothing else is', () => {
    for (const event of events) {
      const left = deletionsOf(rowsOf(mode(id), event)).length;
      // With a virtual server go its real servers.
      const gone = event.type === 'VirtualServerDeleted' ? { below: events.length } : { exactly: events.length - 1 };
      if (gone.exactly === undefined) expect(left).toBeLessThan(gone.below);
      else expect([JSON.stringify(event), left]).toEqual([JSON.stringify(event), gone.exactly]);
    }
  });

  it('survive a link', () => {
    const all = scenarioOf(mode(id), ...events.slice(0, 12));
    const opened = decodeLink(encodeLink(all, { step: 0 }));
    expect(opened.ok && foldScenario(opened.value.scenario).faults).toEqual(foldScenario(all).faults);
  });

  it('are written again by the proxy that wrote them', () => {
    const own = events.filter((event) => !isOfOthers(event));
    expect(own.length).toBeGreaterThan(15);
    for (const event of own) {
      expect([JSON.stringify(event), comebackOf(stateOf(mode(id)), event)?.when]).toEqual([
        JSON.stringify(event),
        expect.stringMatching(/^kube-proxy writes it again .*\.$/),
      ]);
    }
    const healed = stateOf(mode(id), ...own, SYNCED);
    expect(healed.faults).toEqual([]);
    expect(keysOf(rowsOf(mode(id), ...own, SYNCED))).toEqual(keysOf(rows));
  });

  it('stay deleted while it is stopped, and come back with it', () => {
    const [event] = events.filter((each) => !isOfOthers(each));
    if (!event) throw new Error('it wrote something');
    const stopped: ScenarioEvent = { type: 'ProxyStopped', node: NODE };
    expect(stateOf(mode(id), event, stopped, SYNCED).faults).toEqual([event, stopped]);
    expect(comebackOf(stateOf(mode(id), stopped), event)?.isStopped).toBe(true);
    expect(stateOf(mode(id), event, stopped, { type: 'ProxyStarted', node: NODE }).faults).toEqual([]);
    expect(stateOf(mode(id), event, { type: 'ProxySynced', node: 'node-2' }).faults).toEqual([event]);
  });
});

it('what others wrote is not for kube-proxy to mend', () => {
  const flannel = deletionsOf(rowsOf(mode('nftables'))).filter(isOfOthers);
  expect(flannel.length).toBeGreaterThan(5);
  for (const event of flannel) expect(stateOf(mode('nftables'), event, SYNCED).faults).toEqual([event]);
  const masquerade = flannel.find((event) => 'line' in event && event.line.includes('FLANNEL-POSTRTG'));
  expect(masquerade && comebackOf(stateOf(), masquerade)?.when).toMatch(/^flanneld looks every 5 seconds/);
});

it.each([
  ['a jump', 'nat', /-A PREROUTING .*-j KUBE-SERVICES/, /canary, KUBE-PROXY-CANARY of table mangle/],
  ['a shared chain', 'nat', /^-A KUBE-SERVICES .*default\/web/, /at its next sync/],
  ['a chain of a Service', 'nat', /^-A KUBE-SVC-/, /or when this Service or its endpoints change/],
  ["kubelet's chain, which kube-proxy writes too", 'filter', /^-A KUBE-FIREWALL/, /at its next sync/],
])('%s of iptables comes back in its own time', (_what, table, line, says) => {
  const event = deletionsOf(rowsOf()).find(
    (each) => each.type === 'RuleDeleted' && each.table === table && line.test(each.line),
  );
  expect(event && comebackOf(stateOf(), event)?.when).toMatch(says);
});

/** An endpoint of the probed Service that is not on the client's node. */
const elsewhereOf = (): string | undefined => {
  const pod = worldOf().cluster.pods.find(({ name, node }) => name.startsWith('web-') && node !== NODE);
  return pod && `${pod.ip}:8080`;
};

/** By address: what is deleted here is also what leads to the name server. */
const PROBE: Probe = {
  ...must(stateOf().probe, 'a probe'),
  to: { kind: 'service', ref: 'default/web', via: 'clusterIP' },
};

describe('a packet that needs what was deleted', () => {
  const verdictOf = (...events: ScenarioEvent[]) => traceProbe(worldOf(...events), PROBE).verdict;

  it.each<[string, string, (event: FaultEvent) => boolean, string, string]>([
    [
      'an element of a map',
      'nftables',
      (e) => e.type === 'NftElementDeleted' && e.set === 'service-ips',
      'has lost its element of service-ips, which kube-proxy wrote for 10.',
      'nft add element ip kube-proxy service-ips',
    ],
    [
      'a rule that jumps',
      'nftables',
      (e) => e.type === 'NftRuleDeleted' && e.chain === 'nat-prerouting',
      'has lost a rule of chain nat-prerouting',
      'nft add rule ip kube-proxy nat-prerouting jump services   # on node-1',
    ],
    [
      'virtual servers',
      'ipvs',
      (e) => e.type === 'VirtualServerDeleted',
      'has lost the virtual server',
      'ipvsadm -A -t 10.',
    ],
    ['real servers', 'ipvs', (e) => e.type === 'RealServerDeleted', 'has lost the real servers', 'ipvsadm -a -t 10.'],
    [
      'addresses of kube-ipvs0',
      'ipvs',
      (e) => e.type === 'AddressDeleted' && e.dev === 'kube-ipvs0',
      'has lost the address on kube-ipvs0',
      'ip addr add 10.',
    ],
    [
      'entries of ipsets',
      'ipvs',
      (e) => e.type === 'IpsetMemberDeleted' && e.set === 'KUBE-CLUSTER-IP',
      'has lost its entry of KUBE-CLUSTER-IP',
      'ipset add KUBE-CLUSTER-IP 10.',
    ],
  ])('%s: it does not arrive, and the verdict names what is gone', (_what, id, isIt, sentence, remedy) => {
    const events = deletionsOf(rowsOf(mode(id))).filter(isIt);
    expect(events.length).toBeGreaterThan(0);
    expect(verdictOf(mode(id)).good).toBe(true);
    const verdict = verdictOf(mode(id), ...events);
    expect(verdict).toMatchObject({ good: false, sentence: expect.stringContaining(sentence) });
    expect(verdict.remedy).toContain('Let kube-proxy sync');
    expect(verdict.remedy).toContain(remedy);
    expect(verdictOf(mode(id), ...events, SYNCED).good).toBe(true);
  });

  it('what was deleted beside the way is not blamed', () => {
    const marks = deletionsOf(rowsOf(mode('nftables'))).filter(
      (e) => e.type === 'NftRuleDeleted' && e.chain === 'masquerading',
    );
    const down: ScenarioEvent = { type: 'DeviceSetDown', ns: 'node-1', dev: 'eth0' };
    const elsewhere = { endpoint: must(elsewhereOf(), 'an endpoint elsewhere') };
    const probe = { ...must(stateOf().probe, 'a probe'), options: elsewhere };
    const { sentence } = traceProbe(worldOf(mode('nftables'), ...marks, down), probe).verdict;
    expect(sentence).toContain('eth0');
  });

  it('an ipset may be left empty', () => {
    const entries = deletionsOf(rowsOf(mode('ipvs'))).filter(({ type }) => type === 'IpsetMemberDeleted');
    expect(entries.length).toBeGreaterThan(0);
    expect(keysOf(rowsOf(mode('ipvs'), ...entries)).some((key) => key.startsWith('ipset '))).toBe(false);
  });
});

it('a line that is longer than a link should be is named by its start and a hash', () => {
  const web = { type: 'WorkloadScaled', ref: 'Deployment default/web', replicas: 40 } as const;
  const long = deletionsOf(rowsOf(mode('nftables'), web)).find(
    (event) => event.type === 'NftRuleDeleted' && event.line.length === LINE_CHARS_MAX,
  );
  expect(long).toBeDefined();
  const count = (...events: ScenarioEvent[]) => deletionsOf(rowsOf(mode('nftables'), web, ...events)).length;
  expect(count(must(long, 'a long line'))).toBe(count() - 1);
});
