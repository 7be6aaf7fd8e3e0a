/** YAML or JSON text to plain values that know where they stood. With `write.ts` the only importer of `yaml`. */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  type Tags,
  type YAMLMap,
} from 'yaml';
import { DEPTH_MAX, VALUES_MAX } from './limits.ts';

export type Value = null | boolean | number | string | readonly Value[] | ValueMap;
/** Without a prototype: `__proto__` and `constructor` are keys like others. */
export type ValueMap = { readonly [key: string]: Value };

export const isValueMap = (value: Value | undefined): value is ValueMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export interface Place {
  /** From 1. */
  readonly document: number;
  readonly line: number;
  readonly column: number;
}

export interface YamlDocument {
  readonly value: Value;
  /** Where the value at a path stands; where it is missing, the nearest thing around it. */
  placeOf(path: readonly (string | number)[]): Place;
}

export interface YamlError extends Place {
  readonly text: string;
}

export interface YamlText {
  readonly documents: readonly YamlDocument[];
  readonly errors: readonly YamlError[];
}

const TOO_DEEP = `nested too deeply: at most ${DEPTH_MAX} levels are read`;
/** The composer calls itself for each level, so brackets by the thousand overflow its stack: it throws, or reports V8's or Firefox's words. */
const STACK_OVERFLOW = /call stack|recursion/;

/** Reads every document; empty ones (comments only) are left out. Throws nothing, whatever the text. */
export function readYaml(text: string, documentsMax: number): YamlText {
  const lines = new LineCounter();
  const refuse = (message: string): YamlText => ({
    documents: [],
    errors: [{ document: 1, line: 1, column: 1, text: message }],
  });
  let parsed: readonly Document[];
  try {
    parsed = [...parseAllDocuments(text, { ...PARSE_OPTIONS, lineCounter: lines })];
  } catch (error) {
    if (error instanceof RangeError) return refuse(TOO_DEEP);
    return refuse(`the text cannot be read as YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (parsed.length > documentsMax) {
    return refuse(`${parsed.length} documents are too many: at most ${documentsMax} are read at once`);
  }
  const budget = { values: VALUES_MAX };
  const results = parsed.map((document, index) => readDocument(document, index + 1, lines, budget));
  return {
    documents: results.flatMap(({ document }) => (document ? [document] : [])),
    errors: results.flatMap(({ errors }) => errors),
  };
}

/**
 * YAML 1.1, as sigs.k8s.io/yaml reads it: `yes` and `on` are booleans, `<<` merges. It has no base-60 numbers and no timestamps:
 * `22:22` and `2024-01-01` are text. Unique keys are checked below in linear time.
 */
const PARSE_OPTIONS = {
  version: '1.1',
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'silent',
  customTags: (tags: Tags): Tags =>
    tags
      .filter((tag) => typeof tag === 'string' || !/:(timestamp|binary|set|omap|pairs)$/.test(tag.tag))
      .filter((tag) => typeof tag === 'string' || !('format' in tag) || tag.format !== 'TIME'),
} as const;

interface ReadDocument {
  readonly document?: YamlDocument;
  readonly errors: readonly YamlError[];
}

function readDocument(
  document: Document,
  number: number,
  lines: LineCounter,
  budget: { values: number },
): ReadDocument {
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { document: number, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const broken = document.errors.map(({ pos, message }) => ({
    ...placeAt(pos[0]),
    text: STACK_OVERFLOW.test(message) ? TOO_DEEP : `yaml: ${message}`,
  }));
  if (broken.length > 0) return { errors: broken };
  if (document.contents === null) return { errors: [] };
  const reader = new TreeReader(budget);
  try {
    const value = reader.read(document.contents as Node, 0);
    if (value === null) return { errors: [] };
    const start = document.contents.range?.[0] ?? 0;
    const placeOf = (path: readonly (string | number)[]): Place => placeAt(reader.offsetOf(value, path) ?? start);
    return { document: { value, placeOf }, errors: [] };
  } catch (error) {
    if (error instanceof Refusal) return { errors: [{ ...placeAt(error.offset), text: error.message }] };
    throw error;
  }
}

/** Stops the reading of one document; caught in `readDocument`. */
class Refusal extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Turns nodes into values, and remembers for each map and list where its parts stood. */
class TreeReader {
  readonly #budget: { values: number };
  readonly #anchors = new Map<string, Node>();
  readonly #offsets = new WeakMap<object, Map<string | number, number>>();

  constructor(budget: { values: number }) {
    this.#budget = budget;
  }

  read(node: Node | null, depth: number): Value {
    const offset = node?.range?.[0] ?? 0;
    if (--this.#budget.values < 0)
      throw new Refusal(`more than ${VALUES_MAX} values: too large, or aliases of aliases`, offset);
    if (depth > DEPTH_MAX) throw new Refusal(TOO_DEEP, offset);
    if (isAlias(node)) return this.read(this.#resolve(node), depth + 1);
    if (node !== null && 'anchor' in node && node.anchor) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#readMap(node, depth);
    if (isSeq(node)) return this.#readList(node.items as (Node | null)[], depth);
    return isScalar(node) ? scalarValue(node) : null;
  }

  /** The last anchor of that name before the alias. */
  #resolve(alias: Alias): Node {
    const node = this.#anchors.get(alias.source);
    if (!node) throw new Refusal(`yaml: unknown anchor '${alias.source}' referenced`, alias.range?.[0] ?? 0);
    return node;
  }

  #readList(items: readonly (Node | null)[], depth: number): Value {
    const offsets = new Map<string | number, number>();
    const list = items.map((item, index) => {
      if (item?.range) offsets.set(index, item.range[0]);
      return this.read(item, depth + 1);
    });
    this.#offsets.set(list, offsets);
    return list;
  }

  #readMap(map: YAMLMap, depth: number): Value {
    const value: Record<string, Value> = Object.create(null);
    const offsets = new Map<string | number, number>();
    const merged: Value[] = [];
    for (const pair of map.items) {
      if (!isPair(pair)) continue;
      const key = pair.key as Node | null;
      const item = pair.value as Node | null;
      const start = key?.range?.[0] ?? map.range?.[0] ?? 0;
      if (isMergeKey(key)) {
        merged.push(this.read(item, depth + 1));
        continue;
      }
      const name = this.#readKey(key, start);
      if (name in value) throw new Refusal(`yaml: key ${JSON.stringify(name)} already set in map`, start);
      value[name] = this.read(item, depth + 1);
      offsets.set(name, isScalar(item) && item.range && item.value !== null ? item.range[0] : start);
    }
    for (const source of merged) this.#merge(value, source, map.range?.[0] ?? 0);
    this.#offsets.set(value, offsets);
    return value;
  }

  /** JSON has text keys only, so numbers and booleans become text as in sigs.k8s.io/yaml. */
  #readKey(key: Node | null, offset: number): string {
    const value = this.read(key, DEPTH_MAX - 1);
    if (value !== null && typeof value === 'object') throw new Refusal('yaml: a key must be a text', offset);
    return String(value);
  }

  /** `<<: *defaults`, or a list of them: what the map says itself wins, then the earlier source. */
  #merge(into: Record<string, Value>, source: Value, offset: number): void {
    if (Array.isArray(source)) {
      for (const one of source) this.#merge(into, one, offset);
      return;
    }
    if (!isValueMap(source)) throw new Refusal('yaml: map merge requires map or sequence of maps as the value', offset);
    for (const [key, value] of Object.entries(source)) if (!(key in into)) into[key] = value;
  }

  offsetOf(root: Value, path: readonly (string | number)[]): number | undefined {
    let offset: number | undefined;
    let value: Value | undefined = root;
    for (const part of path) {
      if (typeof value !== 'object' || value === null) break;
      offset = this.#offsets.get(value)?.get(part) ?? offset;
      value = (value as { readonly [key: string | number]: Value })[part];
    }
    return offset;
  }
}

const isMergeKey = (key: Node | null): boolean =>
  isScalar(key) && typeof key.value === 'symbol' && (!key.type || key.type === 'PLAIN');

/** Infinite numbers and the like have no JSON. */
function scalarValue({ value, source, range }: Scalar): Value {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value === undefined) return null;
  // `e3`: the library takes it for a number without digits before its exponent, go-yaml for a text.
  if (Number.isNaN(value) && source !== undefined && !/nan/i.test(source)) return source;
  if (typeof value === 'symbol') return source ?? '';
  throw new Refusal(`json: unsupported value: ${String(value)}`, range?.[0] ?? 0);
}
