/** Where one stands in a scenario: what a link points at beside the scenario itself. */
export interface Moment {
  /** The step of the trace; 0 is its start. Where a name is looked up first, the whole lookup is 0. */
  readonly step: number;
  /** Within the lookup of a name: the step, counted from the start of the trace. */
  readonly inLookup?: number;
  /** How the page is arranged, in a word of the page's own: `rules`, `rules/cost/1000`, `present`. Absent for the usual view. */
  readonly view?: string;
}

export const START: Moment = { step: 0 };
