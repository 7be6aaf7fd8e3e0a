/** The policy of an endpoint (lib/policy.h): one lookup by who the other side is and what it wants. */
import type { TcContext } from '../../../../linux/bpf/program.ts';
import { POLICY, type PolicyKey } from '../maps.ts';
import type { Flow } from './flow.ts';

/** The suffix of an endpoint's map, as the agent pins it. */
export const policySuffix = (endpoint: number): string => String(endpoint).padStart(5, '0');

/** From the most special key to the most general one; the trie of the real map finds it by itself. */
function keysFor(direction: PolicyKey['direction'], identity: number, { proto, dport }: Flow): readonly PolicyKey[] {
  return [
    { direction, identity, proto, port: dport },
    { direction, identity: 0, proto, port: dport },
    { direction, identity, proto, port: 0 },
    { direction, identity: 0, proto, port: 0 },
    { direction, identity, proto: 'ANY', port: 0 },
    { direction, identity: 0, proto: 'ANY', port: 0 },
  ];
}

/** Nothing found means denied: an endpoint without policies has an entry that allows all. */
export function isAllowed(
  ctx: TcContext,
  endpoint: number,
  direction: PolicyKey['direction'],
  identity: number,
  flow: Flow,
): boolean {
  const keys = keysFor(direction, identity, flow);
  const found = keys.find((key) => ctx.peek(POLICY, key, policySuffix(endpoint)));
  const value = ctx.lookup(POLICY, found ?? (keys[0] as PolicyKey), policySuffix(endpoint));
  return value !== null && !value.deny;
}
