import { useSyncExternalStore } from 'react';

/** The same width as in narrow.css. */
const NARROW = '(max-width: 699.98px)';
/** A small laptop: the picture needs the height more than the panels do. */
const LOW = '(max-height: 799.98px)';

/** Whether the window is too narrow for the picture. */
export const useNarrow = (): boolean => useMedia(NARROW);

/** Whether the window is so low that panels start smaller. */
export const useLow = (): boolean => useMedia(LOW);

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const list = matchMedia(query);
      list.addEventListener('change', onChange);
      return () => list.removeEventListener('change', onChange);
    },
    () => matchMedia(query).matches,
  );
}
