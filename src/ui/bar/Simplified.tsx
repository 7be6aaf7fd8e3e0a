import { useSession } from '../app-model.ts';
import { Popover } from '../parts/Popover.tsx';

const NOTHING: readonly string[] = [];

/** Where the model was simpler than a real cluster in this trace. Nothing when it was nowhere. */
export function Simplified() {
  const simplified = useSession(({ trace }) => trace?.simplified ?? NOTHING);
  if (simplified.length === 0) return null;
  return (
    <Popover
      summary={
        <summary className="chip" title="Where this trace is simpler than a real cluster">
          {simplified.length} simplified
        </summary>
      }
    >
      <div className="popover-body">
        <p>In this trace the model is simpler than a real cluster:</p>
        <ul className="plain">
          {simplified.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </div>
    </Popover>
  );
}
