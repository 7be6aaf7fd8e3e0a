import { describe, expect, it } from 'vitest';
import type { Probe } from '../../scenario/probe.ts';
import { traceProbe } from '../converse.ts';
import type { World } from '../world.ts';
import { describeChange, type Traced } from './describe-change.ts';
import { device, type LabChange, labWorld, pod, service, sysctl, tcp } from './lab-world.ts';

const probe = tcp(pod('tool-1'), service('default/web'), 80, '10.244.2.2:8080');
const traced = (world: World, sent: Probe = probe): Traced => ({ trace: traceProbe(world, sent), world });
const before = traced(labWorld());

describe('one sentence on what a knob changed', () => {
  it.each<[string, LabChange, string]>([
    ['nothing', {}, 'Nothing changed on the path of this packet.'],
    [
      'no tunnel',
      { mode: 'host-gw' },
      'Changed: no encapsulation any more (was VXLAN over flannel.1), the first packet crosses 10 devices instead of 12 and the sender may use packets of 1500 bytes instead of 1450.',
    ],
    ['no proxy', { proxy: 'none' }, 'Changed: the outcome is "no answer" instead of "connected"'],
    ['another tunnel', { cni: 'cilium', mode: 'geneve' }, 'Geneve over cilium_geneve instead of VXLAN over flannel.1'],
    ['MTU', { ns: { 'default/tool-1': device('eth0', { mtuBytes: 1400 }) } }, 'packets of 1400 bytes instead of 1450'],
  ])('%s', (_name, change, says) => {
    expect(describeChange(before, traced(labWorld(change)))).toContain(says);
  });

  it('counts rules and lookups when the proxy translates in another way', () => {
    const nft = traced(labWorld({ proxyMode: 'nftables' }));
    expect(describeChange(before, nft)).toMatch(
      /^Changed: an nftables map translates the destination instead of a chain of iptables rules \(\d+ rules evaluated and \d+ lookups instead of \d+ rules\)\.$/,
    );
    const ipvs = traced(labWorld({ proxyMode: 'ipvs' }));
    expect(describeChange(nft, ipvs)).toMatch(
      /^Changed: IPVS translates the destination instead of an nftables map \(\d+ rules evaluated and \d+ lookups instead of \d+ rules and \d+ lookups\)/,
    );
    const refused = (proxyMode: string) =>
      traced(labWorld({ proxyMode }), tcp(pod('tool-1'), service('default/empty'), 80));
    expect(describeChange(refused('iptables'), refused('ipvs'))).toBe(
      'Changed: the packet ends at "No real server" instead of "REJECT in KUBE-SERVICES".',
    );
  });

  it('tells the TTL and the endpoint', () => {
    const same = traced(labWorld(), { ...probe, options: { endpoint: '10.244.1.2:8080' } });
    expect(describeChange(before, same)).toContain(
      'the packet arrives at web-1 instead of web-2, it arrives with TTL 64 instead of 62',
    );
  });

  it('is silent about a first trace, and honest about a path that only looks the same', () => {
    expect(describeChange(null, before)).toBeNull();
    const off = labWorld({ ns: { 'node-3': sysctl('ipv4.ip_forward', 0) } });
    expect(describeChange(before, traced(off))).toBe('Nothing changed on the path of this packet.');
  });
});
