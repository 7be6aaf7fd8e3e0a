/** Label selectors as kubectl's `-l` takes them: `app=web, tier in (a, b), !old`. */
import { err, ok, type Result } from '../../sim/base/result.ts';
import type { LabelSelectorObject, SelectorExpression } from '../../sim/kube/policy-objects.ts';

const quoted = (value: string): string => (value === '' ? '""' : value);
const unquoted = (value: string): string => (value === '""' ? '' : value);

export function printSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelectorObject): string {
  return [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${quoted(value)}`),
    ...matchExpressions.map(printExpression),
  ].join(', ');
}

function printExpression({ key, operator, values = [] }: SelectorExpression): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.map(quoted).join(', ')})`;
}

const KEY = '[\\w./-]+';
const EQUALS = new RegExp(`^(${KEY})\\s*==?\\s*([^\\s,()=!]*)$`);
const DIFFERS = new RegExp(`^(${KEY})\\s*!=\\s*([^\\s,()=!]*)$`);
const AMONG = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);

/** What is wrong is one sentence. Whether a key or a value is one of Kubernetes' is for the API server to say. */
export function parseSelector(text: string): Result<LabelSelectorObject, string> {
  const matchLabels: Record<string, string> = {};
  const matchExpressions: SelectorExpression[] = [];
  for (const part of partsOf(text)) {
    const [, key = '', value = ''] = EQUALS.exec(part) ?? [];
    if (key !== '' && !Object.hasOwn(matchLabels, key)) {
      matchLabels[key] = unquoted(value);
      continue;
    }
    const expression = readExpression(part);
    if (expression === null) return err(`"${part}" is no requirement: write app=web, tier in (a, b), role or !role.`);
    matchExpressions.push(expression);
  }
  return ok({
    ...(Object.keys(matchLabels).length > 0 ? { matchLabels } : {}),
    ...(matchExpressions.length > 0 ? { matchExpressions } : {}),
  });
}

function readExpression(part: string): SelectorExpression | null {
  const equals = EQUALS.exec(part);
  if (equals) return { key: equals[1] ?? '', operator: 'In', values: [unquoted(equals[2] ?? '')] };
  const differs = DIFFERS.exec(part);
  if (differs) return { key: differs[1] ?? '', operator: 'NotIn', values: [unquoted(differs[2] ?? '')] };
  const among = AMONG.exec(part);
  if (among) {
    const values = (among[3] ?? '').split(',').map((value) => unquoted(value.trim()));
    return { key: among[1] ?? '', operator: among[2] === 'in' ? 'In' : 'NotIn', values };
  }
  const exists = EXISTS.exec(part);
  return exists ? { key: exists[2] ?? '', operator: exists[1] === '!' ? 'DoesNotExist' : 'Exists' } : null;
}

/** At commas outside of brackets. */
const partsOf = (text: string): readonly string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
