import { type ESTree, Visitor } from 'vite';
import { type Finding, isTest, type Source } from './source.ts';

/** What the pure part may not call, by the name as it is written, and what it uses instead. */
const impure: readonly { readonly name: RegExp; readonly instead: string }[] = [
  { name: /^Math\.random$/, instead: 'Draw from the seeded generator of src/sim/base: same seed, same bytes.' },
  { name: /^crypto\./, instead: 'Draw from the seeded generator of src/sim/base, hash with @noble/hashes.' },
  { name: /^(Date(\.now|\.parse)?|performance\.now)$/, instead: "Take the world's virtual time as an argument." },
  {
    name: /^(setTimeout|setInterval|setImmediate|queueMicrotask|requestAnimationFrame|requestIdleCallback)$/,
    instead: 'Nothing waits here: put an event into virtual time. Real frames belong to src/render.',
  },
  { name: /^(localStorage|sessionStorage|indexedDB)\b/, instead: 'Return the data; src/store keeps it.' },
  {
    name: /^(document|window|navigator|globalThis|self)\./,
    instead: 'No DOM here: return data, src/render or src/ui shows it.',
  },
  {
    name: /^(fetch|XMLHttpRequest|WebSocket|Worker)$/,
    instead: 'Nothing here talks to anybody: take the data as an argument.',
  },
  { name: /^process\./, instead: 'This also runs in a browser: take the setting as an argument.' },
  { name: /^console\./, instead: 'Return a step or an error that says it.' },
];

/** Names that the file itself declares: its own `document` is a saved scenario, not the browser's. */
function readLocals(program: ESTree.Program): Set<string> {
  const names = new Set<string>();
  const bind = (pattern: unknown): void => {
    if (Array.isArray(pattern)) {
      for (const element of pattern) bind(element);
      return;
    }
    const node = (pattern ?? {}) as Record<string, unknown>;
    if (node.type === 'Identifier') names.add(String(node.name));
    if (node.type === 'ObjectPattern') bind(node.properties);
    if (node.type === 'ArrayPattern') bind(node.elements);
    if (node.type === 'Property') bind(node.value);
    if (node.type === 'AssignmentPattern') bind(node.left);
    if (node.type === 'RestElement') bind(node.argument);
    if (node.type === 'TSParameterProperty') bind(node.parameter);
  };
  new Visitor({
    VariableDeclarator: (node) => bind(node.id),
    FunctionDeclaration: (node) => bind([node.id, ...node.params]),
    FunctionExpression: (node) => bind(node.params),
    ArrowFunctionExpression: (node) => bind(node.params),
    ImportSpecifier: (node) => bind(node.local),
    CatchClause: (node) => bind(node.param),
  }).visit(program);
  return names;
}

function checkPure({ path, program, text, lineOf }: Source): Finding[] {
  if (!program || !path.startsWith('src/sim/') || isTest(path)) return [];
  const findings: Finding[] = [];
  const locals = readLocals(program);
  const judge = (node: { start: number; end: number }): void => {
    const name = text.slice(node.start, node.end).replaceAll('?.', '.').replaceAll(/\s+/g, '');
    if (locals.has(name.split('.')[0] ?? '')) return;
    const rule = impure.find((candidate) => candidate.name.test(name));
    if (rule)
      findings.push({ path, line: lineOf(node.start), what: `${name} is banned in src/sim.`, instead: rule.instead });
  };
  new Visitor({
    CallExpression: (node) => node.callee.type === 'Identifier' && judge(node.callee),
    NewExpression: (node) => node.callee.type === 'Identifier' && judge(node.callee),
    MemberExpression: (node) => node.object.type === 'Identifier' && judge(node),
  }).visit(program);
  return findings;
}

/** Tests do not time: a busy machine would fail them. `npm run bench` measures. */
function checkTiming({ path, lines }: Source): Finding[] {
  if (!isTest(path)) return [];
  return lines.flatMap((line, at) =>
    line.includes('performance' + '.now')
      ? [
          {
            path,
            line: at + 1,
            what: 'a test measures time.',
            instead: 'Measure in src/dev/bench, which only reports.',
          },
        ]
      : [],
  );
}

/** `it.skip`, `test.describe.only`: the last word, when the first one is a test runner's. */
function runnerModifier(callee: ESTree.Expression, text: string): string | undefined {
  return /^(?:it|test|describe|suite|bench)\b[\w.]*\.(only|skip|fixme|todo)$/.exec(
    text.slice(callee.start, callee.end),
  )?.[1];
}

function checkCode({ path, program, text, lines, lineOf }: Source): Finding[] {
  if (!program) return [];
  const findings: Finding[] = [];
  const add = (node: { start: number }, what: string, instead: string): void => {
    findings.push({ path, line: lineOf(node.start), what, instead });
  };
  const noEval = (node: ESTree.CallExpression | ESTree.NewExpression): void => {
    if (node.callee.type !== 'Identifier' || (node.callee.name !== 'eval' && node.callee.name !== 'Function')) return;
    add(node, `${node.callee.name}() runs text as code.`, 'The page forbids it. Write a table or a function.');
  };
  new Visitor({
    TSAnyKeyword: (node) =>
      add(node, '`any` switches the checker off.', 'Use `unknown` and decode it, or name the type.'),
    ExportDefaultDeclaration: (node) => add(node, 'exports a default.', 'Export it by a name like its file.'),
    NewExpression: noEval,
    CallExpression(node) {
      noEval(node);
      const modifier = runnerModifier(node.callee as ESTree.Expression, text);
      const line = lineOf(node.start);
      if (modifier === 'only') add(node, '.only hides every other test.', 'Remove it.');
      const reason = node.arguments[1]?.type;
      const isExplained = lines[line - 1]?.includes('//') || reason === 'Literal' || reason === 'TemplateLiteral';
      if (modifier && modifier !== 'only' && !isExplained) {
        add(node, `.${modifier} without a reason.`, 'Say why in a comment on the same line, or make it run.');
      }
    },
    MemberExpression(node) {
      if (path.startsWith('src/dev/') || !path.startsWith('src/') || isTest(path)) return;
      if (!/^console\.(log|debug|info)$/.test(text.slice(node.start, node.end))) return;
      add(node, 'console.log is left over.', 'Remove it, or show it to the person in src/ui.');
    },
  }).visit(program);
  return findings;
}

const machinePath = /(?<![\w.$}*-])\/(?:work|tmp|root)\/\w/;

function checkText({ path, lines, comments, lineOf }: Source): Finding[] {
  const findings: Finding[] = [];
  for (const { value, start } of comments) {
    const line = lineOf(start);
    const mark = /\b(TODO|FIXME|XXX)\b/.exec(value)?.[1];
    if (mark) {
      const instead = 'Do it now, or state it as SIMPLIFIED: with what the real one does.';
      findings.push({ path, line, what: `${mark} is a promise to nobody.`, instead });
    }
    if (/@ts-(ignore|nocheck)/.test(value)) {
      const instead = 'Fix the type; where a test needs a wrong one, @ts-expect-error with the reason.';
      findings.push({ path, line, what: 'switches the checker off.', instead });
    }
  }
  for (const [index, text] of lines.entries()) {
    if (!machinePath.test(text)) continue;
    const instead = 'Use a path relative to the project, or a folder that the system gives.';
    findings.push({ path, line: index + 1, what: "names a folder of one person's machine.", instead });
  }
  return findings;
}

/** What nobody may write, each with what to write instead. */
export function checkBans(sources: readonly Source[]): Finding[] {
  return sources.flatMap((source) => [
    ...checkPure(source),
    ...checkTiming(source),
    ...checkCode(source),
    ...checkText(source),
  ]);
}
