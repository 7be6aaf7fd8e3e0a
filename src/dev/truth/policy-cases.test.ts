/** The oracle against every recorded case about policies. Where they are missing this test says so. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPolicyFolders, replayPolicyFolder } from './policy-cases.ts';

const RECORDED = join(process.cwd(), '../shared/truth/netpol');

describe.skipIf(!existsSync(RECORDED))('policies (skipped where ../shared/truth is missing: no cases)', () => {
  it.each(findPolicyFolders(RECORDED).map((folder) => [basename(folder), folder] as const))('%s', (_name, folder) => {
    const results = replayPolicyFolder(folder);
    expect(results.length).toBeGreaterThan(0);
    expect(results.filter(({ outcome }) => outcome === 'different')).toEqual([]);
    for (const { outcome, detail } of results)
      if (outcome === 'not modelled') expect(detail).toMatch(/^does not count: /);
  });

  it('are found one folder at a time, too', () => {
    expect(findPolicyFolders(join(RECORDED, 'e2e'))).toEqual([join(RECORDED, 'e2e')]);
    expect(findPolicyFolders(join(RECORDED, '..'))).toEqual([]);
  });
});
