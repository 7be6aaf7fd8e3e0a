/** What the API server checks in an Ingress: pkg/apis/networking/validation/validation.go, v1.28, in its order. */
import { parseIp } from '../../wire/ip.ts';
import { type FieldError, invalid, type Path, required, unsupported } from './field-error.ts';
import type { MetaManifest } from './manifest-types.ts';
import { validateMeta } from './meta.ts';
import { dns1035Label, dnsSubdomain, type Format, portName, portNumber, wildcardDomain } from './names.ts';

export interface IngressManifest {
  readonly metadata?: MetaManifest | undefined;
  readonly spec?: IngressSpec | undefined;
}

interface IngressSpec {
  readonly ingressClassName?: string | undefined;
  readonly defaultBackend?: BackendManifest | undefined;
  readonly rules?: readonly RuleManifest[] | undefined;
  readonly tls?:
    | readonly { readonly hosts?: readonly string[] | undefined; readonly secretName?: string | undefined }[]
    | undefined;
}

interface RuleManifest {
  readonly host?: string | undefined;
  readonly http?: { readonly paths?: readonly PathManifest[] | undefined } | undefined;
}

interface PathManifest {
  readonly path?: string | undefined;
  readonly pathType?: string | undefined;
  readonly backend?: BackendManifest | undefined;
}

interface BackendManifest {
  readonly service?: ServiceBackend | undefined;
  readonly resource?: ResourceManifest | undefined;
}

interface ServiceBackend {
  readonly name?: string | undefined;
  readonly port?: { readonly name?: string | undefined; readonly number?: number | undefined } | undefined;
}

interface ResourceManifest {
  readonly apiGroup?: string | undefined;
  readonly kind?: string | undefined;
  readonly name?: string | undefined;
}

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_ENDS = ['/..', '/.'];
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

const wrong = (format: Format, value: string, path: Path): readonly FieldError[] =>
  format(value).map((why) => invalid(path, value, why));

export function validateIngress({ metadata = {}, spec = {} }: IngressManifest): readonly FieldError[] {
  const { ingressClassName, defaultBackend, rules = [], tls = [] } = spec;
  const isEmpty = rules.length === 0 && defaultBackend === undefined;
  return [
    ...validateMeta(metadata, dnsSubdomain, true),
    ...(isEmpty
      ? [
          invalid(
            ['spec'],
            { go: '[]networking.IngressRule(nil)' },
            'either `defaultBackend` or `rules` must be specified',
          ),
        ]
      : []),
    ...(defaultBackend ? validateBackend(defaultBackend, ['spec', 'defaultBackend']) : []),
    ...rules.flatMap((rule, index) => validateRule(rule, ['spec', 'rules', index])),
    ...tls.flatMap(({ hosts = [], secretName = '' }, index) => [
      ...hosts.flatMap((host, at) => validateHost(host, ['spec', 'tls', index, 'hosts', at])),
      ...(secretName === '' ? [] : wrong(dnsSubdomain, secretName, ['spec', 'tls', index, 'secretName'])),
    ]),
    ...(ingressClassName === undefined ? [] : wrong(dnsSubdomain, ingressClassName, ['spec', 'ingressClassName'])),
    ...validateClasses(metadata, ingressClassName),
  ];
}

function validateClasses({ annotations = {} }: MetaManifest, className: string | undefined): readonly FieldError[] {
  const annotated = annotations[CLASS_ANNOTATION];
  if (annotated === undefined || className === undefined || annotated === className) return [];
  // The path without `metadata` is the API server's own.
  return [
    invalid(['annotations', CLASS_ANNOTATION], annotated, 'must match `ingressClassName` when both are specified'),
  ];
}

const validateHost = (host: string, path: Path): readonly FieldError[] =>
  wrong(host.includes('*') ? wildcardDomain : dnsSubdomain, host, path);

function validateRule({ host = '', http }: RuleManifest, path: Path): readonly FieldError[] {
  const at = [...path, 'host'];
  const paths = http?.paths ?? [];
  const pathsAt = [...path, 'http', 'paths'];
  return [
    ...(parseIp(host).ok ? [invalid(at, host, 'must be a DNS name, not an IP address')] : []),
    ...(host === '' ? [] : validateHost(host, at)),
    ...(http && paths.length === 0 ? [required(pathsAt)] : []),
    ...paths.flatMap((one, index) => validatePath(one, [...pathsAt, index])),
  ];
}

function validatePath({ path: text = '', pathType, backend = {} }: PathManifest, path: Path): readonly FieldError[] {
  if (pathType === undefined) return [required([...path, 'pathType'], 'pathType must be specified')];
  const at = [...path, 'path'];
  const refuse = (why: string): FieldError => invalid(at, text, why);
  const isStrict = pathType === 'Exact' || pathType === 'Prefix';
  const mustBegin = isStrict || (pathType === 'ImplementationSpecific' && text !== '');
  return [
    ...(mustBegin && !text.startsWith('/') ? [refuse('must be an absolute path')] : []),
    ...(isStrict
      ? BAD_SEQUENCES.filter((bad) => text.includes(bad)).map((bad) => refuse(`must not contain '${bad}'`))
      : []),
    ...(isStrict ? BAD_ENDS.filter((bad) => text.endsWith(bad)).map((bad) => refuse(`cannot end with '${bad}'`)) : []),
    ...(PATH_TYPES.includes(pathType) ? [] : [unsupported([...path, 'pathType'], pathType, PATH_TYPES)]),
    ...validateBackend(backend, [...path, 'backend']),
  ];
}

function validateBackend({ service, resource }: BackendManifest, path: Path): readonly FieldError[] {
  if (service && resource) return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource) return validateResource(resource, [...path, 'resource']);
  if (service) return validateServiceBackend(service, path);
  return [invalid(path, '', 'resource or service backend is required')];
}

function validateServiceBackend({ name = '', port = {} }: ServiceBackend, path: Path): readonly FieldError[] {
  const at = (...rest: Path): Path => [...path, 'service', ...rest];
  const named = name === '' ? [required(at('name'))] : wrong(dns1035Label, name, at('name'));
  const { name: portNamed = '', number = 0 } = port;
  if (portNamed !== '' && number !== 0) return [...named, invalid(path, '', 'cannot set both port name & port number')];
  if (portNamed !== '') return [...named, ...wrong(portName, portNamed, at('port', 'name'))];
  if (number === 0) return [...named, required(path, 'port name or number is required')];
  return [...named, ...portNumber(number).map((why) => invalid(at('port', 'number'), number, why))];
}

function validateResource({ apiGroup, kind = '', name = '' }: ResourceManifest, path: Path): readonly FieldError[] {
  const segment = (value: string, field: string): readonly FieldError[] =>
    value === '' ? [required([...path, field])] : wrong(pathSegment, value, [...path, field]);
  return [
    ...(apiGroup === undefined ? [] : wrong(dnsSubdomain, apiGroup, [...path, 'apiGroup'])),
    ...segment(kind, 'kind'),
    ...segment(name, 'name'),
  ];
}

/** A part of a URL path (apimachinery/pkg/api/validation/path). */
const pathSegment: Format = (text) => [
  ...['.', '..'].filter((bad) => text === bad).map((bad) => `may not be '${bad}'`),
  ...['/', '%'].filter((bad) => text.includes(bad)).map((bad) => `may not contain '${bad}'`),
];
