import { expect, it } from 'vitest';
import { byReason } from './by-reason.ts';

const entry = (kind: string, name: string, text: string) => ({ kind, name, text, line: 1, document: 1 });

it('joins what has no effect for one reason, and drops no name', () => {
  const entries = [
    entry('ServiceAccount', 'default/a', 'who may call the API'),
    entry('Deployment', 'default/a', 'spec.x'),
    entry('ServiceAccount', 'shop/b', 'who may call the API'),
    entry('NetworkPolicy', 'default/p', 'later'),
    entry('NetworkPolicy', 'default/q', 'later'),
    entry('', '', '5 Deployments: image'),
  ];
  expect(byReason(entries)).toEqual([
    { what: '2 ServiceAccounts (a, shop/b)', text: 'who may call the API' },
    { what: 'Deployment default/a', text: 'spec.x' },
    { what: '2 NetworkPolicies (p, q)', text: 'later' },
    { what: '', text: '5 Deployments: image' },
  ]);
});
