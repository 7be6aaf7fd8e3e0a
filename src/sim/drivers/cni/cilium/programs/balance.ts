/** Services (lib/lb.h): from an address and a port to one of the backends, and back. */
import type { BpfMaps, TcContext, TcVerdict } from '../../../../linux/bpf/program.ts';
import type { Icmp, IpPacket } from '../../../../wire/frame.ts';
import type { Ip } from '../../../../wire/ip.ts';
import {
  AFFINITY,
  BACKENDS,
  type BackendValue,
  type Proto,
  REVERSE_NAT,
  SERVICES,
  type ServiceKey,
  type ServiceValue,
  serviceKey,
} from '../maps.ts';
import { withEnds } from './flow.ts';

const NS_PER_S = 1_000_000_000;
const IP_ICMP_BYTES = 28;
/** What is quoted: an IP header and 8 bytes more, with the fixed length of the program's buffer. */
const QUOTED_BYTES = 28;

export interface Found {
  readonly key: ServiceKey;
  readonly value: ServiceValue;
}

/** `inside`: asked by a client in the cluster, for whom a Local policy may have a list of its own. */
export function findService(maps: BpfMaps, address: Ip, port: number, proto: Proto, inside: boolean): Found | null {
  const key = serviceKey(address, port, proto, 'ext', 0);
  const value = maps.lookup(SERVICES, key);
  if (!value) return null;
  if (!inside || !value.twoScopes) return { key, value };
  const own = { ...key, scope: 'int' as const };
  const second = maps.lookup(SERVICES, own);
  return second ? { key: own, value: second } : null;
}

export interface Chosen extends BackendValue {
  readonly id: number;
}

/** Who was chosen before stays; else the same client's last backend where the Service is sticky; else any. */
export function chooseBackend(maps: BpfMaps, { key, value }: Found, client: string, known = 0): Chosen | null {
  const last = known > 0 ? known : stickyBackend(maps, value, client);
  const kept = last > 0 ? maps.lookup(BACKENDS, { id: last }) : null;
  const chosen = kept ? { ...kept, id: last } : anyBackend(maps, key, value);
  if (chosen && value.affinitySeconds > 0)
    maps.update(AFFINITY, { revNat: value.revNat, client }, { backend: chosen.id, usedNs: maps.nowNs });
  return chosen;
}

function stickyBackend(maps: BpfMaps, { affinitySeconds, revNat }: ServiceValue, client: string): number {
  if (affinitySeconds === 0) return 0;
  const last = maps.lookup(AFFINITY, { revNat, client });
  return last && maps.nowNs - last.usedNs < affinitySeconds * NS_PER_S ? last.backend : 0;
}

/** A slot at random (`loadBalancer.algorithm=random`, the default). */
function anyBackend(maps: BpfMaps, key: ServiceKey, { count, affinitySeconds }: ServiceValue): Chosen | null {
  if (count === 0) return null;
  const slots = Array.from({ length: count }, (_, i) => ({ ...key, slot: i + 1 }));
  const addresses = slots.map((slot) => (maps.peek(SERVICES, slot)?.backendAddress ?? '').replace(/\/\w+$/, ''));
  const slot = slots[maps.choose(addresses, affinitySeconds > 0)];
  const id = (slot && maps.lookup(SERVICES, slot)?.backend) ?? 0;
  const backend = maps.lookup(BACKENDS, { id });
  return backend ? { ...backend, id } : null;
}

/** The packet's answer gets the Service's address back (lb4_rev_nat). One that was looped back returns to its own sender. */
export function reverseService(ctx: TcContext, revNat: number, loopback = false): void {
  const service = ctx.lookup(REVERSE_NAT, { id: revNat });
  if (!service) return;
  const { packet } = ctx;
  const dst = loopback ? { dst: packet.src } : {};
  const src = packet.l4.proto === 'icmp' ? ctx.packet : packet;
  ctx.nat('reverse-service', withEnds(src, { src: service.address, sport: service.port, ...dst }));
}

/** `serviceNoBackendResponse: reject`, the default: the program turns the packet into an ICMP error and sends it back. */
export function refuse(packet: IpPacket): TcVerdict {
  const icmp: Icmp = { proto: 'icmp', type: 3, code: 3, id: 0, seq: 0, dataBytes: QUOTED_BYTES, quoted: packet };
  const answer: IpPacket = {
    ...packet,
    src: packet.dst,
    dst: packet.src,
    ttl: 64,
    df: false,
    mf: false,
    fragOffset: 0,
    len: IP_ICMP_BYTES + QUOTED_BYTES,
    l4: icmp,
  };
  return { kind: 'reply', what: 'ICMP port-unreachable', packet: answer };
}
