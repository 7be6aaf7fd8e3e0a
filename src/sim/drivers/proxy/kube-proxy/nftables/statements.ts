/** Words in which this mode writes rules: short makers of statements, nothing else. */
import type {
  NftField,
  NftMatch,
  NftRule,
  NftStatement,
  NftVerdict,
} from '../../../../linux/netfilter/nftables/ruleset.ts';
import type { Origin } from '../../../../linux/origin.ts';
import type { Ip } from '../../../../wire/ip.ts';
import { hostNet } from '../../../parts/rules.ts';
import type { LocalDetector } from '../options.ts';

/** `ip daddr . meta l4proto . th dport`. */
export const DESTINATION: readonly NftField[] = ['daddr', 'l4proto', 'dport'];
/** `meta l4proto . th dport`. */
export const PORT: readonly NftField[] = ['l4proto', 'dport'];

export const NEW: NftMatch = { kind: 'ct-state', states: ['new'] };
export const FROM_NODE: NftMatch = { kind: 'fib', side: 'saddr', type: 'local' };

export const jump = (chain: string): NftVerdict => ({ kind: 'jump', chain });
export const goto = (chain: string): NftVerdict => ({ kind: 'goto', chain });
export const vmap = (key: readonly NftField[], map: string): NftStatement => ({ kind: 'vmap', key, map });
export const sourceIs = (ip: Ip): NftMatch => ({ kind: 'address', side: 'saddr', nets: [hostNet(ip)] });
export const destinationIs = (ip: Ip): NftMatch => ({ kind: 'address', side: 'daddr', nets: [hostNet(ip)] });

/** "The source is a pod", or is not. Device names are compared as names since v1.33.7, v1.34.2 and v1.35. */
export function fromPod(detector: LocalDetector, not?: 'not'): NftMatch {
  const invert = not ? { invert: true as const } : {};
  if (detector.kind === 'cidr') return { kind: 'address', side: 'saddr', nets: [detector.cidr], ...invert };
  return { kind: 'iifname', name: detector.device.replace(/\+$/, '*'), ...invert };
}

export function rule(statements: readonly NftStatement[], origin: Origin, comment?: string): NftRule {
  return comment === undefined ? { statements, origin } : { statements, comment, origin };
}
