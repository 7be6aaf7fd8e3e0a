import { useRef } from 'react';
import { IconButton } from '../parts/IconButton.tsx';

const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['Space'], 'Play or pause'],
  [['←', '→'], 'One step back or forward'],
  [['[', ']'], 'Previous or next mark: NAT, tunnel, policy, drop'],
  [['Home', 'End'], 'First or last step'],
  [['/'], 'Choose where the packet starts'],
  [['1', '2', '3', '4'], 'Timeline, Rules, YAML, Text'],
  [['+', '-', 'P', '0'], 'Zoom in, out, to the path, to everything'],
  [['I', 'D'], 'Open or collapse the inspector, the dock'],
  [['S'], 'Share: copy a link to this step'],
  [['Ctrl', 'Z'], 'Undo'],
  [['Ctrl', 'Shift', 'Z'], 'Redo'],
  [['Esc'], 'Back from what is selected to the step'],
  [['?'], 'This list'],
];

/** The keys, each of which has a button somewhere, and where to begin. */
export function HelpButton({ onHint }: { readonly onHint: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <IconButton icon="help" label="Help and keys" keys="?" dataKey="?" onClick={() => dialog.current?.showModal()} />
      <dialog ref={dialog} aria-labelledby="help-title">
        <div className="dialog-head">
          <h2 id="help-title">Keys</h2>
          <form method="dialog">
            <IconSubmit />
          </form>
        </div>
        <dl className="keys">
          {KEYS.map(([keys, what]) => (
            <div key={what} className="fact">
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
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
