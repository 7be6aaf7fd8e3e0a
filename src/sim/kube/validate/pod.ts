/** What the API server checks in the modelled fields of pods and their containers (pkg/apis/core/validation/validation.go). */
import { parseIp } from '../../wire/ip.ts';
import { duplicate, type FieldError, invalid, type Path, required } from './field-error.ts';
import type { Container, ContainerPort, PodManifest, PodSpec } from './manifest-types.ts';
import { validateMeta } from './meta.ts';
import { dnsLabel, dnsSubdomain, portName, portNumber } from './names.ts';
import { validatePodAnnotations } from './pod-annotations.ts';
import { validatePodNames } from './pod-dns.ts';
import { validateAffinity, validateTolerations } from './pod-placement.ts';
import { validateResources, validateVolumes } from './pod-resources.ts';
import { matchSeccomp, validateSeccompField } from './seccomp.ts';
import { PROTOCOLS, validateOneOf } from './service.ts';
import { NOT_AN_ADDRESS } from './service-ips.ts';

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

export function validatePod(pod: PodManifest): readonly FieldError[] {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  return [
    ...validateMeta(pod.metadata ?? {}, dnsSubdomain, true),
    ...validatePodAnnotations(pod.metadata?.annotations ?? {}, pod.spec ?? {}),
    ...validatePodSpec(pod.spec ?? {}, ['spec'], pod.metadata?.name),
    ...validateImages(containers, ['spec', 'containers']),
    ...validateImages(initContainers, ['spec', 'initContainers']),
    ...matchSeccomp(pod.metadata?.annotations ?? {}, pod.spec ?? {}),
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
export function validatePodSpec(spec: PodSpec, path: Path, podName = ''): readonly FieldError[] {
  const { containers = [], initContainers = [], hostNetwork = false, nodeName = '', restartPolicy, dnsPolicy } = spec;
  const { affinity, tolerations = [], volumes = [] } = spec;
  const names = new Set<string>();
  return [
    ...validateVolumes(volumes, podName, [...path, 'volumes']),
    ...(containers.length === 0 ? [required([...path, 'containers'])] : []),
    ...validateContainers(containers, names, [...path, 'containers']),
    ...checkHostPorts(containers, [...path, 'containers']),
    ...validateContainers(initContainers, names, [...path, 'initContainers']),
    // One by one, because they run one after the other; the path names the first one, as the API server's does.
    ...initContainers.flatMap((one) => checkHostPorts([one], [...path, 'initContainers'])),
    ...validateOneOf(restartPolicy, RESTART_POLICIES, [...path, 'restartPolicy']),
    ...validateOneOf(dnsPolicy, DNS_POLICIES, [...path, 'dnsPolicy']),
    ...validatePodNames(spec, path),
    ...(hostNetwork ? matchHostPorts(containers, [...path, 'containers']) : []),
    ...validateSeccompField(spec.securityContext?.seccompProfile, [...path, 'securityContext']),
    ...(affinity ? validateAffinity(affinity, [...path, 'affinity']) : []),
    ...(nodeName === '' ? [] : dnsSubdomain(nodeName).map((why) => invalid([...path, 'nodeName'], nodeName, why))),
    ...validateTolerations(tolerations, [...path, 'tolerations']),
  ];
}

function validateContainers(containers: readonly Container[], names: Set<string>, path: Path): readonly FieldError[] {
  return containers.flatMap((container, index) => {
    const { name = '', image = '', ports = [], imagePullPolicy, terminationMessagePolicy } = container;
    const { resources = {}, securityContext } = container;
    const at = (field: string): Path => [...path, index, field];
    const errors = [
      ...(name === '' ? [required(at('name'))] : dnsLabel(name).map((why) => invalid(at('name'), name, why))),
      ...(names.has(name) ? [duplicate(at('name'), name)] : []),
      ...(image === '' ? [required(at('image'))] : []),
      ...validateOneOf(terminationMessagePolicy, MESSAGE_POLICIES, at('terminationMessagePolicy')),
      ...validateContainerPorts(ports, at('ports')),
      ...validateOneOf(imagePullPolicy, PULL_POLICIES, at('imagePullPolicy')),
      ...validateResources(resources, at('resources')),
      ...validateSeccompField(securityContext?.seccompProfile, at('securityContext')),
    ];
    names.add(name);
    return errors;
  });
}

function validateContainerPorts(ports: readonly ContainerPort[], path: Path): readonly FieldError[] {
  const names = new Set<string>();
  return ports.flatMap(({ name = '', containerPort = 0, hostPort = 0, hostIP = '', protocol = '' }, index) => {
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
      ...(hostPort === 0 ? [] : portNumber(hostPort).map((why) => invalid(at('hostPort'), hostPort, why))),
      ...(hostIP === '' || parseIp(hostIP).ok ? [] : [invalid(at('hostIP'), hostIP, NOT_AN_ADDRESS)]),
      ...validateOneOf(protocol, PROTOCOLS, at('protocol')),
    ];
  });
}

/** `AccumulateUniqueHostPorts`: no two ports of these containers may be the same port of the node. */
function checkHostPorts(containers: readonly Container[], path: Path): readonly FieldError[] {
  const seen = new Set<string>();
  return containers.flatMap(({ ports = [] }, index) =>
    ports.flatMap(({ hostPort = 0, hostIP = '', protocol = '' }, at) => {
      const key = `${protocol}/${hostIP}/${hostPort}`;
      const isTwice = hostPort !== 0 && seen.has(key);
      seen.add(key);
      return isTwice ? [duplicate([...path, index, 'ports', at, 'hostPort'], key)] : [];
    }),
  );
}

/** `validateHostNetwork`. Of a template only what is written is looked at; a pod's were filled in before. */
function matchHostPorts(containers: readonly Container[], path: Path): readonly FieldError[] {
  return containers.flatMap(({ ports = [] }, index) =>
    ports.flatMap(({ hostPort = 0, containerPort = 0 }, at) =>
      hostPort === 0 || hostPort === containerPort
        ? []
        : [
            invalid(
              [...path, index, 'ports', at, 'hostPort'],
              hostPort,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ],
    ),
  );
}
