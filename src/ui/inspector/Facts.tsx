/** Name, value, and `code` where the value is what a tool prints. */
export type Fact = readonly [name: string, value: string, style?: 'code'];

export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value, style]) => (
        <div key={name} className="fact">
          <dt>{name}</dt>
          <dd className={style}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
