/** What the components reach: the stores, and the few functions that `main` joins to them. */
import { createContext, useContext } from 'react';
import { useStore } from 'zustand/react';
import type { Stage } from '../render/stage-api.ts';
import { must } from '../sim/base/assert.ts';
import type { BalancerDriver, CniDriver, ProxyDriver } from '../sim/drivers/contract.ts';
import type { Autosave } from '../store/autosave.ts';
import type { ScenarioDocument } from '../store/document.ts';
import type { Playhead, PlayheadState } from '../store/playhead.ts';
import type { Preferences } from '../store/preferences.ts';
import type { ReadonlyStore } from '../store/readonly-store.ts';
import type { Selection, SelectionState } from '../store/selection.ts';
import type { EnginePort, Session, SessionState } from '../store/session.ts';
import type { DockTab } from './dock/dock-tabs.ts';
import type { Explain, Explainer } from './explainer.ts';
import type { PolicyDesk } from './policies/policy-desk.ts';
import type { Visit } from './visit.ts';
import type { ManifestDraft } from './yaml/manifest-draft.ts';

/** What a knob shows of a driver. The UI names none: it reads the registry. */
export type DriverChoice = Pick<
  CniDriver | ProxyDriver | BalancerDriver,
  'id' | 'label' | 'about' | 'modes' | 'evidence' | 'factsFrom'
>;

export type CniChoice = DriverChoice &
  Pick<
    CniDriver,
    | 'agent'
    | 'profile'
    | 'overlay'
    | 'defaultOf'
    | 'replacesProxy'
    | 'hostPorts'
    | 'enforcesPolicies'
    | 'refusesFamilies'
  >;

export type ProxyChoice = DriverChoice & Pick<ProxyDriver, 'hasDaemon'>;

export interface AppModel {
  readonly preferences: Preferences<DockTab>;
  readonly visit: Visit;
  readonly autosave: Autosave;
  readonly document: ScenarioDocument;
  readonly session: Session;
  readonly playhead: Playhead;
  readonly selection: Selection;
  readonly draft: ManifestDraft;
  readonly desk: PolicyDesk;
  /** Set while the stage is mounted. */
  readonly stage: { current: Stage | null };
  readonly engine: EnginePort;
  readonly cnis: readonly CniChoice[];
  readonly proxies: readonly ProxyChoice[];
  readonly balancers: readonly DriverChoice[];
  readonly explainer: Explainer;
}

export const AppContext = createContext<AppModel | null>(null);

export const useApp = (): AppModel => must(useContext(AppContext), 'AppContext around the components');

/** A part of a store; the component draws again only when this part changes. */
export function usePart<State, Part>(store: ReadonlyStore<State>, part: (state: State) => Part): Part {
  return useStore(store, part);
}

export const useExplain = (): Explain | null => usePart(useApp().explainer, (state) => state.explain);
export const useSession = <Part>(part: (state: SessionState) => Part): Part => usePart(useApp().session, part);
export const usePlayhead = <Part>(part: (state: PlayheadState) => Part): Part => usePart(useApp().playhead, part);
export const useSelection = <Part>(part: (state: SelectionState) => Part): Part => usePart(useApp().selection, part);
