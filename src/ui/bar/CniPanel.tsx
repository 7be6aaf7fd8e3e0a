import { useState } from 'react';
import { type CniChoice, useApp, useSession } from '../app-model.ts';
import { type Fact, Facts } from '../inspector/Facts.tsx';

/** One CNI: what it can do, of which version that is known, and its modes to choose from. */
export function CniPanel({ id, cni }: { readonly id: string; readonly cni: CniChoice }) {
  const { document } = useApp();
  const chosen = useSession(({ state }) => state.cni);
  const [looked, setLooked] = useState<string | null>(null);
  const { label, about, modes, evidence } = cni;
  const inUse = chosen.id === cni.id ? chosen.mode : null;
  const told = modes.find((mode) => mode.id === (looked ?? inUse)) ?? modes[0];
  return (
    <section id={id} role="tabpanel" aria-label={label} className="cni-panel">
      <p>{about}</p>
      <Facts facts={factsOf(cni, (inUse ?? modes[0]?.id) as string)} />
      <fieldset className="cni-modes" aria-describedby={`${id}-about`} onPointerLeave={() => setLooked(null)}>
        <legend className="section-title">{modes.length === 1 ? 'Mode' : 'Modes'}</legend>
        {modes.map((mode) => (
          <label key={mode.id} className="cni-mode" onPointerEnter={() => setLooked(mode.id)}>
            <input
              type="radio"
              name={id}
              value={`${cni.id}/${mode.id}`}
              checked={inUse === mode.id}
              onFocus={() => setLooked(mode.id)}
              onChange={() => document.apply({ type: 'CniChosen', cni: cni.id, mode: mode.id })}
            />
            <span className="cni-mode-name">{mode.label}</span>
            <span className="cni-can">{modeWords(cni, mode)}</span>
            <Evidence of={mode.evidence ?? evidence} />
          </label>
        ))}
      </fieldset>
      <p id={`${id}-about`} className="cni-about quiet">
        {told?.about}
      </p>
    </section>
  );
}

function Evidence({ of }: { readonly of: CniChoice['evidence'] }) {
  const about =
    of === 'kernel-verified'
      ? 'Traces of it were compared with a real Linux kernel.'
      : 'Made from source and documents; no kernel here could run it.';
  return (
    <span className={of === 'kernel-verified' ? 'badge badge-good' : 'badge'} title={about}>
      {of}
    </span>
  );
}

/** `default of kube-flannel.yml`, `VXLAN, replaces kube-proxy`; what the name says already is not said again. */
function modeWords(
  { overlay, defaultOf, replacesProxy }: CniChoice,
  { id, label }: CniChoice['modes'][number],
): string {
  const wrapped = overlay(id) ?? 'no overlay';
  const owner = defaultOf(id);
  return [
    ...(label.includes(wrapped) ? [] : [wrapped]),
    ...(replacesProxy?.(id) ? ['replaces kube-proxy'] : []),
    ...(owner === null ? [] : [`default of ${owner}`]),
  ].join(', ');
}

/** What the real program can, and whether it is so in this mode here. */
function policyWords({ profile, modes, enforcesPolicies }: CniChoice, mode: string): string {
  if (profile.policy === null) return 'nobody enforces it';
  if (enforcesPolicies(mode).by !== null) return profile.policy;
  const elsewhere = modes.some(({ id }) => enforcesPolicies(id).by !== null);
  return `${profile.policy} (${elsewhere ? 'not in this mode' : 'not modelled'})`;
}

/** What it answers to a cluster of both families; a mode may answer otherwise. */
function factsOf(cni: CniChoice, mode: string): readonly Fact[] {
  const { profile, factsFrom } = cni;
  return [
    ['IP families', cni.refusesFamilies?.([4, 6], mode) ?? 'IPv4, IPv6, or both'],
    ['NetworkPolicy', policyWords(cni, mode)],
    ['Encryption', profile.encryption === null ? 'none' : `${profile.encryption} (not modelled)`],
    ['State', `${profile.state}: ${profile.stateNote}`],
    ['Facts from', factsFrom],
  ];
}
