/** Kinds that have no effect here, with what the API server would refuse in them (Kubernetes 1.34). */
import {
  type EndpointSliceManifest,
  type EndpointsManifest,
  validateEndpointSlice,
  validateEndpoints,
} from '../validate/endpoints.ts';
import type { FieldError } from '../validate/field-error.ts';
import { type IngressManifest, validateIngress } from '../validate/ingress.ts';
import { withNamespace } from './defaults.ts';
import { META } from './kinds.ts';
import { ANY, BOOL, INT, list, MAP, type Shape, STRING, type Struct, struct, word } from './shape.ts';

export interface CheckedKind {
  readonly apiVersion: string;
  readonly shape: Struct;
  /** Of a value that has the shape. */
  check(value: unknown): readonly FieldError[];
}

const root = (fields: Readonly<Record<string, Shape>>): Struct =>
  struct('TypeMeta', { kept: { apiVersion: STRING, kind: STRING, metadata: META, ...fields } });

const REFERENCE = struct('TypedLocalObjectReference', { kept: { apiGroup: STRING, kind: STRING, name: STRING } });
const BACKEND = struct('IngressBackend', {
  kept: {
    resource: REFERENCE,
    service: struct('IngressServiceBackend', {
      kept: { name: STRING, port: struct('ServiceBackendPort', { kept: { name: STRING, number: INT } }) },
    }),
  },
});
const HTTP_PATH = struct('HTTPIngressPath', { kept: { path: STRING, pathType: word('PathType'), backend: BACKEND } });
const INGRESS_SPEC = struct('IngressSpec', {
  kept: {
    ingressClassName: STRING,
    defaultBackend: BACKEND,
    rules: list(
      struct('IngressRule', {
        kept: { host: STRING, http: struct('HTTPIngressRuleValue', { kept: { paths: list(HTTP_PATH) } }) },
      }),
    ),
    tls: list(struct('IngressTLS', { kept: { hosts: list(STRING), secretName: STRING } })),
  },
});

const OBJECT_REFERENCE = ANY;
const PORT = struct('EndpointPort', {
  kept: { name: STRING, port: INT, protocol: word('Protocol'), appProtocol: STRING },
});
const ADDRESS = struct('EndpointAddress', {
  kept: { ip: STRING, hostname: STRING, nodeName: STRING, targetRef: OBJECT_REFERENCE },
});
const SUBSET = struct('EndpointSubset', {
  kept: { addresses: list(ADDRESS), notReadyAddresses: list(ADDRESS), ports: list(PORT) },
});

const NAMED = (go: string): Struct => struct(go, { kept: { name: STRING } });
const ENDPOINT = struct('Endpoint', {
  kept: {
    addresses: list(STRING),
    conditions: struct('EndpointConditions', { kept: { ready: BOOL, serving: BOOL, terminating: BOOL } }),
    hostname: STRING,
    targetRef: OBJECT_REFERENCE,
    deprecatedTopology: MAP,
    nodeName: STRING,
    zone: STRING,
    hints: struct('EndpointHints', {
      kept: { forZones: list(NAMED('ForZone')), forNodes: list(NAMED('ForNode')) },
    }),
  },
});

/** Both kinds fill in the protocol (SetDefaults_EndpointPort). */
const withProtocols = <Port extends { readonly protocol?: string | undefined }>(ports: readonly Port[] | undefined) =>
  ports?.map((port) => ({ ...port, protocol: port.protocol || 'TCP' }));

export const CHECKED: ReadonlyMap<string, CheckedKind> = new Map([
  [
    'Ingress',
    {
      apiVersion: 'networking.k8s.io/v1',
      shape: root({ spec: INGRESS_SPEC, status: ANY }),
      check: (value: unknown) => validateIngress(withNamespace(value as IngressManifest)),
    },
  ],
  [
    'Endpoints',
    {
      apiVersion: 'v1',
      shape: root({ subsets: list(SUBSET) }),
      check: (value: unknown) => {
        const endpoints = withNamespace(value as EndpointsManifest);
        const subsets = endpoints.subsets?.map((subset) => ({ ...subset, ports: withProtocols(subset.ports) }));
        return validateEndpoints({ ...endpoints, subsets });
      },
    },
  ],
  [
    'EndpointSlice',
    {
      apiVersion: 'discovery.k8s.io/v1',
      shape: root({ addressType: word('AddressType'), endpoints: list(ENDPOINT), ports: list(PORT) }),
      check: (value: unknown) => {
        const slice = withNamespace(value as EndpointSliceManifest);
        return validateEndpointSlice({ ...slice, ports: withProtocols(slice.ports) });
      },
    },
  ],
]);
