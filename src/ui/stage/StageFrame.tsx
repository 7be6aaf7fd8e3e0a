import { useEffect, useRef } from 'react';
import { frameLoop, onFrame } from '../../render/frame-loop.ts';
import { createStage } from '../../render/stage.ts';
import type { Stage } from '../../render/stage-api.ts';
import { type AppModel, useApp, usePart, useSession } from '../app-model.ts';
import { PolicyMode } from '../policies/PolicyMode.tsx';
import { policyModels } from '../policies/use-model.ts';
import { allowedArrows } from './allowed-arrows.ts';
import { pictureIdOf, probeOfDrag, selectedOf } from './picture-join.ts';

/** Mounts the stage once and keeps it told. React draws nothing inside it and never hears of a frame. */
export function StageFrame() {
  const app = useApp();
  const isSent = useSession(({ trace }) => trace !== null && trace.steps.length > 0);
  const isDrawing = usePart(app.desk, (state) => state.isDrawing);
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (host.current === null) return;
    const mounted = createStage(host.current, callbacksOf(app));
    const stop = [
      followSession(app, mounted),
      followSelection(app, mounted),
      followTheme(app, mounted),
      followPolicyMode(app, mounted),
      runFrames(app, mounted),
    ];
    app.stage.current = mounted;
    return () => {
      for (const end of stop) end();
      app.stage.current = null;
      mounted.destroy();
    };
  }, [app]);
  return (
    <div className={isDrawing ? 'stage-frame is-policy-mode' : 'stage-frame'}>
      <div ref={host} className="stage-host" />
      <PolicyMode />
      {!isSent && <EmptyStage />}
    </div>
  );
}

function EmptyStage() {
  const hasPods = useSession(({ world }) => (world?.cluster.pods.length ?? 0) > 0);
  return (
    <p className="stage-empty-note" role="status">
      {hasPods
        ? 'No packet yet: choose where it starts and where it goes, then Send. Or drag from one pod to another.'
        : 'No pods in this cluster yet: drop manifests here or write them in the YAML tab. Nodes and the client can send already.'}
    </p>
  );
}

function callbacksOf({ desk, document, selection, session }: AppModel): Parameters<typeof createStage>[1] {
  return {
    onSelect: (id) => selection.select(id === null ? null : selectedOf(id, session.getState().world)),
    onHover: (id) => selection.hover(id === null ? null : selectedOf(id, session.getState().world)),
    onDragProbe: (fromId, toId) => {
      const { state, world } = session.getState();
      const probe = world && probeOfDrag(fromId, toId, world, state.probe);
      if (probe && desk.getState().isDrawing) desk.draw(probe);
      else if (probe) document.apply({ type: 'ProbeSet', probe });
    },
  };
}

function followSession({ session }: AppModel, stage: Stage): () => void {
  const show = (): void => {
    const { world, trace } = session.getState();
    if (world) stage.setWorld(world);
    stage.setTrace(trace);
  };
  show();
  return session.subscribe((now, before) => {
    if (now.world !== before.world && now.world) stage.setWorld(now.world);
    if (now.trace !== before.trace) stage.setTrace(now.trace);
  });
}

function followSelection({ selection, session }: AppModel, stage: Stage): () => void {
  return selection.subscribe(({ selected }) => {
    stage.setSelection(selected === null ? null : pictureIdOf(selected, session.getState().world));
  });
}

/** In policy mode the selected pod shows whom it may reach. */
function followPolicyMode({ desk, selection, session }: AppModel, stage: Stage): () => void {
  const show = (): void => {
    const { selected } = selection.getState();
    const { world, state } = session.getState();
    const isShown = desk.getState().isDrawing && world !== null && selected?.kind === 'pod';
    stage.setArrows(isShown ? allowedArrows(policyModels(world, state), selected.id) : []);
  };
  show();
  const stops = [desk.subscribe(show), selection.subscribe(show), session.subscribe(show)];
  return () => {
    for (const stop of stops) stop();
  };
}

function followTheme({ preferences }: AppModel, stage: Stage): () => void {
  stage.setTheme(preferences.getState().theme);
  return preferences.subscribe((now, before) => {
    if (now.theme !== before.theme) stage.setTheme(now.theme);
  });
}

/** Time passes for the playhead, and the stage shows where it stands. The shared frame loop sleeps while nothing moves. */
function runFrames({ playhead, session }: AppModel, stage: Stage): () => void {
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)');
  let shown = '';
  const draw = (_nowMs: number, sinceMs: number): boolean => {
    playhead.tick(sinceMs);
    const { step, playing } = playhead.getState();
    const progress = isCalm.matches ? 1 : playhead.progress();
    const key = `${step} ${progress}`;
    if (key !== shown && session.getState().trace) {
      stage.setMoment(step, progress);
      shown = key;
    }
    return playing || playhead.progress() < 1;
  };
  const stops = [
    onFrame(draw),
    playhead.subscribe(() => frameLoop.wake()),
    session.subscribe(() => {
      shown = '';
      frameLoop.wake();
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
