import type { RealServer } from '../table.ts';

/**
 * The server of least cost for its weight. The kernel has no fractions and compares products: h1/w1 > h2/w2 is h1*w2 > h2*w1.
 * Of equals the first of the list stays.
 */
export function leastOf(
  servers: readonly RealServer[],
  measure: (server: RealServer) => { readonly cost: number; readonly weight: number },
): RealServer | null {
  let least: RealServer | null = null;
  let best = { cost: 0, weight: 1 };
  for (const server of servers) {
    const found = measure(server);
    if (least !== null && best.cost * found.weight <= found.cost * best.weight) continue;
    least = server;
    best = found;
  }
  return least;
}
