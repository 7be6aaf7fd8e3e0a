/** What `nslookup` and `dig` print: a row for each kind of answer and of silence. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_SCENARIO } from '../../scenario/defaults.ts';
import { foldScenario } from '../../scenario/fold.ts';
import type { Probe, ProbeOptions, ProbeTo } from '../../scenario/probe.ts';
import type { ScenarioEvent } from '../../scenario/scenario.ts';
import { buildWorld } from '../build-world.ts';
import { traceProbe } from '../converse.ts';
import type { Trace } from '../trace.ts';

const named = (name: string): ProbeTo => ({ kind: 'name', name });

function run(
  proto: 'nslookup' | 'dig',
  to: ProbeTo,
  options: ProbeOptions = {},
  ...events: readonly ScenarioEvent[]
): Trace {
  const built = buildWorld(foldScenario({ events: [...DEFAULT_SCENARIO.events, ...events] }));
  if (!built.ok) throw new Error(JSON.stringify(built.error));
  const probe: Probe = { from: { kind: 'pod', ref: 'default/toolbox' }, to, proto, options };
  return traceProbe(built.value, probe);
}

/** Without what chance decides. */
const plain = (text: string): string => text.replaceAll(/id: \d+/g, 'id: N').replaceAll(/COOKIE: \w+/g, 'COOKIE: C');

const NONE: ScenarioEvent = { type: 'WorkloadScaled', ref: 'Deployment kube-system/coredns', replicas: 0 };
const HEAD = 'Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\n';

describe('nslookup', () => {
  it.each<[string, ProbeTo, ProbeOptions, readonly ScenarioEvent[], string]>([
    ['a Service', named('web'), {}, [], `${HEAD}Name:\tweb.default.svc.cluster.local\nAddress: 10.106.175.246`],
    ['no such name', named('nothing'), {}, [], `${HEAD}** server can't find nothing: NXDOMAIN`],
    ['no such record', named('web'), { dns: { type: 'AAAA' } }, [], `${HEAD}*** Can't find web: No answer`],
    [
      'a name of the Internet',
      named('www.example.com'),
      {},
      [],
      `${HEAD}Non-authoritative answer:\nwww.example.com\tcanonical name = example.com.\nName:\texample.com\nAddress: 203.0.113.10`,
    ],
    [
      'an address',
      { kind: 'ip', ip: '10.96.0.10' },
      {},
      [],
      `10.0.96.10.in-addr.arpa\tname = kube-dns.kube-system.svc.cluster.local.`,
    ],
    [
      'another server',
      named('example.com.'),
      { dns: { server: '203.0.113.53' } },
      [],
      'Server:\t\t203.0.113.53\nAddress:\t203.0.113.53#53\n\nNon-authoritative answer:\nName:\texample.com\nAddress: 203.0.113.10',
    ],
    [
      'nobody behind kube-dns',
      named('web'),
      {},
      [NONE],
      `${';; communications error to 10.96.0.10#53: connection refused\n'.repeat(3)};; no servers could be reached`,
    ],
  ])('%s', (_what, to, options, events, printed) => {
    expect(run('nslookup', to, options, ...events).verdict.printed).toBe(printed);
  });

  it('asks for A, then for AAAA of what it found', () => {
    const { steps } = run('nslookup', named('web'));
    const asked = steps.flatMap((step) => (step.kind === 'name-query' ? [`${step.types} ${step.query}`] : []));
    expect(asked).toEqual(['A web.default.svc.cluster.local.', 'AAAA web.default.svc.cluster.local.']);
  });
});

describe('dig', () => {
  it('prints header, sections, time and size', () => {
    expect(plain(run('dig', named('web.default.svc.cluster.local')).verdict.printed)).toBe(`
; <<>> DiG 9.18.49 <<>> web.default.svc.cluster.local
;; global options: +cmd
;; Got answer:
;; WARNING: .local is reserved for Multicast DNS
;; You are currently testing what happens when an mDNS query is leaked to DNS
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: N
;; flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1
;; WARNING: recursion requested but not available

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
; COOKIE: C (echoed)
;; QUESTION SECTION:
;web.default.svc.cluster.local.\tIN\tA

;; ANSWER SECTION:
web.default.svc.cluster.local. 30 IN\tA\t10.106.175.246

;; Query time: 0 msec
;; SERVER: 10.96.0.10#53(10.96.0.10) (UDP)
;; MSG SIZE  rcvd: 115`);
  });

  it.each<[string, ProbeTo, ProbeOptions, RegExp]>([
    ['searches nothing', named('web'), {}, /status: NXDOMAIN.*AUTHORITY: 1/s],
    ['unless it is told', named('web'), { dns: { search: true } }, /\nweb\.default\.svc\.cluster\.local\. 30 IN\tA\t/],
    [
      'a port',
      named('_http._tcp.web.default.svc.cluster.local'),
      { dns: { type: 'SRV' } },
      / IN SRV 0 100 80 web\.default\.svc\.cluster\.local\.\n\n;; ADDITIONAL SECTION:\nweb\.default/,
    ],
    [
      'what the zone says of a missing name',
      named('x.cluster.local'),
      {},
      /cluster\.local\.\t\t30\tIN\tSOA\tns\.dns\./,
    ],
  ])('%s', (_what, to, options, printed) => {
    expect(run('dig', to, options).verdict.printed).toMatch(printed);
  });

  it('over TCP has a handshake before the question', () => {
    const { packets, verdict } = run('dig', named('web.default.svc.cluster.local'), { dns: { tcp: true } });
    expect(packets[0]?.title).toBe('TCP SYN');
    expect(packets.some(({ title }) => title.startsWith('TCP data: DNS A?'))).toBe(true);
    expect(verdict.good).toBe(true);
  });

  it('waits five seconds three times where nobody answers', () => {
    const built = buildWorld(foldScenario(DEFAULT_SCENARIO));
    if (!built.ok) throw new Error('no world');
    const dead = built.value.cluster.pods
      .filter(({ namespace }) => namespace === 'kube-system')
      .map(({ name }): ScenarioEvent => ({ type: 'DeviceSetDown', ns: `kube-system/${name}`, dev: 'eth0' }));
    const { verdict, steps } = run('dig', named('web.default.svc.cluster.local'), {}, ...dead);
    expect(verdict.printed).toMatch(
      /(;; communications error to 10\.96\.0\.10#53: timed out\n){3}\n.*;; no servers could be reached$/s,
    );
    expect(steps.at(-1)?.atNs).toBe(15_000_000_000);
  });
});
