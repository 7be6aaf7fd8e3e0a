/** How a pod came to be: who did what, in which order, and what stood after each step. */
import type { Thing } from './plan-changes.ts';

export interface PodStory {
  /** `default/web-1`. */
  readonly pod: string;
  readonly node: string;
  readonly steps: readonly StoryStep[];
}

export interface StoryStep {
  /** Stable within a story. */
  readonly id: string;
  /** The program that acts: `kubelet`, `bridge`, `felix`. */
  readonly actor: string;
  /** `control plane`, or the machine. */
  readonly place: string;
  /** Runs inside a step before it: a plugin that a plugin calls. */
  readonly depth: number;
  readonly title: string;
  readonly sentence: string;
  readonly evidence: readonly StoryEvidence[];
  /** What stands on the stage from this step on. */
  readonly appears: readonly Thing[];
  /** The story ends here, because this went wrong. */
  readonly failed?: true;
}

export interface StoryEvidence {
  /** `stdin`, `/etc/cni/net.d/10-flannel.conflist`, `ip route on node-1`. */
  readonly title: string;
  readonly text: string;
}
