/** How soon the oracle knows who may reach whom, with every reason, and how soon again after one switch was flipped. */
import {
  countReasons,
  isAllowedAt,
  type MatrixPort,
  matrixChanges,
  matrixOf,
  reasonsAt,
} from '../../sim/kube/policy/matrix.ts';
import { type PolicyModel, policyModel, switchedPolicy } from '../../sim/kube/policy/model.ts';
import { refOf } from '../../sim/kube/policy/uniform.ts';
import { count, ms, table } from './measure.ts';
import { type PolicyClusterSize, policyCluster } from './policy-clusters.ts';

const PORTS: readonly MatrixPort[] = [
  { protocol: 'TCP', port: 8080 },
  { protocol: 'TCP', port: 8090 },
  { protocol: 'UDP', port: 53 },
];

const SIZES: readonly PolicyClusterSize[] = [
  { namespaces: 5, podsPerNamespace: 20, policiesPerNamespace: 10 },
  { namespaces: 10, podsPerNamespace: 50, policiesPerNamespace: 20 },
  { namespaces: 20, podsPerNamespace: 50, policiesPerNamespace: 10 },
  { namespaces: 20, podsPerNamespace: 50, policiesPerNamespace: 40 },
  { namespaces: 1, podsPerNamespace: 100, policiesPerNamespace: 400 },
];
const RUNS = 7;
const FLIPS = 25;

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

function timed<T>(run: () => T): { readonly took: number; readonly made: T } {
  const start = performance.now();
  const made = run();
  return { took: performance.now() - start, made };
}

const mebibytes = (): number => process.memoryUsage().rss / 2 ** 20;

/** From the objects to every cell with its reasons, nothing kept from before. */
function whole(size: PolicyClusterSize) {
  const input = policyCluster(size);
  return timed(() => {
    const model = policyModel(input);
    const matrix = matrixOf(model, PORTS);
    return { matrix, reasons: countReasons(matrix) };
  });
}

/** Each policy flipped for the first time: what was worked out before does not help. */
function flips(model: PolicyModel): readonly number[] {
  const before = matrixOf(model, PORTS);
  return model.input.policies
    .filter((_, at) => at % Math.ceil(model.policies.length / FLIPS) === 0)
    .map(
      (policy) =>
        timed(() => matrixChanges(before, matrixOf(switchedPolicy(model, refOf(policy), false), PORTS, before))).took,
    );
}

export function benchPolicies(): string {
  const before = mebibytes();
  whole({ namespaces: 3, podsPerNamespace: 30, policiesPerNamespace: 10 });
  const rows = SIZES.map((size) => {
    let last = whole(size);
    const took = Array.from({ length: RUNS }, () => {
      last = whole(size);
      return last.took;
    });
    const { matrix, reasons } = last.made;
    const { model, pods } = matrix;
    const turned = flips(model);
    const open = pods.reduce((sum, _, i) => sum + pods.filter((__, j) => isAllowedAt(matrix, i, j, 0)).length, 0);
    const cell = timed(() => reasonsAt(matrix, 0, pods.length - 1)).took;
    return [
      `${count(pods.length)} pods, ${count(model.policies.length)} policies`,
      ms(median(took)),
      count(reasons),
      count(open),
      ms(cell),
      ms(median(turned)),
      ms(Math.max(...turned)),
    ];
  });
  const head = [
    'who may reach whom',
    'all cells, ms',
    'reasons',
    'open on 8080',
    'one cell, ms',
    'a switch, ms',
    'the slowest',
  ];
  return `${table(head, rows)}\nMemory: ${count(mebibytes() - before)} MiB more than before, all sizes together.`;
}
