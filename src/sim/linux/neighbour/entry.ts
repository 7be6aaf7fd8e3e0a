/** What is known of a neighbour, and the packets that wait for it. */
import type { Mac } from '../../wire/mac.ts';
import type { LearnedNeighbour } from '../memory.ts';
import type { Netns } from '../netns.ts';
import type { Skb } from '../skb.ts';

/** Packets that wait for a MAC keep what to do with it here. */
const waiting = new WeakMap<Skb, (mac: Mac) => void>();

export const waitWith = (skb: Skb, go: (mac: Mac) => void): void => {
  waiting.set(skb, go);
};

/** The neighbour told its MAC: what waited for it goes. */
export function learn(ns: Netns, key: string, entry: LearnedNeighbour | undefined, mac: Mac): void {
  const known: LearnedNeighbour = entry ?? { state: 'INCOMPLETE', mac: null, probes: 0, queue: [] };
  known.state = 'REACHABLE';
  known.mac = mac;
  ns.memory.neighbours.set(key, known);
  for (const skb of known.queue.splice(0)) {
    const go = waiting.get(skb);
    waiting.delete(skb);
    go?.(mac);
  }
}
