/**
 * The works of a person in this browser, the present one first. A work that was only looked at (a link, the first visit) is kept
 * while it is open; one's own stay.
 */
import * as v from 'valibot';
import { URL_CHARS_MAX } from '../sim/scenario/limits.ts';
import { decodeLink, encodeLink, type Opened } from '../sim/scenario/url.ts';
import { type KeyValueStorage, readJson, writeKey } from './storage.ts';

export const WORKS_KEY = 'hopscope.works';
/** How many works are kept; of one's own, the least recent ones go. */
export const WORKS_MAX = 8;

export interface WorkName {
  readonly id: string;
  /** The person has changed it. False: opened from a link, or the first visit, and only looked at. */
  readonly own: boolean;
}

export interface SavedWork extends WorkName {
  /** As in an address: scenario and moment. */
  readonly link: string;
}

export interface Work extends WorkName, Opened {}

const savedWorks: v.GenericSchema<unknown, SavedWork[]> = v.array(
  v.object({ id: v.string(), own: v.boolean(), link: v.string() }),
);

/** Those that an earlier visit kept. They may be from a newer version: `openWork` says which can be opened. */
export function readWorks(storage: KeyValueStorage): readonly SavedWork[] {
  const parsed = v.safeParse(savedWorks, readJson(storage, WORKS_KEY));
  return parsed.success ? parsed.output : [];
}

/** Keeps a work as the present one. False when it could not be kept. Reads first, since another tab may have kept its own. */
export function saveWork(storage: KeyValueStorage, { id, own, scenario, moment }: Work): boolean {
  const link = encodeLink(scenario, moment);
  if (link.length > URL_CHARS_MAX) return false;
  const others = readWorks(storage).filter((work) => work.own && work.id !== id);
  return writeKey(storage, WORKS_KEY, JSON.stringify([{ id, own, link }, ...others].slice(0, WORKS_MAX)));
}

/** Null for one that this version cannot open; it stays kept. */
export function openWork({ id, own, link }: SavedWork): Work | null {
  const opened = decodeLink(link);
  return opened.ok ? { id, own, ...opened.value } : null;
}
