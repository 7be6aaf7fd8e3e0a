import { describe, expect, it } from 'vitest';
import { cidr } from '../wire/ip.ts';
import { capacityOf, capacityText, rangeText } from './capacity.ts';
import { makePodRange } from './pod-range.ts';

describe('capacity', () => {
  it.each([
    ['10.244.0.0/16', 24, '256 nodes, 254 pods each'],
    ['10.244.0.0/24', 24, '1 node, 254 pods each'],
    ['10.0.0.0/8', 24, '65536 nodes, 254 pods each'],
    ['10.244.0.0/22', 26, '16 nodes, 62 pods each'],
    ['10.244.0.0/28', 30, '4 nodes, 2 pods each'],
  ])('%s with a /%i for each node: %s', (pods, mask, text) => {
    expect(capacityText(cidr(pods), mask)).toBe(text);
  });

  it.each([24, 28, 30])('of a /%i counts the gateway: pods get one address less', (mask) => {
    const range = makePodRange(cidr(`10.244.7.0/${mask}`));
    const { podsPerNode } = capacityOf(cidr(`10.244.7.0/${mask}`), mask);
    const given = Array.from({ length: podsPerNode - 1 }, () => range.take());
    expect(given[0]).toBe('10.244.7.2');
    expect(new Set(given)).toHaveProperty('size', podsPerNode - 1);
    expect(range.take()).toBeNull();
  });
});

describe('a range of pod addresses', () => {
  it('is told from its first to its last host address', () => {
    expect(rangeText(cidr('10.244.0.0/24'))).toBe('10.244.0.1-10.244.0.254');
  });

  it('hands a released address out again only after it has wrapped', () => {
    const range = makePodRange(cidr('10.244.0.0/29'));
    const first = range.take()!;
    range.release(first);
    const next = Array.from({ length: 5 }, () => range.take());
    expect(next).toEqual(['10.244.0.3', '10.244.0.4', '10.244.0.5', '10.244.0.6', '10.244.0.2']);
  });
});
