import { describe, expect, it } from 'vitest';
import { SIZES } from '../../sim/engine/cost-curve.ts';
import { CONNECTIONS } from '../../sim/engine/distribute.ts';
import { decodeMoment } from '../../sim/scenario/decode.ts';
import type { RulesArrangement } from '../../store/preferences.ts';
import { DOCK_TABS } from './dock-tabs.ts';
import { arrangedBy, viewWord } from './view-word.ts';

const FIRST: RulesArrangement = { view: 'walk', showsAll: false, services: 100, connections: 100 };
const others: RulesArrangement = { view: 'load', showsAll: true, services: 10, connections: 1000 };

const arrangements: readonly RulesArrangement[] = [
  FIRST,
  { ...FIRST, showsAll: true },
  ...SIZES.map((services): RulesArrangement => ({ ...FIRST, view: 'cost', services })),
  ...CONNECTIONS.map((connections): RulesArrangement => ({ ...FIRST, view: 'load', connections })),
];

describe('the word of a view', () => {
  it.each(arrangements)('gives back %j', (rules) => {
    const word = viewWord({ dockTab: 'rules', rules });
    expect(decodeMoment({ step: 1, view: word }).ok).toBe(true);
    expect(arrangedBy(word, FIRST)).toEqual({ dockTab: 'rules', rules });
    // What another visitor chose in the other views stays theirs.
    expect(viewWord(arrangedBy(word, others))).toBe(word);
  });

  it.each(DOCK_TABS)('names the tab %s', (dockTab) => {
    expect(arrangedBy(viewWord({ dockTab, rules: FIRST }), FIRST).dockTab).toBe(dockTab);
  });

  it.each([
    [undefined, 'timeline', others],
    ['text', 'text', others],
    ['lessons/3', 'timeline', others],
    ['rules/node-1', 'rules', { ...others, view: 'walk', showsAll: false }],
    ['rules/cost/77', 'rules', { ...others, view: 'cost' }],
    ['rules/load', 'rules', { ...others, view: 'load' }],
  ] as const)('reads %s, which an earlier or later page wrote', (word, dockTab, rules) => {
    expect(arrangedBy(word, others)).toEqual({ dockTab, rules });
  });
});
