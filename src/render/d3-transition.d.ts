/** What is left of d3-transition (`no-transition.ts`). */
declare module 'd3-transition' {
  export function interrupt(): void;
}
