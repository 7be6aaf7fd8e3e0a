import { err, ok, type Result } from '../../base/result.ts';
import type { Problem } from '../problem.ts';

/** The version that this program writes. */
export const DOCUMENT_VERSION = 1;

/**
 * The step from version `n` to `n + 1`, at key `n`: one file each, `v1-to-v2.ts`, beside this one. A step is total: it gets whatever
 * stood in the document, changes what it knows, and leaves the judgement to the decoder. Steps are never edited after a release.
 */
export type Migration = (document: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;

const migrations: ReadonlyMap<number, Migration> = new Map();

/** Brings a saved document of any known version to the present one. `steps` and `current` are for the test of the chain. */
export function migrate(
  document: unknown,
  steps: ReadonlyMap<number, Migration> = migrations,
  current: number = DOCUMENT_VERSION,
): Result<Readonly<Record<string, unknown>>, Problem> {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return err({
      where: 'document',
      what: 'This is not a Hopscope scenario.',
      hint: 'Open a file that Hopscope saved.',
    });
  }
  let moved: Readonly<Record<string, unknown>> = { ...document };
  const { version } = moved;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    return err({ where: 'version', what: 'It does not say its version.', hint: 'Open a file that Hopscope saved.' });
  }
  if (version > current) {
    return err({
      where: 'version',
      what: `It was made by a newer Hopscope (document version ${version}, this one knows ${current}).`,
      hint: 'Reload the page to get the newest Hopscope, then open it again.',
    });
  }
  for (let from = version; from < current; from++) {
    const step = steps.get(from);
    if (!step) throw new Error(`Broken invariant: no migration from document version ${from}`);
    moved = { ...step(moved), version: from + 1 };
  }
  return ok(moved);
}
