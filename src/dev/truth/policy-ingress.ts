/** What Ingresses and OpenShift Routes open, as np-guard reads them: ports of pods behind Services, from a controller of which nothing is known. */
import type { PolicyPod } from '../../sim/kube/policy/input.ts';
import type { RecordedObject, Workload } from './policy-input.ts';

/** A pod of a namespace that no selector is about. */
export const CONTROLLER: PolicyPod = {
  namespace: 'ingress-controller-ns',
  name: 'ingress-controller',
  labels: {},
  ips: [],
  ports: [],
};

interface ServiceSpec {
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports?: readonly { readonly name?: string; readonly port: number; readonly targetPort?: number | string }[];
}

interface Wanted {
  readonly service: string;
  /** Number or name of a port of the Service, or what a Route calls `targetPort`; absent: all of them. */
  readonly port?: number | string;
}

/** Ports that are opened, by workload. */
export function throughIngress(
  resources: readonly RecordedObject[],
  workloads: readonly Workload[],
): ReadonlyMap<string, readonly number[]> {
  const opened = new Map<string, number[]>();
  for (const object of resources) {
    const wanted = object.kind === 'Ingress' ? ofIngress(object) : object.kind === 'Route' ? ofRoute(object) : [];
    const namespace = object.metadata?.namespace || 'default';
    for (const { service, port } of wanted) {
      const spec = resources.find(
        (one) =>
          one.kind === 'Service' &&
          one.metadata?.name === service &&
          (one.metadata.namespace || 'default') === namespace,
      )?.spec as ServiceSpec | undefined;
      for (const workload of workloads) {
        if (workload.pod.namespace !== namespace || !isSelected(workload.pod, spec?.selector)) continue;
        opened.set(workload.name, [
          ...(opened.get(workload.name) ?? []),
          ...targetsOf(workload.pod, spec?.ports ?? [], port),
        ]);
      }
    }
  }
  return opened;
}

const isSelected = ({ labels }: PolicyPod, selector: ServiceSpec['selector']): boolean =>
  selector !== undefined && Object.entries(selector).every(([key, value]) => labels[key] === value);

function targetsOf(
  pod: PolicyPod,
  ports: NonNullable<ServiceSpec['ports']>,
  wanted: Wanted['port'],
): readonly number[] {
  return ports.flatMap(({ name, port, targetPort = port }) => {
    if (wanted !== undefined && wanted !== name && wanted !== port && wanted !== targetPort) return [];
    if (typeof targetPort === 'number') return [targetPort];
    return pod.ports.filter((one) => one.name === targetPort).map((one) => one.port);
  });
}

interface Backend {
  readonly service?: { readonly name: string; readonly port?: { readonly number?: number; readonly name?: string } };
}

function ofIngress({ spec }: RecordedObject): readonly Wanted[] {
  const { defaultBackend, rules = [] } = (spec ?? {}) as {
    readonly defaultBackend?: Backend;
    readonly rules?: readonly { readonly http?: { readonly paths: readonly { readonly backend: Backend }[] } }[];
  };
  const backends = [
    ...(defaultBackend ? [defaultBackend] : []),
    ...rules.flatMap(({ http }) => http?.paths.map(({ backend }) => backend) ?? []),
  ];
  return backends.flatMap(({ service }) => {
    const port = service?.port?.number ?? service?.port?.name;
    return service ? [{ service: service.name, ...(port === undefined ? {} : { port }) }] : [];
  });
}

function ofRoute({ spec }: RecordedObject): readonly Wanted[] {
  const {
    to,
    alternateBackends = [],
    port,
  } = (spec ?? {}) as {
    readonly to?: { readonly name: string };
    readonly alternateBackends?: readonly { readonly name: string }[];
    readonly port?: { readonly targetPort: number | string };
  };
  return [...(to ? [to] : []), ...alternateBackends].map(({ name }) => ({
    service: name,
    ...(port ? { port: port.targetPort } : {}),
  }));
}
