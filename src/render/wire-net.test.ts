import { expect, it } from 'vitest';
import { WireNet } from './wire-net.ts';

/** A square: a to b to c one way, c to a over d both ways. */
function square(): WireNet {
  const net = new WireNet();
  net.add('a', 0, 0);
  net.add('b', 10, 0);
  net.add('c', 10, 10);
  net.add('d', 0, 100);
  net.add('alone', 500, 500);
  net.lead('lane', 'a', 'b', 'c');
  net.join('lane', 'c', 'd', 'a');
  return net;
}

it.each([
  ['a', 'c', ['a', 'b', 'c'], 'the short way, with the arrows'],
  ['c', 'a', ['c', 'd', 'a'], 'the long way round rather than against the arrows'],
  ['a', 'a', ['a'], 'nowhere to go'],
  ['a', 'alone', ['a', 'alone'], 'no wire: straight there'],
])('from %s to %s is %j: %s', (from, to, way) => {
  expect(square().way(from, to)).toEqual(way);
});

it('goes against an arrow when there is no other way', () => {
  const net = new WireNet();
  net.add('a', 0, 0);
  net.add('b', 10, 0);
  net.lead('lane', 'a', 'b');
  expect(net.way('b', 'a')).toEqual(['b', 'a']);
});

it('names a point that is not there', () => {
  expect(() => square().at('e')).toThrow('no point e');
});
