/** The shield of a pod that policies isolate: its left half is filled for ingress, its right half for egress. */
import type { Drawing } from './draw-box.ts';
import type { Guard } from './picture-guards.ts';

const OUTLINE = 'M6 0.5L11.5 2.5V6.5C11.5 9.8 9.2 12 6 13.5C2.8 12 0.5 9.8 0.5 6.5V2.5Z';
const LEFT = 'M6 2L2 3.5V6.5C2 8.9 3.6 10.6 6 11.8Z';
const RIGHT = 'M6 2L10 3.5V6.5C10 8.9 8.4 10.6 6 11.8Z';
/** It sits on the frame, where no word is. */
const FROM_RIGHT = 22;
const ABOVE = 6;

export function drawGuard(g: Drawing, { ingress, egress, isIdle }: Guard, widthPx: number): void {
  const shield = g
    .append('g')
    .attr('class', isIdle ? 'hs-guard is-idle' : 'hs-guard')
    .attr('transform', `translate(${widthPx - FROM_RIGHT} ${-ABOVE})`);
  shield.append('path').attr('class', 'hs-guard-outline').attr('d', OUTLINE);
  if (ingress) shield.append('path').attr('class', 'hs-guard-half').attr('d', LEFT);
  if (egress) shield.append('path').attr('class', 'hs-guard-half').attr('d', RIGHT);
}
