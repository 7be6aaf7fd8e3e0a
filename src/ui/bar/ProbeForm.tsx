import { type FormEvent, useEffect, useMemo, useState } from 'react';
import { ok } from '../../sim/base/result.ts';
import type { Cluster } from '../../sim/kube/cluster.ts';
import { familiesOf } from '../../sim/kube/families.ts';
import { hasPort, type Probe, type ProbeFrom, type ProbeProto } from '../../sim/scenario/probe.ts';
import { parseIp } from '../../sim/wire/ip.ts';
import { useApp, useSession } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { Combobox } from './Combobox.tsx';
import { readPort } from './command-text.ts';
import {
  type EndOption,
  fromOptions,
  isLocalhost,
  localhostOption,
  portFor,
  resolveFrom,
  resolveTo,
  textOf,
  toOptions,
} from './probe-ends.ts';

interface Draft {
  readonly from: string;
  readonly to: string;
  readonly proto: ProbeProto;
  readonly port: string;
  /** Empty: the first one that the other end has. */
  readonly family: '' | 'IPv4' | 'IPv6';
}

const PROTOCOLS: readonly { readonly id: ProbeProto; readonly label: string }[] = [
  { id: 'tcp', label: 'TCP (curl)' },
  { id: 'udp', label: 'UDP' },
  { id: 'sctp', label: 'SCTP' },
  { id: 'ping', label: 'ping' },
  { id: 'traceroute', label: 'traceroute' },
  { id: 'nslookup', label: 'nslookup' },
  { id: 'dig', label: 'dig' },
];

const NONE: { readonly sources: readonly EndOption<ProbeFrom>[]; readonly elsewhere: readonly EndOption[] } = {
  sources: [],
  elsewhere: [],
};

/** Where the next packet starts, as chosen but not sent yet: a command starts there, too. */
export interface ChosenStart {
  current: string | null;
}

/** What is chosen to send; it is sent by the button or Enter. */
export function ProbeForm({ start }: { readonly start: ChosenStart }) {
  const { document, playhead } = useApp();
  const cluster = useSession(({ world }) => world?.cluster ?? null);
  const probe = useSession(({ state }) => state.probe);
  const [draft, setDraft] = useState<Draft>({ from: '', to: '', proto: 'tcp', port: '', family: '' });
  const [error, setError] = useState<string | null>(null);
  const { sources, elsewhere, targets } = useEnds(cluster, draft.from);
  useEffect(() => {
    if (probe === null || cluster === null) return;
    start.current = null;
    setDraft(draftOf(probe, [localhostOption(cluster, probe.from), ...elsewhere]));
    setError(null);
  }, [probe, cluster, elsewhere, start]);
  const change = (part: Partial<Draft>): void => {
    if (part.from !== undefined) start.current = part.from;
    setDraft((before) => followStart({ ...before, ...part }, cluster, sources));
    setError(null);
  };
  const chooseTo = (text: string): void => {
    const option = targets.find((candidate) => candidate.text === text);
    const next = option && portFor(option, Number(draft.port) || undefined, draft.proto);
    change({
      to: text,
      ...(next && { proto: next.proto, port: next.port === undefined ? draft.port : String(next.port) }),
    });
  };
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (cluster === null) return;
    const read = readDraft(draft, cluster, targets, probe);
    setError(read.ok ? null : read.error);
    if (!read.ok) return;
    document.apply({ type: 'ProbeSet', probe: read.value });
    playhead.seek(0);
    playhead.play();
  };
  return (
    <form className="probe-form" aria-label="Send a packet" onSubmit={send} noValidate>
      <Ends draft={draft} sources={sources} targets={targets} change={change} chooseTo={chooseTo} />
      {cluster !== null && familiesOf(cluster).length > 1 && <FamilyChoice draft={draft} change={change} />}
      <ProtocolAndPort draft={draft} change={change} />
      <button type="submit" className="button button-primary" disabled={cluster === null}>
        Send
      </button>
      {error !== null && (
        <p className="bar-error" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}

interface EndsProps {
  readonly draft: Draft;
  readonly sources: readonly EndOption[];
  readonly targets: readonly EndOption[];
  readonly change: (part: Partial<Draft>) => void;
  readonly chooseTo: (text: string) => void;
}

function Ends({ draft, sources, targets, change, chooseTo }: EndsProps) {
  return (
    <>
      <Combobox
        label="From"
        dataKey="/"
        value={draft.from}
        options={sources}
        placeholder="from"
        onChange={(from) => change({ from })}
        onChoose={(from) => change({ from })}
      />
      <Icon name="arrow" />
      <Combobox
        label="To"
        className="combobox-to"
        value={draft.to}
        options={targets}
        placeholder="name or address"
        onChange={(to) => change({ to })}
        onChoose={chooseTo}
      />
    </>
  );
}

/** Only where the cluster has both. A typed address tells its own. */
function FamilyChoice({ draft, change }: Pick<EndsProps, 'draft' | 'change'>) {
  return (
    <select
      aria-label="Address family"
      title="Which address of the other end: curl -4, ping -6"
      disabled={parseIp(draft.to.trim()).ok}
      value={draft.family}
      onChange={(event) => change({ family: event.target.value as Draft['family'] })}
    >
      <option value="">IPv4 or IPv6</option>
      <option value="IPv4">IPv4</option>
      <option value="IPv6">IPv6</option>
    </select>
  );
}

function ProtocolAndPort({ draft, change }: Pick<EndsProps, 'draft' | 'change'>) {
  return (
    <>
      <select
        aria-label="Protocol"
        value={draft.proto}
        onChange={(event) => change({ proto: PROTOCOLS.find(({ id }) => id === event.target.value)?.id ?? 'tcp' })}
      >
        {PROTOCOLS.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
      <input
        type="number"
        aria-label="Port"
        inputMode="numeric"
        min={1}
        max={65535}
        placeholder="port"
        disabled={!hasPort(draft.proto)}
        value={hasPort(draft.proto) ? draft.port : ''}
        onChange={(event) => change({ port: event.target.value })}
      />
    </>
  );
}

/** What the two ends offer: `targets` are those elsewhere, and before them the start itself. */
function useEnds(cluster: Cluster | null, from: string) {
  const ends = useMemo(
    () => (cluster ? { sources: fromOptions(cluster), elsewhere: toOptions(cluster) } : NONE),
    [cluster],
  );
  const targets = useMemo(() => {
    const start = resolveFrom(ends.sources, from);
    return cluster && start.ok ? [localhostOption(cluster, start.value.end), ...ends.elsewhere] : ends.elsewhere;
  }, [cluster, ends, from]);
  return { ...ends, targets };
}

/** `localhost` is where the start is. */
function followStart(draft: Draft, cluster: Cluster | null, sources: readonly EndOption<ProbeFrom>[]): Draft {
  const start = resolveFrom(sources, draft.from);
  const isSame = !isLocalhost(draft.to) || cluster === null || !start.ok;
  return isSame ? draft : { ...draft, to: localhostOption(cluster, start.value.end).text };
}

function draftOf(probe: Probe, targets: readonly EndOption[]): Draft {
  const port = probe.port === undefined ? '' : String(probe.port);
  const family = probe.options?.family ?? '';
  return { from: probe.from.ref, to: textOf(targets, probe.to, probe.port), proto: probe.proto, port, family };
}

/** The probe that the fields mean. An untouched end stays what it was, even when it is gone from the cluster. */
function readDraft(draft: Draft, cluster: Cluster, targets: readonly EndOption[], standing: Probe | null) {
  const before = standing === null ? null : draftOf(standing, targets);
  const from =
    standing && before?.from === draft.from
      ? ok({ end: standing.from })
      : resolveFrom(fromOptions(cluster), draft.from);
  if (!from.ok) return from;
  const near = from.value.end.kind === 'pod' ? (from.value.end.ref.split('/')[0] ?? null) : null;
  const to = standing && before?.to === draft.to ? ok({ end: standing.to }) : resolveTo(targets, draft.to, near);
  if (!to.ok) return to;
  const isChosen = draft.family !== '' && familiesOf(cluster).length > 1;
  const ends = {
    from: from.value.end,
    to: to.value.end,
    proto: draft.proto,
    ...(isChosen && { options: { family: draft.family as 'IPv4' | 'IPv6' } }),
  };
  if (!hasPort(draft.proto)) return ok<Probe>(ends);
  const port = readPort(draft.port);
  return port.ok ? ok<Probe>({ ...ends, port: port.value }) : port;
}
