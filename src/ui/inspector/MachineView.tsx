import { balancerTools } from '../../sim/engine/balancer.ts';
import { nameTools } from '../../sim/engine/names/name-tools.ts';
import { FAR_UNDERLAY, isUnderlay, type World } from '../../sim/engine/world.ts';
import { type ClusterNode, podNetworks } from '../../sim/kube/cluster.ts';
import { ipsOf } from '../../sim/kube/families.ts';
import { type NetnsConfig, SYSCTL_DEFAULTS } from '../../sim/linux/config.ts';
import { familyOf } from '../../sim/wire/ip.ts';
import { useApp } from '../app-model.ts';
import { FaultButton } from '../faults/FaultButton.tsx';
import { Resync } from '../faults/Resync.tsx';
import { Icon } from '../parts/Icon.tsx';
import { PodPolicies } from '../policies/PodPolicies.tsx';
import { ContainerList } from './ContainerList.tsx';
import { AgentSwitch, ConfSwitch, OwnerControls, ProxySwitch } from './ControlLoop.tsx';
import { EntryList } from './EntryList.tsx';
import { type Fact, Facts } from './Facts.tsx';
import { fdbEntries, listenerEntries, neighbourEntries, refusedEntries, routeEntries } from './ns-entries.ts';
import { PodRoutes } from './PodRoutes.tsx';
import { PodFaults, podFacts } from './PodView.tsx';
import { RaceSwitch } from './RaceSwitch.tsx';
import { Rewrites } from './Rewrites.tsx';
import { OutputList, ToolOutputs } from './ToolOutputs.tsx';
import { ZoneField } from './ZoneField.tsx';

interface MachineViewProps {
  readonly config: NetnsConfig;
  readonly world: World;
}

/** A node, a pod or a machine outside: its network namespace, and what can be broken in it. */
export function MachineView({ config, world }: MachineViewProps) {
  const pod = world.cluster.pods.find(({ namespace, name }) => `${namespace}/${name}` === config.id);
  const index = world.cluster.nodes.findIndex(({ name }) => name === config.id);
  const node = world.cluster.nodes.find(({ name }) => name === config.id);
  const isNode = node !== undefined;
  const isRouter = config.id === world.cluster.router?.name;
  const isBalancer = config.id === world.cluster.balancer?.machine?.name;
  return (
    <>
      <Facts facts={factsOf(config, world)} />
      {isNode && <ZoneField index={index} />}
      {pod !== undefined && <StoryButton />}
      {isRouter && <PodRoutes />}
      {(isNode || isRouter || pod !== undefined) && (
        <section>
          <h3 className="section-title">Break it</h3>
          <div className="faults">
            {(isNode || isRouter) && <SysctlFaults config={config} faults={FORWARDING} />}
            {isNode && <SysctlFaults config={config} faults={BRIDGING} />}
            {isNode && <ProxySwitch node={config.id} world={world} />}
            {isNode && <AgentSwitch node={config.id} world={world} />}
            {isNode && <ConfSwitch node={config.id} world={world} />}
            {pod !== undefined && <PodFaults pod={pod} />}
          </div>
        </section>
      )}
      {pod !== undefined && <PodPolicies pod={config.id} />}
      {pod?.containers !== undefined && <ContainerList containers={pod.containers} />}
      {(isNode || pod !== undefined) && <OutputList title="Names" outputs={nameTools(world, config.id, pod)} />}
      {pod !== undefined && <RaceSwitch pod={config.id} />}
      {isNode && <Resync ns={config.id} />}
      {pod !== undefined && <OwnerControls key={pod.owner} owner={pod.owner} world={world} />}
      {(isNode || pod !== undefined) && <Rewrites world={world} node={pod?.node ?? config.id} />}
      {node && <ToolOutputs world={world} node={node} />}
      <OutputList title={isBalancer ? 'Health checks' : 'Load balancer'} outputs={balancerTools(world, config.id)} />
      <Devices config={config} />
      <EntryList title="Listening" command="ss -lntu" entries={listenerEntries(config)} />
      <EntryList title="Routes" command="ip route" entries={routeEntries(config)} />
      <EntryList title="Routes of IPv6" command="ip -6 route" entries={routeEntries(config, 6)} />
      <EntryList title="Refused by the kernel" command="ip route add" entries={refusedEntries(config)} />
      <EntryList title="Neighbours" command="ip neigh" entries={neighbourEntries(config)} />
      <EntryList title="Forwarding database" command="bridge fdb" entries={fdbEntries(config)} />
    </>
  );
}

function factsOf({ id }: NetnsConfig, { cluster }: World): readonly Fact[] {
  if (isUnderlay(id)) {
    const { mtuBytes } = cluster.nodeNetwork;
    const { cidr, second } = (id === FAR_UNDERLAY && cluster.router?.farSubnet) || cluster.nodeNetwork;
    return [
      ['Kind', cluster.router ? 'The switch of a node subnet' : 'The switch between the nodes'],
      ['Network', [cidr, ...(second ? [second.cidr] : [])].map(({ text }) => text).join(', '), 'code'],
      ['MTU', `${mtuBytes} bytes`],
    ];
  }
  const node = cluster.nodes.find(({ name }) => name === id);
  if (node !== undefined) {
    const pods = cluster.pods.filter(({ node: on }) => on === id).length;
    return [
      ['Role', node.role],
      ['Ready', node.notReady === undefined ? 'yes' : `no: ${node.notReady}`],
      [ipsOf(node).length > 1 ? 'Addresses' : 'Address', ipsOf(node).join(', '), 'code'],
      podRangeFact(node),
      ['Pods', String(pods)],
    ];
  }
  const pod = cluster.pods.find(({ namespace, name }) => `${namespace}/${name}` === id);
  if (pod !== undefined) return podFacts(pod);
  const { router } = cluster;
  if (router?.name === id) {
    const gateways = [cluster.nodeNetwork.gateway, router.farSubnet.gateway];
    return [
      ['Kind', 'Router between the node subnets'],
      ['Gateway at', gateways.join(', '), 'code'],
      ['Knows pods', router.knowsPods ? 'yes, by static routes' : 'no'],
    ];
  }
  const host = cluster.externals.find(({ name }) => name === id);
  if (host === undefined) return [];
  const { balancer } = cluster;
  if (host.isBalancer && balancer)
    return [
      ['Kind', "The cloud's load balancer"],
      ['Address', host.ip, 'code'],
      ['Gives out', balancer.pool.text, 'code'],
      ['Made by', balancer.by],
    ];
  const kind = host.isGateway ? 'Router to the Internet' : 'Machine outside the cluster';
  return [
    ['Kind', kind],
    [ipsOf(host).length > 1 ? 'Addresses' : 'Address', ipsOf(host).join(', '), 'code'],
    ...(host.lo.length > 0 ? ([['Stands for', host.lo.join(', '), 'code']] as const) : []),
  ];
}

/** A node's pod addresses: its podCIDR, or the blocks or single addresses that the CNI's own address management gave it. */
function podRangeFact(node: ClusterNode): Fact {
  const networks = podNetworks(node);
  if (networks.length > 0 && networks.every(({ prefix, family }) => prefix === (family === 4 ? 32 : 128)))
    return ['Pod addresses', networks.map(({ base }) => base).join(', '), 'code'];
  const plain = networks.length === 1 ? 'Pod range' : 'Pod ranges';
  const name = node.blocks === undefined ? plain : networks.length === 1 ? 'Pod block' : 'Pod blocks';
  return [name, networks.map(({ text }) => text).join(', ') || 'none yet: no pod needed one', 'code'];
}

interface FamilyFault {
  readonly name: keyof typeof SYSCTL_DEFAULTS;
  readonly label: string;
}

/** Each family has a sysctl of its own; a machine shows those of the families that it speaks. */
type FamilyFaults = Readonly<Record<4 | 6, FamilyFault>>;

const FORWARDING: FamilyFaults = {
  4: { name: 'ipv4.ip_forward', label: 'Turn ip_forward off' },
  6: { name: 'ipv6.conf.all.forwarding', label: 'Turn IPv6 forwarding off' },
};
const BRIDGING: FamilyFaults = {
  4: { name: 'bridge.bridge-nf-call-iptables', label: 'Turn br_netfilter off' },
  6: { name: 'bridge.bridge-nf-call-ip6tables', label: 'Turn br_netfilter off for IPv6' },
};

function SysctlFaults({ config, faults }: { readonly config: NetnsConfig; readonly faults: FamilyFaults }) {
  const own = new Set(config.addresses.filter(({ scope }) => scope === 'global').map(({ ip }) => familyOf(ip)));
  const families = ([4, 6] as const).filter((family) => own.has(family));
  return families.map((family) => <SysctlFault key={family} config={config} {...faults[family]} />);
}

interface SysctlFaultProps extends FamilyFault {
  readonly config: NetnsConfig;
}

/** The selected pod's story, in the dock. */
function StoryButton() {
  const { preferences } = useApp();
  return (
    <button type="button" className="button" onClick={() => preferences.set({ dockTab: 'pod', dockOpen: true })}>
      How it came to be
    </button>
  );
}

function SysctlFault({ config, name, label }: SysctlFaultProps) {
  const isOff = (config.sysctl[name] ?? SYSCTL_DEFAULTS[name]) === 0;
  const event = { type: 'SysctlSet', ns: config.id, key: name, value: 0 } as const;
  return (
    <FaultButton
      label={isOff ? label.replace('Turn ', '').replace(' off', ' is off') : label}
      disabled={isOff}
      event={event}
    />
  );
}

function Devices({ config }: { readonly config: NetnsConfig }) {
  const { selection } = useApp();
  return (
    <section>
      <h3 className="section-title">
        Devices
        <code className="quiet">ip -d link</code>
      </h3>
      <ul className="device-list">
        {config.devices.map(({ name, kind, up }) => (
          <li key={name}>
            <button
              type="button"
              className="chip"
              onClick={() => selection.select({ kind: 'device', ns: config.id, id: name })}
            >
              {!up && <Icon name="cross" size={12} />}
              <code>{name}</code>
              <span className="quiet">{up ? kind : `${kind}, down`}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
