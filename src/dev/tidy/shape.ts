import { type ESTree, Visitor } from 'vite';
import { type Finding, isTest, type Source } from './source.ts';

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;

/** Larger on purpose: `path` for a file, `path#name` for a function, each with its reason. */
export const largeOnPurpose: ReadonlyMap<string, string> = new Map<string, string>([]);

const bannedWord = /^(utils?|helpers?|common|managers?|misc|stuff)$/;

function checkName({ path, program }: Source): Finding[] {
  const findings: Finding[] = [];
  const add = (what: string, instead: string): number => findings.push({ path, line: 1, what, instead });
  const parts = path.split('/');
  const file = parts.at(-1) ?? '';
  const words = path.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  const banned = words.split(/[/.-]/).find((word) => bannedWord.test(word));
  if (banned) add(`is called "${banned}".`, 'Name it after what it does or what it holds.');
  const stem = file.replace(/(\.(test|law|bench|spec|module|d))*\.\w+$/, '');
  const isKebab = /^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem);
  const isPascal = /^[A-Z][A-Za-z0-9]*$/.test(stem);
  if (file.endsWith('.ts') && !isKebab)
    add('is not kebab-case.ts.', 'Rename it: only components are PascalCase, in .tsx.');
  if (file.endsWith('.tsx') && !isPascal && file !== 'main.tsx') {
    add('is not PascalCase.tsx.', 'Name it like its component; a file without JSX is a .ts.');
  }
  const isBarrel =
    program !== undefined &&
    program.body.length > 0 &&
    program.body.every(
      (node) =>
        node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && node.source !== null),
    );
  if (isBarrel) add('only passes on what others export.', 'No barrels: import from the file that has it.');
  return findings;
}

interface Sized {
  readonly key: string;
  readonly line: number;
  readonly name: string;
  readonly lines: number;
}

function readFunctions({ path, program, lineOf }: Source): Sized[] {
  const found: Sized[] = [];
  const names = new Map<number, string>();
  const measure = (node: ESTree.Function | ESTree.ArrowFunctionExpression): void => {
    const name = ('id' in node ? node.id?.name : undefined) ?? names.get(node.start) ?? 'anonymous';
    const line = lineOf(node.start);
    found.push({ key: `${path}#${name}`, line, name, lines: lineOf(node.end) - line + 1 });
  };
  if (!program) return [];
  new Visitor({
    VariableDeclarator(node) {
      if (node.init && node.id.type === 'Identifier') names.set(node.init.start, node.id.name);
    },
    Property(node) {
      if (node.key.type === 'Identifier') names.set(node.value.start, node.key.name);
    },
    MethodDefinition(node) {
      if (node.key.type === 'Identifier') names.set(node.value.start, node.key.name);
    },
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  }).visit(program);
  return found;
}

function checkSize(source: Source, excuses: ReadonlyMap<string, string>, used: Set<string>): Finding[] {
  const findings: Finding[] = [];
  const { path, lines } = source;
  if (lines.length > FILE_LINES_MAX) {
    used.add(path);
    const what = `has ${lines.length} lines; ${FILE_LINES_MAX} is the limit.`;
    const instead = 'Split it by what it does, one noun a file.';
    if (!excuses.has(path)) findings.push({ path, line: FILE_LINES_MAX + 1, what, instead });
  }
  // A describe() is a list of tests and may be as long as the list.
  for (const sized of isTest(path) ? [] : readFunctions(source)) {
    if (sized.lines <= FUNCTION_LINES_MAX) continue;
    used.add(sized.key);
    const what = `${sized.name} has ${sized.lines} lines; ${FUNCTION_LINES_MAX} is the limit.`;
    const instead = 'Take a step out of it and give the step a name.';
    if (!excuses.has(sized.key)) findings.push({ path, line: sized.line, what, instead });
  }
  return findings;
}

/** Names and sizes: what a file is called, and how much one has to read at a time. */
export function checkShape(sources: readonly Source[], excuses = largeOnPurpose): Finding[] {
  const used = new Set<string>();
  const findings = sources.flatMap((source) => [
    ...(/^(src|e2e)\//.test(source.path) ? checkName(source) : []),
    ...checkSize(source, excuses, used),
  ]);
  for (const key of excuses.keys()) {
    if (used.has(key)) continue;
    const what = `${key} is excused in largeOnPurpose and is not large.`;
    findings.push({ path: 'src/dev/tidy/shape.ts', line: 1, what, instead: 'Take it out of the list.' });
  }
  return findings;
}
