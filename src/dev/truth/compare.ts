/** Holds a simulated trace against a recorded one: wire level, then the rules that decided. The first difference, in words. */
import type { CanonHop } from './canonical.ts';

const REQUIRED = { dev: ['ns', 'dev', 'dir', 'smac', 'dmac', 'src', 'dst', 'ttl'], nf: ['ns', 'verdict'] } as const;
/** Recorded, but not compared: names, connection state, and what the capture itself caused. */
const IGNORED = new Set(['p', 'ct', 'csumPartial', 'otherhost', 'len']);
const DECIDING = new Set(['DNAT', 'MASQUERADE', 'SNAT', 'REJECT', 'DROP']);

export function firstDifference(recorded: readonly CanonHop[], simulated: readonly CanonHop[]): string | null {
  return differenceIn('dev', recorded, simulated) ?? differenceIn('nf', recorded, simulated);
}

function differenceIn(
  kind: 'dev' | 'nf',
  recorded: readonly CanonHop[],
  simulated: readonly CanonHop[],
): string | null {
  const gold = rowsOf(recorded, kind);
  const ours = rowsOf(simulated, kind);
  for (let i = 0; i < Math.max(gold.length, ours.length); i++) {
    const [a, b] = [gold[i], ours[i]];
    const keys = keysDiffering(kind, a, b);
    if (keys.length === 0) continue;
    const fields =
      a && b
        ? keys.map((key) => `${key}: kernel ${text(a[key])}, simulator ${text(b[key])}`).join('; ')
        : 'one of them has ended';
    return `${kind === 'dev' ? 'wire' : 'rules'}: step ${i + 1} of ${gold.length}; ${fields}\n    kernel:    ${say(a)}\n    simulator: ${say(b)}`;
  }
  return null;
}

function rowsOf(hops: readonly CanonHop[], kind: 'dev' | 'nf'): readonly CanonHop[] {
  return hops.filter((h) => h.hop === kind && !h.artifact && h.p !== 'redirect' && (kind === 'dev' || decides(h)));
}

function decides(hop: CanonHop): boolean {
  if (hop.event !== 'rule' || hop.outer) return false;
  const target = String(hop.target ?? '').split(' ')[0] ?? '';
  return hop.verdict === 'drop' || DECIDING.has(target.toUpperCase());
}

function keysDiffering(kind: 'dev' | 'nf', a: CanonHop | undefined, b: CanonHop | undefined): readonly string[] {
  if (!a || !b) return ['hop'];
  const own = kind === 'dev' ? Object.keys(b).filter((key) => !IGNORED.has(key)) : [];
  return [...new Set([...REQUIRED[kind], ...own])].filter((key) => text(a[key]) !== text(b[key]));
}

/** JSON with sorted keys: equal values give equal texts. */
function text(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'nothing';
  const entries = Object.entries(value).sort(([x], [y]) => (x < y ? -1 : 1));
  return `{${entries.map(([key, v]) => `${key}: ${text(v)}`).join(', ')}}`;
}

function say(hop: CanonHop | undefined): string {
  if (!hop) return '(nothing)';
  const at = (key: string): string => String(hop[key] ?? '');
  if (hop.hop === 'nf')
    return `${at('ns')} ${at('table')} ${at('chain')} rule ${at('n')} -> ${at('target') || at('verdict')} [${at('comment')}]`;
  const tunnel = hop.encap ? ` in ${text(hop.encap)}` : '';
  return `${at('ns')} ${at('dev')} ${at('dir')}: ${at('smac')} > ${at('dmac')}, ${at('src')} > ${at('dst')} ${at('flags')}${at('icmp')}, ttl ${at('ttl')}${tunnel}`;
}
