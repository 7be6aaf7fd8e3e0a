import { type Finding, isTest, type Source, target } from './source.ts';

const isEntry = (path: string): boolean =>
  path === 'src/main.tsx' ||
  isTest(path) ||
  /\.d\.ts$/.test(path) ||
  /^src\/dev\/(.*\/)?(cli|main)\.tsx?$/.test(path) ||
  /^(e2e\/|scripts\/|[^/]+$)/.test(path);

/** `./devices/*.ts`, as Vite's import.meta.glob reads it. */
function globToRegExp(glob: string): RegExp {
  const escaped = glob.replaceAll(/[.+^$()|[\]\\]/g, '\\$&').replaceAll(/\{([^}]*)\}/g, (_, list: string) => {
    return `(${list.split(',').join('|')})`;
  });
  const stars = escaped.replaceAll('**/', '\0').replaceAll('*', '[^/]*').replaceAll('\0', '(.*/)?');
  return new RegExp(`^${stars}$`);
}

/** Every file is reached from main.tsx, a test, a journey or a program in dev/. */
export function checkDead(sources: readonly Source[]): Finding[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set<string>();
  const waiting = [...byPath.keys()].filter(isEntry);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (reached.has(path)) continue;
    reached.add(path);
    for (const { specifier } of byPath.get(path)?.imports ?? []) {
      const to = target(path, specifier);
      if (to === undefined) continue;
      if (to.includes('*')) {
        const pattern = globToRegExp(to);
        waiting.push(...[...byPath.keys()].filter((candidate) => pattern.test(candidate)));
      } else {
        waiting.push(...[to, `${to}.ts`, `${to}.tsx`].filter((candidate) => byPath.has(candidate)));
      }
    }
  }
  return [...byPath.keys()]
    .filter((path) => !reached.has(path))
    .map((path) => ({
      path,
      line: 1,
      what: 'is reached from nowhere.',
      instead: 'Import it where it is meant to be used, test it, or delete it.',
    }));
}
