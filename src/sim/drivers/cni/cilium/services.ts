/** Services as the agent writes them into the load balancing maps (pkg/loadbalancer/reconciler). */

import { once } from '../../../base/once.ts';
import type { Cluster, ClusterNode, ClusterService, ClusterServicePort, Endpoint } from '../../../kube/cluster.ts';
import type { BpfEntry, BpfMap } from '../../../linux/bpf/map.ts';
import type { Origin } from '../../../linux/origin.ts';
import type { Ip } from '../../../wire/ip.ts';
import { BACKENDS, type Proto, REVERSE_NAT, type Scope, SERVICES, type ServiceValue, serviceKey } from './maps.ts';
import type { CiliumSettings } from './modes.ts';

const ANY = '0.0.0.0' as Ip;

interface Frontend {
  readonly address: Ip;
  readonly port: number;
  readonly proto: Proto;
  readonly kind: 'ClusterIP' | 'NodePort' | 'ExternalIPs';
  readonly routable: boolean;
  readonly service: ClusterService;
  readonly servicePort: ClusterServicePort;
}

/** kube-proxy keeps all but the clusterIPs where it is not replaced. */
function frontendsOf(service: ClusterService, node: ClusterNode, { kubeProxyReplacement }: CiliumSettings): Frontend[] {
  return service.ports.flatMap((servicePort): Frontend[] => {
    const { protocol, port, nodePort } = servicePort;
    if (protocol === 'SCTP' || service.clusterIP === undefined || service.clusterIP === 'None') return [];
    const base = { port, proto: protocol as Proto, service, servicePort };
    const cluster: Frontend = { ...base, address: service.clusterIP, kind: 'ClusterIP', routable: false };
    if (!kubeProxyReplacement) return [cluster];
    const onNodes = nodePort === undefined ? [] : [ANY, node.ip];
    return [
      cluster,
      ...onNodes.map((address): Frontend => {
        const routable = address !== ANY;
        return { ...base, address, port: nodePort ?? 0, kind: 'NodePort', routable };
      }),
      ...service.externalIPs.map((address): Frontend => ({ ...base, address, kind: 'ExternalIPs', routable: true })),
    ];
  });
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

function makeTables(cluster: Cluster, node: ClusterNode, settings: CiliumSettings): Tables {
  const services: BpfEntry[] = [];
  const reverse: BpfEntry[] = [];
  const backends = new Map<string, { readonly id: number; readonly entry: BpfEntry }>();
  const backendId = ({ ip, port }: Endpoint, proto: Proto, origin: Origin): number => {
    const text = `${ip}:${port}/${proto}`;
    const known = backends.get(text);
    if (known) return known.id;
    const id = backends.size + 1;
    backends.set(text, { id, entry: { key: { id }, value: { address: ip, port, proto }, origin } });
    return id;
  };
  let revNat = 0;
  for (const service of cluster.services)
    for (const frontend of frontendsOf(service, node, settings)) {
      revNat += 1;
      const origin: Origin = {
        by: 'cilium-agent',
        for: `Service ${service.namespace}/${service.name}`,
        why: `it stands for the ${frontend.kind} of this Service`,
      };
      const { address, port } = frontend;
      reverse.push({ key: { id: revNat }, value: { address, port }, origin });
      for (const scope of hasTwoScopes(frontend) ? (['ext', 'int'] as const) : (['ext'] as const))
        services.push(...slots(frontend, scope, revNat, node, origin, (e, proto) => backendId(e, proto, origin)));
    }
  return { services, reverse, backends: [...backends.values()].map(({ entry }) => entry) };
}

/** Slot 0 is the Service, with the number of its backends; the others are the backends. */
function slots(
  frontend: Frontend,
  scope: Scope,
  revNat: number,
  node: ClusterNode,
  origin: Origin,
  backendId: (endpoint: Endpoint, proto: Proto) => number,
): BpfEntry[] {
  const { address, port, proto, service, servicePort, routable, kind } = frontend;
  const all = isLocal(frontend, scope)
    ? servicePort.endpoints.filter((endpoint) => endpoint.node === node.name)
    : servicePort.endpoints;
  const endpoints = active(all);
  const entry = (slot: number, value: Pick<ServiceValue, 'backend' | 'count' | 'backendAddress'>): BpfEntry => ({
    key: serviceKey(address, port, proto, scope, slot),
    value: {
      ...value,
      revNat,
      flags: flagsOf(frontend),
      twoScopes: hasTwoScopes(frontend),
      routable,
      external: kind === 'ExternalIPs',
      affinitySeconds: service.sessionAffinity?.timeoutSeconds ?? 0,
    },
    origin,
  });
  return [
    entry(0, { backend: 0, count: endpoints.length, backendAddress: `${ANY}:0` }),
    ...endpoints.map((endpoint, i) =>
      entry(i + 1, {
        backend: backendId(endpoint, proto),
        count: 0,
        backendAddress: `${endpoint.ip}:${endpoint.port}/${proto}`,
      }),
    ),
  ];
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
