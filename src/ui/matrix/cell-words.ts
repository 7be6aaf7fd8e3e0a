/** What a cell says, in words: for its line of reason, for a screen reader, and for the list. */
import type { Reach } from '../../sim/engine/reach.ts';
import { type Explanation, explain, type SideExplanation } from '../../sim/kube/policy/explain.ts';
import type { PolicyModel } from '../../sim/kube/policy/model.ts';
import { BASIS_TEXT, policyText } from '../../sim/kube/policy/words.ts';
import { type CellState, CLOSED, exampleOf, type MatrixCells, type MatrixLine, OPENED } from './matrix-cells.ts';
import { portKey } from './matrix-view.ts';

export const STATE_WORDS: Readonly<Record<CellState, string>> = {
  allowed: 'allowed',
  denied: 'denied',
  partly: 'partly allowed',
  unknown: 'cannot tell',
  unasked: 'no policy is asked',
};

export interface CellReason {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly explanation: Explanation;
  /** One line: which policy decides, at which end. */
  readonly text: string;
}

/** Why a cell is as it is, by one of its pairs; null where nobody asks. */
export function reasonOf(model: PolicyModel, reach: Reach, from: MatrixLine, to: MatrixLine): CellReason | null {
  const example = exampleOf(reach, from, to);
  if (example === null) return null;
  const [source, destination] = [reach.ends[example.source], reach.ends[example.destination]];
  const port = reach.ports[example.port];
  if (!source || !destination || !port) return null;
  const explanation = explain(model, { from: source.end, to: destination.end, ...port });
  return {
    from: source.name,
    to: destination.name,
    port: portKey(port),
    explanation,
    text: reasonText(explanation),
  };
}

/** The end that denies says why; where both allow, whoever has a policy says which rule does. */
function reasonText({ egress, ingress }: Explanation): string {
  const closed = [egress, ingress].find(({ isAllowed }) => !isAllowed);
  if (closed) return `${closed.direction}: ${decidingText(closed)}`;
  const judged = [egress, ingress].filter(({ basis }) => basis === 'policy');
  if (judged.length > 0) return judged.map((side) => `${side.direction}: ${decidingText(side)}`).join('; ');
  return egress.basis === ingress.basis || egress.basis !== 'not-isolated'
    ? BASIS_TEXT[egress.basis]
    : BASIS_TEXT[ingress.basis];
}

function decidingText({ policies, direction, basis }: SideExplanation): string {
  const selecting = policies.filter(({ notSelected }) => notSelected === undefined);
  const deciding =
    selecting.find(({ rules }) => rules.some(({ isDecisive, action }) => isDecisive && action !== 'pass')) ??
    selecting[0];
  return deciding ? policyText(deciding, direction) : BASIS_TEXT[basis];
}

/** `web (3 pods) to api: partly allowed, 2 of 6, just closed`. */
export function cellText(
  cells: MatrixCells,
  { row, column }: { readonly row: number; readonly column: number },
): string {
  const [from, to] = [cells.lines[row], cells.lines[column]];
  if (!from || !to) return '';
  const state = cells.stateAt(row, column);
  const { open, asked } = cells.countAt(row, column);
  const some = state === 'partly' ? `, ${open} of ${asked}` : '';
  const staged = cells.stagedAt(row, column);
  const would = staged === 0 ? '' : `, staged policies would ${staged & CLOSED ? 'close' : 'open'} it`;
  return `${lineText(from)} to ${lineText(to)}: ${STATE_WORDS[state]}${some}${changeText(cells.changeAt(row, column))}${would}`;
}

export const lineText = ({ label, count }: MatrixLine): string => (count === '' ? label : `${label} (${count})`);

const changeText = (change: number): string => {
  if (change === 0) return '';
  return change === OPENED ? ', just opened' : change === CLOSED ? ', just closed' : ', just opened and closed';
};
