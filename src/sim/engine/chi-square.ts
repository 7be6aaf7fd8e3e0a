/** Pearson's test: could chance alone have made counts this uneven? */

export interface ChiSquare {
  readonly value: number;
  readonly degrees: number;
  /** How often chance alone gives counts at least this uneven, from 0 to 1. */
  readonly p: number;
}

/** Below this many expected in a cell the test says nothing (Cochran's rule). */
export const EXPECTED_MIN = 5;

export function chiSquare(counts: readonly number[], expected: readonly number[]): ChiSquare {
  const value = counts.reduce((sum, count, i) => sum + (count - (expected[i] ?? 0)) ** 2 / (expected[i] || 1), 0);
  const degrees = counts.length - 1;
  return { value, degrees, p: degrees < 1 ? 1 : upperTail(value, degrees) };
}

/** Wilson and Hilferty's approximation: the cube root of chi-square is nearly normal. Good to about 1 in 100 for p. */
function upperTail(value: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  return 1 - normal((Math.cbrt(value / degrees) - (1 - spread)) / Math.sqrt(spread));
}

/** The normal distribution (Abramowitz and Stegun 26.2.17, error below 1e-7). */
function normal(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly;
  return z < 0 ? tail : 1 - tail;
}
