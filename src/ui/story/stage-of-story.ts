import { idOf, type PictureId } from '../../render/picture-id.ts';
import type { StageStory } from '../../render/stage-api.ts';
import type { PodStory, StoryStep } from '../../sim/engine/story/story.ts';

/** What stands on the stage at a step of a story. */
export function stageOf({ steps }: PodStory, at: number): StageStory {
  const ids = (part: readonly StoryStep[]): readonly PictureId[] => part.flatMap(({ appears }) => appears.map(idOf));
  const born = new Set(ids(steps.slice(0, at)));
  return {
    born: [...born],
    fresh: ids(steps.slice(at, at + 1)),
    unborn: ids(steps.slice(at + 1)).filter((id) => !born.has(id)),
  };
}
