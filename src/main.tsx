import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { makeUpTrace } from './render/made-up-trace.ts';
import { makeUpWorld } from './render/made-up-world.ts';
import { ok } from './sim/base/result.ts';
import { CNIS, PROXIES } from './sim/drivers/registry.ts';
import { beatsOf } from './sim/engine/explain/beats.ts';
import { explain } from './sim/engine/explain/explain.ts';
import { DEFAULT_SCENARIO } from './sim/scenario/defaults.ts';
import { createDocument } from './store/document.ts';
import { createPlayhead, followTrace } from './store/playhead.ts';
import { createSelection } from './store/selection.ts';
import { createSession } from './store/session.ts';
import { App } from './ui/App.tsx';
import type { AppModel } from './ui/app-model.ts';
import { createPanelPreferences } from './ui/panel-preferences.ts';
import { registerOffline } from './ui/register-offline.ts';
import { createManifestDraft } from './ui/yaml/manifest-draft.ts';
import './ui/styles.ts';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root element.');

const preferences = createPanelPreferences();
const doc = createDocument(DEFAULT_SCENARIO);
const world = makeUpWorld({ nodes: 3, pods: 2, shape: 'overlay', services: 2 });
const session = createSession(doc, {
  buildWorld: () => ok(world),
  trace: () => {
    const t = makeUpTrace();
    return { ...t, beats: beatsOf(t.steps, t.packets) };
  },
  describeChange: () => 'No tunnel now: node-1 sends the packet to node-2 by a route.',
});
const playhead = createPlayhead();
playhead.load(session.getState().trace);
followTrace(playhead, session);
const app: AppModel = {
  document: doc,
  session,
  playhead,
  selection: createSelection(),
  preferences,
  draft: createManifestDraft(),
  cnis: CNIS,
  proxies: PROXIES,
  linkTo: () => location.href,
  explain,
};
createRoot(root).render(
  <StrictMode>
    <App app={app} />
  </StrictMode>,
);
registerOffline();
