/** What a replay found, per case and per folder. */
export interface CaseResult {
  readonly name: string;
  readonly outcome: 'equal' | 'different' | 'not modelled';
  /** The first difference, or the reason. */
  readonly detail?: string;
}

/** A paragraph per folder: counts, every difference, and the reasons for what is not modelled. */
export function report(folder: string, cases: readonly CaseResult[]): string {
  const of = (outcome: CaseResult['outcome']): readonly CaseResult[] => cases.filter((c) => c.outcome === outcome);
  const lines = [
    `${folder}: ${of('equal').length} equal, ${of('different').length} different, ${of('not modelled').length} not modelled`,
  ];
  for (const c of of('different')) lines.push(`  different ${c.name}`, `    ${c.detail ?? ''}`);
  const reasons = new Map<string, number>();
  for (const c of of('not modelled')) reasons.set(c.detail ?? '', (reasons.get(c.detail ?? '') ?? 0) + 1);
  for (const [reason, count] of reasons) lines.push(`  not modelled (${count}): ${reason}`);
  return lines.join('\n');
}
