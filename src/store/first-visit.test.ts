import { expect, it } from 'vitest';
import { buildWorld } from '../sim/engine/build-world.ts';
import { traceProbe } from '../sim/engine/converse.ts';
import { DEFAULT_SCENARIO } from '../sim/scenario/defaults.ts';
import { createDocument } from './document.ts';
import { createSession } from './session.ts';

it('the first visit shows a packet that goes through a tunnel and comes back', () => {
  const document = createDocument(DEFAULT_SCENARIO);
  const session = createSession(document, { buildWorld, trace: traceProbe, describeChange: () => null });
  const { problems, trace } = session.getState();
  expect(problems).toEqual([]);
  expect(trace?.verdict.good).toBe(true);
  expect(trace?.steps.some(({ kind }) => kind === 'encap')).toBe(true);
});
