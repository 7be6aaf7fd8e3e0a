import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BALANCERS, CNIS, PROXIES } from './sim/drivers/registry.ts';
import { buildWorld } from './sim/engine/build-world.ts';
import { traceProbe } from './sim/engine/converse.ts';
import { describeChange } from './sim/engine/explain/describe-change.ts';
import { momentOfStep, stepOfMoment } from './sim/engine/own-part.ts';
import { DEFAULT_SCENARIO } from './sim/scenario/defaults.ts';
import type { Moment } from './sim/scenario/moment.ts';
import { createAutosave } from './store/autosave.ts';
import { browserTimers, newWorkId, openBrowserStorage } from './store/browser.ts';
import { createDocument } from './store/document.ts';
import { createPlayhead, followTrace } from './store/playhead.ts';
import { createPreferences } from './store/preferences.ts';
import { createSelection } from './store/selection.ts';
import { createSession, type EnginePort } from './store/session.ts';
import { App } from './ui/App.tsx';
import type { AppModel } from './ui/app-model.ts';
import { DOCK_TABS, type DockTab } from './ui/dock/dock-tabs.ts';
import { arrangedBy, viewWord } from './ui/dock/view-word.ts';
import { createExplainer } from './ui/explainer.ts';
import { createPolicyDesk } from './ui/policies/policy-desk.ts';
import { registerOffline } from './ui/register-offline.ts';
import { createVisit, openHere } from './ui/visit.ts';
import { createManifestDraft } from './ui/yaml/manifest-draft.ts';
import './ui/styles.ts';

const engine: EnginePort = { buildWorld, trace: traceProbe, describeChange };

/** Joins the rooms: the engine behind the session, the stores behind the page, the page into its place. */
function start(root: HTMLElement): void {
  const storage = openBrowserStorage();
  const preferences = createPreferences<DockTab>({ tabs: DOCK_TABS, storage, timers: browserTimers });
  const open = () => openHere(storage, DEFAULT_SCENARIO, newWorkId);
  const first = open();
  const document = createDocument(first.work.scenario);
  const session = createSession(document, engine);
  const playhead = createPlayhead({ speed: preferences.getState().speed });
  const { trace } = session.getState();
  playhead.load(trace, first.from === 'first-visit' || !trace ? undefined : stepOfMoment(trace, first.work.moment));
  followTrace(playhead, session);

  const readMoment = (): Moment => {
    const view = viewWord(preferences.getState());
    const at = momentOfStep(session.getState().trace, playhead.getState().step);
    return { ...at, ...(view !== undefined && { view }) };
  };
  const arrange = (view: string | undefined): void => {
    preferences.set(arrangedBy(view, preferences.getState().rules));
  };
  const autosave = createAutosave({ document, work: first.work, readMoment, storage, timers: browserTimers });
  playhead.subscribe((now, before) => {
    if (now.step !== before.step) autosave.touch();
    if (now.speed !== before.speed) preferences.set({ speed: now.speed });
  });
  const visit = createVisit({ document, session, playhead, autosave, open, first, readMoment, arrange });
  addEventListener('hashchange', visit.onHashChange);
  addEventListener('pagehide', () => {
    autosave.flush();
    preferences.flush();
  });

  const app: AppModel = {
    document,
    session,
    playhead,
    selection: createSelection(),
    preferences,
    visit,
    autosave,
    draft: createManifestDraft(),
    desk: createPolicyDesk(),
    engine,
    stage: { current: null },
    cnis: CNIS,
    proxies: PROXIES,
    balancers: BALANCERS,
    explainer: createExplainer(() => import('./sim/engine/explain/explain.ts').then((module) => module.explain)),
  };
  createRoot(root).render(
    <StrictMode>
      <App app={app} />
    </StrictMode>,
  );
}

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root element.');
start(root);
registerOffline();
