/** What the marks of the matrix mean. The same shapes as in the cells. */
const ENTRIES = [
  ['allowed', 'M2 6l3 3.2L10 3', 'allowed'],
  ['denied', 'M2.5 2.5l7 7M9.5 2.5l-7 7', 'denied'],
  ['partly', 'M6 2a4 4 0 1 0 0 8a4 4 0 0 0 0-8M6 2v8', 'partly'],
  ['unknown', 'M3.5 4a2.5 2.5 0 1 1 2.5 2.5v1M6 9.5v.5', 'cannot tell'],
  ['changed', 'M1 1h10v10h-10z', 'just changed'],
  ['staged', 'M1 1h10v10h-10z', 'staged would change it'],
] as const;

export function MatrixLegend() {
  return (
    <ul className="matrix-legend" aria-label="Legend">
      {ENTRIES.map(([look, path, words]) => (
        <li key={look}>
          <svg className={`matrix-mark matrix-${look}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
            <path d={path} />
          </svg>
          {words}
        </li>
      ))}
    </ul>
  );
}
