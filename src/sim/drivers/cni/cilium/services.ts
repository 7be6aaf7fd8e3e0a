/** Services as the agent writes them into the load balancing maps (pkg/loadbalancer/reconciler). */

import { once } from '../../../base/once.ts';
import {
  type Cluster,
  type ClusterHostPort,
  type ClusterNode,
  type ClusterPod,
  type ClusterService,
  type ClusterServicePort,
  type Endpoint,
  podNs,
  proxiedAddresses,
} from '../../../kube/cluster.ts';
import type { BpfEntry, BpfMap } from '../../../linux/bpf/map.ts';
import type { Origin } from '../../../linux/origin.ts';
import type { Ip } from '../../../wire/ip.ts';
import { BACKENDS, type Proto, REVERSE_NAT, type Scope, SERVICES, type ServiceValue, serviceKey } from './maps.ts';
import type { CiliumSettings } from './modes.ts';

const ANY = '0.0.0.0' as Ip;
const NO_BACKEND = `${ANY}:0`;

interface Frontend {
  readonly address: Ip;
  readonly port: number;
  readonly proto: Proto;
  readonly kind: 'ClusterIP' | 'NodePort' | 'ExternalIPs' | 'LoadBalancer' | 'HostPort';
  readonly routable: boolean;
  readonly service: ClusterService;
  readonly servicePort: ClusterServicePort;
  /** The pod whose host port it is; else the Service. */
  readonly pod?: string;
}

/** kube-proxy keeps all but the clusterIPs where it is not replaced. */
function frontendsOf(service: ClusterService, node: ClusterNode, { kubeProxyReplacement }: CiliumSettings): Frontend[] {
  const { clusterIP, externalIPs } = service;
  if (clusterIP === undefined || clusterIP === 'None') return [];
  const all: Frontend[] = [];
  for (const servicePort of service.ports) {
    const { protocol, port, nodePort } = servicePort;
    if (protocol === 'SCTP') continue;
    const put = (kind: Frontend['kind'], address: Ip, at: number, routable: boolean): void =>
      void all.push({ address, port: at, proto: protocol, kind, routable, service, servicePort });
    put('ClusterIP', clusterIP, port, false);
    if (!kubeProxyReplacement) continue;
    if (nodePort !== undefined)
      for (const address of [ANY, node.ip]) put('NodePort', address, nodePort, address !== ANY);
    for (const address of externalIPs) put('ExternalIPs', address, port, true);
    for (const address of proxiedAddresses(service)) put('LoadBalancer', address, port, true);
  }
  return all;
}

/** Host ports of the node's own pods, as Services of their own (pkg/loadbalancer/reflectors/k8s.go, upsertHostPort). */
function hostPortFrontends({ pods }: Cluster, node: ClusterNode, { kubeProxyReplacement }: CiliumSettings): Frontend[] {
  if (!kubeProxyReplacement) return [];
  return pods
    .filter((pod) => pod.node === node.name)
    .flatMap((pod) =>
      (pod.hostPorts ?? []).flatMap((mapping): Frontend[] => {
        if (mapping.proto === 'sctp') return [];
        const { service, servicePort } = hostPortService(pod, mapping);
        const addresses = mapping.hostIP === undefined ? [ANY, node.ip] : [mapping.hostIP];
        return addresses.map((address) => ({
          address,
          port: mapping.hostPort,
          proto: servicePort.protocol as Proto,
          kind: 'HostPort',
          routable: address !== ANY,
          service,
          servicePort,
          pod: podNs(pod),
        }));
      }),
    );
}

function hostPortService(pod: ClusterPod, { proto, hostPort, containerPort }: ClusterHostPort) {
  const ready = { ready: true, serving: true, terminating: false };
  const servicePort: ClusterServicePort = {
    name: '',
    protocol: proto === 'tcp' ? 'TCP' : 'UDP',
    port: hostPort,
    targetPort: containerPort,
    endpoints: [{ ip: pod.ip, port: containerPort, node: pod.node, ...ready, pod: podNs(pod) }],
  };
  const service: ClusterService = {
    namespace: pod.namespace,
    name: `${pod.name}/host-port/${hostPort}`,
    type: 'ClusterIP',
    selector: {},
    ports: [servicePort],
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    externalIPs: [],
    loadBalancerIPs: [],
    loadBalancerSourceRanges: [],
  };
  return { service, servicePort };
}

/** Who is ready; if nobody is, those that still serve while they end. */
function active(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  return ready.length > 0 ? ready : endpoints.filter(({ serving, terminating }) => serving && terminating);
}

const isLocal = ({ kind, service }: Frontend, scope: Scope): boolean =>
  (kind === 'ClusterIP' || scope === 'int' ? service.internalTrafficPolicy : service.externalTrafficPolicy) === 'Local';

const hasTwoScopes = (frontend: Frontend): boolean =>
  frontend.kind !== 'ClusterIP' && isLocal(frontend, 'ext') !== isLocal(frontend, 'int');

function flagsOf(frontend: Frontend): string {
  const { kind, routable, service } = frontend;
  return [
    kind,
    ...(isLocal(frontend, 'ext') ? [kind === 'ClusterIP' ? 'InternalLocal' : 'Local'] : []),
    ...(hasTwoScopes(frontend) ? ['two-scopes'] : []),
    ...(service.sessionAffinity ? ['sessionAffinity'] : []),
    ...(routable ? [] : ['non-routable']),
  ].join(', ');
}

interface Tables {
  readonly services: readonly BpfEntry[];
  readonly backends: readonly BpfEntry[];
  readonly reverse: readonly BpfEntry[];
}

/** Tables as they grow. Numbers are given in order, after those of the tables that they go on from. */
class Writer implements Tables {
  readonly services: BpfEntry[] = [];
  readonly reverse: BpfEntry[] = [];
  readonly backends: BpfEntry[] = [];
  private readonly ids = new Map<string, number>();
  private readonly after: Writer | undefined;

  constructor(after?: Writer) {
    this.after = after;
  }

  private nextId(of: 'reverse' | 'backends'): number {
    return (this.after?.[of].length ?? 0) + this[of].length + 1;
  }

  private backend(text: string, { ip, port }: Endpoint, proto: Proto, origin: Origin): number {
    const known = this.after?.ids.get(text) ?? this.ids.get(text);
    if (known !== undefined) return known;
    const id = this.nextId('backends');
    this.ids.set(text, id);
    this.backends.push({ key: { id }, value: { address: ip, port, proto }, origin });
    return id;
  }

  /** Slot 0 is the Service, with the number of its backends; the others are the backends. `node`: whose own endpoints count as local. */
  write(frontend: Frontend, node: string | null): void {
    const { address, port, proto, service, kind, routable, pod } = frontend;
    const revNat = this.nextId('reverse');
    const origin: Origin = {
      by: 'cilium-agent',
      ...(pod === undefined
        ? {
            for: `Service ${service.namespace}/${service.name}`,
            why: `it stands for the ${kind} of this Service`,
          }
        : { for: `Pod ${pod}`, why: `hostPort ${port} of Pod ${pod}` }),
    };
    this.reverse.push({ key: { id: revNat }, value: { address, port }, origin });
    const twoScopes = hasTwoScopes(frontend);
    const flags = flagsOf(frontend);
    const external = kind === 'ExternalIPs';
    const affinitySeconds = service.sessionAffinity?.timeoutSeconds ?? 0;
    // No spread: a node with 10,000 Services has 40,000 of these.
    const put = (scope: Scope, slot: number, backend: number, count: number, backendAddress: string): void => {
      const key = serviceKey(address, port, proto, scope, slot);
      const value: ServiceValue = {
        backend,
        count,
        revNat,
        flags,
        twoScopes,
        routable,
        external,
        isHostPort: kind === 'HostPort',
        backendAddress,
        affinitySeconds,
      };
      this.services.push({ key, value, origin });
    };
    for (const scope of twoScopes ? (['ext', 'int'] as const) : (['ext'] as const)) {
      const { endpoints } = frontend.servicePort;
      const chosen = active(isLocal(frontend, scope) ? endpoints.filter((one) => one.node === node) : endpoints);
      put(scope, 0, 0, chosen.length, NO_BACKEND);
      for (const [i, endpoint] of chosen.entries()) {
        const text = `${endpoint.ip}:${endpoint.port}/${proto}`;
        put(scope, i + 1, this.backend(text, endpoint, proto, origin), 0, text);
      }
    }
  }
}

/** The same on every node: its address is not the node's own, and where its endpoints run does not matter. */
const isCommon = (frontend: Frontend): boolean =>
  (frontend.kind !== 'NodePort' || frontend.address === ANY) && !isLocal(frontend, 'ext') && !isLocal(frontend, 'int');

const common = new WeakMap<readonly ClusterService[], Map<boolean, Writer>>();

/** Written once for all nodes: with 10,000 Services it takes a good part of a second. */
function commonTables(cluster: Cluster, node: ClusterNode, settings: CiliumSettings): Writer {
  const known = common.get(cluster.services) ?? new Map<boolean, Writer>();
  common.set(cluster.services, known);
  const before = known.get(settings.kubeProxyReplacement);
  if (before) return before;
  const writer = new Writer();
  for (const service of cluster.services)
    for (const frontend of frontendsOf(service, node, settings)) if (isCommon(frontend)) writer.write(frontend, null);
  known.set(settings.kubeProxyReplacement, writer);
  return writer;
}

function makeTables(cluster: Cluster, node: ClusterNode, settings: CiliumSettings): Tables {
  const shared = commonTables(cluster, node, settings);
  const own = new Writer(shared);
  for (const service of cluster.services)
    for (const frontend of frontendsOf(service, node, settings))
      if (!isCommon(frontend)) own.write(frontend, node.name);
  for (const frontend of hostPortFrontends(cluster, node, settings)) own.write(frontend, node.name);
  const joined = (of: keyof Tables): readonly BpfEntry[] =>
    own[of].length === 0 ? shared[of] : [...shared[of], ...own[of]];
  return { services: joined('services'), backends: joined('backends'), reverse: joined('reverse') };
}

/** Written when somebody looks: the maps of a node with 10,000 Services are large. */
export function serviceMaps(cluster: Cluster, node: ClusterNode, settings: CiliumSettings): readonly BpfMap[] {
  const tables = once(() => makeTables(cluster, node, settings));
  const map = (name: string, of: keyof Tables): BpfMap => ({
    name,
    get entries() {
      return tables()[of];
    },
  });
  return [map(SERVICES.name, 'services'), map(BACKENDS.name, 'backends'), map(REVERSE_NAT.name, 'reverse')];
}
