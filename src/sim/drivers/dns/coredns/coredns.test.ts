/** CoreDNS as a function: questions for the world outside go on, and their answers are kept for a while. */
import { expect, it } from 'vitest';
import { buildCluster } from '../../../kube/build-cluster.ts';
import type { ServerEvent, ServerResult } from '../../../linux/servers/program.ts';
import { type DnsMessage, dnsQuery, dnsReply } from '../../../wire/dns.ts';
import { ip } from '../../../wire/ip.ts';
import { COREDNS, type CoreDnsConf } from './coredns.ts';

const built = buildCluster({
  nodes: 1,
  podCIDR: '10.244.0.0/16',
  nodeMask: 24,
  serviceCIDR: '10.96.0.0/12',
  nodeNetwork: '192.168.56.0/24',
  mtuBytes: 1500,
  objects: [],
  deletedPods: [],
  stoppedListeners: [],
});
if (!built.ok) throw new Error('no cluster');
const conf: CoreDnsConf = { cluster: built.value.cluster, upstreams: [ip('203.0.113.53')] };
const SECOND_NS = 1_000_000_000;

const run = (event: ServerEvent, state: unknown = undefined, seconds = 0): ServerResult =>
  COREDNS.run(event, { conf, state, nowNs: seconds * SECOND_NS, draw: () => 0 });

const query = dnsQuery(7, { name: 'example.com.', type: 'A' });
const ask = (client: number): ServerEvent => ({
  kind: 'query',
  client,
  message: query,
  proto: 'udp',
  from: ip('10.244.0.4'),
});
const upstream = (asked: DnsMessage): DnsMessage =>
  dnsReply(asked, 'NOERROR', {
    recursionAvailable: true,
    answers: [{ name: 'example.com.', ttlSeconds: 300, type: 'A', address: ip('203.0.113.10') }],
  });

const first = run(ask(1));
const [question] = first.questions;
if (!question) throw new Error('nobody is asked');
const heard = run({ kind: 'answer', asked: question.asked, message: upstream(question.message) }, first.state);
const ttlOf = ({ replies }: ServerResult): number | undefined => replies[0]?.message.answers[0]?.ttlSeconds;

it('asks the server of its own resolv.conf, and passes the answer on under the number of the question', () => {
  expect(first.replies).toEqual([]);
  expect(question).toMatchObject({ to: '203.0.113.53', message: { id: 0, question: query.question } });
  expect(heard.replies).toMatchObject([{ client: 1, message: { id: 7, rcode: 'NOERROR', recursionAvailable: true } }]);
});

it.each([
  ['at once: at most 30 s', 0, 30],
  ['later: what is left', 10, 20],
])('remembers the answer %s', (_when, seconds, ttl) => {
  const again = run(ask(2), heard.state, seconds);
  expect(again.questions).toEqual([]);
  expect(again.told).toMatchObject([{ part: 'cache' }]);
  expect(ttlOf(again)).toBe(ttl);
});

it('asks again when that time is over', () => expect(run(ask(2), heard.state, 31).questions).toHaveLength(1));

it('gives up after two attempts: SERVFAIL', () => {
  const second = run({ kind: 'failure', asked: question.asked, errno: 'ETIMEDOUT' }, first.state);
  expect(second.questions).toHaveLength(1);
  const end = run({ kind: 'failure', asked: second.questions[0]?.asked ?? '', errno: 'ETIMEDOUT' }, second.state);
  expect(end.replies).toMatchObject([{ client: 1, message: { rcode: 'SERVFAIL' } }]);
});

it('does not keep what the cluster itself answers', () => {
  const own = dnsQuery(8, { name: 'kubernetes.default.svc.cluster.local.', type: 'A' });
  const event: ServerEvent = { kind: 'query', client: 1, message: own, proto: 'udp', from: ip('10.244.0.4') };
  expect(run(event, run(event).state).told).toMatchObject([{ part: 'kubernetes' }]);
});
