import type { ReactNode } from 'react';
import { type DriverChoice, useApp, useSession } from '../app-model.ts';
import { Popover } from '../parts/Popover.tsx';
import { provenance } from './provenance.ts';

const NOTHING: readonly never[] = [];

/** What a person should know about this cluster and this trace: assumptions, waiting objects, simplifications. */
export function Notes() {
  const simplified = useSession(({ trace }) => trace?.simplified ?? NOTHING);
  const notes = useSession(({ world }) => world?.notes ?? NOTHING);
  const { cnis, proxies } = useApp();
  const cni = useSession(({ state }) => state.cni);
  const proxy = useSession(({ state }) => state.proxy);
  const count = simplified.length + notes.length;
  if (count === 0) return null;
  return (
    <Popover
      summary={
        <summary className="chip" title="What was assumed, what waits, and where the model is simpler">
          {count === 1 ? '1 note' : `${count} notes`}
        </summary>
      }
    >
      <div className="popover-body">
        {simplified.length > 0 && (
          <NoteList title="Simpler than a real cluster in this trace">
            {simplified.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </NoteList>
        )}
        {notes.length > 0 && (
          <NoteList title="About this cluster">
            {notes.map(({ kind, ref, text }) => (
              <li key={`${kind} ${ref} ${text}`}>
                <strong>{ref}</strong>, {kind}: {text}
              </li>
            ))}
          </NoteList>
        )}
        <NoteList title="Where the facts are from">
          <Provenance drivers={cnis} chosen={cni} />
          <Provenance drivers={proxies} chosen={proxy} />
        </NoteList>
      </div>
    </Popover>
  );
}

interface ProvenanceProps {
  readonly drivers: readonly DriverChoice[];
  readonly chosen: { readonly id: string; readonly mode: string };
}

function Provenance({ drivers, chosen }: ProvenanceProps) {
  const driver = drivers.find(({ id }) => id === chosen.id);
  const mode = driver?.modes.find(({ id }) => id === chosen.mode);
  if (!driver) return null;
  return (
    <li>
      <strong>{mode && driver.modes.length > 1 ? `${driver.label}: ${mode.label}` : driver.label}</strong>.{' '}
      {provenance(driver, mode)}
    </li>
  );
}

function NoteList({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <h2 className="section-title">{title}</h2>
      <ul className="plain">{children}</ul>
    </section>
  );
}
