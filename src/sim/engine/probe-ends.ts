/** From the objects that a probe names to a network namespace, and to an address or a name that the program is given. */
import { err, ok, type Result } from '../base/result.ts';
import { type ClusterPod, type ClusterService, nsOfPod } from '../kube/cluster.ts';
import { indexOf } from '../kube/cluster-index.ts';
import { resolvConfOf } from '../kube/dns/resolv-conf.ts';
import { clusterIPsOf, familyNamed, ipsOf } from '../kube/families.ts';
import type { NsId } from '../linux/config.ts';
import { type Probe, type ProbeFrom, type ProbeTo, serviceHost } from '../scenario/probe.ts';
import { familyOf, type Ip, parseIp } from '../wire/ip.ts';
import { makeChoices } from './choices.ts';
import { inHostsFile } from './names/hosts.ts';
import { lookUpName } from './names/look-up.ts';
import { type Named, resolverOf } from './run-named.ts';
import { open } from './run-program.ts';
import type { World } from './world.ts';

/** `label` is what a person calls it. */
export type Destination =
  | { readonly label: string; readonly ip: Ip }
  /** The program looks it up first. */
  | { readonly label: string; readonly named: Named };

/** The namespace that the probe starts in, or why there is none. */
export function startOf(world: World, from: ProbeFrom): Result<NsId, string> {
  const pod = podOf(world, from);
  if (pod) return ok(nsOfPod(pod));
  const known = from.kind !== 'pod' && world.namespaces.has(from.ref);
  return known ? ok(from.ref) : err(`${nounOf(from)} ${from.ref} is not in this cluster`);
}

const podOf = (world: World, from: ProbeFrom): ClusterPod | undefined =>
  from.kind === 'pod' ? indexOf(world.cluster).pod(from.ref) : undefined;

const nounOf = (end: ProbeFrom): string => ({ pod: 'Pod', node: 'Node', external: 'Machine' })[end.kind];

export function destinationOf(
  world: World,
  { from, to, options }: Pick<Probe, 'from' | 'to' | 'options'>,
): Result<Destination, string> {
  const asked = options?.family;
  switch (to.kind) {
    case 'pod': {
      const pod = indexOf(world.cluster).pod(to.ref);
      return pod ? addressed(ipsOf(pod), `Pod ${to.ref}`, to.ref, asked) : err(`Pod ${to.ref} is not in this cluster`);
    }
    case 'node': {
      const node = indexOf(world.cluster).node(to.ref);
      return node
        ? addressed(ipsOf(node), `Node ${to.ref}`, to.ref, asked)
        : err(`Node ${to.ref} is not in this cluster`);
    }
    case 'external': {
      const host = world.cluster.externals.find((e) => e.name === to.ref);
      return host
        ? addressed([...host.lo, ...ipsOf(host)], `Machine ${to.ref}`, to.ref, asked)
        : err(`There is no machine ${to.ref}`);
    }
    case 'ip': {
      const parsed = parseIp(to.ip);
      return parsed.ok ? ok({ ip: parsed.value, label: to.ip }) : err(parsed.error);
    }
    case 'name':
      return ok(byName(world, from, to.name, to.name, asked));
    case 'service':
      return serviceDestination(world, from, to, asked);
  }
}

type ServiceEnd = Extract<ProbeTo, { kind: 'service' }>;
type Asked = 'IPv4' | 'IPv6' | undefined;

/** The first address, or the first of the family that is asked for. */
function pick(ips: readonly Ip[], asked: Asked): Ip | undefined {
  return asked === undefined ? ips[0] : ips.find((ip) => familyOf(ip) === familyNamed(asked));
}

function addressed(ips: readonly Ip[], who: string, label: string, asked: Asked): Result<Destination, string> {
  const ip = pick(ips, asked);
  return ip === undefined ? err(`${who} has no ${asked ?? ''} address`) : ok({ ip, label });
}

function byName(world: World, from: ProbeFrom, name: string, label: string, asked: Asked): Destination {
  const pod = podOf(world, from);
  const known = inHostsFile(name, pod);
  if (known !== null) return { ip: known, label };
  const family = asked && familyNamed(asked);
  return { label, named: { name, conf: resolvConfOf(world.cluster, from.ref, pod), ...(family && { family }) } };
}

function serviceDestination(world: World, from: ProbeFrom, to: ServiceEnd, asked: Asked): Result<Destination, string> {
  if (to.via === 'name') return ok(byName(world, from, serviceHost(to.ref), to.ref, asked));
  const service = indexOf(world.cluster).service(to.ref);
  if (!service) return err(`There is no Service ${to.ref}`);
  if (to.via === 'loadBalancer' || to.via === 'externalIP') return outerDestination(world, service, to, asked);
  const addresses = clusterIPsOf(service);
  if (addresses.length === 0) return err(`Service ${to.ref} has no ClusterIP`);
  return addressed(addresses, `Service ${to.ref}`, to.ref, asked);
}

/** An address that the Service has for the world outside. */
function outerDestination(
  { notes }: World,
  service: ClusterService,
  { ref, via }: ServiceEnd,
  asked: Asked,
): Result<Destination, string> {
  const ips = via === 'loadBalancer' ? service.loadBalancerIPs : service.externalIPs;
  if (ips.length > 0) return addressed(ips, `Service ${ref}`, ref, asked);
  if (via === 'externalIP') return err(`Service ${ref} has no external IP`);
  if (service.type !== 'LoadBalancer')
    return err(`Service ${ref} is of type ${service.type}: no load balancer is made for it`);
  const note = notes.find((one) => one.kind === 'pending' && one.ref === `Service ${ref}`);
  return err((note?.text ?? 'EXTERNAL-IP <pending>').replace('EXTERNAL-IP', `The EXTERNAL-IP of Service ${ref} is`));
}

/** The address that the program will use: looked up now where it is given a name. */
export function addressFor(world: World, ns: NsId, destination: Destination): Result<Ip, string> {
  if ('ip' in destination) return ok(destination.ip);
  const program = { ns, proto: 'tcp', port: 0, waitMs: 0 } as const;
  const opened = open(world.namespaces, world.warm, makeChoices(world.seed), program);
  const { name } = destination.named;
  const [found] = lookUpName(
    resolverOf(opened.kernel, opened.ns, program, destination.named),
    name,
    destination.named.family,
  ).addresses;
  return found === undefined ? err(`Could not resolve host: ${name}`) : ok(found);
}
