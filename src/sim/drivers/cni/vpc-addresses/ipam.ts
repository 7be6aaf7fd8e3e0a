/**
 * `ipamd` (pkg/ipamd, v1.23.0): a pod gets a secondary address of its node's network card, and EC2 takes those from the subnet that the
 * node stands in. No range belongs to a node.
 * SIMPLIFIED: EC2 chooses freely; here it counts down from the end of the subnet, away from the machines, which count up. An address is
 * taken when a pod needs it, where `WARM_ENI_TARGET` keeps a card full of them.
 */
import { must } from '../../../base/assert.ts';
import type { Ipam, MakeIpam } from '../../../kube/ipam.ts';
import { cidrNth, type Ip } from '../../../wire/ip.ts';
import { hostNet } from '../../parts/rules.ts';

/** AWS keeps the first four addresses of a subnet and the last one (VPC user guide, "Subnet CIDR blocks"). */
const FIRST_OFFSET = 4;
/**
 * What one card has beside the machine's own address: nodes are of a type with 30 for each card (m5.4xlarge; pkg/vpc/vpc_ip_resource_limit.go),
 * and run with `MAX_ENI` 1, without which ipamd would attach a further card.
 */
export const CARD_ADDRESSES = 29;

export const vpcIpam: MakeIpam = ({ nodeNetwork, nodes, externals }) => {
  const subnet = nodeNetwork.cidr;
  const machines = new Set<Ip>([...nodes, ...externals].map(({ ip }) => ip));
  const held = new Map<string, Set<Ip>>(nodes.map(({ name }) => [name, new Set()]));
  // For 30 seconds nobody gets it (IP_COOLDOWN_PERIOD): it comes again when no other one is left.
  const cooling: Ip[] = [];
  const system = new Set<Ip>();
  let next = 2 ** (32 - subnet.prefix) - 2;
  const fresh = (): Ip | null => {
    while (next >= FIRST_OFFSET) {
      const address = cidrNth(subnet, next--);
      if (!machines.has(address) && !system.has(address)) return address;
    }
    return null;
  };
  return {
    take(node) {
      const own = must(held.get(node), `the card of ${node}`);
      const address = own.size < CARD_ADDRESSES ? (fresh() ?? cooling.shift() ?? null) : null;
      if (address !== null) own.add(address);
      return address;
    },
    takeLast(node) {
      const own = must(held.get(node), `the card of ${node}`);
      // From the middle of the subnet: machines count up to it, pods down.
      for (let offset = 2 ** (31 - subnet.prefix); offset <= next && own.size < CARD_ADDRESSES; offset++) {
        const address = cidrNth(subnet, offset);
        if (machines.has(address) || system.has(address)) continue;
        own.add(address);
        system.add(address);
        return address;
      }
      return null;
    },
    release(node, address) {
      system.delete(address);
      if (held.get(node)?.delete(address)) cooling.push(address);
    },
    // cmd/routed-eni-cni-plugin/cni.go, when ipamd has none (pkg/ipamd/datastore, ErrNoAvailableIPInDataStore).
    exhausted: () => 'add cmd: failed to assign an IP address to container',
    holdings: (node) => ({ blocks: [...(held.get(node) ?? [])].map(hostNet) }),
    outsidePodCIDR: true,
  } satisfies Ipam;
};
