/** The law of the house is a program: floors, bans, names, sizes, dead files. Each message says what to do instead. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkBans } from './tidy/bans.ts';
import { checkDead } from './tidy/dead.ts';
import { checkFloors } from './tidy/floors.ts';
import { checkShape } from './tidy/shape.ts';
import { type Finding, print, ROOT, readSources, type Source, toSource } from './tidy/source.ts';

type Law = (sources: readonly Source[]) => Finding[];

const house = readSources('src', 'e2e', 'scripts');

describe('the house', () => {
  it.each<[string, Law]>([
    ['imports go down only', checkFloors],
    ['nothing banned is written', checkBans],
    ['names and sizes are kept', checkShape],
    ['no file is dead', checkDead],
  ])('%s', (_name, law) => {
    expect(law(house).map(print)).toEqual([]);
  });

  it('names no registry in the lock file', () => {
    const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    expect(lock.match(/"resolved"|https?:\/\/[^/"]*(registry|npmjs|mirror)[^/"]*/g) ?? []).toEqual([]);
  });
});

const machineFolder = ['', 'tmp', 'x'].join('/');

/** law, file, code, what the finding says (nothing: the code is fine). */
const planted: readonly (readonly [Law, string, string, string?])[] = [
  [checkFloors, 'src/sim/wire/ip.ts', "import { a } from '../base/a.ts';"],
  [checkFloors, 'src/sim/base/a.ts', "import { ip } from '../wire/ip.ts';", 'wire, which is above it'],
  [checkFloors, 'src/sim/linux/a.ts', "import type { Pod } from '../kube/pod.ts';", 'do not know each other'],
  [checkFloors, 'src/sim/linux/a.ts', "export type A = import('../kube/pod.ts').Pod;", 'do not know each other'],
  [checkFloors, 'src/sim/linux/a.ts', "export * from '../kube/pod.ts';", 'do not know each other'],
  [checkFloors, 'src/store/a.ts', "const a = import('../render/stage.ts');", 'do not know each other'],
  [checkFloors, 'src/sim/drivers/cni/canal/a.ts', "import { a } from '../../parts/felix.ts';"],
  [checkFloors, 'src/sim/drivers/cni/canal/a.ts', "import { a } from '../../contract.ts';"],
  [
    checkFloors,
    'src/sim/drivers/cni/canal/a.ts',
    "import { a } from '../calico/a.ts';",
    'imports the driver cni/calico',
  ],
  [checkFloors, 'src/sim/drivers/cni/canal/a.ts', "import { a } from '../../dns/a.ts';", 'imports the driver dns'],
  [checkFloors, 'src/sim/drivers/registry.ts', "import { a } from './cni/calico/a.ts';"],
  [checkFloors, 'src/ui/A.tsx', "import { a } from '../dev/gallery.ts';", 'Nothing imports dev/'],
  [checkFloors, 'src/dev/truth/cli.ts', "import { a } from '../../sim/engine/a.ts'; import fs from 'node:fs';"],
  [checkFloors, 'src/sim/kube/a.ts', "import ipaddr from 'ipaddr.js';", 'Use Ip and Cidr'],
  [checkFloors, 'src/sim/wire/ip.ts', "import ipaddr from 'ipaddr.js';"],
  [checkFloors, 'src/render/a.ts', "import { useState } from 'react';", 'React lives in src/ui'],
  [checkFloors, 'src/store/a.ts', "import { create } from 'zustand';", 'zustand/vanilla'],
  [checkFloors, 'src/store/a.ts', "import { createStore } from 'zustand/vanilla';"],
  [checkFloors, 'src/sim/engine/a.ts', "import { readFileSync } from 'node:fs';", 'also runs in a browser'],
  [checkFloors, 'src/extra/a.ts', '', 'stands on no floor'],

  [checkBans, 'src/sim/base/a.ts', 'export const a = Math.random();', 'Math.random is banned'],
  [checkBans, 'src/sim/base/a.ts', 'export const a = new Date();', 'virtual time'],
  [checkBans, 'src/sim/base/a.ts', 'document.createElement("a");', 'No DOM here'],
  [checkBans, 'src/sim/base/a.ts', 'export const a = (document: Saved) => document.pods;'],
  [checkBans, 'src/sim/base/a.ts', '// Math.random() is what the kernel does.'],
  [checkBans, 'src/render/a.ts', 'requestAnimationFrame(() => {});'],
  [checkBans, 'src/sim/base/a.ts', 'setTimeout(() => {}, 1);', 'Nothing waits here'],
  [checkBans, 'src/ui/a.ts', 'export const a = (b: any) => b;', '`any`'],
  [checkBans, 'src/ui/a.ts', 'export const a = "any";'],
  [checkBans, 'src/ui/a.ts', 'export default 1;', 'exports a default'],
  [checkBans, 'src/ui/a.ts', 'eval("1");', 'runs text as code'],
  [checkBans, 'src/ui/a.ts', '// @ts-ignore', 'switches the checker off'],
  [checkBans, 'src/ui/a.ts', `// ${'TO'}DO later`, 'promise to nobody'],
  [checkBans, 'src/ui/a.ts', 'console.log(1);', 'left over'],
  [checkBans, 'src/ui/a.test.ts', "it.only('a', () => {});", 'hides every other'],
  [checkBans, 'src/ui/a.test.ts', "it.skip('a', () => {});", 'without a reason'],
  [checkBans, 'src/ui/a.test.ts', "it.skip('a', () => {}); // The recordings are not here."],
  [checkBans, 'src/ui/a.ts', `export const a = '${machineFolder}';`, "one person's machine"],

  [checkShape, 'src/ui/path-utils.ts', '', 'is called "utils"'],
  [checkShape, 'src/ui/TabManager.tsx', '', 'is called "manager"'],
  [checkShape, 'src/ui/pathOf.ts', '', 'is not kebab-case'],
  [checkShape, 'src/ui/tab-bar.tsx', '', 'is not PascalCase'],
  [checkShape, 'src/ui/TabBar.test.tsx', ''],
  [checkShape, 'src/ui/a.ts', "export * from './b.ts';", 'No barrels'],
  [checkShape, 'src/ui/a.ts', '\n'.repeat(402), 'has 402 lines'],
  [checkShape, 'src/ui/a.ts', `export const draw = () => {${'\n'.repeat(80)}};`, 'draw has 81 lines'],

  [checkDead, 'src/ui/a.ts', '', 'is reached from nowhere'],
  [checkDead, 'src/dev/bench/cli.ts', ''],
];

describe('the laws themselves', () => {
  it.each(
    planted.map(([law, path, code, says]) => [`${path}  ${code.trim().slice(0, 60)}`, law, path, code, says] as const),
  )('%s', (_name, law, path, code, says) => {
    const found = law([toSource(path, code)]).map(print);
    if (says === undefined) expect(found).toEqual([]);
    else expect(found.join('\n')).toContain(says);
  });

  it('follows imports, globs and workers to find what is dead', () => {
    const sources = [
      toSource('src/main.tsx', "import './ui/a.ts'; import.meta.glob('./ui/lessons/*.ts');"),
      toSource('src/ui/a.ts', "new Worker(new URL('./b.ts', import.meta.url)); import('./c.ts');"),
      ...['b', 'c', 'd', 'lessons/e'].map((name) => toSource(`src/ui/${name}.ts`, '')),
    ];
    expect(checkDead(sources).map(({ path }) => path)).toEqual(['src/ui/d.ts']);
  });
});
