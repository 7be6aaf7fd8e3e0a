/**
 * Weighted round robin (net/netfilter/ipvs/ip_vs_wrr.c): rounds over the list, each for servers of at least a weight that falls by
 * the greatest common divisor from round to round. The last round of a series is for every server that takes connections.
 */
import type { RealServer } from '../table.ts';
import { positionOf, type RoundMark, type Scheduler, sameServer } from './scheduler.ts';

export const wrr: Scheduler = ({ servers, mark }) => {
  follow(mark, servers);
  const { step, top } = levelsOf(servers);
  if (top === 0) return null;
  for (;;) {
    const rest = servers.slice(positionOf(servers, mark.last) + 1);
    const chosen = rest.find((server) => server.weight >= mark.weight);
    mark.last = chosen ?? null;
    if (chosen) return chosen;
    mark.weight -= step;
    if (mark.weight <= 0) mark.weight = top;
  }
};

/** The step is the greatest common divisor; the top leaves 1 for the last round. */
function levelsOf(servers: readonly RealServer[]): { readonly step: number; readonly top: number } {
  const weights = servers.map((server) => server.weight).filter((weight) => weight > 0);
  const step = weights.reduce(greatestCommonDivisor, 0) || 1;
  return { step, top: Math.max(0, ...weights) - (step - 1) };
}

export const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

/**
 * Every change of the list begins a round (`ip_vs_wrr_dest_changed`). A new virtual server has its servers added one by one, the last of
 * the list first, and keeps the weight that it came to. SIMPLIFIED: later changes that come together count as one.
 */
function follow(mark: RoundMark, servers: readonly RealServer[]): void {
  if (mark.servers === null) {
    for (let count = 1; count <= servers.length; count++) restart(mark, servers.slice(servers.length - count));
  } else if (!isSame(mark.servers, servers)) restart(mark, servers);
  mark.servers = servers;
}

function restart(mark: RoundMark, servers: readonly RealServer[]): void {
  const { step, top } = levelsOf(servers);
  mark.last = null;
  if (mark.weight > top || mark.weight === 0) mark.weight = top;
  else if (step > 1) mark.weight = Math.floor(mark.weight / step) * step + 1;
}

function isSame(a: readonly RealServer[], b: readonly RealServer[]): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((each, i) => isEqual(each, b[i]));
}

const isEqual = (a: RealServer, b: RealServer | undefined): boolean =>
  b !== undefined && sameServer(a, b) && a.weight === b.weight;
