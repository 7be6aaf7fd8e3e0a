/** From the saved scenario's objects to the cluster that drivers see: names, nodes, addresses, endpoints. */
import { must } from '../base/assert.ts';
import { err, ok, type Result } from '../base/result.ts';
import { same } from '../base/same.ts';
import { type Cidr, cidrHas, cidrNth, type Ip, parseCidr, parseIp } from '../wire/ip.ts';
import type { Cluster, ClusterService, ClusterServicePort } from './cluster.ts';
import { type ClusterInput, type ClusterNote, type ClusterProblem, PODS_MAX } from './cluster-input.ts';
import { DNS_IP_OFFSET, DNS_SERVICE } from './dns/cluster-dns.ts';
import { type Backing, backingOf, endpointsOf } from './endpoints.ts';
import { familiesOf, familyName } from './families.ts';
import { hintNotes } from './hint-notes.ts';
import type { MakeIpam } from './ipam.ts';
import { allocateLoadBalancers, type LoadBalancerController } from './load-balancers.ts';
import { API_SERVER_PORT, type NetworkPlan, planNetwork } from './network-plan.ts';
import { AFFINITY_TIMEOUT_SECONDS, type ServiceObject } from './objects.ts';
import { mergeObjects, objectRef } from './objects-merge.ts';
import { countPods, placePods, RUNTIME_NOT_READY } from './placement.ts';
import { policyInputOf } from './policy/input-of.ts';
import { resolvePolicies } from './policy/resolve.ts';
import { isPolicy } from './policy-objects.ts';
import { runPods, stopListeners } from './running.ts';
import { allocateAddresses, type ServiceAddresses } from './service-addresses.ts';

/**
 * Builds the cluster, or says everything that stands in the way. What Kubernetes itself would accept and leave waiting (a pod without
 * a free address, a load balancer without a cloud) is built as far as it goes and told in the notes.
 */
export function buildCluster(
  input: ClusterInput,
  makeIpam?: MakeIpam,
  controller?: LoadBalancerController,
): Result<{ readonly cluster: Cluster; readonly notes: readonly ClusterNote[] }, readonly ClusterProblem[]> {
  const plan = planNetwork(input, controller);
  if (!plan.ok) return plan;
  const asked = countPods(input.objects, input.nodes);
  if (asked > PODS_MAX) {
    const text = `${asked} pods in all are too many: at most ${PODS_MAX} are supported`;
    return err([{ ref: 'cluster', text }]);
  }
  const { serviceCIDR, serviceCIDRs = [serviceCIDR] } = plan.value;
  const apiServerIP = cidrNth(serviceCIDR, 1);
  const notes: ClusterNote[] = [];
  const services = readServices(input, notes);
  const { addresses, problems } = allocateAddresses(services, serviceCIDRs, [apiServerIP]);
  if (problems.length > 0) return err(problems);
  const hasIpv4 = (service: ServiceObject): boolean =>
    addresses.get(objectRef(service))?.families.includes(4) !== false;
  const balanced = allocateLoadBalancers(services, controller, plan.value.balancer?.pool, hasIpv4);
  notes.push(...balanced.notes);

  const placement = placePods(input, plan.value, makeIpam);
  notes.push(...placement.notes);
  const system = systemServices(input, services, serviceCIDRs, [apiServerIP, ...given(addresses)], notes);
  const all = [...services, ...system.services];
  const addressOf = (service: ServiceObject): ServiceAddresses =>
    must(addresses.get(objectRef(service)) ?? system.addresses.get(objectRef(service)), 'addresses');
  const running = runPods(placement.pods, all, plan.value.nodes, input);
  notes.push(...running.notes);
  const nodes = new Map(plan.value.nodes.map((node) => [node.name, node]));
  const stop = stopListeners(input.stoppedListeners);
  const cluster: Cluster = {
    ...plan.value,
    ...(placement.outsidePodCIDR ? { noClusterCIDR: true } : {}),
    nodes: plan.value.nodes.map((node) => ({
      ...node,
      ...placement.holdings(node.name),
      ...(placement.withoutConf.has(node.name) ? { notReady: RUNTIME_NOT_READY } : {}),
      listens: [...stop(node.name, node.listens), ...(running.onNodes.get(node.name) ?? [])],
    })),
    externals: plan.value.externals.map((host) => ({ ...host, listens: stop(host.name, host.listens) })),
    pods: running.pods,
    ...(placement.waiting.length > 0 ? { waiting: placement.waiting } : {}),
    services: [
      kubernetesService(plan.value, apiServerIP),
      ...all.map((service, at) => {
        const backing = backingOf(service, running.selected[at] ?? [], nodes);
        notes.push(...hintNotes(service, backing, plan.value.nodes));
        const ref = objectRef(service);
        const ingress = ingressOf(balanced.given.get(ref), controller);
        const built = toClusterService(service, addressOf(service), ingress, backing, namesFamilies(plan.value));
        return keptIfSame(service, built);
      }),
    ],
  };
  return ok({ cluster: withPolicies(cluster, input), notes: distinct(notes) });
}

/** Selectors find the pods that there are now. */
function withPolicies(cluster: Cluster, { objects }: ClusterInput): Cluster {
  if (!objects.some(isPolicy)) return cluster;
  return { ...cluster, policies: resolvePolicies(policyInputOf(cluster, mergeObjects([], objects))) };
}

/** In a cluster of IPv4 alone everything is of IPv4, and nothing says so. */
const namesFamilies = (plan: NetworkPlan): boolean => familiesOf(plan).includes(6);

/** The Services of the manifests. The API server keeps its own Service as it wants it, whatever is applied. */
function readServices(input: ClusterInput, notes: ClusterNote[]): readonly ServiceObject[] {
  const services = mergeObjects([], input.objects).filter(
    (object): object is ServiceObject => object.kind === 'Service',
  );
  return services.filter((service) => {
    const ref = objectRef(service);
    if (ref !== 'Service default/kubernetes') return true;
    notes.push({ kind: 'ignored', ref, text: 'the API server makes this Service itself and undoes changes to it' });
    return false;
  });
}

const given = (addresses: ReadonlyMap<string, ServiceAddresses>): readonly Ip[] =>
  [...addresses.values()].flatMap(({ clusterIPs }) => clusterIPs);

/**
 * Services that stand in every cluster. They get their addresses last: kube-dns the 10th, as kubeadm says, or where a person's Service
 * has that one, or there are fewer, another one.
 */
function systemServices(
  { system = [] }: ClusterInput,
  own: readonly ServiceObject[],
  serviceCIDRs: readonly Cidr[],
  reserved: readonly Ip[],
  notes: ClusterNote[],
): { readonly services: readonly ServiceObject[]; readonly addresses: ReadonlyMap<string, ServiceAddresses> } {
  const taken = new Set(own.map(objectRef));
  const serviceCIDR = must(serviceCIDRs[0], 'a Service range');
  const wanted = cidrNth(serviceCIDR, DNS_IP_OFFSET);
  const isFree = cidrHas(serviceCIDR, wanted) && wanted !== cidrNth(serviceCIDR, -1) && !reserved.includes(wanted);
  const services = system
    .filter((object): object is ServiceObject => object.kind === 'Service' && !taken.has(objectRef(object)))
    .map((service) => (isFree && service.name === DNS_SERVICE ? { ...service, clusterIP: wanted } : service));
  const { addresses, problems } = allocateAddresses(services, serviceCIDRs, reserved);
  for (const { ref, text } of problems) notes.push({ kind: 'pending', ref, text });
  const failed = new Set(problems.map(({ ref }) => ref));
  return { services: services.filter((service) => !failed.has(objectRef(service))), addresses };
}

const lastBuilt = new WeakMap<ServiceObject, ClusterService>();

/** A Service that an edit did not touch stays the very same value: what a proxy wrote for it can be kept. */
function keptIfSame(object: ServiceObject, built: ClusterService): ClusterService {
  const before = lastBuilt.get(object);
  if (before && same(before, built)) return before;
  lastBuilt.set(object, built);
  return built;
}

type Ingress = Pick<ClusterService, 'loadBalancerIPs' | 'ipMode'>;

const ingressOf = (address: Ip | undefined, controller: LoadBalancerController | undefined): Ingress => ({
  loadBalancerIPs: address === undefined ? [] : [address],
  ...(address !== undefined && controller?.ipMode === 'Proxy' ? { ipMode: 'Proxy' } : {}),
});

function toClusterService(
  service: ServiceObject,
  addresses: ServiceAddresses,
  ingress: Ingress,
  backing: Backing,
  hasFamilies: boolean,
): ClusterService {
  const { clusterIPs, families, healthCheckNodePort } = addresses;
  const clusterIP = clusterIPs[0] ?? (service.type === 'ExternalName' ? undefined : 'None');
  const { trafficDistribution, topologyMode } = service;
  const timeoutSeconds = service.sessionAffinityTimeoutSeconds ?? AFFINITY_TIMEOUT_SECONDS;
  return {
    namespace: service.namespace,
    name: service.name,
    type: service.type ?? 'ClusterIP',
    ...(clusterIP === undefined ? {} : { clusterIP }),
    ...(clusterIPs.length > 1 ? { clusterIPs } : {}),
    ...(hasFamilies && families.length > 0 ? { ipFamilies: families.map(familyName) } : {}),
    ...(service.externalName === undefined ? {} : { externalName: service.externalName }),
    selector: service.selector ?? {},
    ports: toClusterPorts(service, addresses, backing),
    externalTrafficPolicy: service.externalTrafficPolicy ?? 'Cluster',
    internalTrafficPolicy: service.internalTrafficPolicy ?? 'Cluster',
    ...(service.sessionAffinity === 'ClientIP' ? { sessionAffinity: { type: 'ClientIP', timeoutSeconds } } : {}),
    externalIPs: (service.externalIPs ?? []).flatMap((text) => valuesOf(parseIp(text))),
    ...ingress,
    loadBalancerSourceRanges: (service.loadBalancerSourceRanges ?? []).flatMap((text) =>
      valuesOf(parseCidr(text.trim())),
    ),
    ...(healthCheckNodePort === undefined ? {} : { healthCheckNodePort }),
    ...(trafficDistribution === undefined ? {} : { trafficDistribution }),
    ...(topologyMode === undefined ? {} : { topologyMode }),
  };
}

/** Validation refused malformed texts on import; what an old document still holds has no effect. */
const valuesOf = <T>(parsed: Result<T, string>): readonly T[] => (parsed.ok ? [parsed.value] : []);

function toClusterPorts(
  service: ServiceObject,
  { nodePorts, families }: ServiceAddresses,
  backing: Backing,
): readonly ClusterServicePort[] {
  return service.ports.map((port, at) => {
    const nodePort = nodePorts[at];
    return {
      name: port.name ?? '',
      protocol: port.protocol ?? 'TCP',
      port: port.port,
      targetPort: port.targetPort ?? port.port,
      ...(nodePort === undefined ? {} : { nodePort }),
      endpoints: endpointsOf(service, port, backing, families),
    };
  });
}

/** The API server's own Service, of the first family alone. It writes the endpoint itself, without a node name (pkg/controlplane/reconcilers). */
function kubernetesService(plan: NetworkPlan, clusterIP: Ip): ClusterService {
  const apiServer = must(plan.nodes[0], 'a control plane').ip;
  const endpoint = { ip: apiServer, port: API_SERVER_PORT, ready: true, serving: true, terminating: false };
  return {
    namespace: 'default',
    name: 'kubernetes',
    type: 'ClusterIP',
    clusterIP,
    ...(namesFamilies(plan) ? { ipFamilies: familiesOf(plan).slice(0, 1).map(familyName) } : {}),
    selector: {},
    ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: API_SERVER_PORT, endpoints: [endpoint] }],
    externalTrafficPolicy: 'Cluster',
    internalTrafficPolicy: 'Cluster',
    externalIPs: [],
    loadBalancerIPs: [],
    loadBalancerSourceRanges: [],
  };
}

/** Replicas say the same thing once each: the person reads it once. */
function distinct(notes: readonly ClusterNote[]): readonly ClusterNote[] {
  return [...new Map(notes.map((note) => [`${note.kind} ${note.ref} ${note.text}`, note])).values()];
}
