/** Resources and volumes of a pod: what the API server checks in resources of other domains, and in names of claims (v1.28). */
import { atKey, duplicate, type FieldError, invalid, type Path, required } from './field-error.ts';
import type { ResourcesManifest, VolumeManifest } from './manifest-types.ts';
import { dnsLabel, dnsSubdomain, qualifiedName } from './names.ts';

/** Of another domain than Kubernetes' own: counted in wholes, and never given out twice. */
const isExtended = (name: string): boolean =>
  name.includes('/') && !name.includes('kubernetes.io/') && !name.startsWith('requests.');

const OF_CONTAINERS = /^(cpu|memory|ephemeral-storage|hugepages-.*)$/;
const OF_QUOTAS =
  /^((requests|limits)\.(cpu|memory|ephemeral-storage)|requests\.storage|storage|pods|resourcequotas|services|replicationcontrollers|secrets|configmaps|persistentvolumeclaims|services\.(nodeports|loadbalancers))$/;

function validateResourceName(name: string, path: Path): readonly FieldError[] {
  const refuse = (why: string): FieldError => atKey(path, name, invalid(path, name, why));
  const wrong = qualifiedName(name).map(refuse);
  if (name.includes('/')) {
    const isNative = name.includes('kubernetes.io/');
    const isGood = !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0;
    return isNative || isGood ? wrong : [...wrong, refuse("doesn't follow extended resource name standard")];
  }
  if (OF_CONTAINERS.test(name)) return wrong;
  const isUnknown = wrong.length === 0 && !OF_QUOTAS.test(name);
  return [
    ...wrong,
    ...(isUnknown ? [refuse('must be a standard resource type or fully qualified')] : []),
    refuse('must be a standard resource for containers'),
  ];
}

/** CPU, memory and whatever else can be given out twice are not looked into. */
export function validateResources(
  { limits = {}, requests = {} }: ResourcesManifest,
  path: Path,
): readonly FieldError[] {
  const [limitsAt, requestsAt] = [
    [...path, 'limits'],
    [...path, 'requests'],
  ];
  return [
    ...Object.entries(limits).flatMap(([name, value]) => [
      ...validateResourceName(name, limitsAt),
      ...validateWhole(name, String(value), limitsAt),
    ]),
    ...Object.entries(requests).flatMap(([name, value]) => [
      ...validateResourceName(name, requestsAt),
      ...validateWhole(name, String(value), requestsAt),
      ...validateLimit(name, String(value), limits[name], requestsAt, limitsAt),
    ]),
  ];
}

function validateWhole(name: string, value: string, path: Path): readonly FieldError[] {
  const milli = milliOf(value);
  if (!isExtended(name) || milli === null || milli % 1000 === 0) return [];
  const go = `resource.Quantity{i:resource.int64Amount{value:${milli}, scale:-3}, d:resource.infDecAmount{Dec:(*inf.Dec)(nil)}, s:${JSON.stringify(value)}, Format:"DecimalSI"}`;
  return [atKey(path, name, invalid(path, { go }, 'must be an integer'))];
}

function validateLimit(
  name: string,
  value: string,
  limit: string | number | undefined,
  requests: Path,
  limits: Path,
): readonly FieldError[] {
  if (limit === undefined)
    return isExtended(name) ? [required(limits, 'Limit must be set for non overcommitable resources')] : [];
  const [asked, most] = [milliOf(value), milliOf(String(limit))];
  if (asked === null || most === null) return [];
  if (isExtended(name) && asked !== most)
    return [invalid(requests, value, `must be equal to ${name} limit of ${limit}`)];
  return asked > most ? [invalid(requests, value, `must be less than or equal to ${name} limit of ${limit}`)] : [];
}

const FACTORS: Readonly<Record<string, number>> = {
  m: 0.001,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** A quantity in thousandths; null where it is none that this reads. */
function milliOf(text: string): number | null {
  const [, number, suffix = ''] = /^([+-]?\d+(?:\.\d*)?)([a-zA-Z]*)$/.exec(text) ?? [];
  const factor = FACTORS[suffix];
  return number === undefined || factor === undefined ? null : Math.round(Number(number) * factor * 1000);
}

/** Names of volumes, and of the claims that are made for ephemeral ones: `pod-volume`. */
export function validateVolumes(volumes: readonly VolumeManifest[], pod: string, path: Path): readonly FieldError[] {
  const claimOf = ({ name = '' }: VolumeManifest): string => `${pod}-${name}`;
  const made = new Set(pod === '' ? [] : volumes.filter(({ ephemeral }) => ephemeral).map(claimOf));
  const names = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const { name = '', ephemeral, persistentVolumeClaim } = volume;
    const at = [...path, index, 'name'];
    const claim = claimOf(volume);
    const errors = [
      ...(ephemeral && pod !== '' && name !== ''
        ? dnsSubdomain(claim).map((why) => invalid(at, name, `PVC name ${JSON.stringify(claim)}: ${why}`))
        : []),
      ...(name === '' ? [required(at)] : dnsLabel(name).map((why) => invalid(at, name, why))),
      ...(names.has(name) ? [duplicate(at, name)] : []),
    ];
    if (errors.length === 0) names.add(name);
    const { claimName = '' } = persistentVolumeClaim ?? {};
    const why = 'must not reference a PVC that gets created for an ephemeral volume';
    return made.has(claimName)
      ? [...errors, invalid([...path, index, 'persistentVolumeClaim', 'claimName'], claimName, why)]
      : errors;
  });
}
