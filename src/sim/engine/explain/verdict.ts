import type { Step } from '../../linux/step.ts';
import type { Probe } from '../../scenario/probe.ts';
import type { ProgramResult } from '../program-result.ts';
import type { Outcome, Verdict } from '../trace.ts';
import type { World } from '../world.ts';
import { inWordsOf } from './family-words.ts';
import { type Case, caseOf, type Finding } from './verdict-case.ts';
import { findDeleted } from './verdict-deleted.ts';
import { findGood } from './verdict-good.ts';
import { findLost, headOf } from './verdict-lost.ts';
import { printedOf } from './verdict-printed.ts';
import { findProxied } from './verdict-proxied.ts';
import { findRefused } from './verdict-refused.ts';
import { findStale } from './verdict-stale.ts';
import { findSize, findTtl, findUnresolved } from './verdict-told.ts';
import { findUnheard } from './verdict-unheard.ts';

const GOOD: ReadonlySet<Outcome> = new Set(['connected', 'reply', 'route-traced']);

/**
 * What the program printed, one plain sentence that names the object that decided, and the smallest change that would help. All of
 * it is derived from the steps and the world; no scenario is known by name.
 */
export function verdictOf(result: ProgramResult, steps: readonly Step[], world: World, probe: Probe): Verdict {
  const c = caseOf(result, steps, world, probe);
  const { outcome } = result;
  const proxied = findProxied(c);
  if (proxied) return { outcome, good: false, printed: printedOf(c), ...proxied };
  const isGood = GOOD.has(outcome);
  const stale = isGood ? null : findStale(c, headOf(c));
  const deleted = isGood ? null : findDeleted(c, headOf(c));
  return { outcome, good: isGood, printed: printedOf(c), ...(stale ?? deleted ?? unheard(c, isGood)) };
}

function unheard(c: Case, isGood: boolean): Finding {
  const found = findingOf(c);
  return (isGood ? null : findUnheard(c, found)) ?? found;
}

/** Who refused looked at the packet itself, not at an envelope. */
const inFamilyWords = ({ first }: Case, found: Finding): Finding =>
  first ? { ...found, sentence: inWordsOf(first.frame, found.sentence) } : found;

function findingOf(c: Case): Finding {
  switch (c.result.outcome) {
    case 'connected':
    case 'reply':
    case 'route-traced':
      return findGood(c);
    case 'refused':
    case 'prohibited':
      return inFamilyWords(c, findRefused(c));
    case 'message-too-long':
      return findSize(c);
    case 'ttl-exceeded':
      return findTtl(c);
    case 'unresolved':
      return findUnresolved(c);
    case 'timeout':
    case 'no-route':
    case 'host-unreachable':
    case 'net-unreachable':
      return findLost(c);
  }
}
