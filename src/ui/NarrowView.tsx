import { useSession } from './app-model.ts';
import { TextView } from './dock/TextView.tsx';
import { Transport } from './timeline/Transport.tsx';
import { Verdict } from './Verdict.tsx';

/** On a phone: the verdict, the keys of the playhead, and the whole trace as text. */
export function NarrowView() {
  const trace = useSession((state) => state.trace);
  const world = useSession((state) => state.world);
  return (
    <main className="narrow">
      <Verdict />
      <div className="dock-head">
        <Transport stepCount={trace?.steps.length ?? 0} />
      </div>
      {trace !== null && world !== null ? (
        <TextView trace={trace} world={world} />
      ) : (
        <p className="dock-empty">No packet yet. Choose two ends above and press Send.</p>
      )}
    </main>
  );
}
