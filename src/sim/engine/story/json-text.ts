import type { Json } from '../../drivers/contract.ts';

const LINE_MAX = 72;

/** JSON for reading: what fits stays on one line. */
export function jsonText(value: Json, indent = ''): string {
  const flat = flatText(value);
  if (flat.length + indent.length <= LINE_MAX || typeof value !== 'object' || value === null) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map((item) => inner + jsonText(item, inner)).join(',\n')}\n${indent}]`;
  const fields = Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${jsonText(item, inner)}`);
  return `{\n${fields.join(',\n')}\n${indent}}`;
}

function flatText(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(flatText).join(', ')}]`;
  const fields = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${flatText(item)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}
