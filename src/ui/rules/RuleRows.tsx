import { useEffect, useRef } from 'react';
import type { FaultEvent } from '../../sim/scenario/scenario.ts';
import { useApp } from '../app-model.ts';
import { deletionLabel } from '../faults/deletions.ts';
import { Icon, type IconName } from '../parts/Icon.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import type { XrayRow } from './artefact.ts';
import { useRowWindow } from './use-row-window.ts';
import type { Seen, WalkedRow } from './xray.ts';

export const ROW_PX = 22;

interface RuleRowsProps {
  readonly rows: readonly WalkedRow[];
  /** Place of the line to bring into view. */
  readonly near: number;
  /** Place of the line that the present step is about; -1 for none. */
  readonly now: number;
  readonly ns: string;
}

/** Only the rows in view are drawn: a node may have tens of thousands. */
export function RuleRows({ rows, near, now, ns }: RuleRowsProps) {
  const box = useRef<HTMLElement>(null);
  const { first, end, offsetPx, heightPx } = useRowWindow(box, rows.length, ROW_PX);
  useEffect(() => {
    const view = box.current;
    if (view === null || near < 0) return;
    const top = near * ROW_PX;
    if (top < view.scrollTop || top + ROW_PX > view.scrollTop + view.clientHeight) {
      view.scrollTop = top - view.clientHeight / 2;
    }
  }, [near]);
  return (
    <ScrollBox boxRef={box} className="xray-rows" label={`Rules of ${ns}`}>
      <div className="xray-space" style={{ height: heightPx, paddingTop: offsetPx }}>
        {rows.slice(first, end).map((walked, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place in the list, and keeps nothing.
          <Row key={first + index} walked={walked} isNow={first + index === now} />
        ))}
      </div>
    </ScrollBox>
  );
}

const WORDS: Readonly<Record<Seen, { readonly word: string; readonly icon?: IconName }>> = {
  matched: { word: 'matched', icon: 'check' },
  evaluated: { word: 'no match', icon: 'minus' },
  found: { word: 'found', icon: 'lookup' },
  missed: { word: 'not in it', icon: 'lookup' },
  unreached: { word: 'not reached' },
};

interface RowProps {
  readonly walked: WalkedRow;
  readonly isNow: boolean;
}

function Row({ walked: { row, seen, mark, word: own }, isNow }: RowProps) {
  const isRule = row.kind === 'rule';
  const isSaid = isRule || seen !== 'unreached';
  const look = isSaid ? seen : row.kind === 'entry' ? 'unreached' : row.kind;
  const { word, icon } = WORDS[seen];
  return (
    <div className={`xray-row xray-${look} ${isNow ? 'xray-now' : ''}`}>
      <span className="xray-word">
        {isSaid && icon && <Icon name={icon} size={12} />}
        {isSaid && (own ?? word)}
      </span>
      <Marked text={row.text} mark={mark} />
      {row.deletions?.map((event, _at, { length }) => (
        <DeleteButton key={nameOf(event, row)} event={event} what={nameOf(event, row)} isOneOfMany={length > 1} />
      ))}
    </div>
  );
}

function Marked({ text, mark }: { readonly text: string; readonly mark: string | undefined }) {
  const at = mark === undefined || mark === text.trim() ? -1 : text.indexOf(mark);
  if (mark === undefined || at < 0) return <span>{text}</span>;
  return (
    <span>
      {text.slice(0, at)}
      <mark>{mark}</mark>
      {text.slice(at + mark.length)}
    </span>
  );
}

/** What is deleted, where a line names several things. */
const nameOf = (event: FaultEvent, { text }: XrayRow): string => ('key' in event ? event.key : text.trim());

interface DeleteButtonProps {
  readonly event: FaultEvent;
  readonly what: string;
  readonly isOneOfMany: boolean;
}

function DeleteButton({ event, what, isOneOfMany }: DeleteButtonProps) {
  const { document } = useApp();
  const label = deletionLabel(event);
  return (
    <button
      type="button"
      className="button button-small button-fault"
      title={`${label}: ${what}`}
      onClick={() => document.apply(event)}
    >
      {isOneOfMany ? `Delete ${what}` : label}
    </button>
  );
}
