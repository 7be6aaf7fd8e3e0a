/** SCTP through Services, in every mode: the four packets that open an association, and what ends it. */
import { describe, expect, it } from 'vitest';
import { printIpvsadmList } from '../../sim/linux/ipvs/print.ts';
import { printConntrack } from '../../sim/linux/print/conntrack.ts';
import type { Step } from '../../sim/linux/step.ts';
import { follow } from './check.ts';

const CLUSTER = `
node-1: tool-1, web-1 tcp 3868
node-2: mme sctp 3868
service mme 10.96.0.60:38412 sctp node-port 30412 -> mme:3868
service empty 10.96.0.61:38412 sctp ->
service closed 10.96.0.62:38412 sctp -> web-1:3868
`;

const MODES = ['iptables', 'nftables', 'nftables-1-36', 'ipvs'] as const;

/** The chunks that leave a program, in order. */
const chunks = (steps: readonly Step[]): string[] =>
  steps.flatMap((step) => (step.kind === 'send' && step.what.startsWith('SCTP') ? [step.what.slice(5)] : []));

describe.each(MODES)('%s', (proxy) => {
  it.each([
    ['tool-1 sctp 10.96.0.60:38412', 'connected', 'a pod to the ClusterIP'],
    ['mme sctp 10.96.0.60:38412', 'connected', 'hairpin'],
    ['client sctp node-1:30412', 'connected', 'a node port'],
    ['tool-1 sctp 10.96.0.61:38412', 'refused ECONNREFUSED', 'no endpoints'],
    ['tool-1 sctp 10.96.0.62:38412', 'refused ECONNREFUSED', 'nobody listens on SCTP there, though on TCP'],
    ['tool-1 tcp 10.96.0.60:38412', proxy === 'iptables' ? 'timeout ETIMEDOUT' : 'refused ECONNREFUSED', 'not TCP'],
  ])('%s: %s (%s)', (probe, outcome) => {
    expect(follow(CLUSTER, probe, { proxy }).outcome).toBe(outcome);
  });
});

describe('an association', () => {
  it('is opened by four packets', () => {
    const { ran } = follow(CLUSTER, 'tool-1 sctp 10.96.0.60:38412');
    expect(chunks(ran.steps)).toEqual(['INIT', 'INIT ACK', 'COOKIE ECHO', 'COOKIE ACK']);
  });

  it('carries a message each way', () => {
    const { ran } = follow(CLUSTER, 'tool-1 sctp 10.96.0.60:38412 full=yes');
    expect(chunks(ran.steps).slice(4)).toEqual(['DATA', 'SACK', 'DATA', 'SACK']);
  });

  it('is refused by ABORT, which is not answered', () => {
    const { ran } = follow(CLUSTER, 'tool-1 sctp 10.96.0.62:38412');
    expect(chunks(ran.steps)).toEqual(['INIT', 'ABORT']);
  });

  it('is followed by conntrack', () => {
    const { ran } = follow(CLUSTER, 'tool-1 sctp 10.96.0.60:38412');
    const entries = [...(ran.kernel.namespaces.get('node-1')?.memory.conntrack.entries() ?? [])];
    const states = ran.steps.flatMap((step) =>
      step.kind === 'conntrack' && step.ns === 'node-1' && step.entry?.proto === 'sctp' ? [step.entry] : [],
    );
    expect([...new Set(states.map(({ state }) => state))]).toEqual([
      'CLOSED',
      'COOKIE_WAIT',
      'COOKIE_ECHOED',
      'ESTABLISHED',
    ]);
    expect(entries.filter(({ proto }) => proto === 'sctp').map(({ assured, dnat }) => ({ assured, dnat }))).toEqual([
      { assured: true, dnat: true },
    ]);
    const port = states.at(-1)?.original.sport;
    expect(printConntrack(states.at(-1)!)).toBe(
      `sctp     132 ESTABLISHED src=10.244.1.2 dst=10.96.0.60 sport=${port} dport=38412 src=10.244.2.2 dst=10.244.1.2 sport=3868 dport=${port} [ASSURED] mark=0`,
    );
  });

  it('counts as active in IPVS once it is established', () => {
    const { ran } = follow(CLUSTER, 'tool-1 sctp 10.96.0.60:38412', { proxy: 'ipvs' });
    const node = ran.kernel.namespaces.get('node-1')!;
    const listed = printIpvsadmList(node.config.ipvs ?? [], node.memory.ipvs).split('\n');
    const at = listed.findIndex((line) => line.includes('10.96.0.60:38412'));
    expect(listed[at]).toBe('SCTP 10.96.0.60:38412 rr');
    expect(listed[at + 1]).toMatch(/-> 10\.244\.2\.2:3868 +Masq +1 +1 +0/);
  });
});
