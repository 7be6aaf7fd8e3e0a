/** What the API server checks in Endpoints and EndpointSlices: pkg/apis/core/validation and pkg/apis/discovery/validation, v1.28. */
import { familyOf, parseIp } from '../../wire/ip.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  type Path,
  pathText,
  required,
  tooMany,
  unsupported,
} from './field-error.ts';
import type { MetaManifest } from './manifest-types.ts';
import { validateLabels, validateMeta } from './meta.ts';
import { dnsLabel, dnsSubdomain, type Format, labelValue, portNumber, qualifiedName } from './names.ts';
import { PROTOCOLS, validateOneOf } from './service.ts';
import { NOT_AN_ADDRESS, specialRanges } from './service-ips.ts';

export interface EndpointsManifest {
  readonly metadata?: MetaManifest | undefined;
  readonly subsets?: readonly SubsetManifest[] | undefined;
}

interface SubsetManifest {
  readonly addresses?: readonly AddressManifest[] | undefined;
  readonly notReadyAddresses?: readonly AddressManifest[] | undefined;
  readonly ports?: readonly PortManifest[] | undefined;
}

interface AddressManifest {
  readonly ip?: string | undefined;
  readonly hostname?: string | undefined;
  readonly nodeName?: string | undefined;
}

interface PortManifest {
  readonly name?: string | undefined;
  readonly port?: number | undefined;
  readonly protocol?: string | undefined;
  readonly appProtocol?: string | undefined;
}

export interface EndpointSliceManifest {
  readonly metadata?: MetaManifest | undefined;
  readonly addressType?: string | undefined;
  readonly endpoints?: readonly SliceEndpoint[] | undefined;
  readonly ports?: readonly PortManifest[] | undefined;
}

interface SliceEndpoint {
  readonly addresses?: readonly string[] | undefined;
  readonly hostname?: string | undefined;
  readonly nodeName?: string | undefined;
  readonly deprecatedTopology?: Readonly<Record<string, string>> | undefined;
  readonly hints?: { readonly forZones?: readonly { readonly name?: string | undefined }[] | undefined } | undefined;
}

const wrong = (format: Format, value: string, path: Path): readonly FieldError[] =>
  format(value).map((why) => invalid(path, value, why));

export function validateEndpoints({ metadata, subsets = [] }: EndpointsManifest): readonly FieldError[] {
  return [
    ...validateMeta(metadata ?? {}, dnsSubdomain, true),
    ...subsets.flatMap((subset, index) => validateSubset(subset, ['subsets', index])),
  ];
}

function validateSubset(
  { addresses = [], notReadyAddresses = [], ports = [] }: SubsetManifest,
  path: Path,
): readonly FieldError[] {
  const none = addresses.length + notReadyAddresses.length === 0;
  return [
    ...(none ? [required(path, 'must specify `addresses` or `notReadyAddresses`')] : []),
    ...addresses.flatMap((one, index) => validateEndpointAddress(one, [...path, 'addresses', index])),
    ...notReadyAddresses.flatMap((one, index) => validateEndpointAddress(one, [...path, 'notReadyAddresses', index])),
    ...ports.flatMap((port, index) => validateEndpointPort(port, ports.length > 1, [...path, 'ports', index])),
  ];
}

function validateEndpointAddress(
  { ip = '', hostname = '', nodeName }: AddressManifest,
  path: Path,
): readonly FieldError[] {
  const at = [...path, 'ip'];
  return [
    ...(parseIp(ip).ok ? [] : [invalid(at, ip, NOT_AN_ADDRESS)]),
    ...(hostname === '' ? [] : wrong(dnsLabel, hostname, [...path, 'hostname'])),
    ...(nodeName === undefined ? [] : wrong(dnsSubdomain, nodeName, [...path, 'nodeName'])),
    // A second look at the same text, with other words (ValidateNonSpecialIP).
    ...notSpecial(ip, at),
  ];
}

function notSpecial(text: string, path: Path): readonly FieldError[] {
  const parsed = parseIp(text);
  if (!parsed.ok) return [invalid(path, text, 'must be a valid IP address')];
  return specialRanges(parsed.value).map((detail) => invalid(path, text, detail));
}

function validateEndpointPort(
  { name = '', port = 0, protocol, appProtocol }: PortManifest,
  needsName: boolean,
  path: Path,
): readonly FieldError[] {
  return [
    ...(name === '' ? (needsName ? [required([...path, 'name'])] : []) : wrong(dnsLabel, name, [...path, 'name'])),
    ...portNumber(port).map((why) => invalid([...path, 'port'], port, why)),
    ...validateOneOf(protocol, PROTOCOLS, [...path, 'protocol']),
    ...(appProtocol === undefined ? [] : wrong(qualifiedName, appProtocol, [...path, 'appProtocol'])),
  ];
}

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const ENDPOINTS_MAX = 1000;
const ADDRESSES_MAX = 100;
const PORTS_MAX = 20_000;
const ZONE_HINTS_MAX = 8;

export function validateEndpointSlice(slice: EndpointSliceManifest): readonly FieldError[] {
  const { metadata, addressType = '', endpoints = [], ports = [] } = slice;
  return [
    ...validateMeta(metadata ?? {}, dnsSubdomain, true),
    ...validateOneOfTypes(addressType),
    ...validateSliceEndpoints(endpoints, addressType),
    ...validateSlicePorts(ports),
  ];
}

function validateOneOfTypes(type: string): readonly FieldError[] {
  if (type === '') return [required(['addressType'])];
  return ADDRESS_TYPES.includes(type) ? [] : [unsupported(['addressType'], type, ADDRESS_TYPES)];
}

function validateSliceEndpoints(endpoints: readonly SliceEndpoint[], type: string): readonly FieldError[] {
  if (endpoints.length > ENDPOINTS_MAX) return [tooMany(['endpoints'], endpoints.length, ENDPOINTS_MAX)];
  return endpoints.flatMap((endpoint, index) => validateSliceEndpoint(endpoint, type, ['endpoints', index]));
}

function validateSliceEndpoint(endpoint: SliceEndpoint, type: string, path: Path): readonly FieldError[] {
  const { addresses = [], hostname, nodeName, deprecatedTopology = {}, hints } = endpoint;
  const at = [...path, 'addresses'];
  return [
    ...(addresses.length === 0 ? [required(at, 'must contain at least 1 address')] : []),
    ...(addresses.length > ADDRESSES_MAX ? [tooMany(at, addresses.length, ADDRESSES_MAX)] : []),
    ...addresses.flatMap((text, index) => sliceAddress(text, type, [...at, index])),
    ...(nodeName === undefined ? [] : wrong(dnsSubdomain, nodeName, [...path, 'nodeName'])),
    ...validateTopology(deprecatedTopology, [...path, 'deprecatedTopology']),
    ...(hostname === undefined ? [] : wrong(dnsLabel, hostname, [...path, 'hostname'])),
    ...(hints?.forZones ? validateHints(hints.forZones, [...path, 'hints', 'forZones']) : []),
  ];
}

/** An address that is none of its family is judged twice, first by the family. */
function sliceAddress(text: string, type: string, path: Path): readonly FieldError[] {
  if (type === 'FQDN') return fullName(text, path);
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const parsed = parseIp(text);
  const isOfFamily = parsed.ok && familyOf(parsed.value) === (type === 'IPv4' ? 4 : 6);
  return [...(isOfFamily ? [] : [invalid(path, text, `must be a valid ${type} address`)]), ...notSpecial(text, path)];
}

/** IsFullyQualifiedDomainName: the first thing that is wrong. */
function fullName(text: string, path: Path): readonly FieldError[] {
  if (text === '') return [required(path)];
  const name = text.replace(/\.$/, '');
  const errors = dnsSubdomain(name);
  if (errors.length > 0) return [invalid(path, name, errors.join(','))];
  const labels = name.split('.');
  if (labels.length < 2)
    return [invalid(path, name, 'should be a domain with at least two segments separated by dots')];
  const long = labels.find((label) => dnsLabel(label).length > 0);
  return long === undefined ? [] : [invalid(path, long, dnsLabel(long).join(','))];
}

const TOPOLOGY_MAX = 16;

const ZONE = 'topology.kubernetes.io/zone';

function validateTopology(topology: Readonly<Record<string, string>>, path: Path): readonly FieldError[] {
  const count = Object.keys(topology).length;
  const reserved = 'Internal error: reserved key was not removed in conversion';
  return [
    ...(count > TOPOLOGY_MAX ? [tooMany(path, count, TOPOLOGY_MAX)] : []),
    ...validateLabels(topology, path),
    ...(Object.hasOwn(topology, ZONE)
      ? [{ path: [...path, ZONE], text: `${pathText(path)}[${ZONE}]: ${reserved}` }]
      : []),
  ];
}

function validateHints(zones: readonly { readonly name?: string | undefined }[], path: Path): readonly FieldError[] {
  if (zones.length > ZONE_HINTS_MAX) return [tooMany(path, zones.length, ZONE_HINTS_MAX)];
  const seen = new Set<string>();
  return zones.flatMap(({ name = '' }, index) => {
    const at = [...path, index, 'name'];
    const isTwice = seen.has(name);
    seen.add(name);
    return [...(isTwice ? [duplicate(at, name)] : []), ...wrong(labelValue, name, at)];
  });
}

function validateSlicePorts(ports: readonly PortManifest[]): readonly FieldError[] {
  if (ports.length > PORTS_MAX) return [tooMany(['ports'], ports.length, PORTS_MAX)];
  const names = new Set<string>();
  return ports.flatMap(({ name = '', protocol, appProtocol }, index) => {
    const at = (field: string): Path => ['ports', index, field];
    const isTwice = names.has(name);
    names.add(name);
    return [
      ...(name === '' ? [] : wrong(dnsLabel, name, at('name'))),
      ...(isTwice ? [duplicate(at('name'), name)] : []),
      ...validateOneOf(protocol, PROTOCOLS, at('protocol')),
      ...(appProtocol === undefined ? [] : wrong(qualifiedName, appProtocol, at('appProtocol'))),
    ];
  });
}
