/** The policy of an endpoint (lib/policy.h): who the other side is and what it wants, as one lookup in a trie. */
import type { TcContext } from '../../../../linux/bpf/program.ts';
import { ANY_PORT, NAMES, POLICY, type PolicyKey, prefixOf } from '../maps.ts';
import { dropFor, type EndpointConf } from './conf.ts';
import type { Tracked } from './conntrack.ts';
import type { Flow } from './flow.ts';
import { atProxy, type Taken } from './proxy.ts';

/** The suffix of an endpoint's map, as the agent pins it. */
export const policySuffix = (endpoint: number): string => String(endpoint).padStart(5, '0');

/** From the most special key to the most general one; the trie of the real map finds it by itself. */
const keysFor = (direction: PolicyKey['direction'], identity: number, { proto, dport }: Flow): readonly PolicyKey[] =>
  [...PREFIXES.map((bits) => ({ proto, port: dport & mask(bits), bits })), ANY_PORT].map((port) => ({
    direction,
    identity,
    ...port,
  }));

/** Of a port, longest first. */
const PREFIXES: readonly number[] = Array.from({ length: 17 }, (_, i) => 16 - i);
const mask = (bits: number): number => 0xffff ^ (0xffff >>> bits);

/** What of a packet an entry names (`POLICY_MATCH_*`, pkg/monitor/api). */
function matchOf({ identity, proto, bits }: PolicyKey): string {
  if (proto === 'ANY') return identity === 0 ? 'all' : 'L3-Only';
  if (bits === 0) return identity === 0 ? 'Proto-Only' : 'L3-Proto';
  return identity === 0 ? 'L4-Only' : 'L3-L4';
}

/**
 * What is said of this identity, and what is said of everybody (`__policy_can_access`): a denial goes before, then the longer prefix, then
 * the identity.
 */
export function findEntry(
  ctx: TcContext,
  direction: PolicyKey['direction'],
  identity: number,
  flow: Flow,
  suffix: string,
) {
  const longest = (of: number): PolicyKey | undefined =>
    keysFor(direction, of, flow).find((key) => ctx.peek(POLICY, key, suffix));
  const isDenial = (key: PolicyKey): boolean => ctx.peek(POLICY, key, suffix)?.deny === true;
  const base = ctx.peek(NAMES, { identity })?.base;
  const owns = [longest(identity), base === undefined ? undefined : longest(base)].filter((key) => key !== undefined);
  const own = owns.find(isDenial) ?? owns[0];
  const everybodys = longest(0);
  if (own === undefined || everybodys === undefined) return own ?? everybodys;
  if (isDenial(own) !== isDenial(everybodys)) return isDenial(own) ? own : everybodys;
  return prefixOf(everybodys) > prefixOf(own) ? everybodys : own;
}

export interface Question {
  readonly direction: 'ingress' | 'egress';
  /** Identities of both ends. */
  readonly src: number;
  readonly dst: number;
  readonly flow: Flow;
  readonly ct: Tracked;
}

/**
 * Asked for every packet that is no answer. Nothing found means denied: an endpoint that no policy selects has an entry that allows all.
 * Where policies select it, what is new or denied is reported (send_policy_verdict_notify). Null: it may pass.
 */
export function judge(ctx: TcContext, conf: EndpointConf, { direction, src, dst, flow, ct }: Question): Taken | null {
  const suffix = policySuffix(conf.endpoint);
  const isIngress = direction === 'ingress';
  const [way, identity] = isIngress ? (['Ingress', src] as const) : (['Egress', dst] as const);
  const found = findEntry(ctx, way, identity, flow, suffix);
  const asked = found ?? { direction: way, identity, proto: flow.proto, port: flow.dport, bits: 16 };
  const value = ctx.lookup(POLICY, asked, suffix);
  const isAllowed = value !== null && !value.deny;
  const policies = isIngress ? conf.ingressPolicies : conf.egressPolicies;
  if (policies !== '' && (!isAllowed || ct.status === 'new')) {
    const origin = ctx.originOf(POLICY, asked, suffix) ?? denial(policies, conf.pod, direction);
    ctx.policy({ direction, src, dst, isAllowed, match: found ? matchOf(found) : 'none', origin });
  }
  if (isAllowed) return value.proxyPort > 0 ? atProxy(ctx, value, src, dst) : null;
  const verdict = dropFor(value?.deny ? 'POLICY_DENY' : 'POLICY');
  ctx.notify({ point: 'drop', src, dst, ct: ct.status, dropped: verdict.reason });
  return verdict;
}

function denial(policies: string, pod: string, direction: string) {
  const [verb, them] = policies.includes(' and ') ? ['select', 'them'] : ['selects', 'it'];
  const why = `${verb} ${pod} for ${direction}, and nothing in ${them} allows this packet`;
  return { by: 'cilium-agent', for: policies, why, decides: 'denies' } as const;
}
