/** Every way to a program, and what is said of the address that it sees as its client. */
import { describe, expect, it } from 'vitest';
import { must } from '../../base/assert.ts';
import { DEFAULT_SCENARIO } from '../../scenario/defaults.ts';
import { foldScenario } from '../../scenario/fold.ts';
import type { Probe } from '../../scenario/probe.ts';
import type { ScenarioEvent } from '../../scenario/scenario.ts';
import { buildWorld } from '../build-world.ts';
import { traceProbe } from '../converse.ts';
import { explain } from './explain.ts';

const labels = { app: 'shop' };
const shop = (policy: 'Cluster' | 'Local'): ScenarioEvent => ({
  type: 'ManifestsApplied',
  replace: false,
  objects: [
    {
      kind: 'Pod',
      namespace: 'default',
      name: 'shop',
      nodeName: 'node-2',
      labels,
      containers: [{ name: 'shop', ports: [{ containerPort: 8080 }] }],
    },
    {
      kind: 'Service',
      namespace: 'default',
      name: 'shop',
      type: 'LoadBalancer',
      selector: labels,
      externalTrafficPolicy: policy,
      externalIPs: ['198.51.100.77'],
      ports: [{ port: 80, targetPort: 8080, nodePort: 30_999 }],
    },
  ],
});

const CLIENT: Probe['from'] = { kind: 'external', ref: 'client' };
const POD: Probe['from'] = { kind: 'pod', ref: 'default/toolbox' };
const SHOP: Probe['from'] = { kind: 'pod', ref: 'default/shop' };
const door = (via: 'clusterIP' | 'loadBalancer' | 'externalIP'): Probe['to'] => ({
  kind: 'service',
  ref: 'default/shop',
  via,
});
const node = (ref: string): Probe['to'] => ({ kind: 'node', ref });

interface Row {
  readonly from: Probe['from'];
  readonly to: Probe['to'];
  readonly port?: number;
  readonly policy?: 'Cluster' | 'Local';
  readonly balancer?: readonly [string, string];
  readonly proxy?: string;
  readonly says: RegExp;
}

const LOCAL = /sees 192\.168\.56\.100:\d+ \(client\) as its client.* With externalTrafficPolicy Local the source stays/;
const ANY =
  /not the client's own address 192\.168\.56\.100, as its client.* With externalTrafficPolicy Cluster any node may take the packet\. On node-\d it was masqueraded \((MASQUERADE|masquerade) in [\w-]+, written by kube-proxy\): the answer must come back by node-\d/;

const rows: Readonly<Record<string, Row>> = {
  'a pod, by clusterIP': { from: POD, to: door('clusterIP'), says: /A clusterIP keeps the source/ },
  'a pod that reaches itself': { from: SHOP, to: door('clusterIP'), says: /The Service led the client to itself/ },
  'a pod, directly': { from: POD, to: SHOP, port: 8080, says: /No rule on the way changed the source/ },
  'a node port of another node': { from: CLIENT, to: node('node-3'), port: 30_999, says: ANY },
  'a node port, nftables': { from: CLIENT, to: node('node-3'), port: 30_999, proxy: 'nftables', says: ANY },
  'a node port, IPVS': { from: CLIENT, to: node('node-3'), port: 30_999, proxy: 'ipvs', says: ANY },
  'a node port, Local': { from: CLIENT, to: node('node-2'), port: 30_999, policy: 'Local', says: LOCAL },
  'an external IP': { from: CLIENT, to: door('externalIP'), says: ANY },
  'an external IP, Local': { from: CLIENT, to: door('externalIP'), policy: 'Local', says: LOCAL },
  'a VIP': { from: CLIENT, to: door('loadBalancer'), balancer: ['cloud', 'passthrough'], says: ANY },
  'a VIP, Local': {
    from: CLIENT,
    to: door('loadBalancer'),
    balancer: ['metallb', 'l2'],
    policy: 'Local',
    says: LOCAL,
  },
  'a balancer of connections of its own': {
    from: CLIENT,
    to: door('loadBalancer'),
    balancer: ['cloud', 'proxy'],
    policy: 'Local',
    says: /sees 192\.168\.56\.5:\d+ \(balancer\), not the client's own.* The connection to the node is balancer's own .*, and externalTrafficPolicy Local keeps what the node saw/,
  },
};

describe('whom the program sees, and why', () => {
  it.each(Object.entries(rows))('%s', (_way, { from, to, port = 80, policy = 'Cluster', balancer, proxy, says }) => {
    const events: ScenarioEvent[] = [...DEFAULT_SCENARIO.events, shop(policy)];
    if (balancer) events.push({ type: 'BalancerChosen', balancer: balancer[0], mode: balancer[1] });
    if (proxy) events.push({ type: 'ProxyChosen', proxy: 'kube-proxy', mode: proxy });
    const built = buildWorld(foldScenario({ events }));
    if (!built.ok) throw new Error(JSON.stringify(built.error));
    const trace = traceProbe(built.value, { from, to, proto: 'tcp', port });
    const first = trace.steps.find((s) => s.kind === 'send')?.packet;
    const arrival = trace.steps.find((s) => s.kind === 'deliver' && s.to === 'socket' && s.packet === first);
    const { sentence } = explain(trace, built.value, must(arrival, trace.verdict.sentence).i);
    expect(sentence).toMatch(says);
    expect(sentence).not.toMatch(/undefined|null|\.\.|\. [a-z]/);
  });
});
