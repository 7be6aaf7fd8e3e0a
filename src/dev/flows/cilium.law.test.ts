/** Laws of any flow, with programs in the way: the same that hold for Flannel. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cniById } from '../../sim/drivers/registry.ts';
import { STEPS_MAX } from '../../sim/linux/kernel.ts';
import type { Step } from '../../sim/linux/step.ts';
import type { IpPacket } from '../../sim/wire/frame.ts';
import { type CniSetting, probe } from './cni-check.ts';

const CILIUM = cniById('cilium');
const froms = fc.constantFrom('tool-1', 'tool-2', 'web-1', 'web-2', 'node-1', 'node-3', 'client', 'internet');
const tos = fc.constantFrom(
  '10.96.0.10:80',
  '10.96.0.20:80',
  '10.96.0.40:80',
  '10.96.0.53:53',
  '10.96.9.9:80',
  '10.244.2.2:8080',
  '10.244.2.200:80',
  '192.168.56.11:30080',
  '192.168.56.12:30081',
  '127.0.0.1:30080',
  '203.0.113.10:80',
);
const probes = fc
  .tuple(froms, fc.constantFrom('tcp', 'udp', 'icmp'), tos)
  .map(([from, proto, to]) => `${from} ${proto} ${proto === 'icmp' ? to.split(':')[0] : to}`);
const settings: fc.Arbitrary<CniSetting> = fc.record({
  cni: fc.constant('cilium'),
  mode: fc.constantFrom(...CILIUM.modes.map(({ id }) => id)),
  // Also kube-proxy beside its replacement, and none where it is needed.
  proxy: fc.constantFrom('iptables', 'nftables', 'ipvs', 'none'),
  warm: fc.boolean(),
  options: fc.constantFrom({}, { ttl: 1 }, { ttl: 3 }, { sizeBytes: 1472, df: 'do' as const }, { sizeBytes: 3000 }),
});

const ipOf = ({ frame }: Step): IpPacket | undefined => {
  const packet = 'payload' in frame ? frame.payload : frame;
  return packet.kind === 'ip' ? packet : undefined;
};

describe('any probe through any mode of Cilium', () => {
  it('tells the same story twice, in order, and every packet is born by a send', () => {
    fc.assert(
      fc.property(probes, settings, (text, setting) => {
        const { steps } = probe(text, setting).ran;
        expect(probe(text, setting).ran.steps).toEqual(steps);
        expect(steps.length).toBeLessThan(STEPS_MAX);
        const born = new Set<string>();
        steps.forEach((step, i) => {
          expect(step.i).toBe(i);
          if (step.kind === 'send') born.add(step.packet);
          expect(i === 0 || step.atNs >= (steps[i - 1]?.atNs ?? 0)).toBe(true);
          const isCall = step.kind.startsWith('bpf-') && !born.has(step.packet);
          if (!isCall && step.kind !== 'drop') expect(born.has(step.packet), `${i} ${step.kind}`).toBe(true);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('never lets a TTL grow, and says so whenever it falls', () => {
    fc.assert(
      fc.property(probes, settings, (text, setting) => {
        const last = new Map<string, number>();
        for (const step of probe(text, setting).ran.steps) {
          const packet = ipOf(step);
          if (!packet || step.outer) continue;
          const { ttl } = packet;
          // Fragments keep the packet's name, and each has its own way until they are one again.
          if (step.kind === 'fragment' || step.kind === 'reassemble') last.clear();
          const name = `${step.packet} ${packet.fragOffset}`;
          const before = last.get(name);
          if (before !== undefined) expect(ttl, `${step.i} ${step.kind}`).toBeLessThanOrEqual(before);
          if (before !== undefined && ttl < before) expect(step).toMatchObject({ kind: 'ttl', after: ttl });
          last.set(name, ttl);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('opens with an answer whenever the program is content', () => {
    fc.assert(
      fc.property(probes, settings, (text, setting) => {
        const { ran } = probe(text, setting);
        const { atStep, outcome } = ran.result;
        if (outcome !== 'connected' && outcome !== 'reply') return;
        const opened = atStep === null ? undefined : ran.steps[atStep];
        // Of UDP a program may still change the sender's address that is told (recvmsg4).
        if (opened?.kind === 'bpf-sock') expect(opened).toMatchObject({ call: 'recvmsg4' });
        else expect(opened).toMatchObject({ kind: 'deliver', to: 'socket' });
      }),
      { numRuns: 150 },
    );
  });
});
