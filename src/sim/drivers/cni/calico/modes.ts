/** What each mode of Calico is made of: who programs the routes to other nodes, and which packets get an envelope. */
import { assert } from '../../../base/assert.ts';
import type { Family } from '../../../kube/families.ts';
import type { DriverMode } from '../../contract.ts';
import * as facts from './facts.ts';

export interface CalicoMode {
  /** `none`: pods' addresses are seen on the wire. */
  readonly overlay: 'none' | 'ipip' | 'vxlan';
  /** Only between nodes of different subnets. */
  readonly crossSubnetOnly: boolean;
}

const KINDS: Readonly<Record<string, CalicoMode>> = {
  bgp: { overlay: 'none', crossSubnetOnly: false },
  ipip: { overlay: 'ipip', crossSubnetOnly: false },
  'ipip-crosssubnet': { overlay: 'ipip', crossSubnetOnly: true },
  vxlan: { overlay: 'vxlan', crossSubnetOnly: false },
  'vxlan-crosssubnet': { overlay: 'vxlan', crossSubnetOnly: true },
};

export const MODES: readonly DriverMode[] = [
  {
    id: 'bgp',
    label: 'BGP, no overlay',
    about: 'Each node tells all others by BGP which pod addresses are behind it; packets travel as they are.',
  },
  {
    id: 'ipip',
    label: 'IPIP',
    about:
      'Packets between nodes travel straight inside IP packets of the nodes; BGP says which node. The default of calico.yaml.',
    evidence: 'modelled',
  },
  {
    id: 'ipip-crosssubnet',
    label: 'IPIP CrossSubnet',
    about: 'Plain routes to nodes of the same subnet, IP-in-IP to all others.',
    variantOf: 'ipip',
    evidence: 'modelled',
  },
  {
    id: 'vxlan',
    label: 'VXLAN',
    about: 'Packets between nodes travel inside UDP packets of the nodes, port 4789; no BGP.',
  },
  {
    id: 'vxlan-crosssubnet',
    label: 'VXLAN CrossSubnet',
    about: 'Plain routes to nodes of the same subnet, VXLAN to all others: the default of the operator.',
    variantOf: 'vxlan',
  },
];

export function modeOf(id: string): CalicoMode {
  const mode = KINDS[id];
  assert(mode, `Calico has a mode "${id}"`);
  return mode;
}

const PLAIN: CalicoMode = { overlay: 'none', crossSubnetOnly: false };

/** IP-in-IP is of IPv4 alone (libcalico-go/lib/validator/v3: "IPIPMode is not supported on IPv6 pools"): the pool of IPv6 has no envelope. */
export const modeIn = (mode: CalicoMode, family: Family): CalicoMode =>
  family === 6 && mode.overlay === 'ipip' ? PLAIN : mode;

const overheadIn = ({ overlay }: CalicoMode, family: Family): number => {
  if (overlay === 'none') return 0;
  return overlay === 'vxlan' ? facts.VXLAN_OVERHEADS_BYTES[family] : facts.IPIP_OVERHEAD_BYTES;
};

/**
 * What an envelope takes from the node network's MTU. A pool that uses it at all makes every pod's MTU smaller, of both families the one
 * that takes more (`determinePodMTU`, felix/dataplane/linux/int_dataplane.go).
 */
export const overheadOf = (mode: CalicoMode, families: readonly Family[]): number =>
  Math.max(...families.map((family) => overheadIn(modeIn(mode, family), family)));
