import type { Cidr } from '../../wire/ip.ts';

export type LintKind =
  | 'selects-nothing'
  | 'finds-nobody'
  | 'unknown-port'
  | 'empty-range'
  | 'types-against-rules'
  | 'no-dns'
  | 'pod-network'
  | 'service-network'
  | 'and-or'
  | 'host-network'
  | 'same-priority'
  | 'domain-names'
  | 'not-enforced';

export interface LintFinding {
  readonly kind: LintKind;
  readonly ref: string;
  /** From the object's root: `['spec', 'ingress', 0, 'from', 1]`. */
  readonly path: readonly (string | number)[];
  readonly text: string;
}

/** What the specification does not know. Without it the lints that need it are silent. */
export interface LintSurroundings {
  readonly podCIDRs?: readonly Cidr[];
  readonly serviceCIDRs?: readonly Cidr[];
  /** The CNI's name, where it enforces no policies; and which fields it does not know. */
  readonly cni?: {
    readonly name: string;
    readonly enforces: boolean;
    readonly lacks?: readonly ('endPort' | 'namedPort')[];
  };
}
