import { describe, expect, it } from 'vitest';
import { ip } from '../sim/wire/ip.ts';
import { makeUpTrace } from './made-up-trace.ts';
import { changeOf, type EnvelopeChange, envelopesOf } from './packet-words.ts';

const { steps } = makeUpTrace();
const at = (kind: string): number => steps.findIndex((step) => step.kind === kind);

describe('what is written on an envelope', () => {
  it('is what a person asks: who to whom, and what it is', () => {
    expect(envelopesOf(steps[0]!.frame)).toEqual([
      { title: 'TCP SYN', src: '10.244.1.3:40003', dst: '10.96.0.10:80', ttl: 64 },
    ]);
  });

  it('has brackets around addresses of IPv6, and a hop limit', () => {
    const { frame } = steps[0]!;
    const packet = 'payload' in frame ? frame.payload : frame;
    if (packet.kind !== 'ip') throw new Error('the first step is a packet');
    expect(envelopesOf({ ...packet, src: ip('fd00:10:244:1::3'), dst: ip('fd00:10:96::a') })).toEqual([
      { title: 'TCP SYN', src: '[fd00:10:244:1::3]:40003', dst: '[fd00:10:96::a]:80', ttl: 64, ttlName: 'hop limit' },
    ]);
  });

  it('is two envelopes in a tunnel, the outer one first and without its meaningless ports', () => {
    const envelopes = envelopesOf(steps[at('encap')]!.frame);
    expect(envelopes.map(({ title }) => title)).toEqual(['VXLAN 1', 'TCP SYN']);
    expect(envelopes[0]).toMatchObject({ src: '192.168.56.11', dst: '192.168.56.12' });
  });
});

describe('what a step changed', () => {
  it.each<[string, EnvelopeChange, string]>([
    ['nat', { dst: '10.96.0.10:80' }, 'DNAT: what stood there'],
    ['ttl', { ttl: 64 }, 'forwarding counts down'],
    ['encap', { wrapped: 'on' }, 'a second envelope'],
    ['decap', { wrapped: 'off' }, 'it is taken off'],
    ['conntrack', {}, 'looking is not changing'],
  ])('%s: %j (%s)', (kind, change) => {
    expect(changeOf(steps[at(kind)]!, steps[at(kind) - 1]!)).toEqual(change);
  });
});
