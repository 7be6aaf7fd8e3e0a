import { expect, it } from 'vitest';
import { narrowOptions, SHOWN_MAX } from './narrow-options.ts';

const options = [
  { text: 'default/web-1', detail: '10.244.1.2 on node-2', group: 'Pods' },
  { text: 'node-2', detail: '192.168.56.12', group: 'Nodes' },
  { text: 'web.default', detail: 'ClusterIP, by name', group: 'Services' },
];

it.each([
  ['', ['default/web-1', 'node-2', 'web.default'], 'nothing typed lists all'],
  ['node-2', ['node-2'], 'a name comes before a detail'],
  ['WEB', ['default/web-1', 'web.default'], 'capitals do not matter'],
  ['10.244', ['default/web-1'], 'an address finds its owner'],
  ['services', ['web.default'], 'so does a group'],
  ['web node-2', ['default/web-1'], 'every word must be somewhere'],
  ['nowhere', [], 'nothing matches'],
])('%j gives %j: %s', (text, names) => {
  expect(narrowOptions(options, text).map((option) => option.text)).toEqual(names);
});

it('lists no more than one can look through', () => {
  const many = Array.from({ length: 1000 }, (_, i) => ({ text: `pod-${i}`, detail: '', group: 'Pods' }));
  expect(narrowOptions(many, 'pod')).toHaveLength(SHOWN_MAX);
});
