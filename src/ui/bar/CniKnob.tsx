import { type KeyboardEvent, useId, useRef, useState } from 'react';
import { type CniChoice, useApp, useSession } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { Popover } from '../parts/Popover.tsx';
import { CniPanel } from './CniPanel.tsx';
import { provenance } from './provenance.ts';

/** Which CNI, in which mode. The list has one line for each; what there is to know of one is beside it, and a choice takes effect at once. */
export function CniKnob() {
  const { cnis } = useApp();
  const chosen = useSession(({ state }) => state.cni);
  const [looked, setLooked] = useState<string | null>(null);
  const id = useId();
  const shown = cnis.find((one) => one.id === (looked ?? chosen.id)) ?? cnis[0];
  const used = cnis.find((one) => one.id === chosen.id);
  const label = labelOf(cnis, chosen);
  return (
    <Popover
      className="popover-start knob cni-knob"
      summary={
        <summary
          title={
            used &&
            provenance(
              used,
              used.modes.find(({ id: mode }) => mode === chosen.mode),
            )
          }
        >
          <span className="quiet">CNI</span>
          <span className="cni-chosen">{label}</span>
          <Icon name="down" size={12} />
        </summary>
      }
    >
      <div className="popover-body cni-picker">
        <CniTabs cnis={cnis} chosen={chosen.id} shown={shown?.id ?? ''} panelId={id} onLook={setLooked} />
        {shown && <CniPanel key={shown.id} id={id} cni={shown} />}
      </div>
    </Popover>
  );
}

/** `Flannel: VXLAN`; what this version does not know stays as the document says it. */
function labelOf(cnis: readonly CniChoice[], { id, mode: modeId }: { readonly id: string; readonly mode: string }) {
  const cni = cnis.find((one) => one.id === id);
  const mode = cni?.modes.find((one) => one.id === modeId);
  if (!cni || !mode) return `${id}: ${modeId}`;
  return mode.label.includes(cni.label) || cni.modes.length === 1 ? mode.label : `${cni.label}: ${mode.label}`;
}

interface CniTabsProps {
  readonly cnis: readonly CniChoice[];
  readonly chosen: string;
  readonly shown: string;
  readonly panelId: string;
  readonly onLook: (id: string) => void;
}

function CniTabs({ cnis, chosen, shown, panelId, onLook }: CniTabsProps) {
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = cnis.findIndex(({ id }) => id === shown);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: cnis.length - 1 }[event.key];
    const to = next === undefined ? undefined : cnis[(next + cnis.length) % cnis.length];
    if (!to) return;
    event.preventDefault();
    onLook(to.id);
    list.current?.querySelector<HTMLElement>(`[data-cni="${to.id}"]`)?.focus();
  };
  return (
    <div ref={list} role="tablist" aria-orientation="vertical" aria-label="CNI" className="cni-tabs">
      {cnis.map((cni) => (
        <button
          key={cni.id}
          type="button"
          role="tab"
          data-cni={cni.id}
          aria-selected={cni.id === shown}
          aria-controls={panelId}
          tabIndex={cni.id === shown ? 0 : -1}
          className="cni-tab"
          onClick={() => onLook(cni.id)}
          onKeyDown={onKeyDown}
        >
          <span className="cni-mark">{cni.id === chosen && <Icon name="check" size={12} />}</span>
          <span className="cni-name">{cni.label}</span>
          <span className="cni-can">{canWords(cni)}</span>
        </button>
      ))}
    </div>
  );
}

/** What tells one from another at a glance. */
function canWords({ profile, modes, replacesProxy }: CniChoice): string {
  if (profile.state !== 'maintained') return profile.state;
  const words = [
    ...(profile.policy === null ? [] : ['policy']),
    ...(profile.encryption === null ? [] : ['encryption']),
    ...(modes.some(({ id }) => replacesProxy?.(id)) ? ['no kube-proxy'] : []),
  ];
  return words.length === 0 ? 'plain' : words.join(', ');
}
