import { type FormEvent, useEffect, useMemo, useState } from 'react';
import { useApp, useSession } from '../app-model.ts';
import { parseCommand, printCommand } from './command-text.ts';
import type { ChosenStart } from './ProbeForm.tsx';
import { fromOptions, resolveFrom, toOptions } from './probe-ends.ts';

/** The same packet as the command that a person would type; Enter sends it. */
export function AsText({ start }: { readonly start: ChosenStart }) {
  const { document, playhead } = useApp();
  const cluster = useSession(({ world }) => world?.cluster ?? null);
  const probe = useSession(({ state }) => state.probe);
  const targets = useMemo(() => (cluster ? toOptions(cluster) : []), [cluster]);
  const [text, setText] = useState('');
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    setText(probe === null ? '' : printCommand(probe, targets));
    setError(null);
  }, [probe, targets]);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (cluster === null) return;
    const sources = fromOptions(cluster);
    const chosen = start.current === null ? null : resolveFrom(sources, start.current);
    if (chosen?.ok === false) return setError(chosen.error);
    const from = chosen?.value.end ?? probe?.from ?? sources[0]?.end;
    if (!from) return;
    const parsed = parseCommand(text, from, targets);
    setError(parsed.ok ? null : parsed.error);
    if (!parsed.ok) return;
    document.apply({ type: 'ProbeSet', probe: parsed.value });
    playhead.seek(0);
    playhead.play();
  };
  return (
    <form className="as-text" aria-label="Send as a command" onSubmit={send}>
      <input
        type="text"
        aria-label="As a command"
        aria-invalid={error !== null}
        aria-describedby={error === null ? undefined : 'as-text-error'}
        title="The same as a command: curl, ping, traceroute, nc. Enter sends it."
        spellCheck={false}
        autoComplete="off"
        placeholder="curl http://web.default/"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setError(null);
        }}
      />
      {error !== null && (
        <p id="as-text-error" className="bar-error" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
