/** Words in which drivers write rules: short makers of `rule.ts` values, nothing else. */
import type { AddrType, CtState, Match, Rule, RuleOp, TableName, Target } from '../../linux/netfilter/iptables/rule.ts';
import { type Cidr, familyOf, type Ip } from '../../wire/ip.ts';

export const append = (table: TableName, chain: string, rule: Rule): RuleOp => ({ op: 'append', table, chain, rule });
export const insert = (table: TableName, chain: string, rule: Rule): RuleOp => ({ op: 'insert', table, chain, rule });
export const newChain = (table: TableName, chain: string): RuleOp => ({ op: 'new-chain', table, chain });

export const jump = (chain: string): Target => ({ kind: 'jump', chain });
export const ACCEPT: Target = { kind: 'ACCEPT' };
export const DROP: Target = { kind: 'DROP' };
export const RETURN: Target = { kind: 'RETURN' };

export const comment = (text: string): Match => ({ kind: 'comment', text });
export const ctstate = (...states: CtState[]): Match => ({ kind: 'conntrack', states });
export const dstType = (value: AddrType): Match => ({ kind: 'addrtype', dst: { value } });
export const nfacct = (name: string): Match => ({ kind: 'nfacct', name });
export const srcType = (value: AddrType): Match => ({ kind: 'addrtype', src: { value } });
export const markIs = (bits: number): Match => ({ kind: 'mark', value: bits, mask: bits });
export const markIsNot = (bits: number): Match => ({ kind: 'mark', value: bits, mask: bits, invert: true });

/** A single address as a network: `10.96.0.10/32`. Cheaper than parsing the text, which matters at 10,000 Services. */
export function hostNet(ip: Ip): Cidr {
  const family = familyOf(ip);
  const prefix = family === 4 ? 32 : 128;
  return { text: `${ip}/${prefix}`, base: ip, prefix, family };
}
