import './story.css';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { podStory } from '../../sim/engine/story/pod-story.ts';
import type { PodStory, StoryStep } from '../../sim/engine/story/story.ts';
import type { World } from '../../sim/engine/world.ts';
import { useApp, useSelection, useSession } from '../app-model.ts';
import { CopyButton } from '../parts/CopyButton.tsx';
import { Icon } from '../parts/Icon.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import { PodChoice } from './PodChoice.tsx';
import { firstPod, isThere } from './pods-of-world.ts';
import { stageOf } from './stage-of-story.ts';

/** How one pod came to be: who did what, with what each program read and printed, and what stood on the stage after it. */
export function PodTab({ world }: { readonly world: World }) {
  const { selection } = useApp();
  const selected = useSelection((state) => (state.selected?.kind === 'pod' ? state.selected.id : null));
  const probe = useSession(({ state }) => state.probe);
  const [chosen, choose] = useState<string | null>(null);
  const ref = [selected, chosen].find((one) => one !== null && isThere(world, one)) ?? firstPod(world, probe);
  const story = useMemo(() => (ref === null ? null : podStory(world, ref)), [world, ref]);
  if (ref === null || story === null) {
    return <p className="dock-empty">No pods in this cluster yet: write some in the YAML tab.</p>;
  }
  const onChoose = (next: string): void => {
    choose(next);
    selection.select(world.namespaces.has(next) ? { kind: 'pod', id: next } : null);
  };
  return (
    <div className="pod-story">
      <div className="panel-head">
        <PodChoice world={world} value={ref} onChoose={onChoose} />
        <p className="quiet">
          Each step shows what its program read and printed. On the stage, what has just come is marked, and what is not
          there yet is faint.
        </p>
      </div>
      <StoryBody key={ref} story={story} />
    </div>
  );
}

function StoryBody({ story }: { readonly story: PodStory }) {
  const { stage, playhead } = useApp();
  const { steps } = story;
  const [id, setId] = useState(steps[0]?.id ?? '');
  const at = Math.max(
    0,
    steps.findIndex((step) => step.id === id),
  );
  const list = useRef<HTMLOListElement>(null);
  // A packet on its way would draw the eye from what the story shows.
  useEffect(() => playhead.pause(), [playhead]);
  useEffect(() => {
    stage.current?.setStory(stageOf(story, at));
    return () => stage.current?.setStory(null);
  }, [stage, story, at]);
  const go = (to: number): void => {
    const next = steps[to];
    if (!next) return;
    setId(next.id);
    list.current?.querySelectorAll('button')[to]?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    event.preventDefault();
    go(at + (event.key === 'ArrowDown' ? 1 : -1));
  };
  const step = steps[at];
  return (
    <div className="story-body">
      <ol className="story-steps" ref={list} onKeyDown={onKeyDown} aria-label={`How ${story.pod} came to be`}>
        {steps.map((one, index) => (
          <li key={one.id} data-depth={one.depth}>
            <StepButton step={one} number={index + 1} isNow={index === at} onClick={() => setId(one.id)} />
          </li>
        ))}
      </ol>
      {step && <StepDetail step={step} />}
    </div>
  );
}

interface StepButtonProps {
  readonly step: StoryStep;
  readonly number: number;
  readonly isNow: boolean;
  readonly onClick: () => void;
}

function StepButton({ step, number, isNow, onClick }: StepButtonProps) {
  return (
    <button
      type="button"
      className="story-step"
      aria-current={isNow ? 'step' : undefined}
      tabIndex={isNow ? 0 : -1}
      onClick={onClick}
    >
      <span className="story-number">{step.failed ? <Icon name="cross" size={12} /> : number}</span>
      <span className="story-what">
        <code>{step.actor}</code>
        <span>{step.title}</span>
      </span>
      <span className="story-place quiet">{step.place}</span>
    </button>
  );
}

function StepDetail({ step }: { readonly step: StoryStep }) {
  return (
    <ScrollBox label={`${step.actor}: ${step.title}`} className="story-detail">
      <p className={step.failed ? 'story-sentence story-failed' : 'story-sentence'}>{step.sentence}</p>
      {step.evidence.map(({ title, text }) => (
        <figure key={title} className="story-evidence">
          <figcaption>
            <span>{title}</span>
            <CopyButton text={text} label={`Copy: ${title}`} />
          </figcaption>
          <pre className="mono">{text}</pre>
        </figure>
      ))}
    </ScrollBox>
  );
}
