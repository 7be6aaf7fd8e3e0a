/**
 * The kernel model against what a real kernel did: the recorded flows beside the project, and a few of its own. Where the former are
 * missing these tests say so.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findLabs, replayLab } from './kernel-flows.ts';
import { findProxyFolders } from './proxy-cases.ts';

const RECORDED = join(process.cwd(), '../shared/truth/kernel');
const OWN = join(import.meta.dirname, 'recordings');
const PROXY = join(process.cwd(), '../shared/truth/kube-proxy');

describe.skipIf(!existsSync(RECORDED))(
  'a real kernel (skipped where ../shared/truth is missing: no recordings)',
  () => {
    for (const lab of findLabs(RECORDED)) {
      describe(lab.lab, () => {
        for (const flow of replayLab(lab)) {
          it(flow.name, () => {
            expect(flow.outcome, flow.detail).toBe('equal');
          });
        }
      });
    }
  },
);

describe("a real kernel, by the project's own recordings", () => {
  it.each(findLabs(OWN).flatMap((lab) => replayLab(lab).map((flow) => [flow.name, flow] as const)))(
    '%s',
    (_name, { outcome, detail }) => {
      expect(outcome, detail).toBe('equal');
    },
  );
});

describe('a folder of recordings', () => {
  const named = (path: string): readonly string[] => findLabs(join(RECORDED, path)).map(({ lab }) => lab);

  it.skipIf(!existsSync(RECORDED))('may be named, or one lab of it', () => {
    expect(named('.')).toContain('flannel-iptables');
    expect(named('observed/flannel-iptables')).toEqual(['flannel-iptables']);
    expect(named('inputs')).toEqual([]);
  });

  it.skipIf(!existsSync(RECORDED))('of kube-proxy likewise', () => {
    expect(findProxyFolders(PROXY).length).toBeGreaterThan(1);
    expect(findProxyFolders(join(PROXY, 'ipvs'))).toEqual([join(PROXY, 'ipvs')]);
    expect(findProxyFolders(RECORDED)).toEqual([]);
  });
});
