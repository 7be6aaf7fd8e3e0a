/** The size of a cluster as a tuple, and a driver with its mode as one word. The defaults are the codec's own and never change. */
import type { ClusterSize } from '../scenario.ts';
import { fillTuple, type Json, listIn, optional, trimTuple } from './tuple.ts';

const sizeDefaults: readonly Json[] = [3, 1500, '10.244.0.0/16', 24, '10.96.0.0/12', '192.168.56.0/24', [], [], [], 0];

export function packSize(size: ClusterSize): Json[] {
  const { nodes, mtuBytes, podCIDR, nodeMask, serviceCIDR, nodeNetwork, zones = [], farSubnet: far, ipv6 } = size;
  const dns = size.nodeLocalDns ? 1 : 0;
  const packedFar = far ? [far.cidr, far.fromNode, ...(far.podRoutes ? [1] : [])] : [];
  const six = ipv6 ? [ipv6.role, ipv6.podCIDR, ipv6.nodeMask, ipv6.serviceCIDR, ipv6.nodeNetwork] : [];
  const values = [nodes, mtuBytes, podCIDR, nodeMask, serviceCIDR, nodeNetwork, zones, packedFar, six, dns];
  return trimTuple(values, sizeDefaults);
}

export function unpackSize(packed: unknown): Readonly<Record<string, unknown>> {
  const [nodes, mtuBytes, podCIDR, nodeMask, serviceCIDR, nodeNetwork, zones, far, six, dns] = fillTuple(
    packed,
    sizeDefaults,
  );
  const four = { nodes, podCIDR, nodeMask, serviceCIDR, nodeNetwork, mtuBytes };
  return {
    ...four,
    zones,
    ...unpackFar(far),
    ...unpackIpv6(six),
    ...(dns === 0 ? {} : { nodeLocalDns: dns === 1 || dns }),
  };
}

function unpackIpv6(packed: unknown): Readonly<Record<string, unknown>> {
  const [role, podCIDR, nodeMask, serviceCIDR, nodeNetwork] = listIn(packed);
  return role === undefined ? {} : { ipv6: { role, podCIDR, nodeMask, serviceCIDR, nodeNetwork } };
}

function unpackFar(packed: unknown): Readonly<Record<string, unknown>> {
  const [cidr, fromNode, podRoutes] = listIn(packed);
  if (cidr === undefined) return {};
  return { farSubnet: { cidr, fromNode, ...optional('podRoutes', podRoutes === 1 ? true : podRoutes) } };
}

interface Driver {
  readonly id: string;
  readonly mode: string;
}

export const packDriver = ({ id, mode }: Driver): string => `${id}/${mode}`;

/** `flannel/vxlan` -> id and mode. */
export function unpackDriver(packed: unknown): Driver {
  const [id = '', ...mode] = String(packed).split('/');
  return { id, mode: mode.join('/') };
}
