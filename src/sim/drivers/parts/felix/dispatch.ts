/** From a device of a pod to the chains of that pod: felix/rules/dispatch.go, v3.31. */
import { groupBy } from '../../../base/group-by.ts';
import type { RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import { type FelixRule, felixChain } from './chain.ts';

/** A pod's device on the node, and whose it is. */
export interface Workload {
  readonly dev: string;
  /** `Pod default/web-1`. */
  readonly ref: string;
}

export function dispatchOps(workloads: readonly Workload[]): RuleOp[] {
  const sorted = [...workloads].sort((a, b) => (a.dev < b.dev ? -1 : 1));
  return [
    ...tree('cali-from-wl-dispatch', '--in-interface', 'cali-fw-', sorted, DROP_UNKNOWN),
    ...tree('cali-to-wl-dispatch', '--out-interface', 'cali-tw-', sorted, DROP_UNKNOWN),
  ];
}

const UNKNOWN: FelixRule = {
  action: '--jump DROP',
  comment: 'Unknown interface',
  why: 'no policy was written for this device yet, so nothing may pass',
};

const DROP_UNKNOWN = { branch: [UNKNOWN], root: [UNKNOWN] };

/**
 * A chain for each next letter that several names share, so that no packet is compared with a hundred names. `ends`: what follows where
 * no name fits.
 */
export function tree(
  root: string,
  option: string,
  prefix: string,
  workloads: readonly Workload[],
  ends: Readonly<Record<'branch' | 'root', readonly FelixRule[]>>,
): RuleOp[] {
  const shared = commonPrefix(workloads.map(({ dev }) => dev));
  const byLetter = groupBy(workloads, ({ dev }) => dev.slice(0, shared.length + 1));
  const leaf = ({ dev, ref }: Workload): FelixRule => ({
    match: `${option} ${dev}`,
    action: `--goto ${prefix}${dev}`,
    why: `the policy of ${ref.replace(/^Pod /, '')}`,
    for: ref,
  });
  const branches = [...byLetter].filter(([, group]) => group.length > 1);
  const rules = [...byLetter].flatMap(([start, group]): FelixRule[] =>
    group.length === 1
      ? group.map(leaf)
      : [
          {
            match: `${option} ${start}+`,
            action: `--goto ${root}-${start.slice(shared.length)}`,
            why: 'many pods, sorted by name',
          },
        ],
  );
  return [
    ...branches.flatMap(([start, group]) =>
      felixChain('filter', `${root}-${start.slice(shared.length)}`, [...group.map(leaf), ...ends.branch]),
    ),
    ...felixChain('filter', root, [...rules, ...ends.root]),
  ];
}

function commonPrefix(names: readonly string[]): string {
  const [first = '', ...rest] = names;
  let length = first.length;
  for (const name of rest) while (!name.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}
