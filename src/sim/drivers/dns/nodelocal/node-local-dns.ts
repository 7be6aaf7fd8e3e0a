/**
 * What node-cache sets up on its node: a device that holds its addresses, and rules that keep its packets out of connection tracking
 * (kubernetes/dns at 9aa70b8f, 17 commits after 1.26.7: cmd/node-cache/app/cache_app.go, cmd/node-cache/main.go, pkg/netif/netif.go; read
 * 2026-11-20).
 */
import type { Cluster } from '../../../kube/cluster.ts';
import type { Rule, RuleOp, TableName, Target } from '../../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../../linux/origin.ts';
import { DNS_PORT } from '../../../wire/dns.ts';
import type { Ip } from '../../../wire/ip.ts';
import { macFromHash } from '../../../wire/mac.ts';
import type { Fragment } from '../../contract.ts';
import { ACCEPT, comment, hostNet, insert } from '../../parts/rules.ts';

/** `-interfacename`. */
const DEVICE = 'nodelocaldns';
const MTU_BYTES = 1500;
/** `-health-port`. */
const HEALTH_PORT = 8080;
const NOTRACK: Target = { kind: 'NOTRACK' };

const origin = (why: string): Origin => ({ by: 'node-cache', for: 'DaemonSet kube-system/node-local-dns', why });

export function nodeLocalDnsPlan({ nodeLocalDns }: Cluster): Fragment {
  if (!nodeLocalDns) return {};
  const { ips } = nodeLocalDns;
  return {
    devices: [
      {
        kind: 'dummy',
        name: DEVICE,
        mac: macFromHash('02', 1),
        mtuBytes: MTU_BYTES,
        // Nobody sets it up: the kernel delivers to the addresses of a device that is down. SIMPLIFIED: its MAC is random in reality.
        up: false,
        origin: origin('packets for the addresses of the cache must be delivered on this node'),
      },
    ],
    addresses: ips.map((address) => ({
      dev: DEVICE,
      ip: address,
      prefix: 32,
      scope: 'global',
      origin: origin('the cache on this node answers at it'),
    })),
    iptables: ips.flatMap(rulesFor),
  };
}

/** Each is put before what stands, so they stand in the other order. */
function rulesFor(address: Ip): readonly RuleOp[] {
  const query = { dst: { value: hostNet(address) } };
  const answer = { src: { value: hostNet(address) } };
  const to = both({ dport: range(DNS_PORT) });
  const from = both({ sport: range(DNS_PORT) });
  const skip = (chain: string, of: Ends, match: Rule[]): readonly RuleOp[] => match.map((m) => untracked(chain, of, m));
  const allow = (chain: string, of: Ends, match: Rule[]): readonly RuleOp[] => match.map((m) => allowed(chain, of, m));
  return [
    ...skip('PREROUTING', query, to),
    ...allow('INPUT', query, to),
    ...skip('OUTPUT', answer, from),
    ...allow('OUTPUT', answer, from),
    ...skip('OUTPUT', query, to),
    ...skip('OUTPUT', query, [ports('tcp', { dport: range(HEALTH_PORT) })]),
    ...skip('OUTPUT', answer, [ports('tcp', { sport: range(HEALTH_PORT) })]),
  ];
}

type Ends = Pick<Rule, 'src' | 'dst'>;
type Ports = { readonly [side in 'sport' | 'dport']?: ReturnType<typeof range> };

const range = (port: number) => ({ value: { from: port, to: port } });

const ports = (proto: 'tcp' | 'udp', match: Ports): Rule => ({
  proto: { value: proto },
  matches: [{ kind: proto, ...match }],
  target: null,
});

const both = (match: Ports): Rule[] => [ports('tcp', match), ports('udp', match)];

const untracked = (chain: string, ends: Ends, match: Rule): RuleOp =>
  written(
    'raw',
    chain,
    ends,
    match,
    NOTRACK,
    'skip conntrack',
    'what goes to and from the cache leaves no entry behind',
  );

const allowed = (chain: string, ends: Ends, match: Rule): RuleOp =>
  written('filter', chain, ends, match, ACCEPT, 'allow DNS traffic', 'rules that accept known flows do not know these');

function written(
  table: TableName,
  chain: string,
  ends: Ends,
  match: Rule,
  target: Target,
  note: string,
  why: string,
): RuleOp {
  const matches = [...match.matches, comment(`NodeLocal DNS Cache: ${note}`)];
  return insert(table, chain, { ...ends, ...match, matches, target, origin: origin(why) });
}
