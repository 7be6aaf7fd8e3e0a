/**
 * A trace is a document: conversation -> packets -> hops -> steps -> verdict. Animation, text, tables, tests and exports read this one
 * value. `engine/converse` makes it, nothing edits it.
 */

import type { NsId } from '../linux/config.ts';
import type { Culprit, DropReason, PacketId, Step } from '../linux/step.ts';
import type { Probe } from '../scenario/probe.ts';
import type { Ip } from '../wire/ip.ts';

export interface Trace {
  readonly probe: Probe;
  /** Where the probe started and what it was sent to, after names were resolved. */
  readonly from: { readonly ns: NsId; readonly ip: Ip | null };
  readonly to: { readonly ip: Ip | null; readonly port: number | null; readonly label: string };
  readonly packets: readonly TracePacket[];
  readonly hops: readonly Hop[];
  readonly steps: readonly Step[];
  readonly beats: readonly Beat[];
  readonly verdict: Verdict;
  /** How the name that the program was given became an address; null: it was given an address. */
  readonly lookup: TraceLookup | null;
  /** Simplifications that this trace met, for the person to see. */
  readonly simplified: readonly string[];
}

/** The first part of a conversation by name: `steps` steps from the start of the trace. */
export interface TraceLookup {
  readonly name: string;
  readonly steps: number;
  /** Questions that were sent. */
  readonly queries: number;
  /** The absolute name that was answered for, and its addresses; null and none where the lookup failed. */
  readonly found: string | null;
  readonly addresses: readonly Ip[];
  readonly tookMs: number;
}

export interface TracePacket {
  readonly id: PacketId;
  /** `TCP SYN`, `ICMP echo request`, `UDP datagram`, `ICMP time exceeded`. */
  readonly title: string;
  /** Which way it goes in the conversation. */
  readonly lane: 'request' | 'reply';
  readonly firstStep: number;
  readonly lastStep: number;
  /** The packet whose path and fate it repeats ("same path, from conntrack"); null for the first of its kind. */
  readonly repeats: PacketId | null;
  readonly fate: 'delivered' | 'dropped' | 'consumed';
}

/** One packet visits one network namespace: steps `from`..`to`, inclusive. */
export interface Hop {
  readonly packet: PacketId;
  readonly ns: NsId;
  readonly from: number;
  readonly to: number;
}

/** A moment that the timeline shows by default: the step to stop at, and why it matters. */
export interface Beat {
  readonly step: number;
  readonly packet: PacketId;
  readonly lane: 'request' | 'reply';
  readonly ns: NsId;
  readonly mark: BeatMark;
  /** Three or four words: `DNAT to 10.244.1.2:8080`. */
  readonly title: string;
}

export type BeatMark =
  | 'send'
  | 'device'
  | 'route'
  | 'dnat'
  | 'snat'
  | 'encap'
  | 'decap'
  | 'policy'
  | 'conntrack'
  | 'arp'
  | 'deliver'
  | 'drop'
  | 'lookup';

/** What the program that sent the probe printed, and why. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly good: boolean;
  /** As the program prints it: `Connected`, `Connection refused`, `Connection timed out`, `No route to host`. */
  readonly printed: string;
  /** One plain sentence: what happened and which object decided. */
  readonly sentence: string;
  /** The smallest change that would let it through; null when it went through or nobody can tell. */
  readonly remedy: string | null;
  /** The step to look at, if one decided. */
  readonly step: number | null;
  readonly reason?: DropReason;
  readonly culprit?: Culprit;
}

export type Outcome =
  | 'connected'
  | 'reply'
  | 'refused'
  | 'timeout'
  | 'no-route'
  | 'host-unreachable'
  | 'net-unreachable'
  | 'message-too-long'
  | 'ttl-exceeded'
  | 'prohibited'
  | 'unresolved'
  | 'route-traced';
