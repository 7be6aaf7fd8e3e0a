import type { ReactNode } from 'react';
import { useApp, usePart, useSession } from '../app-model.ts';
import { Icon, type IconName } from '../parts/Icon.tsx';
import { IconButton } from '../parts/IconButton.tsx';

interface NoticeProps {
  readonly tone: 'problem' | 'info';
  readonly icon: IconName;
  readonly children: ReactNode;
  readonly actions?: ReactNode;
  readonly onDismiss?: () => void;
}

/** A strip under the bar. It pushes the picture down rather than covering it. */
export function Notice({ tone, icon, children, actions, onDismiss }: NoticeProps) {
  return (
    <div className={`notice notice-${tone}`} role={tone === 'problem' ? 'alert' : 'status'}>
      <Icon name={icon} />
      <div className="notice-words">{children}</div>
      {actions}
      {onDismiss !== undefined && <IconButton icon="close" label="Dismiss" onClick={onDismiss} />}
    </div>
  );
}

/** The browser keeps nothing: a link does. */
export function SaveNotice() {
  const { autosave } = useApp();
  const hasFailed = usePart(autosave, (state) => state.status === 'failed');
  if (!hasFailed) return null;
  return (
    <Notice tone="problem" icon="warning">
      <p>
        <strong>Your work cannot be kept in this browser</strong>: its storage is full or forbidden, or the work is too
        large. Share a link or download the YAML before you leave.
      </p>
    </Notice>
  );
}

/** Why no cluster can be built of what was asked for. The picture below is the last one that could. */
export function ProblemNotice() {
  const { document } = useApp();
  const problems = useSession((state) => state.problems);
  const hasWorld = useSession((state) => state.world !== null);
  const canUndo = usePart(document, (state) => state.canUndo);
  if (problems.length === 0) return null;
  return (
    <Notice
      tone="problem"
      icon="warning"
      actions={
        canUndo && (
          <button type="button" className="button" onClick={() => document.undo()}>
            Undo
          </button>
        )
      }
    >
      <ul>
        {problems.map(({ where, what, hint }) => (
          <li key={`${where} ${what}`}>
            <strong>{where}</strong>: {what} {hint}
          </li>
        ))}
      </ul>
      {hasWorld && <p className="quiet">The picture still shows the last cluster that could be built.</p>}
    </Notice>
  );
}

/** What happened to the link that the page was opened with, and the way back to one's own work. */
export function OpeningNotice() {
  const { visit } = useApp();
  const error = usePart(visit, (state) => state.error);
  const kept = usePart(visit, (state) => state.kept);
  return (
    <>
      {error !== null && (
        <Notice tone="problem" icon="warning" onDismiss={visit.dismissError}>
          <p>
            <strong>The link could not be opened.</strong> {error.what} {error.hint} Your own work is untouched.
          </p>
        </Notice>
      )}
      {kept !== null && (
        <Notice
          tone="info"
          icon="info"
          onDismiss={visit.dismissKept}
          actions={
            <button type="button" className="button" onClick={visit.goToKept}>
              Back to my own work
            </button>
          }
        >
          <p>You opened a link. Your own work is kept.</p>
        </Notice>
      )}
    </>
  );
}
