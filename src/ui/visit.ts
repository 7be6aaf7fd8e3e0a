/** How a visit begins and goes on: what is opened, what is kept, and what is said about it. */
import { createStore } from 'zustand/vanilla';
import { stepOfMoment } from '../sim/engine/own-part.ts';
import type { Moment } from '../sim/scenario/moment.ts';
import type { Scenario } from '../sim/scenario/scenario.ts';
import { decodeLink, encodeLink, type LinkError } from '../sim/scenario/url.ts';
import type { Autosave } from '../store/autosave.ts';
import type { ScenarioDocument } from '../store/document.ts';
import { type Opening, openFromLocation } from '../store/open-from-location.ts';
import type { Playhead } from '../store/playhead.ts';
import type { ReadonlyStore } from '../store/readonly-store.ts';
import type { Session } from '../store/session.ts';
import type { KeyValueStorage } from '../store/storage.ts';
import { readWorks, type Work } from '../store/works.ts';

export interface VisitState {
  /** Why the link of the address was not opened. */
  readonly error: LinkError | null;
  /** The person's own work, which stands behind what a link opened. */
  readonly kept: Work | null;
}

export interface Visit extends ReadonlyStore<VisitState> {
  dismissError(): void;
  /** Stays with what the link opened. */
  dismissKept(): void;
  goToKept(): void;
  /** Follows a link that was put into the address bar of the open page. */
  onHashChange(): void;
  linkTo(): string;
}

export interface VisitParts {
  readonly document: ScenarioDocument;
  readonly session: Session;
  readonly playhead: Playhead;
  readonly autosave: Autosave;
  readonly open: () => Opening;
  readonly first: Opening;
  readonly readMoment: () => Moment;
  /** Arranges the page as a link says. */
  readonly arrange: (view: string | undefined) => void;
}

export function openHere(storage: KeyValueStorage, firstVisit: Scenario, newId: () => string): Opening {
  const opening = openFromLocation({ hash: location.hash, saved: readWorks(storage), firstVisit, newId });
  // The fragment would soon no longer say what is shown.
  if (opening.stripHash) history.replaceState(null, '', location.pathname + location.search);
  return opening.error === null && opening.from !== 'link' ? { ...opening, error: foreignIn(location.hash) } : opening;
}

/** What is no link of ours stays in the address, but is not passed over in silence: somebody meant to open something. */
function foreignIn(hash: string): LinkError | null {
  const linked = decodeLink(hash);
  return !linked.ok && linked.error.kind === 'foreign' ? linked.error : null;
}

export function createVisit({
  document,
  session,
  playhead,
  autosave,
  open,
  first,
  readMoment,
  arrange,
}: VisitParts): Visit {
  const { getState, getInitialState, subscribe, setState } = createStore<VisitState>(() => said(first));
  if (first.from === 'link') arrange(first.work.moment.view);
  const show = (work: Work): void => {
    autosave.switchTo({ id: work.id, own: work.own });
    document.open(work.scenario);
    const { trace } = session.getState();
    playhead.load(trace, trace ? stepOfMoment(trace, work.moment) : work.moment.step);
  };
  return {
    getState,
    getInitialState,
    subscribe,
    dismissError: () => setState({ error: null }),
    dismissKept: () => setState({ kept: null }),
    goToKept() {
      const { kept } = getState();
      setState({ error: null, kept: null });
      if (kept !== null) show(kept);
    },
    onHashChange() {
      const opening = open();
      if (opening.from === 'link') {
        show(opening.work);
        arrange(opening.work.moment.view);
      }
      if (opening.stripHash || opening.error !== null) setState(said(opening));
    },
    linkTo: () => location.href.replace(/#.*$/, '') + encodeLink(document.getState().scenario, readMoment()),
  };
}

/** A way back is offered only where a link, or the failure of one, stands in front of the person's own work. */
const said = ({ error, kept, from }: Opening): VisitState => ({ error, kept: from === 'link' ? kept : null });
