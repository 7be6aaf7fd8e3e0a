/** The points of the cost curve as lines, one for each mode, and what they say. */
import type { DriverMode, ProxyDriver } from '../../sim/drivers/contract.ts';
import type { CostPoint, CostResult, ProxyMode } from '../../sim/engine/cost-curve.ts';

export interface NamedMode extends ProxyMode {
  readonly label: string;
}

type Offer = Pick<ProxyDriver, 'id' | 'label'> & { readonly modes: readonly DriverMode[] };

/** The main mode of each kind; where a variant of it is in use, the variant stands in its place. */
export function modesToCompare(proxies: readonly Offer[], current: ProxyMode): readonly NamedMode[] {
  return proxies.flatMap(({ id, label: name, modes }) => {
    const used = id === current.id ? modes.find((mode) => mode.id === current.mode) : undefined;
    return modes
      .filter(({ variantOf }) => variantOf === undefined)
      .map((main): NamedMode => {
        const { id: mode, label } = used?.variantOf === main.id ? used : main;
        return { id, mode, label: modes.length === 1 ? name : label };
      });
  });
}

export type Counted = Extract<CostResult, { kind: 'counted' }>;

export interface LinePoint extends Counted {
  readonly added: number;
  readonly services: number;
}

export interface CostLine extends NamedMode {
  /** Small clusters first. */
  readonly points: readonly LinePoint[];
  /** Why there are no more points. */
  readonly why: string | null;
}

export function asLines(modes: readonly NamedMode[], points: readonly CostPoint[]): readonly CostLine[] {
  return modes.flatMap((mode): CostLine[] => {
    const own = points.filter(({ proxy }) => proxy.id === mode.id && proxy.mode === mode.mode);
    if (own.length === 0) return [];
    const counted = own
      .flatMap(({ added, services, result }) => (result.kind === 'counted' ? [{ ...result, added, services }] : []))
      .sort((a, b) => a.added - b.added);
    const refused = own.map(({ result }) => result).find((result) => result.kind === 'refused');
    const why = refused?.why ?? (counted.some(({ good }) => !good) ? 'the packet does not arrive' : null);
    return [{ ...mode, points: counted, why }];
  });
}

export const pointAt = ({ points }: CostLine, size: number): LinePoint | undefined =>
  points.find(({ added }) => added === size);

/** What can be compared: modes in which the packet arrives. */
export const comparable = (lines: readonly CostLine[]): readonly CostLine[] =>
  lines.filter(({ points }) => points.some(({ good }) => good));

/** Without what stands in brackets. */
export const shortName = ({ label }: { readonly label: string }): string => label.replace(/ \(.*\)$/, '');

export const count = (value: number): string => value.toLocaleString('en-US');

const GROWN: Readonly<Record<string, string>> = {
  '': '',
  'the same': ' (as before)',
  'about the same': ' (about as before)',
};

/** `54 times as many` or `the same`: against the cluster as it is. */
export function growth(line: CostLine, size: number, readOf: (point: Counted) => number): string {
  const [before, now] = [pointAt(line, 0), pointAt(line, size)];
  if (!before || !now || size === 0) return '';
  const [from, to] = [readOf(before), readOf(now)];
  if (from === to) return 'the same';
  const times = to / Math.max(1, from);
  if (Math.abs(times - 1) < 0.05) return 'about the same';
  return `${times >= 10 ? Math.round(times) : times.toFixed(1)} times`;
}

export function growthSentence(lines: readonly CostLine[], size: number): string {
  const known = comparable(lines).filter((line) => pointAt(line, size) !== undefined && pointAt(line, 0) !== undefined);
  const services = known[0] && pointAt(known[0], size)?.services;
  if (services === undefined) return 'Counting what this packet asks …';
  const rulesOf = ({ first }: Counted): number => first.rules;
  const parts = known.map((line) => {
    const rules = pointAt(line, size)?.first.rules ?? 0;
    const grown = growth(line, size, rulesOf);
    return `${shortName(line)} ${count(rules)}${GROWN[grown] ?? ` (${grown} as many)`}`;
  });
  return `With ${count(services)} Services in the cluster, rules evaluated for this packet: ${parts.join(', ')}.`;
}
