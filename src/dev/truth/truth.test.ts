/**
 * The kernel model against what a real kernel did: the recorded flows beside the project. Where they are missing these tests say so and
 * the project's own laws still run.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLabs, replayLab } from './kernel-flows.ts';

const RECORDED = join(process.cwd(), '../shared/truth/kernel');

/** Labs whose features a later issue brings; `lab.ts` gives the reason for each. */
const LATER = ['calico-bgp'];

describe.skipIf(!existsSync(RECORDED))(
  'a real kernel (skipped where ../shared/truth is missing: no recordings)',
  () => {
    for (const lab of findLabs(RECORDED)) {
      describe(lab.lab, () => {
        for (const flow of replayLab(lab)) {
          it(flow.name, () => {
            expect(flow.outcome, flow.detail).toBe(LATER.includes(lab.lab) ? 'not modelled' : 'equal');
          });
        }
      });
    }
  },
);
