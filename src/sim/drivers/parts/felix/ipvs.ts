/**
 * Policy beside kube-proxy in IPVS mode (`KubeIPVSSupportEnabled`: Felix found `kube-ipvs0` when it started). What IPVS passes on goes
 * through INPUT and OUTPUT instead of FORWARD, and OUTPUT does not know by which device it came: INPUT writes that into the mark.
 * felix/rules/static.go, dispatch.go, epmark.go and felix/dataplane/driver.go, v3.31.
 */
import type { Family } from '../../../kube/families.ts';
import type { RuleOp } from '../../../linux/netfilter/iptables/rule.ts';
import { type FelixRule, felixChain } from './chain.ts';
import { setsOf, WORKLOADS } from './config.ts';
import { tree, type Workload } from './dispatch.ts';
import { ACCEPTED, clear, isNotClear, isSet, setMasked } from './marks.ts';

const FORWARD_CHECK = 'cali-forward-check';
const FORWARD_MARK = 'cali-forward-endpoint-mark';
const SET_MARK = 'cali-set-endpoint-mark';
const FROM_MARK = 'cali-from-endpoint-mark';

/** What no other use has taken of 0xffff0000. */
const ENDPOINT_BITS = 0xffe00000;
const ENDPOINT_SHIFT = 21;
const POSITIONS = 2 ** 11;
/** The first position is everybody's who is no pod. */
const NO_ENDPOINT = 1;
/** `KubeNodePortRanges`. */
const NODE_PORTS = '30000:32767';

/** In cali-INPUT, before what is for the node itself. */
export const IPVS_INPUT: readonly FelixRule[] = [
  { action: clear(ENDPOINT_BITS), why: 'nobody has said yet by which device it came' },
  { action: `--jump ${FORWARD_CHECK}`, why: 'is it for the node, or will IPVS pass it on?' },
  { match: isNotClear(ENDPOINT_BITS), action: '--jump RETURN', why: 'IPVS passes it on: its policy comes in OUTPUT' },
];

/** In cali-OUTPUT, before what the node itself sends. */
export const IPVS_OUTPUT: FelixRule = {
  match: isNotClear(ENDPOINT_BITS),
  action: `--goto ${FORWARD_MARK}`,
  why: 'it is no packet of the node: IPVS passes it on',
};

export function ipvsOps(workloads: readonly Workload[], family: Family): RuleOp[] {
  const sorted = [...workloads].sort((a, b) => (a.dev < b.dev ? -1 : 1));
  const marks = marksOf(sorted.map(({ dev }) => dev));
  const setMark = ({ dev, ref }: Workload): RuleOp[] =>
    felixChain('filter', `cali-sm-${dev}`, [
      { action: setMasked(marks.get(dev) ?? 0, ENDPOINT_BITS), why: 'it came from this pod', for: ref },
    ]);
  const fromMark = ({ dev, ref }: Workload): FelixRule => ({
    match: `-m mark --mark ${hex(marks.get(dev) ?? 0)}/${hex(ENDPOINT_BITS)}`,
    action: `--goto cali-fw-${dev}`,
    why: `the egress policy of ${ref.replace(/^Pod /, '')}`,
    for: ref,
  });
  return [
    ...sorted.flatMap(setMark),
    ...tree(SET_MARK, '--in-interface', 'cali-sm-', sorted, { branch: [], root: SET_MARK_END }),
    ...felixChain('filter', FROM_MARK, [...sorted.map(fromMark), UNKNOWN_MARK]),
    ...felixChain('filter', FORWARD_CHECK, checkIn(setsOf(family).thisHost)),
    ...felixChain('filter', FORWARD_MARK, FORWARD),
  ];
}

const hex = (bits: number): string => `0x${(bits >>> 0).toString(16)}`;

/** A free position behind the hash of the name (FNV-1 of 32 bits). */
function marksOf(devs: readonly string[]): ReadonlyMap<string, number> {
  const taken = new Set([0, NO_ENDPOINT]);
  return new Map(
    devs.map((dev) => {
      let position = fnv1(dev) % POSITIONS;
      while (taken.has(position)) position = (position + 1) % POSITIONS;
      taken.add(position);
      return [dev, (position << ENDPOINT_SHIFT) >>> 0];
    }),
  );
}

const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function fnv1(text: string): number {
  let hash = FNV_START;
  for (const letter of text) hash = (Math.imul(hash, FNV_PRIME) ^ letter.charCodeAt(0)) >>> 0;
  return hash;
}

const UNKNOWN_MARK: FelixRule = {
  action: '--jump DROP',
  comment: 'Unknown interface',
  why: 'no policy was written for this device yet, so nothing may pass',
};

const SET_MARK_END: readonly FelixRule[] = [
  {
    match: `--in-interface ${WORKLOADS}`,
    action: '--jump DROP',
    comment: 'Unknown endpoint',
    why: 'no policy was written for this device yet, so nothing may pass',
  },
  {
    action: setMasked(NO_ENDPOINT << ENDPOINT_SHIFT, ENDPOINT_BITS),
    comment: 'Non-Cali endpoint mark',
    why: 'it came from no pod of this node',
  },
];

const toNodePort = (proto: 'tcp' | 'udp', thisHost: string): FelixRule => ({
  match: `-p ${proto} -m multiport --destination-ports ${NODE_PORTS} -m set --match-set ${thisHost} dst`,
  action: `--goto ${SET_MARK}`,
  comment: 'To kubernetes NodePort service',
  why: 'a NodePort: IPVS passes it on',
});

const checkIn = (thisHost: string): readonly FelixRule[] => [
  {
    match: '-m conntrack --ctstate RELATED,ESTABLISHED',
    action: '--jump RETURN',
    why: 'its flow was let in when it began, and a Service may have been asked by the node itself',
  },
  toNodePort('tcp', thisHost),
  toNodePort('udp', thisHost),
  {
    match: `-m set ! --match-set ${thisHost} dst`,
    action: `--jump ${SET_MARK}`,
    comment: 'To kubernetes service',
    why: 'an address of kube-ipvs0: IPVS passes it on',
  },
];

const FORWARD: readonly FelixRule[] = [
  {
    match: `-m mark ! --mark ${hex(NO_ENDPOINT << ENDPOINT_SHIFT)}/${hex(ENDPOINT_BITS)}`,
    action: `--jump ${FROM_MARK}`,
    why: 'what a pod of this node sends meets its egress policy',
  },
  {
    match: `--out-interface ${WORKLOADS}`,
    action: '--jump cali-to-wl-dispatch',
    why: 'what goes to a pod of this node meets its ingress policy',
  },
  {
    action: '--jump cali-to-hep-forward',
    why: 'policy of host endpoints would be asked here; this cluster has none',
  },
  { action: clear(ENDPOINT_BITS), why: 'an envelope would inherit the mark' },
  {
    match: isSet(ACCEPTED),
    action: '--jump ACCEPT',
    comment: 'Policy explicitly accepted packet.',
    why: 'policy let it pass',
  },
];
