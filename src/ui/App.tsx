import { lazy, Suspense } from 'react';
import type { Trace } from '../sim/engine/trace.ts';
import type { World } from '../sim/engine/world.ts';
import { AppContext, type AppModel, useApp, usePart, useSession } from './app-model.ts';
import { CommandBar } from './bar/CommandBar.tsx';
import { Dock } from './dock/Dock.tsx';
import { HelpButton } from './help/HelpButton.tsx';
import { Inspector } from './inspector/Inspector.tsx';
import { useExplanation } from './inspector/use-explanation.ts';
import { NarrowView } from './NarrowView.tsx';
import { FirstHint } from './notices/FirstHint.tsx';
import { OpeningNotice, ProblemNotice, SaveNotice } from './notices/Notices.tsx';
import { ErrorBoundary } from './parts/ErrorBoundary.tsx';
import { ShareButton } from './share/ShareButton.tsx';
import { ThemeButton } from './ThemeButton.tsx';
import { useKeys } from './use-keys.ts';
import { useNarrow } from './use-media.ts';
import { Verdict } from './Verdict.tsx';
import { DropZone } from './yaml/DropZone.tsx';

/** The picture comes beside the page, not before it; a phone, which shows the text, never asks for it. */
const StageFrame = lazy(() => import('./stage/StageFrame.tsx').then((module) => ({ default: module.StageFrame })));

export function App({ app }: { readonly app: AppModel }) {
  return (
    <AppContext value={app}>
      <Screen />
    </AppContext>
  );
}

/** The one screen. Below 700 px the text is the view. */
function Screen() {
  const app = useApp();
  const isNarrow = useNarrow();
  const hintDismissed = usePart(app.preferences, (state) => state.hintDismissed);
  useKeys(app);
  const setHint = (dismissed: boolean): void => app.preferences.set({ hintDismissed: dismissed });
  return (
    <div className="shell">
      <CommandBar
        hint={!hintDismissed && !isNarrow && <FirstHint onDismiss={() => setHint(true)} />}
        actions={
          <>
            <ShareButton />
            <ThemeButton />
            <HelpButton onHint={() => setHint(false)} />
          </>
        }
      />
      <div className="notices">
        <OpeningNotice />
        <SaveNotice />
        <ProblemNotice />
      </div>
      {isNarrow ? <NarrowView /> : <Wide />}
      <LiveStep />
      <DropZone />
    </div>
  );
}

function Wide() {
  return (
    <>
      <Verdict />
      <main className="centre">
        <ErrorBoundary what="The stage">
          <Suspense fallback={<div className="stage-frame" />}>
            <StageFrame />
          </Suspense>
        </ErrorBoundary>
      </main>
      <Inspector />
      <Dock />
    </>
  );
}

/** Says the step aloud, for those who step without seeing the picture; silent while playing. */
function LiveStep() {
  const trace = useSession((state) => state.trace);
  const world = useSession((state) => state.world);
  return (
    <div className="visually-hidden" aria-live="polite">
      {trace !== null && world !== null && <Spoken trace={trace} world={world} />}
    </div>
  );
}

function Spoken({ trace, world }: { readonly trace: Trace; readonly world: World }) {
  const { playhead } = useApp();
  const explanation = useExplanation(trace, world);
  const isPlaying = usePart(playhead, (state) => state.playing);
  if (isPlaying || explanation === null) return null;
  return `${explanation.place.label}: ${explanation.title}. ${explanation.sentence}`;
}
