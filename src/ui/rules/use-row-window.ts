import { type RefObject, useEffect, useState } from 'react';
import { type RowWindow, windowRows } from './window-rows.ts';

/** Follows the scrolling and the size of a box, and says which rows are in view. */
export function useRowWindow(box: RefObject<HTMLElement | null>, count: number, rowPx: number): RowWindow {
  const [view, setView] = useState({ scrollPx: 0, viewPx: 400 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const read = (): void => setView({ scrollPx: element.scrollTop, viewPx: element.clientHeight });
    read();
    element.addEventListener('scroll', read, { passive: true });
    const observer = new ResizeObserver(read);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', read);
      observer.disconnect();
    };
  }, [box]);
  return windowRows(count, rowPx, view.scrollPx, view.viewPx);
}
