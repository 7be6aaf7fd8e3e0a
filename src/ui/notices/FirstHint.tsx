import { IconButton } from '../parts/IconButton.tsx';

/** First visit: three things to try. */
export function FirstHint({ onDismiss }: { readonly onDismiss: () => void }) {
  return (
    <section className="hint" aria-label="What to try">
      <ol>
        <li>Space plays, arrows step</li>
        <li>Turn a knob: traced again</li>
        <li>Break it, or drop your YAML</li>
      </ol>
      <IconButton icon="close" label="Dismiss the hints" onClick={onDismiss} />
    </section>
  );
}
