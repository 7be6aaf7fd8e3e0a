import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ESTree, parseSync, Visitor } from 'vite';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** One reference from a file to another: a package's name, or a path in this project. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** One file as the laws see it. */
export interface Source {
  /** From the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly program: ESTree.Program | undefined;
  readonly comments: readonly { readonly value: string; readonly start: number }[];
  readonly imports: readonly Import[];
  lineOf(offset: number): number;
}

/** One broken law: where, what, and what to do instead. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly what: string;
  readonly instead: string;
}

export const print = ({ path, line, what, instead }: Finding): string => `${path}:${line} ${what} ${instead}`;

export const isTest = (path: string): boolean => /\.(test|spec)\.tsx?$/.test(path);

const isCode = (path: string): boolean => /\.tsx?$/.test(path);

/** Type imports are not in the parser's module record; `import('./x').T` is. Both tie one file to another. */
function readImports(program: ESTree.Program, text: string, lineOf: (offset: number) => number): Import[] {
  const found: Import[] = [];
  const add = (node: unknown): void => {
    const { value, start } = (node ?? {}) as { value?: unknown; start?: number };
    if (typeof value === 'string' && start !== undefined) found.push({ specifier: value, line: lineOf(start) });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    NewExpression(node) {
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'URL') return;
      if (text.slice(node.start, node.end).includes('import.meta.url')) add(node.arguments[0]);
    },
    CallExpression(node) {
      if (!text.slice(node.callee.start, node.callee.end).startsWith('import.meta.glob')) return;
      const patterns = node.arguments[0];
      for (const element of patterns?.type === 'ArrayExpression' ? patterns.elements : [patterns]) add(element);
    },
  }).visit(program);
  return found;
}

export function toSource(path: string, text: string): Source {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  const lineOf = (offset: number): number => {
    const after = starts.findIndex((start) => start > offset);
    return after < 0 ? starts.length : after;
  };
  const lines = text.replace(/\n$/, '').split('\n');
  if (!isCode(path)) return { path, text, lines, lineOf, program: undefined, comments: [], imports: [] };
  const { program, comments } = parseSync(path, text);
  return { path, text, lines, lineOf, program, comments, imports: readImports(program, text, lineOf) };
}

/** Every file below the given folders, sorted, so that two runs say the same in the same order. */
export function readSources(...folders: string[]): Source[] {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).replaceAll('\\', '/')),
  );
  return paths
    .filter((path) => /\.(tsx?|mjs|css)$/.test(path))
    .sort()
    .map((path) => toSource(path, readFileSync(join(ROOT, path), 'utf8')));
}

/** Where a relative import leads, as a path from the root (or a glob); undefined for a package. */
export function target(from: string, specifier: string): string | undefined {
  const bare = specifier.replace(/\?.*$/, '');
  if (bare.startsWith('/')) return bare.slice(1);
  if (!bare.startsWith('.')) return undefined;
  return join(dirname(from), bare).replaceAll('\\', '/');
}
