import { type ReactNode, useRef } from 'react';
import { useApp, usePart } from '../app-model.ts';
import { IconButton } from '../parts/IconButton.tsx';
import { AsText } from './AsText.tsx';
import { Knobs } from './Knobs.tsx';
import { ProbeForm } from './ProbeForm.tsx';
import { ProductMark } from './ProductMark.tsx';

interface CommandBarProps {
  /** Share, theme and help: they belong to the page, not to the packet. */
  readonly actions: ReactNode;
  /** What to try first; it stands where a change is told later. */
  readonly hint: ReactNode;
}

/** What is sent (first row), and in which cluster (second row). */
export function CommandBar({ actions, hint }: CommandBarProps) {
  const start = useRef<string | null>(null);
  return (
    <header className="bar">
      <div className="bar-row">
        <h1 className="product">
          <ProductMark />
          Hopscope
        </h1>
        <ProbeForm start={start} />
        <AsText start={start} />
        <div className="bar-actions">
          <UndoRedo />
          {actions}
        </div>
      </div>
      <Knobs hint={hint} />
    </header>
  );
}

function UndoRedo() {
  const { document } = useApp();
  const canUndo = usePart(document, (state) => state.canUndo);
  const canRedo = usePart(document, (state) => state.canRedo);
  return (
    <>
      <IconButton icon="undo" label="Undo" keys="Ctrl+Z" disabled={!canUndo} onClick={() => document.undo()} />
      <IconButton icon="redo" label="Redo" keys="Ctrl+Shift+Z" disabled={!canRedo} onClick={() => document.redo()} />
    </>
  );
}
