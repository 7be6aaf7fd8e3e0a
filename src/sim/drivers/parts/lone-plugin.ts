/** A reference plugin that stands alone, with `ipMasq` off or on, and static routes by the administrator (CNI plugins v1.9.1). */
import { assert } from '../../base/assert.ts';
import type { ClusterNode, ClusterPod } from '../../kube/cluster.ts';
import type { CniDriver, Json, PluginCall, PodAdd } from '../contract.ts';
import { type PluginInput, portmapCall } from './plugin-calls.ts';

const CNI_VERSION = '1.0.0';
const PORTMAP = { type: 'portmap', capabilities: { portMappings: true } } as const;
const MASQ_OFF = 'masq-off';
const MASQ_ON = 'masq-on';

export const LONE_PLUGIN = {
  modes: [
    {
      id: MASQ_OFF,
      label: 'ipMasq off',
      about: 'Pods keep their address everywhere, even towards the Internet, from where no answer finds back.',
    },
    {
      id: MASQ_ON,
      label: 'ipMasq on',
      about: "The trap: pods get their node's address also towards pods of other nodes, which Kubernetes forbids.",
    },
  ],
  evidence: 'kernel-verified',
  factsFrom: 'CNI plugins v1.9.1',
  profile: {
    policy: null,
    encryption: null,
    state: 'maintained',
    stateNote: 'a building block that other CNIs call',
  },
  enforcesPolicies: () => ({ by: null, why: 'the reference plugins do not enforce NetworkPolicy' }),
  overlay: () => null,
  defaultOf: () => null,
  hostPorts: () => 'portmap',
  // Across subnets, too: the kernel refuses the routes, as it would the administrator's.
  refuses: () => null,
} satisfies Partial<CniDriver>;

/** What the mode says in the configuration. */
export function ipMasqOf(mode: string): boolean {
  assert(mode === MASQ_OFF || mode === MASQ_ON, `a lone plugin has a mode "${mode}"`);
  return mode === MASQ_ON;
}

interface LonePlugin {
  /** Of the network, and of the file. */
  readonly network: string;
  readonly plugin: { readonly type: string; readonly [key: string]: Json };
  readonly calls: (input: PluginInput) => readonly PluginCall[];
}

/** The runtime calls the plugin itself, with what the administrator wrote. */
export function loneAdd(node: ClusterNode, pod: ClusterPod, { network, plugin, calls }: LonePlugin): PodAdd {
  const head = { cniVersion: CNI_VERSION, name: network };
  const made = calls({ ...head, ...plugin });
  return {
    conf: { path: `/etc/cni/net.d/10-${network}.conflist`, json: { ...head, plugins: [plugin, PORTMAP] } },
    calls: [...made, portmapCall(pod, { ...head, ...PORTMAP }, made[0]?.stdout ?? null)],
    afterwards: [
      {
        by: 'administrator',
        where: 'other nodes',
        how: `Nobody tells the other nodes anything: the administrator gave each of them a route to ${node.podCIDR.text} when ${node.name} was set up.`,
      },
    ],
  };
}
