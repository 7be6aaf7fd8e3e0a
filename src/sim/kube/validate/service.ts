/** What the API server checks in a Service: ValidateService, pkg/apis/core/validation/validation.go, v1.28, in its order; trafficDistribution as of v1.35. */
import { duplicate, type FieldError, forbidden, invalid, type Path, required, unsupported } from './field-error.ts';
import type { ServiceManifest, ServicePort, ServiceSpec } from './manifest-types.ts';
import { validateLabels, validateMeta } from './meta.ts';
import { dns1035Label, dnsLabel, dnsSubdomain, portName, portNumber, qualifiedName } from './names.ts';
import { isCidr, validateAddress, validateClusterIPs } from './service-ips.ts';

export const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'];
const TRAFFIC_POLICIES = ['Cluster', 'Local'];
const TRAFFIC_DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const AFFINITIES = ['None', 'ClientIP'];
const AFFINITY_SECONDS_MAX = 86_400;
const KUBELET_PORT = 10250;

const spec = (...rest: Path): Path => ['spec', ...rest];

/** Checks a Service that has its defaults already: a field without one is reported as missing. */
export function validateService(service: ServiceManifest): readonly FieldError[] {
  const of = service.spec ?? {};
  return [
    ...validateMeta(service.metadata ?? {}, dns1035Label, true),
    ...validateType(of),
    ...validatePorts(of),
    ...validateLabels(of.selector ?? {}, spec('selector')),
    ...validateAffinity(of),
    ...validateClusterIPs(of),
    ...(of.externalIPs ?? []).flatMap((text, index) => validateAddress(text, spec('externalIPs', index))),
    ...validateOneOf(of.type, TYPES, spec('type')),
    ...validateNodePorts(of),
    ...validateDuplicatePorts(of.ports ?? []),
    ...validateLoadBalancer(of),
    ...validateTrafficPolicies(of),
    ...validateTrafficDistribution(of),
  ];
}

/** A field that the API server fills in where the manifest leaves it out. */
export function validateOneOf(
  value: string | undefined,
  supported: readonly string[],
  path: Path,
): readonly FieldError[] {
  if (value === undefined || value === '') return [required(path)];
  return supported.includes(value) ? [] : [unsupported(path, value, supported)];
}

const isHeadless = ({ clusterIPs }: ServiceSpec): boolean => clusterIPs?.length === 1 && clusterIPs[0] === 'None';

/** What a type demands of the fields beside it. */
function validateType(of: ServiceSpec): readonly FieldError[] {
  const { type, ports = [], externalName = '' } = of;
  const needsPorts = !isHeadless(of) && type !== 'ExternalName';
  const errors: FieldError[] = ports.length === 0 && needsPorts ? [required(spec('ports'))] : [];
  if (type === 'LoadBalancer' || type === 'NodePort') {
    const detail = `may not be set to 'None' for ${type} services`;
    if (isHeadless(of)) errors.push(invalid(spec('clusterIPs', 0), 'None', detail));
  }
  if (type === 'LoadBalancer') {
    const detail = `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`;
    for (const [index, { port = 0 }] of ports.entries())
      if (port === KUBELET_PORT) errors.push(invalid(spec('ports', index), port, detail));
  }
  if (type !== 'ExternalName') return errors;
  for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const)
    if ((of[field] ?? '').length > 0) errors.push(forbidden(spec(field), 'may not be set for ExternalName services'));
  // A trailing dot says that the name is complete.
  const name = externalName.replace(/\.$/, '');
  if (name === '') return [...errors, required(spec('externalName'))];
  return [...errors, ...dnsSubdomain(name).map((why) => invalid(spec('externalName'), name, why))];
}

function validatePorts({ ports = [] }: ServiceSpec): readonly FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const errors = validatePort(port, ports.length > 1, names, spec('ports', index));
    if (port.name) names.add(port.name);
    return errors;
  });
}

function validatePort(
  port: ServicePort,
  needsName: boolean,
  names: ReadonlySet<string>,
  path: Path,
): readonly FieldError[] {
  const { name = '', port: number = 0, protocol, targetPort = 0, appProtocol } = port;
  const at = (field: string): Path => [...path, field];
  const named = name === '' ? [] : dnsLabel(name).map((why) => invalid(at('name'), name, why));
  const targets = typeof targetPort === 'number' ? portNumber(targetPort) : portName(targetPort);
  return [
    ...(name === '' && needsName ? [required(at('name'))] : named),
    ...(names.has(name) ? [duplicate(at('name'), name)] : []),
    ...portNumber(number).map((why) => invalid(at('port'), number, why)),
    ...validateOneOf(protocol, PROTOCOLS, at('protocol')),
    ...targets.map((why) => invalid(at('targetPort'), targetPort, why)),
    ...(appProtocol === undefined
      ? []
      : qualifiedName(appProtocol).map((why) => invalid(at('appProtocol'), appProtocol, why))),
  ];
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): readonly FieldError[] {
  const path = spec('sessionAffinityConfig');
  const errors = [...validateOneOf(sessionAffinity, AFFINITIES, spec('sessionAffinity'))];
  if (sessionAffinity === 'None' && sessionAffinityConfig !== undefined)
    errors.push(forbidden(path, 'must not be set when session affinity is None'));
  if (sessionAffinity !== 'ClientIP') return errors;
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds === undefined) return [...errors, required(path, 'when session affinity type is ClientIP')];
  if (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX) return errors;
  const detail = `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`;
  return [...errors, invalid([...path, 'clientIP', 'timeoutSeconds'], seconds, detail)];
}

function validateNodePorts({ type, ports = [] }: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { nodePort = 0 }] of ports.entries()) {
    if (nodePort === 0 || type !== 'ClusterIP') continue;
    errors.push(forbidden(spec('ports', index, 'nodePort'), "may not be used when `type` is 'ClusterIP'"));
  }
  for (const [index, { nodePort = 0, protocol }] of ports.entries()) {
    if (nodePort === 0) continue;
    const key = `${protocol} ${nodePort}`;
    if (seen.has(key)) errors.push(duplicate(spec('ports', index, 'nodePort'), nodePort));
    seen.add(key);
  }
  return errors;
}

/** The value is the Go struct that the API server uses as its key. */
function validateDuplicatePorts(ports: readonly ServicePort[]): readonly FieldError[] {
  const seen = new Set<string>();
  return ports.flatMap(({ port = 0, protocol = '' }, index) => {
    const key = `Protocol:"${protocol}", AppProtocol:(*string)(nil), Port:${port}`;
    const rest = 'TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0';
    const errors = seen.has(key)
      ? [duplicate(spec('ports', index), { go: `core.ServicePort{Name:"", ${key}, ${rest}}` })]
      : [];
    seen.add(key);
    return errors;
  });
}

function validateLoadBalancer(of: ServiceSpec): readonly FieldError[] {
  const { type, loadBalancerSourceRanges: ranges = [], allocateLoadBalancerNodePorts } = of;
  const errors: FieldError[] = [];
  // The capital L is the API server's.
  const path = spec('LoadBalancerSourceRanges');
  const onlyHere = "may only be used when `type` is 'LoadBalancer'";
  if (ranges.length > 0 && type !== 'LoadBalancer') errors.push(forbidden(path, onlyHere));
  if (!ranges.every((range) => isCidr(range.trim()))) {
    const detail = 'must be a list of IP ranges. For example, 10.240.0.0/24,10.250.0.0/24 ';
    errors.push(invalid(path, `[${ranges.join(' ')}]`, detail));
  }
  if (allocateLoadBalancerNodePorts !== undefined && type !== 'LoadBalancer')
    errors.push(forbidden(spec('allocateLoadBalancerNodePorts'), onlyHere));
  if (allocateLoadBalancerNodePorts === undefined && type === 'LoadBalancer')
    errors.push(required(['allocateLoadBalancerNodePorts']));
  return [...errors, ...validateClass(of)];
}

function validateClass({ type, loadBalancerClass }: ServiceSpec): readonly FieldError[] {
  if (loadBalancerClass === undefined) return [];
  const path = spec('loadBalancerClass');
  if (type !== 'LoadBalancer') return [forbidden(path, "may only be used when `type` is 'LoadBalancer'")];
  return qualifiedName(loadBalancerClass).map((why) => invalid(path, loadBalancerClass, why));
}

function validateTrafficPolicies({
  type,
  externalIPs = [],
  externalTrafficPolicy,
  internalTrafficPolicy,
  healthCheckNodePort = 0,
}: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  const external = externalTrafficPolicy ?? '';
  // A ClusterIP with external IPs may have one since v1.29 (kubernetes#119150).
  const isExternal = type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0);
  if (external !== '' && !TRAFFIC_POLICIES.includes(external))
    errors.push(unsupported(spec('externalTrafficPolicy'), external, TRAFFIC_POLICIES));
  else if (external !== '' && !isExternal) {
    const detail = "may only be set when `type` is 'NodePort' or 'LoadBalancer'";
    errors.push(invalid(spec('externalTrafficPolicy'), external, detail));
  }
  errors.push(...validateHealthCheck(type === 'LoadBalancer' && external === 'Local', healthCheckNodePort));
  if (type === 'ExternalName' && internalTrafficPolicy === undefined) return errors;
  return [...errors, ...validateOneOf(internalTrafficPolicy, TRAFFIC_POLICIES, spec('internalTrafficPolicy'))];
}

/** Where one is needed and none is named, one was allocated before this. */
function validateHealthCheck(isNeeded: boolean, port: number): readonly FieldError[] {
  if (port === 0) return [];
  const only = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  const whys = isNeeded ? portNumber(port) : [only];
  return whys.map((why) => invalid(spec('healthCheckNodePort'), port, why));
}

function validateTrafficDistribution({ trafficDistribution }: ServiceSpec): readonly FieldError[] {
  if (trafficDistribution === undefined || TRAFFIC_DISTRIBUTIONS.includes(trafficDistribution)) return [];
  return [unsupported(spec('trafficDistribution'), trafficDistribution, TRAFFIC_DISTRIBUTIONS)];
}
