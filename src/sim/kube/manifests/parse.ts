/** Manifests as people write them, to the objects that the document keeps. Any error means that nothing of the text is applied. */
import type { KubeObject } from '../objects.ts';
import { isWorkload, objectRef } from '../objects-merge.ts';
import { countPods } from '../placement.ts';
import { ERRORS_MAX, MANIFEST_LIMITS, type ManifestLimits } from './limits.ts';
import type { IdleFields, NotModelled } from './not-modelled.ts';
import { summariseIdle } from './not-modelled.ts';
import { type ManifestError, readObject, type Source } from './read-object.ts';
import { isValueMap, type Place, readYaml, type YamlDocument } from './read-yaml.ts';

export interface Manifests {
  /** Valid, with defaults left out; empty when there are errors. */
  readonly objects: readonly KubeObject[];
  /** Everything else in the text, with what that means. */
  readonly notModelled: readonly NotModelled[];
  /** What was taken for granted, as sentences. */
  readonly assumed: readonly string[];
  readonly errors: readonly ManifestError[];
  /** Where each object starts, by its reference (`Service default/web`): for problems that only the whole cluster shows. */
  readonly places: ReadonlyMap<string, Place>;
}

/** Reads YAML documents, JSON and `kind: List`. Throws nothing, whatever the text. */
export function readManifests(text: string, limits: ManifestLimits = MANIFEST_LIMITS): Manifests {
  if (text.length > limits.lengthMax) {
    const message = `the text has ${text.length} characters: at most ${limits.lengthMax} are read at once`;
    return refused([{ document: 1, line: 1, column: 1, ref: '', text: message }]);
  }
  const { documents, errors } = readYaml(text, limits.documentsMax);
  if (errors.length > 0) return refused(errors.map((error) => ({ ...error, ref: '' })));

  const read = documents.flatMap(sourcesOf).map((source) => ({ ...readObject(source), source }));
  const objects = new Map<string, KubeObject>();
  const places = new Map<string, Place>();
  const assumed: string[] = [];
  for (const { object, source } of read) {
    if (object === undefined) continue;
    const ref = objectRef(object);
    if (objects.has(ref)) assumed.push(`${ref} stands twice: the later one counts, as with kubectl apply`);
    objects.set(ref, object);
    places.set(ref, source.placeOf([]));
  }
  const all = [...read.flatMap((one) => one.errors), ...tooMany([...objects.values()], places, limits)];
  if (all.length > 0) return refused(all);
  const idle = read.flatMap((one): IdleFields[] => (one.idle ? [one.idle] : []));
  return {
    objects: [...objects.values()],
    notModelled: [...read.flatMap((one) => one.notModelled), ...summariseIdle(idle)],
    assumed: [...assumed, ...assumeNamespaces([...objects.values()])],
    errors: [],
    places,
  };
}

function refused(errors: readonly ManifestError[]): Manifests {
  const shown = errors.slice(0, ERRORS_MAX);
  const last = shown.at(-1);
  if (last && errors.length > ERRORS_MAX)
    shown[ERRORS_MAX - 1] = { ...last, ref: '', text: `and ${errors.length - ERRORS_MAX + 1} more errors` };
  return { objects: [], notModelled: [], assumed: [], errors: shown, places: new Map() };
}

/** The objects of a document: itself, or the items of a List. */
function sourcesOf({ value, placeOf }: YamlDocument): readonly Source[] {
  if (!isValueMap(value) || value.kind !== 'List' || !Array.isArray(value.items)) return [{ value, placeOf }];
  return value.items.map((item, index) => ({
    value: item,
    placeOf: (path) => placeOf(['items', index, ...path]),
  }));
}

/** How many pods and Services a cluster of these objects would have. A DaemonSet counts as one. */
function tooMany(
  objects: readonly KubeObject[],
  places: ReadonlyMap<string, Place>,
  { podsMax, servicesMax }: ManifestLimits,
): readonly ManifestError[] {
  const workloads = objects.filter(isWorkload);
  const services = objects.filter(({ kind }) => kind === 'Service');
  const pods = countPods(objects, 1);
  const refuse = (object: KubeObject | undefined, text: string): readonly ManifestError[] => {
    const ref = object ? objectRef(object) : '';
    return [{ document: 1, line: 1, column: 1, ...places.get(ref), ref, text }];
  };
  const largest = workloads.toSorted((a, b) => (b.replicas ?? 1) - (a.replicas ?? 1))[0];
  return [
    ...(pods > podsMax ? refuse(largest, `${pods} pods in all are too many: at most ${podsMax} are supported`) : []),
    ...(services.length > servicesMax
      ? refuse(services.at(-1), `${services.length} Services are too many: at most ${servicesMax} are supported`)
      : []),
  ];
}

/** A real cluster would say `namespaces "shop" not found`. */
function assumeNamespaces(objects: readonly KubeObject[]): readonly string[] {
  const known = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);
  for (const object of objects) if (object.kind === 'Namespace') known.add(object.name);
  const used = objects.flatMap((object) => ('namespace' in object ? [object.namespace] : []));
  return [...new Set(used)]
    .filter((namespace) => !known.has(namespace))
    .map((namespace) => `Namespace ${namespace} is not among the manifests: it is assumed to exist`);
}

/** `line 12, column 9 (document 2), Service default/web: spec.ports: Required value`. */
export const printManifestError = ({ document, line, column, ref, text }: ManifestError): string =>
  `line ${line}, column ${column} (document ${document})${ref === '' ? '' : `, ${ref}`}: ${text}`;
