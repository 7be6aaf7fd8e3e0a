import { same } from '../sim/base/same.ts';
import { START } from '../sim/scenario/moment.ts';
import type { Scenario } from '../sim/scenario/scenario.ts';
import { decodeLink, type LinkError, type Opened } from '../sim/scenario/url.ts';
import { openWork, type SavedWork, type Work } from './works.ts';

export interface Opening {
  readonly work: Work;
  readonly from: 'link' | 'saved' | 'first-visit';
  /** The link of the address could not be opened; something else was. */
  readonly error: LinkError | null;
  /** The person's own work that stands behind what was opened: "Your own work is kept: go back to it". */
  readonly kept: Work | null;
  /** Take the fragment out of the address, which would soon no longer say what is shown. */
  readonly stripHash: boolean;
}

export interface OpeningInput {
  /** `location.hash`. */
  readonly hash: string;
  readonly saved: readonly SavedWork[];
  readonly firstVisit: Scenario;
  readonly newId: () => string;
}

/** What to show when the page opens, or when its fragment changes. It only reads: nothing that was kept is lost by opening. */
export function openFromLocation({ hash, saved, firstVisit, newId }: OpeningInput): Opening {
  const works = saved.flatMap((work) => openWork(work) ?? []);
  const linked = decodeLink(hash);
  if (linked.ok) return openLink(linked.value, works, newId);
  // A fragment that is not ours is left alone: it may be an anchor of the page.
  const isOurs = linked.error.kind !== 'none' && linked.error.kind !== 'foreign';
  const [present] = works;
  const work = present ?? { id: newId(), own: false, scenario: firstVisit, moment: START };
  return {
    work,
    from: present ? 'saved' : 'first-visit',
    error: isOurs ? linked.error : null,
    kept: ownBehind(work, works),
    stripHash: isOurs,
  };
}

/** A link to what is open already goes on with it, at the moment that the link says. */
function openLink(linked: Opened, works: readonly Work[], newId: () => string): Opening {
  const standing = works.find(({ scenario }) => same(scenario, linked.scenario));
  const work = { id: standing?.id ?? newId(), own: standing?.own ?? false, ...linked };
  return { work, from: 'link', error: null, kept: ownBehind(work, works), stripHash: true };
}

/** Only a visitor is offered the way back: who is at their own work is there. */
function ownBehind(work: Work, works: readonly Work[]): Work | null {
  return work.own ? null : (works.find(({ own, id }) => own && id !== work.id) ?? null);
}
