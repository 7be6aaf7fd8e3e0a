import { IconButton } from '../parts/IconButton.tsx';

/** First visit: three things to try. */
export function FirstHint({ onDismiss }: { readonly onDismiss: () => void }) {
  return (
    <section className="notice hint" aria-label="What to try">
      <ol>
        <li>Walk the packet: Space plays, the arrow keys step.</li>
        <li>Turn a knob above: the same packet, traced again.</li>
        <li>Break a device, or drop your own YAML.</li>
      </ol>
      <IconButton icon="close" label="Dismiss the hints" onClick={onDismiss} />
    </section>
  );
}
