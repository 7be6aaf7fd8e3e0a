import type { RejectWith, Target } from '../netfilter/iptables/rule.ts';
import type { Problems } from './problems.ts';
import type { OptionGroup } from './rule-options.ts';
import { readEndpoint, readMasked, readNumber, readWord, UINT32_MAX } from './rule-values.ts';

const REJECT_WITH: readonly RejectWith[] = [
  'icmp-port-unreachable',
  'icmp-host-unreachable',
  'icmp-net-unreachable',
  'icmp-proto-unreachable',
  'icmp-host-prohibited',
  'icmp-net-prohibited',
  'icmp-admin-prohibited',
  'icmp6-no-route',
  'icmp6-adm-prohibited',
  'icmp6-addr-unreachable',
  'icmp6-port-unreachable',
  'tcp-reset',
];

/** `-j NAME` with its options. A name that is no target is a chain. */
export function readTarget(group: OptionGroup, problems: Problems): Target {
  const option = (name: string): string => group.options.get(name)?.values[0] ?? '';
  const randomFully = group.options.has('--random-fully') ? { randomFully: true as const } : {};
  switch (group.name) {
    case 'ACCEPT':
    case 'DROP':
    case 'RETURN':
    case 'NOTRACK':
      return { kind: group.name };
    case 'CT':
      if (!group.options.has('--notrack')) problems.note('CT without --notrack is not modelled');
      return { kind: 'NOTRACK' };
    case 'NFLOG':
      return { kind: 'NFLOG', group: readNumber(option('--nflog-group') || '0', 65_535, problems) };
    case 'REJECT': {
      const text = group.options.has('--reject-with') ? option('--reject-with') : 'icmp-port-unreachable';
      return { kind: 'REJECT', with: readWord(text, REJECT_WITH, 'answer', problems) ?? 'icmp-port-unreachable' };
    }
    case 'DNAT':
      return { kind: 'DNAT', ...readEndpoint(option('--to-destination'), problems) };
    case 'SNAT':
      return { kind: 'SNAT', ...readEndpoint(option('--to-source'), problems), ...randomFully };
    case 'MASQUERADE':
      return { kind: 'MASQUERADE', ...randomFully };
    case 'MARK':
      return { kind: 'MARK', ...readMark(group, problems) };
    default:
      return { kind: 'jump', chain: group.name };
  }
}

/** Every way to write a mark is one `mark = (mark & ~mask) ^ value` (libxt_MARK.c). */
function readMark({ options }: OptionGroup, problems: Problems): { readonly value: number; readonly mask: number } {
  const [name, use] = [...options].find(([option]) => option.endsWith('mark')) ?? ['', undefined];
  const text = use?.values[0] ?? '';
  const bits = (): number => readNumber(text, UINT32_MAX, problems);
  switch (name) {
    case '--set-xmark':
      return readMasked(text, problems);
    case '--set-mark': {
      const { value, mask } = readMasked(text, problems);
      return { value, mask: (mask | value) >>> 0 };
    }
    case '--or-mark':
      return { value: bits(), mask: bits() };
    case '--and-mark':
      return { value: 0, mask: ~bits() >>> 0 };
    case '--xor-mark':
      return { value: bits(), mask: 0 };
    default:
      problems.note('MARK needs --set-xmark');
      return { value: 0, mask: 0 };
  }
}
