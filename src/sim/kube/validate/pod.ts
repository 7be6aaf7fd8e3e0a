/** What the API server checks in the modelled fields of pods and their containers (pkg/apis/core/validation/validation.go). */
import { duplicate, type FieldError, invalid, type Path, required, unsupported } from './field-error.ts';
import type { Container, ContainerPort, PodManifest, PodSpec } from './manifest-types.ts';
import { validateMeta } from './meta.ts';
import { dnsLabel, dnsSubdomain, portName, portNumber } from './names.ts';
import { PROTOCOLS } from './service.ts';

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];

export function validatePod(pod: PodManifest): readonly FieldError[] {
  return [...validateMeta(pod.metadata ?? {}, dnsSubdomain, true), ...validatePodSpec(pod.spec ?? {}, ['spec'])];
}

/** The spec of a Pod or of a template; `path` leads to it. Names of containers and init containers are one set. */
export function validatePodSpec(spec: PodSpec, path: Path): readonly FieldError[] {
  const { containers = [], initContainers = [], nodeName = '', restartPolicy } = spec;
  const names = new Set<string>();
  return [
    ...(containers.length === 0 ? [required([...path, 'containers'])] : []),
    ...validateContainers(containers, names, [...path, 'containers']),
    ...validateContainers(initContainers, names, [...path, 'initContainers']),
    ...(restartPolicy === undefined || RESTART_POLICIES.includes(restartPolicy)
      ? []
      : [unsupported([...path, 'restartPolicy'], restartPolicy, RESTART_POLICIES)]),
    ...(nodeName === '' ? [] : dnsSubdomain(nodeName).map((why) => invalid([...path, 'nodeName'], nodeName, why))),
  ];
}

function validateContainers(containers: readonly Container[], names: Set<string>, path: Path): readonly FieldError[] {
  return containers.flatMap((container, index) => {
    const { name = '', image = '', ports = [] } = container;
    const at = (field: string): Path => [...path, index, field];
    const errors = [
      ...(name === '' ? [required(at('name'))] : dnsLabel(name).map((why) => invalid(at('name'), name, why))),
      ...(names.has(name) ? [duplicate(at('name'), name)] : []),
      ...(image === '' ? [required(at('image'))] : []),
      ...validateContainerPorts(ports, at('ports')),
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
      ...(protocol === ''
        ? [required(at('protocol'))]
        : PROTOCOLS.some((one) => one === protocol)
          ? []
          : [unsupported(at('protocol'), protocol, PROTOCOLS)]),
    ];
  });
}
