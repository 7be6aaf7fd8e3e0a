/** Joins the two strangers: what is drawn (picture ids) and what is selected or sent (the store's words). */

import { idOf, type PictureId, refOf } from '../../render/picture-id.ts';
import type { World } from '../../sim/engine/world.ts';
import { indexOf } from '../../sim/kube/cluster-index.ts';
import type { HookName } from '../../sim/linux/netfilter/iptables/rule.ts';
import type { Probe, ProbeFrom, ProbeTo } from '../../sim/scenario/probe.ts';
import type { Selected } from '../../store/selection.ts';

export function selectedOf(id: PictureId, world: World | null): Selected | null {
  const ref = refOf(id);
  switch (ref?.kind) {
    case 'ns':
      return { kind: machineKind(ref.ns, world), id: ref.ns };
    case 'dev':
      return { kind: 'device', ns: ref.ns, id: ref.dev };
    case 'hook':
      return { kind: 'hook', ns: ref.ns, id: ref.hook };
    case 'svc':
      return { kind: 'service', id: ref.ref };
    case 'route':
      return { kind: 'route', ns: ref.ns, id: '' };
    case 'conntrack':
      return { kind: 'conntrack', ns: ref.ns, id: '' };
    case 'sockets':
      return { kind: 'listener', ns: ref.ns, id: '' };
    case 'fold':
    case 'announcer':
      return { kind: machineKind(ref.ns, world), id: ref.ns };
    default:
      return null;
  }
}

export function pictureIdOf(selected: Selected, world: World | null): PictureId | null {
  const { kind, id, ns = '' } = selected;
  switch (kind) {
    case 'node':
    case 'pod':
    case 'external':
      return world === null || world.namespaces.has(id) || indexOf(world.cluster).pod(id)
        ? idOf({ kind: 'ns', ns: id })
        : null;
    case 'device':
      return idOf({ kind: 'dev', ns, dev: id });
    case 'service':
      return idOf({ kind: 'svc', ref: id });
    case 'route':
    case 'conntrack':
      return idOf({ kind, ns });
    case 'listener':
      return idOf({ kind: 'sockets', ns });
    case 'hook':
      return idOf({ kind: 'hook', ns, hook: id as HookName });
    default:
      return null;
  }
}

function machineKind(ns: string, world: World | null): 'pod' | 'node' | 'external' {
  if (ns.includes('/')) return 'pod';
  return world?.cluster.externals.some(({ name }) => name === ns) ? 'external' : 'node';
}

/** What a line drawn on the stage sends: to a Service on its first port, to a pod on a port it listens on, else a ping. */
export function probeOfDrag(fromId: PictureId, toId: PictureId, world: World, standing: Probe | null): Probe | null {
  const [from, end] = [endOf(fromId, world), endOf(toId, world)];
  if (from === null || end === null || from.kind === 'service') return null;
  const to = from.kind === 'external' ? doorOutside(end, world) : end;
  const offered = portsOf(to, world);
  const isKept = standing?.port !== undefined && offered.includes(`${standing.proto} ${standing.port}`);
  if (isKept) return { from, to, proto: standing.proto, port: standing.port as number };
  const [proto, port] = offered[0]?.split(' ') ?? [];
  if (proto !== 'tcp' && proto !== 'udp') return { from, to, proto: 'ping' };
  return { from, to, proto, port: Number(port) };
}

/** Names of the cluster mean nothing outside: a client takes the address that a Service has for it. */
function doorOutside(end: DragEnd, { cluster }: World): DragEnd {
  if (end.kind !== 'service') return end;
  const service = indexOf(cluster).service(end.ref);
  if (service && service.loadBalancerIPs.length > 0) return { ...end, via: 'loadBalancer' };
  return service && service.externalIPs.length > 0 ? { ...end, via: 'externalIP' } : end;
}

type DragEnd = ProbeFrom | Extract<ProbeTo, { kind: 'service' }>;

function endOf(id: PictureId, world: World): DragEnd | null {
  const ref = refOf(id);
  if (ref?.kind === 'svc') return { kind: 'service', ref: ref.ref, via: 'name' };
  if (ref?.kind !== 'ns' && ref?.kind !== 'sockets') return null;
  return { kind: machineKind(ref.ns, world), ref: ref.ns };
}

/** `tcp 80`, in the order in which the end lists them. */
function portsOf(end: DragEnd, { cluster }: World): readonly string[] {
  if (end.kind === 'service') {
    const service = cluster.services.find(({ namespace, name }) => `${namespace}/${name}` === end.ref);
    return service?.ports.map(({ protocol, port }) => `${protocol.toLowerCase()} ${port}`) ?? [];
  }
  const listens =
    end.kind === 'pod'
      ? cluster.pods.find(({ namespace, name }) => `${namespace}/${name}` === end.ref)?.listens
      : cluster.externals.find(({ name }) => name === end.ref)?.listens;
  return listens?.map(({ proto, port }) => `${proto} ${port}`) ?? [];
}
