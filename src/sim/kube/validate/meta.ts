import { type FieldError, forbidden, invalid, type Path, required } from './field-error.ts';
import type { MetaManifest } from './manifest-types.ts';
import { dnsLabel, type Format, labelValue, qualifiedName } from './names.ts';

/** ValidateObjectMeta, apimachinery/pkg/api/validation/objectmeta.go. */
export function validateMeta(meta: MetaManifest, nameFormat: Format, isNamespaced: boolean): readonly FieldError[] {
  const { name = '', generateName = '', namespace = '', labels, annotations } = meta;
  const at = (field: string): Path => ['metadata', field];
  const named =
    name === ''
      ? [required(at('name'), 'name or generateName is required')]
      : nameFormat(name).map((why) => invalid(at('name'), name, why));
  return [
    ...(generateName === ''
      ? []
      : prefixErrors(generateName, nameFormat).map((why) => invalid(at('generateName'), generateName, why))),
    ...named,
    ...validateNamespaceOf(namespace, isNamespaced),
    ...validateLabels(labels ?? {}, at('labels')),
    ...Object.keys(annotations ?? {}).flatMap((key) =>
      qualifiedName(key.toLowerCase()).map((why) => invalid(at('annotations'), key, why)),
    ),
  ];
}

function validateNamespaceOf(namespace: string, isNamespaced: boolean): readonly FieldError[] {
  const path = ['metadata', 'namespace'];
  if (!isNamespaced) return namespace === '' ? [] : [forbidden(path, 'not allowed on this type')];
  if (namespace === '') return [required(path)];
  return dnsLabel(namespace).map((why) => invalid(path, namespace, why));
}

/** A prefix may end in a dash, because something follows it. */
const prefixErrors = (prefix: string, nameFormat: Format): readonly string[] =>
  nameFormat(prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix);

/** Keys and values; the error stands at the whole map, as the API server puts it. */
export function validateLabels(labels: Readonly<Record<string, string>>, path: Path): readonly FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedName(key).map((why) => invalid(path, key, why)),
    ...labelValue(value).map((why) => invalid(path, value, why)),
  ]);
}
