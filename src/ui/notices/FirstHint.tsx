import { IconButton } from '../parts/IconButton.tsx';

/** First visit: three things to try. */
export function FirstHint({ onDismiss }: { readonly onDismiss: () => void }) {
  return (
    <section className="hint" aria-label="What to try">
      <ol>
        <li>Space plays, arrow keys step</li>
        <li>Turn a knob: it is traced again</li>
        <li>Break something, or drop your YAML</li>
      </ol>
      <IconButton icon="close" label="Dismiss the hints" onClick={onDismiss} />
    </section>
  );
}
