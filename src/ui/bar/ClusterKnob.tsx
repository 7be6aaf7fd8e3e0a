import { type FormEvent, useEffect, useRef, useState } from 'react';
import { capacityText } from '../../sim/kube/capacity.ts';
import type { FarSubnet, Ipv6Networks } from '../../sim/kube/cluster-input.ts';
import { sizeOf } from '../../sim/scenario/normalise.ts';
import type { ClusterSize } from '../../sim/scenario/scenario.ts';
import { parseCidr } from '../../sim/wire/ip.ts';
import { useApp, useSession } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { Popover } from '../parts/Popover.tsx';
import { NodePlaces } from './NodePlaces.tsx';

/** Number of nodes and the networks, in a popover; the summary says the size. */
export function ClusterKnob() {
  const { document, session } = useApp();
  const state = useSession((now) => now.state);
  const [draft, setDraft] = useState<ClusterSize>(sizeOf(state));
  const popover = useRef<HTMLDetailsElement>(null);
  useEffect(() => setDraft(sizeOf(state)), [state]);
  const apply = (event: FormEvent): void => {
    event.preventDefault();
    document.apply({ type: 'ClusterSized', ...draft });
    // What was refused stays in sight, beside the fields that say it.
    if (popover.current && session.getState().problems.length === 0) popover.current.open = false;
  };
  return (
    <Popover
      className="popover-start knob"
      popoverRef={popover}
      summary={
        <summary title="Number of nodes and networks">
          <Icon name="cluster" size={14} />
          {state.nodes} {state.nodes === 1 ? 'node' : 'nodes'}
          {state.farSubnet === undefined ? '' : ' in 2 subnets'}, {sizeWords(state)}
          <Icon name="down" size={12} />
        </summary>
      }
    >
      <form className="popover-body cluster-form" aria-label="Cluster size" onSubmit={apply} noValidate>
        <NodePlaces />
        <SizeFields size={draft} onChange={setDraft} />
        {draft.ipv6?.role !== 'only' && <NetworkFields size={draft} onChange={setDraft} />}
        {draft.ipv6 && <Ipv6Fields size={draft} ipv6={draft.ipv6} onChange={setDraft} />}
        <NumberField
          label="MTU of the node network"
          value={draft.mtuBytes}
          onChange={(mtuBytes) => setDraft({ ...draft, mtuBytes })}
        />
        <SizeProblems />
        <button type="submit" className="button button-primary">
          Build this cluster
        </button>
      </form>
    </Popover>
  );
}

/** `/24 each`, `dual stack`. */
function sizeWords({ nodeMask, ipv6 }: ClusterSize): string {
  if (!ipv6) return `/${nodeMask} each`;
  return ipv6.role === 'only' ? 'IPv6' : 'dual stack';
}

function NetworkFields({ size, onChange }: SizeFieldsProps) {
  return (
    <>
      <TextField
        label="Service network"
        value={size.serviceCIDR}
        onChange={(serviceCIDR) => onChange({ ...size, serviceCIDR })}
      />
      <TextField
        label="Node network"
        value={size.nodeNetwork}
        onChange={(nodeNetwork) => onChange({ ...size, nodeNetwork })}
      />
      {size.farSubnet && <FarFields far={size.farSubnet} onChange={(farSubnet) => onChange({ ...size, farSubnet })} />}
    </>
  );
}

function Ipv6Fields({ size, ipv6, onChange }: SizeFieldsProps & { readonly ipv6: Ipv6Networks }) {
  const change = (part: Partial<Ipv6Networks>): void => onChange({ ...size, ipv6: { ...ipv6, ...part } });
  return (
    <>
      <p className="section-title">IPv6</p>
      <TextField label="Pod network" value={ipv6.podCIDR} onChange={(podCIDR) => change({ podCIDR })} />
      <NumberField label="Node mask" value={ipv6.nodeMask} min={8} onChange={(nodeMask) => change({ nodeMask })} />
      <TextField label="Service network" value={ipv6.serviceCIDR} onChange={(serviceCIDR) => change({ serviceCIDR })} />
      <TextField label="Node network" value={ipv6.nodeNetwork} onChange={(nodeNetwork) => change({ nodeNetwork })} />
      <p className="capacity" aria-live="polite">
        {capacitySentence(ipv6)}
      </p>
    </>
  );
}

interface FarFieldsProps {
  readonly far: FarSubnet;
  readonly onChange: (far: FarSubnet) => void;
}

function FarFields({ far, onChange }: FarFieldsProps) {
  return (
    <>
      <TextField label="Second subnet" value={far.cidr} onChange={(cidr) => onChange({ ...far, cidr })} />
      <NumberField
        label="From node"
        value={far.fromNode}
        min={2}
        onChange={(fromNode) => onChange({ ...far, fromNode })}
      />
    </>
  );
}

function SizeProblems() {
  const problems = useSession((state) => state.problems);
  return problems.map(({ where, what, hint }) => (
    <p key={`${where} ${what}`} className="problem">
      <Icon name="warning" />
      {what} {hint}
    </p>
  ));
}

interface SizeFieldsProps {
  readonly size: ClusterSize;
  readonly onChange: (size: ClusterSize) => void;
}

/** Nodes, pod network and node mask, and what they add up to. */
export function SizeFields({ size, onChange }: SizeFieldsProps) {
  return (
    <>
      <NumberField label="Nodes" value={size.nodes} min={1} onChange={(nodes) => onChange({ ...size, nodes })} />
      {size.ipv6?.role !== 'only' && (
        <>
          <TextField label="Pod network" value={size.podCIDR} onChange={(podCIDR) => onChange({ ...size, podCIDR })} />
          <NumberField
            label="Node mask"
            value={size.nodeMask}
            min={8}
            onChange={(nodeMask) => onChange({ ...size, nodeMask })}
          />
          <p className="capacity" aria-live="polite">
            {capacitySentence(size)}
          </p>
        </>
      )}
    </>
  );
}

/** `256 nodes, 254 pods each`, or why the numbers do not make sense yet. */
function capacitySentence({ podCIDR, nodeMask }: Pick<ClusterSize, 'podCIDR' | 'nodeMask'>): string {
  const range = parseCidr(podCIDR);
  if (!range.ok) return range.error;
  const most = range.value.family === 4 ? 30 : 126;
  if (nodeMask < range.value.prefix || nodeMask > most)
    return `The node mask must be between ${range.value.prefix} and ${most}.`;
  return `Room for ${capacityText(range.value, nodeMask)}.`;
}

interface FieldProps<Value> {
  readonly label: string;
  readonly value: Value;
  readonly min?: number;
  readonly onChange: (value: Value) => void;
}

function NumberField({ label, value, min = 0, onChange }: FieldProps<number>) {
  return (
    <label className="labelled">
      {label}
      <input
        type="number"
        min={min}
        value={Number.isNaN(value) ? '' : value}
        onChange={(event) => onChange(event.target.valueAsNumber)}
      />
    </label>
  );
}

function TextField({ label, value, onChange }: FieldProps<string>) {
  return (
    <label className="labelled">
      {label}
      <input type="text" spellCheck={false} value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}
