/** Errors of one field, in the words of k8s.io/apimachinery/pkg/util/validation/field/errors.go. */

/** `['spec', 'ports', 0, 'port']` is `spec.ports[0].port`. */
export type Path = readonly (string | number)[];

export interface FieldError {
  readonly path: Path;
  /** Complete: field, kind of error, value and reason. */
  readonly text: string;
}

export const pathText = (path: Path): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');

export const required = (path: Path, detail = ''): FieldError => fieldError(path, 'Required value', detail);

export const forbidden = (path: Path, detail: string): FieldError => fieldError(path, 'Forbidden', detail);

export const duplicate = (path: Path, value: GoValue): FieldError =>
  fieldError(path, `Duplicate value: ${goText(value)}`, '');

export const invalid = (path: Path, value: GoValue, detail: string): FieldError =>
  fieldError(path, `Invalid value: ${goText(value)}`, detail);

/** Most of the API server's lists of what is supported are sets, and printed sorted. */
export const unsupported = (path: Path, value: string, supported: readonly string[]): FieldError =>
  unsupportedAsListed(path, value, [...supported].sort());

export const unsupportedAsListed = (path: Path, value: string, supported: readonly string[]): FieldError => {
  const list = supported.map((one) => JSON.stringify(one));
  return fieldError(path, `Unsupported value: ${JSON.stringify(value)}`, `supported values: ${list.join(', ')}`);
};

export const tooMany = (path: Path, count: number, max: number): FieldError =>
  fieldError(path, `Too many: ${count}`, `must have at most ${max} items`);

/** A value to show; `{ go }` is already written as Go prints it. */
export type GoValue =
  | string
  | number
  | { readonly map: Readonly<Record<string, string>> }
  | { readonly list: readonly string[] }
  | { readonly go: string };

function goText(value: GoValue): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if ('go' in value) return value.go;
  if ('map' in value) {
    const pairs = Object.entries(value.map).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[string]string{${pairs.map(([key, one]) => `${JSON.stringify(key)}:${JSON.stringify(one)}`).join(', ')}}`;
  }
  return `[]string{${value.list.map((one) => JSON.stringify(one)).join(', ')}}`;
}

/** Of a value in a map: the field is `annotations[key]`, and the line is the map's. */
export const atKey = (path: Path, key: string, { text }: FieldError): FieldError => ({
  path: [...path, key],
  text: `${pathText(path)}[${key}]${text.slice(pathText(path).length)}`,
});

function fieldError(path: Path, type: string, detail: string): FieldError {
  return { path, text: `${pathText(path)}: ${type}${detail === '' ? '' : `: ${detail}`}` };
}
