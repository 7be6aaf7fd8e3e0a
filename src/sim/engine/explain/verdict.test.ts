import { expect, it } from 'vitest';
import { exampleTrace, exampleWorld } from './example.ts';
import { verdictOf } from './verdict.ts';

it('says so when everything arrived and nothing came back', () => {
  const result = { outcome: 'timeout', clientIp: null, atStep: null } as const;
  expect(verdictOf(result, exampleTrace.steps, exampleWorld, exampleTrace.probe).sentence).toBe(
    'No answer: every packet arrived, but nothing came back to tool-1.',
  );
});
