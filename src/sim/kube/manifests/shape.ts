/** What the fields of a kind look like, what they mean here, and the check of a value against it. */
import type { FieldError, Path } from '../validate/field-error.ts';
import { isValueMap, type Value, type ValueMap } from './read-yaml.ts';

/** `any`: a part of Kubernetes that is not looked into. */
export type Shape =
  /** `go`: how Go calls the type, where it has a name of its own. */
  | { readonly type: 'string' | 'bool' | 'int32' | 'intOrString' | 'any'; readonly go?: string }
  | { readonly type: 'map' }
  | { readonly type: 'list'; readonly of: Shape }
  | Struct;

export interface Struct {
  readonly type: 'struct';
  /** The Go type, as the API server's decoder names it: `ServicePort`. */
  readonly go: string;
  readonly fields: ReadonlyMap<string, Field>;
}

export interface Field {
  readonly shape: Shape;
  readonly fate: Fate;
}

/**
 * `kept`: modelled. `idle`: does not change a packet's path. Else the field would matter, and the text says what happens instead;
 * `unless` is the value that makes no difference.
 */
export type Fate = 'kept' | 'idle' | { readonly consequence: string; readonly unless?: Value };

export const STRING: Shape = { type: 'string' };
export const BOOL: Shape = { type: 'bool' };
export const INT: Shape = { type: 'int32' };
export const INT_OR_STRING: Shape = { type: 'intOrString' };
export const MAP: Shape = { type: 'map' };
export const ANY: Shape = { type: 'any' };
/** A string of few words, as Go has it: `v1.Protocol`. */
export const word = (go: string): Shape => ({ type: 'string', go: `v1.${go}` });
export const list = (of: Shape): Shape => ({ type: 'list', of });

interface StructParts {
  readonly kept?: Readonly<Record<string, Shape>>;
  /** Names, separated by spaces. */
  readonly idle?: string;
  /** Idle for packets, but the API server's rules need their type. */
  readonly idleTyped?: Readonly<Record<string, Shape>>;
  readonly matters?: Readonly<
    Record<string, string | { readonly consequence: string; readonly unless?: Value; readonly shape?: Shape }>
  >;
}

export function struct(go: string, { kept = {}, idle = '', idleTyped = {}, matters = {} }: StructParts): Struct {
  const fields = new Map<string, Field>();
  for (const name of idle.split(' ').filter(Boolean)) fields.set(name, { shape: ANY, fate: 'idle' });
  for (const [name, shape] of Object.entries(idleTyped)) fields.set(name, { shape, fate: 'idle' });
  for (const [name, shape] of Object.entries(kept)) fields.set(name, { shape, fate: 'kept' });
  for (const [name, what] of Object.entries(matters)) {
    const { shape = ANY, ...fate } = typeof what === 'string' ? { consequence: what } : what;
    fields.set(name, { shape, fate });
  }
  return { type: 'struct', go, fields };
}

export interface ShapeReport {
  readonly errors: FieldError[];
  /** Fields that would matter, with what happens instead. */
  readonly matters: { readonly path: Path; readonly consequence: string }[];
  readonly idle: Set<string>;
}

/** What is said of a value of the wrong type; `owner` is the Go struct that has the field. */
export type TypeWords = (value: Value, shape: Shape, path: Path, owner: string) => string;

interface Checking extends ShapeReport {
  readonly words: TypeWords;
}

/** Checks a value against a struct, from the object's root. Null means "not set" everywhere, as in JSON for Go. */
export function checkShape(value: ValueMap, shape: Struct, words: TypeWords = decodeError): ShapeReport {
  const report: Checking = { errors: [], matters: [], idle: new Set(), words };
  checkStruct(value, shape, [], report);
  return report;
}

function checkStruct(value: ValueMap, shape: Struct, path: Path, report: Checking): void {
  for (const [name, item] of Object.entries(value)) {
    const field = shape.fields.get(name);
    const at = [...path, name];
    if (field === undefined) {
      report.errors.push({ path: at, text: `strict decoding error: unknown field "${dotted(at, true)}"` });
      continue;
    }
    if (item === null) continue;
    if (field.fate === 'idle') report.idle.add(name);
    else if (field.fate !== 'kept' && saysSomething(item, field.fate.unless))
      report.matters.push({ path: at, consequence: field.fate.consequence });
    checkValue(item, field.shape, at, shape.go, report);
  }
}

const saysSomething = (value: Value, unless: Value | undefined): boolean =>
  value !== false &&
  value !== '' &&
  value !== unless &&
  !(typeof value === 'object' && Object.keys(value ?? {}).length === 0);

/** `owner` is the struct that has the field. */
function checkValue(value: Value, shape: Shape, path: Path, owner: string, report: Checking): void {
  const isGood = hasType(value, shape);
  if (!isGood) {
    report.errors.push({ path, text: report.words(value, shape, path, owner) });
    return;
  }
  if (shape.type === 'struct' && isValueMap(value)) checkStruct(value, shape, path, report);
  if (shape.type === 'list' && Array.isArray(value)) {
    const inner = shape.of.type === 'struct' ? shape.of.go : owner;
    for (const [index, item] of value.entries())
      if (item !== null) checkValue(item, shape.of, [...path, index], inner, report);
  }
  if (shape.type === 'map' && isValueMap(value)) {
    for (const [key, item] of Object.entries(value)) {
      if (typeof item === 'string' || item === null) continue;
      report.errors.push({ path: [...path, key], text: report.words(item, STRING, path, owner) });
    }
  }
}

const INT32_MAX = 2_147_483_647;

function hasType(value: Value, shape: Shape): boolean {
  const isInt = typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= INT32_MAX;
  switch (shape.type) {
    case 'any':
      return true;
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int32':
      return isInt;
    case 'intOrString':
      return isInt || typeof value === 'string';
    case 'list':
      return Array.isArray(value);
    case 'map':
    case 'struct':
      return isValueMap(value);
  }
}

/** encoding/json's words, as the API server passes them on. */
function decodeError(value: Value, shape: Shape, path: Path, owner: string): string {
  const isNumeric = shape.type === 'int32' || shape.type === 'intOrString';
  const what = typeof value === 'number' && isNumeric ? `number ${value}` : jsonType(value);
  if (shape.type === 'intOrString') return `json: cannot unmarshal ${what} into Go value of type int32`;
  return `json: cannot unmarshal ${what} into Go struct field ${owner}.${dotted(path, false)} of type ${goType(shape)}`;
}

/** The schema of a custom kind says it in its own words (kube-openapi); its metadata is decoded like everybody's. */
export function schemaError(value: Value, shape: Shape, path: Path, owner: string): string {
  if (path[0] !== 'spec') return decodeError(value, shape, path, owner);
  const at = dotted(path, true);
  const found = schemaType(value);
  return `${at}: Invalid value: "${found}": ${at} in body must be of type ${SCHEMA_TYPES[shape.type]}: "${found}"`;
}

const SCHEMA_TYPES: Readonly<Record<Shape['type'], string>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'integer',
  intOrString: 'integer,string',
  any: 'object',
  map: 'object',
  list: 'array',
  struct: 'object',
};

function schemaType(value: Value): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return Array.isArray(value) ? 'array' : typeof value;
}

function jsonType(value: Value): string {
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

function goType(shape: Shape): string {
  if (shape.type === 'struct') return `v1.${shape.go}`;
  if (shape.type === 'list') return `[]${goType(shape.of)}`;
  if (shape.type === 'map') return 'map[string]string';
  return shape.go ?? shape.type;
}

const dotted = (path: Path, withIndex: boolean): string =>
  path
    .filter((part) => withIndex || typeof part === 'string')
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');

/**
 * The value as Go holds it after decoding: null fields are unset, null items of lists and maps are zero values. What the shape does
 * not look into is left out. The value has passed `checkShape`.
 */
export function decoded(value: Value, shape: Shape): unknown {
  if (shape.type === 'struct') {
    const fields = isValueMap(value) ? Object.entries(value) : [];
    return Object.fromEntries(
      fields.flatMap(([name, item]) => {
        const field = shape.fields.get(name);
        return item === null || field === undefined ? [] : [[name, decoded(item, field.shape)]];
      }),
    );
  }
  if (shape.type === 'list') return Array.isArray(value) ? value.map((item) => decoded(item, shape.of)) : [];
  if (shape.type === 'map')
    return isValueMap(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, item ?? ''])) : {};
  if (shape.type === 'any') return undefined;
  return value ?? (shape.type === 'string' ? '' : 0);
}
