import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STEPS_MAX } from '../../sim/linux/kernel.ts';
import { follow, type Setting } from './check.ts';

const CLUSTER = `
node-1: a tcp 8080, b
node-2: c tcp 8080, d udp 53
node-3: e
service one 10.96.0.10:80 node-port 30080 -> a:8080, c:8080
service two 10.96.0.20:53 udp -> d:53
service none 10.96.0.30:80 local ->
`;

const froms = fc.constantFrom('a', 'b', 'c', 'e', 'node-1', 'node-3', 'client', 'internet');
const tos = fc.constantFrom(
  '10.96.0.10:80',
  '10.96.0.20:53',
  '10.96.0.30:80',
  'a:8080',
  'c:8080',
  'd:53',
  'node-1:30080',
  'node-2:30080',
  '203.0.113.10:80',
  '10.244.3.77:1',
  '127.0.0.1:30080',
  '10.96.99.99:80',
);
const options = fc.constantFrom(
  '',
  ' ttl=1',
  ' ttl=2',
  ' size=1472 df=dont',
  ' size=1472 df=do',
  ' full=yes',
  ' wait=3500',
);
const faults = fc.subarray([
  'fault node-1 sysctl ipv4.ip_forward=0',
  'fault node-2 sysctl bridge.bridge-nf-call-iptables=0',
  'fault node-1 device flannel.1',
  'fault node-2 device eth0',
  'fault node-1 device cni0',
  'fault a device eth0',
  'fault node-1 route default via 192.168.56.1 dev eth0',
  'fault node-2 mtu eth0 1000',
  'fault node-3 sysctl ipv4.conf.all.rp_filter=1',
]);
const settings: fc.Arbitrary<Setting> = fc.record({
  backend: fc.constantFrom('vxlan' as const, 'host-gw' as const),
  proxy: fc.constantFrom('iptables' as const, 'nftables' as const, 'ipvs' as const, 'none' as const),
  cold: fc.boolean(),
});
const probes = fc
  .tuple(froms, fc.constantFrom('tcp', 'udp', 'icmp'), tos, options)
  .map(([from, proto, to, option]) => `${from} ${proto} ${proto === 'icmp' ? to.split(':')[0] : to}${option}`);

describe('any probe through any cluster', () => {
  it('tells the same story twice, in order, and every packet is born by a send and has an end', () => {
    fc.assert(
      fc.property(probes, faults, settings, (probe, broken, setting) => {
        const topology = CLUSTER + broken.join('\n');
        const { ran } = follow(topology, probe, setting);
        expect(follow(topology, probe, setting).ran.steps).toEqual(ran.steps);
        expect(ran.steps.length).toBeLessThan(STEPS_MAX);
        const born = new Set<string>();
        ran.steps.forEach((step, i) => {
          expect(step.i).toBe(i);
          if (step.kind === 'send') born.add(step.packet);
          expect(born.has(step.packet)).toBe(true);
          expect(i === 0 || step.atNs >= (ran.steps[i - 1]?.atNs ?? 0)).toBe(true);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('never lets a TTL grow, and lowers it only by forwarding', () => {
    fc.assert(
      fc.property(probes, settings, (probe, setting) => {
        const last = new Map<string, number>();
        for (const step of follow(CLUSTER, probe, setting).ran.steps) {
          if (!('ttl' in step.frame) || step.outer || step.kind === 'nat') continue;
          const before = last.get(step.packet);
          const lowered = before !== undefined && step.frame.ttl !== before;
          if (lowered) expect(step).toMatchObject({ kind: 'ttl', before, after: before - 1 });
          last.set(step.packet, step.frame.ttl);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('opens with an answer whenever the program is content: what it got was addressed to it', () => {
    fc.assert(
      fc.property(probes, settings, (probe, setting) => {
        const { ran } = follow(CLUSTER, probe, setting);
        const { atStep, outcome } = ran.result;
        if (outcome !== 'connected' && outcome !== 'reply') return;
        expect(atStep === null ? null : ran.steps[atStep]).toMatchObject({ kind: 'deliver', to: 'socket' });
      }),
      { numRuns: 150 },
    );
  });
});
