import { type FormEvent, useState } from 'react';
import { attachedTo } from '../../sim/linux/bpf/attach.ts';
import type { Device, NetnsConfig } from '../../sim/linux/config.ts';
import { useApp } from '../app-model.ts';
import { FaultButton } from '../faults/FaultButton.tsx';
import { EntryList } from './EntryList.tsx';
import { OriginLine } from './EvidenceView.tsx';
import { type Fact, Facts } from './Facts.tsx';
import { fdbEntries, neighbourEntries } from './ns-entries.ts';

interface DeviceViewProps {
  readonly config: NetnsConfig;
  readonly device: Device;
}

const KINDS: Readonly<Record<Device['kind'], string>> = {
  loopback: 'Loopback',
  veth: 'Virtual Ethernet: one end of a pair',
  nic: 'Network card, to the node network',
  bridge: 'Bridge: a switch inside the machine',
  vxlan: 'VXLAN tunnel: wraps frames into UDP',
  'vxlan-external': 'VXLAN tunnel without ends of its own: a program says for each packet where it goes',
  geneve: 'Geneve tunnel without ends of its own: a program says for each packet where it goes',
  openvswitch: 'Open vSwitch datapath: a switch whose flows a program writes',
  ipip: 'IP-in-IP tunnel: puts packets into packets',
  fabric: "A cloud's network: it looks at addresses, and has a route table of its own",
  dummy: 'Dummy: a device without a wire',
};

/** A device as `ip -d link` and `ip addr` know it, and what can be broken about it. */
export function DeviceView({ config, device }: DeviceViewProps) {
  const { name, origin } = device;
  const ns = config.id;
  return (
    <>
      <Facts facts={factsOf(device, config)} />
      {origin !== undefined && <OriginLine origin={origin} />}
      <section>
        <h3 className="section-title">Break it</h3>
        <div className="faults">
          <FaultButton
            label={device.up ? `Set ${name} down` : `${name} is down`}
            disabled={!device.up}
            event={{ type: 'DeviceSetDown', ns, dev: name }}
          />
          <MtuForm key={device.mtuBytes} ns={ns} device={device} />
        </div>
      </section>
      <EntryList
        title="Forwarding database"
        command={`bridge fdb show dev ${name}`}
        entries={fdbEntries(config, name)}
      />
      <EntryList title="Neighbours" command={`ip neigh show dev ${name}`} entries={neighbourEntries(config, name)} />
    </>
  );
}

function factsOf(device: Device, config: NetnsConfig): readonly Fact[] {
  const addresses = config.addresses
    .filter(({ dev }) => dev === device.name)
    .map(({ ip, prefix }) => `${ip}/${prefix}`);
  const ports = config.devices.filter(({ master }) => master === device.name).map(({ name }) => name);
  return [
    ['Kind', KINDS[device.kind]],
    ['In', config.id],
    ['State', device.up ? 'UP' : 'DOWN'],
    ...(device.kind === 'ipip' ? [] : ([['MAC', device.mac, 'code']] as const)),
    ['MTU', `${device.mtuBytes} bytes`],
    ...(addresses.length > 0 ? ([['Address', addresses.join(', '), 'code']] as const) : []),
    ...(device.master === undefined ? [] : ([['Port of', device.master, 'code']] as const)),
    ...(ports.length > 0 ? ([['Ports', ports.join(', '), 'code']] as const) : []),
    ...('peer' in device ? ([['Other end', `${device.peer.dev} in ${device.peer.ns}`, 'code']] as const) : []),
    ...(device.hairpin === true ? ([['Hairpin', 'on']] as const) : []),
    ...(device.kind === 'vxlan' ? vxlanFacts(device.vxlan) : []),
    ...('dstPort' in device ? ([['Outer packet', `UDP port ${device.dstPort}`]] as const) : []),
    ...programFacts(config, device.name),
    ...(device.kind === 'ipip' ? ipipFacts(device.ipip) : []),
  ];
}

/** eBPF programs at the device's two hooks. */
function programFacts(config: NetnsConfig, dev: string): readonly Fact[] {
  return attachedTo(config.bpf, dev).map(({ at, program }) => [`eBPF, ${at.hook}`, program, 'code'] as const);
}

function vxlanFacts(vxlan: Extract<Device, { kind: 'vxlan' }>['vxlan']): readonly Fact[] {
  return [
    ['VNI', String(vxlan.vni)],
    ['Outer packet', `from ${vxlan.local} by ${vxlan.lower}, UDP port ${vxlan.dstPort}`],
    ['Learning', vxlan.learning ? 'on' : 'off (nolearning)'],
  ];
}

function ipipFacts({ remote, ttl }: Extract<Device, { kind: 'ipip' }>['ipip']): readonly Fact[] {
  return [
    ['Far end', remote ?? "each route's next hop"],
    ['Outer TTL', ttl === undefined ? 'copied from the packet inside (inherit)' : String(ttl)],
  ];
}

/** RFC 791: every IPv4 link carries 68 bytes. */
const MTU_MIN = 68;
const MTU_MAX = 65_535;

function MtuForm({ ns, device }: { readonly ns: string; readonly device: Device }) {
  const { document } = useApp();
  const [mtu, setMtu] = useState(device.mtuBytes);
  const isGood = Number.isInteger(mtu) && mtu >= MTU_MIN && mtu <= MTU_MAX;
  const apply = (event: FormEvent): void => {
    event.preventDefault();
    if (isGood) document.apply({ type: 'MtuSet', ns, dev: device.name, mtuBytes: mtu });
  };
  return (
    <form className="mtu-form" onSubmit={apply} noValidate>
      <input
        type="number"
        aria-label={`MTU of ${device.name} in bytes`}
        aria-invalid={!isGood}
        min={MTU_MIN}
        max={MTU_MAX}
        value={Number.isNaN(mtu) ? '' : mtu}
        onChange={(event) => setMtu(event.target.valueAsNumber)}
      />
      <button type="submit" className="button button-small button-fault" disabled={!isGood || mtu === device.mtuBytes}>
        Change MTU
      </button>
    </form>
  );
}
