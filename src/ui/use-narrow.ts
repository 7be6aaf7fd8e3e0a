import { useSyncExternalStore } from 'react';

/** The same width as in narrow.css. */
const NARROW = '(max-width: 699.98px)';

/** Whether the window is too narrow for the picture. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const query = matchMedia(NARROW);
      query.addEventListener('change', onChange);
      return () => query.removeEventListener('change', onChange);
    },
    () => matchMedia(NARROW).matches,
  );
}
