import type { NsId } from '../../linux/config.ts';
import type { HookName } from '../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../linux/origin.ts';

/** One step of a trace in a teacher's words, with the proof that a tool would print. */
export interface Explanation {
  readonly title: string;
  /** One or two sentences: what happened and why. */
  readonly sentence: string;
  readonly place: Place;
  /** Outermost header first. */
  readonly headers: readonly HeaderLayer[];
  readonly evidence: readonly Evidence[];
  /** What was looked at to get here: `5 rules evaluated, 1 matched`; null where nothing was counted. */
  readonly counts: string | null;
  /** The conntrack table of this namespace as of this step; null where nothing is tracked. */
  readonly conntrack: Evidence | null;
  /** Commands that show the same on a real cluster. */
  readonly checks: readonly string[];
}

export interface Place {
  readonly ns: NsId;
  /** The namespace as people name it: `node-1`, `Pod default/web-1`. */
  readonly label: string;
  readonly dev?: string;
  readonly hook?: HookName;
}

export interface HeaderLayer {
  readonly title: string;
  /** The last header of an envelope: what follows is the packet inside it. */
  readonly wraps?: true;
  readonly fields: readonly HeaderField[];
}

export interface HeaderField {
  readonly name: string;
  readonly value: string;
  /** The value before this step, where this step changed it. */
  readonly before?: string;
}

/** A piece of a tool's output with one line that matters. */
export interface Evidence {
  readonly title: string;
  readonly command: string;
  readonly lines: readonly string[];
  /** Index into `lines`; null: the line that is missing is the point. */
  readonly highlight: number | null;
  /** Number of the first line shown in the whole output, counted from 1. */
  readonly firstLine: number;
  readonly origin?: Origin;
}
