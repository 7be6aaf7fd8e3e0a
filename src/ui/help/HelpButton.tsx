import { lazy, Suspense, useRef, useState } from 'react';
import { IconButton } from '../parts/IconButton.tsx';

const KeyList = lazy(() => import('./KeyList.tsx').then((module) => ({ default: module.KeyList })));

/** The keys, each of which has a button somewhere, and where to begin. */
export function HelpButton({ onHint }: { readonly onHint: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isAsked, setAsked] = useState(false);
  const open = (): void => {
    setAsked(true);
    dialog.current?.showModal();
  };
  return (
    <>
      <IconButton icon="help" label="Help and keys" keys="?" dataKey="?" onClick={open} />
      <dialog ref={dialog} aria-labelledby="help-title">
        <div className="dialog-head">
          <h2 id="help-title">Keys</h2>
          <form method="dialog">
            <IconSubmit />
          </form>
        </div>
        {isAsked && (
          <Suspense fallback={null}>
            <KeyList />
          </Suspense>
        )}
        <p className="help-foot">
          Everything is computed in this page; nothing leaves it.{' '}
          <button
            type="button"
            className="link-button"
            onClick={() => {
              dialog.current?.close();
              onHint();
            }}
          >
            Show the first hints again
          </button>
        </p>
      </dialog>
    </>
  );
}

function IconSubmit() {
  return (
    <button type="submit" className="button">
      Close
    </button>
  );
}
