import { describe, expect, it } from 'vitest';
import type { LabelSelectorObject, NetworkPolicyPort } from '../../sim/kube/policy-objects.ts';
import { parsePorts, printPorts } from './ports-text.ts';
import { parseSelector, printSelector } from './selector-text.ts';

type SelectorRow = [text: string, selector: LabelSelectorObject, printed?: string];

const selectors: SelectorRow[] = [
  ['', {}],
  ['app=web', { matchLabels: { app: 'web' } }],
  ['app == web,tier=""', { matchLabels: { app: 'web', tier: '' } }, 'app=web, tier=""'],
  ['tier in (a, b)', { matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] }],
  [
    'tier notin (a,"")',
    { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['a', ''] }] },
    'tier notin (a, "")',
  ],
  ['tier!=a', { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['a'] }] }, 'tier notin (a)'],
  [
    'role, !old',
    {
      matchExpressions: [
        { key: 'role', operator: 'Exists' },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    },
  ],
  // A key that is wanted twice cannot stand twice among matchLabels.
  [
    'a=b, a=c',
    { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['c'] }] },
    'a=b, a in (c)',
  ],
  ['app.kubernetes.io/name=web', { matchLabels: { 'app.kubernetes.io/name': 'web' } }],
];

type PortsRow = [text: string, ports: readonly NetworkPolicyPort[], printed?: string];

const ports: PortsRow[] = [
  ['', []],
  ['80', [{ port: 80 }], 'TCP 80'],
  ['TCP 80, UDP 53', [{ port: 80 }, { protocol: 'UDP', port: 53 }]],
  ['53/udp', [{ protocol: 'UDP', port: 53 }], 'UDP 53'],
  ['tcp/8000-8100', [{ port: 8000, endPort: 8100 }], 'TCP 8000-8100'],
  ['SCTP', [{ protocol: 'SCTP' }]],
  ['http', [{ port: 'http' }], 'TCP http'],
  ['UDP dns', [{ protocol: 'UDP', port: 'dns' }]],
  // The API server refuses it, in its own words.
  ['99999', [{ port: 99_999 }], 'TCP 99999'],
];

describe('a selector in one line', () => {
  it.each<SelectorRow>(selectors)('%s', (text, selector, printed = text) => {
    expect(parseSelector(text)).toEqual({ ok: true, value: selector });
    expect(printSelector(selector)).toBe(printed);
  });

  it.each(['app=web=x', 'in (a)', 'app=a b', '=x', 'tier in a'])('%s is none', (text) => {
    expect(parseSelector(text).ok).toBe(false);
  });
});

describe('ports in one line', () => {
  it.each<PortsRow>(ports)('%s', (text, list, printed = text) => {
    expect(parsePorts(text)).toEqual({ ok: true, value: list });
    expect(printPorts(list)).toBe(printed);
  });

  it.each(['80-', 'TCP 80 81', '-1', 'ICMP 8'])('%s is none', (text) => {
    expect(parsePorts(text).ok).toBe(false);
  });
});
