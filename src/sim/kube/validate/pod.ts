/** What the API server checks in the modelled fields of pods and their containers (pkg/apis/core/validation/validation.go). */
import { duplicate, type FieldError, invalid, type Path, required } from './field-error.ts';
import type { Container, ContainerPort, PodManifest, PodSpec } from './manifest-types.ts';
import { validateMeta } from './meta.ts';
import { dnsLabel, dnsSubdomain, portName, portNumber } from './names.ts';
import { PROTOCOLS, validateOneOf } from './service.ts';

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

export function validatePod(pod: PodManifest): readonly FieldError[] {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  return [
    ...validateMeta(pod.metadata ?? {}, dnsSubdomain, true),
    ...validatePodSpec(pod.spec ?? {}, ['spec']),
    ...validateImages(containers, ['spec', 'containers']),
    ...validateImages(initContainers, ['spec', 'initContainers']),
  ];
}

/** Of pods alone: templates that were accepted before the check must go on working (validateContainersOnlyForPod). */
function validateImages(containers: readonly Container[], path: Path): readonly FieldError[] {
  return containers.flatMap(({ image = '' }, index) =>
    image === image.trim()
      ? []
      : [invalid([...path, index, 'image'], image, 'must not have leading or trailing whitespace')],
  );
}

/** The spec of a Pod or of a template; `path` leads to it. Names of containers and init containers are one set. */
export function validatePodSpec(spec: PodSpec, path: Path): readonly FieldError[] {
  const { containers = [], initContainers = [], nodeName = '', restartPolicy, dnsPolicy } = spec;
  const names = new Set<string>();
  return [
    ...(containers.length === 0 ? [required([...path, 'containers'])] : []),
    ...validateContainers(containers, names, [...path, 'containers']),
    ...validateContainers(initContainers, names, [...path, 'initContainers']),
    ...validateOneOf(restartPolicy, RESTART_POLICIES, [...path, 'restartPolicy']),
    ...validateOneOf(dnsPolicy, DNS_POLICIES, [...path, 'dnsPolicy']),
    ...(nodeName === '' ? [] : dnsSubdomain(nodeName).map((why) => invalid([...path, 'nodeName'], nodeName, why))),
  ];
}

function validateContainers(containers: readonly Container[], names: Set<string>, path: Path): readonly FieldError[] {
  return containers.flatMap((container, index) => {
    const { name = '', image = '', ports = [], imagePullPolicy } = container;
    const at = (field: string): Path => [...path, index, field];
    const errors = [
      ...(name === '' ? [required(at('name'))] : dnsLabel(name).map((why) => invalid(at('name'), name, why))),
      ...(names.has(name) ? [duplicate(at('name'), name)] : []),
      ...(image === '' ? [required(at('image'))] : []),
      ...validateContainerPorts(ports, at('ports')),
      ...validateOneOf(imagePullPolicy, PULL_POLICIES, at('imagePullPolicy')),
    ];
    names.add(name);
    return errors;
  });
}

function validateContainerPorts(ports: readonly ContainerPort[], path: Path): readonly FieldError[] {
  const names = new Set<string>();
  return ports.flatMap(({ name = '', containerPort = 0, protocol = '' }, index) => {
    const at = (field: string): Path => [...path, index, field];
    const nameErrors = name === '' ? [] : portName(name).map((why) => invalid(at('name'), name, why));
    const isTwice = nameErrors.length === 0 && names.has(name);
    if (name !== '' && nameErrors.length === 0) names.add(name);
    return [
      ...nameErrors,
      ...(isTwice ? [duplicate(at('name'), name)] : []),
      ...(containerPort === 0
        ? [required(at('containerPort'))]
        : portNumber(containerPort).map((why) => invalid(at('containerPort'), containerPort, why))),
      ...validateOneOf(protocol, PROTOCOLS, at('protocol')),
    ];
  });
}
