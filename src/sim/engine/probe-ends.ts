/** From the objects that a probe names to addresses and a network namespace. */
import { err, ok, type Result } from '../base/result.ts';
import { type ClusterService, nsOfPod } from '../kube/cluster.ts';
import { indexOf } from '../kube/cluster-index.ts';
import type { NsId } from '../linux/config.ts';
import type { Probe, ProbeFrom, ProbeTo } from '../scenario/probe.ts';
import { type Ip, parseIp } from '../wire/ip.ts';
import type { World } from './world.ts';

export interface Destination {
  readonly ip: Ip;
  readonly label: string;
  /** The name that the program looks up first; absent when an address was given. */
  readonly lookup?: string;
}

/** The namespace that the probe starts in, or why there is none. */
export function startOf(world: World, from: ProbeFrom): Result<NsId, string> {
  const pod = from.kind === 'pod' ? indexOf(world.cluster).pod(from.ref) : undefined;
  if (pod) return ok(nsOfPod(pod));
  const known = from.kind !== 'pod' && world.namespaces.has(from.ref);
  return known ? ok(from.ref) : err(`${nounOf(from)} ${from.ref} is not in this cluster`);
}

const nounOf = (end: ProbeFrom): string => ({ pod: 'Pod', node: 'Node', external: 'Machine' })[end.kind];

export function destinationOf(world: World, probe: Probe): Result<Destination, string> {
  const { to } = probe;
  switch (to.kind) {
    case 'pod': {
      const pod = indexOf(world.cluster).pod(to.ref);
      return pod ? ok({ ip: pod.ip, label: to.ref }) : err(`Pod ${to.ref} is not in this cluster`);
    }
    case 'node': {
      const node = indexOf(world.cluster).node(to.ref);
      return node ? ok({ ip: node.ip, label: to.ref }) : err(`Node ${to.ref} is not in this cluster`);
    }
    case 'external': {
      const host = world.cluster.externals.find((e) => e.name === to.ref);
      return host ? ok({ ip: host.lo[0] ?? host.ip, label: to.ref }) : err(`There is no machine ${to.ref}`);
    }
    case 'ip': {
      const parsed = parseIp(to.ip);
      return parsed.ok ? ok({ ip: parsed.value, label: to.ip }) : err(parsed.error);
    }
    case 'service':
      return serviceDestination(world, to);
  }
}

type ServiceEnd = Extract<ProbeTo, { kind: 'service' }>;

/** SIMPLIFIED: the answer of the cluster's DNS, without the packets that would fetch it. */
function serviceDestination(world: World, to: ServiceEnd): Result<Destination, string> {
  const service = indexOf(world.cluster).service(to.ref);
  if (!service) return err(`Could not resolve host: there is no Service ${to.ref}`);
  if (to.via === 'loadBalancer' || to.via === 'externalIP') return outerDestination(service, to);
  const name = `${service.name}.${service.namespace}.svc.cluster.local`;
  const address = addressOf(service);
  if (address === undefined)
    return err(
      service.type === 'ExternalName'
        ? `${name} is a CNAME for another name, and DNS beyond the cluster is not modelled yet`
        : `Could not resolve host: headless Service ${to.ref} has no ready pod`,
    );
  return ok({ ip: address, label: to.ref, ...(to.via === 'name' ? { lookup: name } : {}) });
}

/** An address that the Service has for the world outside. */
function outerDestination(service: ClusterService, { ref, via }: ServiceEnd): Result<Destination, string> {
  const [ip] = via === 'loadBalancer' ? service.loadBalancerIPs : service.externalIPs;
  if (ip !== undefined) return ok({ ip, label: ref });
  if (via === 'externalIP') return err(`Service ${ref} has no external IP`);
  return err(
    service.type === 'LoadBalancer'
      ? `The EXTERNAL-IP of Service ${ref} is <pending>: nobody gave it a load balancer`
      : `Service ${ref} is of type ${service.type}: no load balancer is made for it`,
  );
}

/** A headless name answers with the addresses of the ready pods; the program takes the first. */
function addressOf(service: ClusterService): Ip | undefined {
  if (service.clusterIP !== 'None') return service.clusterIP;
  return service.ports.flatMap((p) => p.endpoints).find((e) => e.ready)?.ip;
}
