/** What a walk through nftables tells, as plain data that a step of a trace can carry. Indices count from 0. */
import type { NftElement, NftFamily, NftRule } from './ruleset.ts';

interface Place {
  readonly family: NftFamily;
  readonly table: string;
  readonly chain: string;
}

export type NftEffect = 'jump' | 'goto' | 'return' | 'accept' | 'drop' | 'continue';

export type NftEvent =
  /** A packet's fields were looked up in a named set or map: one hash, however many elements it holds. `element` null: a miss. */
  | (Place & {
      readonly kind: 'nft-lookup';
      readonly index: number;
      readonly set: string;
      readonly key: string;
      readonly element: NftElement | null;
      readonly sizeNow: number;
    })
  /**
   * A rule ran to its end. `first`..`index` of the chain were evaluated for it; those before `index` did not match. `to` is the chain
   * that a jump or goto leads to, `slot` what numgen drew.
   */
  | (Place & {
      readonly kind: 'nft-rule';
      readonly index: number;
      readonly first: number;
      readonly rule: NftRule;
      readonly effect: NftEffect;
      readonly to?: string;
      readonly slot?: number;
      readonly markAfter: number;
    })
  /** A chain was left without a decision by its rules: base chains by policy, others by return. */
  | (Place & {
      readonly kind: 'nft-chain-end';
      readonly first: number;
      readonly end: number;
      readonly verdict: 'accept' | 'drop' | 'return';
    });
