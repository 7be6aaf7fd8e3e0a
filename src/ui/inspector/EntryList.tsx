import type { Origin } from '../../sim/linux/origin.ts';
import type { FaultEvent } from '../../sim/scenario/scenario.ts';
import { useApp } from '../app-model.ts';
import { IconButton } from '../parts/IconButton.tsx';

export interface Entry {
  /** As the tool prints it. */
  readonly line: string;
  readonly origin?: Origin | undefined;
  /** What takes it away, and how that is called. */
  readonly fault?: { readonly label: string; readonly event: FaultEvent };
}

interface EntryListProps {
  readonly title: string;
  readonly command: string;
  readonly entries: readonly Entry[];
}

/** Lines of a tool's output, each with who wrote it and the button that deletes it. */
export function EntryList({ title, command, entries }: EntryListProps) {
  const { document } = useApp();
  if (entries.length === 0) return null;
  return (
    <section>
      <h3 className="section-title">
        {title}
        <code className="quiet">{command}</code>
      </h3>
      <ul className="entry-list">
        {entries.map(({ line, origin, fault }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: equal lines are different entries.
          <li key={`${index} ${line}`} className="entry" title={origin && originWords(origin)}>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling line must be reachable by keyboard. */}
            <code tabIndex={0}>{line}</code>
            {fault !== undefined && (
              <IconButton icon="trash" label={`${fault.label}: ${line}`} onClick={() => document.apply(fault.event)} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function originWords({ by, for: target, why }: Origin): string {
  return `Written by ${by}${target === undefined ? '' : ` for ${target}`}${why === undefined ? '' : `: ${why}`}.`;
}
