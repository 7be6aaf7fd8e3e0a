const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['Space'], 'Play or pause'],
  [['←', '→'], 'One step back or forward'],
  [['[', ']'], 'Previous or next mark: NAT, tunnel, policy, drop'],
  [['Home', 'End'], 'First or last step'],
  [['/'], 'Choose where the packet starts'],
  [['1', '…', '7'], 'The tabs of the dock, from the left'],
  [['+', '-', 'P', '0'], 'Zoom in, out, to the path, to everything'],
  [['M'], 'Policy mode: draw what may reach what'],
  [['I', 'D'], 'Open or collapse the inspector, the dock'],
  [['S'], 'Share: copy a link to this step'],
  [['Ctrl', 'Z'], 'Undo'],
  [['Ctrl', 'Shift', 'Z'], 'Redo'],
  [['Esc'], 'Back from what is selected to the step'],
  [['?'], 'This list'],
];

/** What each key does. It comes when it is asked for. */
export function KeyList() {
  return (
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
  );
}
