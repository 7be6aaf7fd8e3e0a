import { useApp, usePlayhead } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { IconButton } from '../parts/IconButton.tsx';

const SPEEDS = [0.25, 0.5, 1, 2, 4] as const;

/** Play, pause, step and jump: every key of the playhead as a button. */
export function Transport({ stepCount }: { readonly stepCount: number }) {
  const { playhead } = useApp();
  const isPlaying = usePlayhead((state) => state.playing);
  const step = usePlayhead((state) => state.step);
  const isFirst = step <= 0;
  const isLast = step >= stepCount - 1;
  const go = (to: number): void => {
    playhead.pause();
    playhead.seek(to);
  };
  return (
    <div className="transport" role="toolbar" aria-label="Playback">
      <IconButton icon="first" label="First step" keys="Home" disabled={isFirst} onClick={() => go(0)} />
      <IconButton
        icon="mark-back"
        label="Previous mark"
        keys="["
        disabled={isFirst}
        onClick={() => playhead.prevMark()}
      />
      <IconButton icon="step-back" label="Step back" keys="←" disabled={isFirst} onClick={() => playhead.stepBy(-1)} />
      <button
        type="button"
        className="button button-play"
        title={`${isPlaying ? 'Pause' : 'Play'} (Space)`}
        disabled={stepCount === 0}
        onClick={() => playhead.toggle()}
      >
        <Icon name={isPlaying ? 'pause' : 'play'} />
        {isPlaying ? 'Pause' : 'Play'}
      </button>
      <IconButton
        icon="step-forward"
        label="Step forward"
        keys="→"
        disabled={isLast}
        onClick={() => playhead.stepBy(1)}
      />
      <IconButton
        icon="mark-forward"
        label="Next mark"
        keys="]"
        disabled={isLast}
        onClick={() => playhead.nextMark()}
      />
      <IconButton icon="last" label="Last step" keys="End" disabled={isLast} onClick={() => go(stepCount - 1)} />
      <SpeedAndDetail />
      <span className="transport-count">
        {stepCount === 0 ? '–' : step + 1} <span className="quiet">/ {stepCount}</span>
      </span>
    </div>
  );
}

function SpeedAndDetail() {
  const { playhead } = useApp();
  const speed = usePlayhead((state) => state.speed);
  const detail = usePlayhead((state) => state.detail);
  return (
    <>
      <label className="transport-field">
        <span className="visually-hidden">Speed</span>
        <select value={speed} title="Speed" onChange={(event) => playhead.setSpeed(Number(event.target.value))}>
          {SPEEDS.map((value) => (
            <option key={value} value={value}>
              {value}×
            </option>
          ))}
        </select>
      </label>
      <label className="transport-field">
        <span className="visually-hidden">Stop at</span>
        <select
          value={detail}
          title="Stop at beats (what matters) or at every step"
          onChange={(event) => playhead.setDetail(event.target.value === 'steps' ? 'steps' : 'beats')}
        >
          <option value="beats">beats</option>
          <option value="steps">every step</option>
        </select>
      </label>
    </>
  );
}
