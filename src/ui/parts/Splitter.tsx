import { type KeyboardEvent, type PointerEvent, useRef } from 'react';

interface SplitterProps {
  /** What it resizes: `Resize the inspector`. */
  readonly label: string;
  readonly orientation: 'vertical' | 'horizontal';
  /** Size of the panel behind it, in pixels. It grows towards the left or the top. */
  readonly sizePx: number;
  readonly minPx: number;
  readonly maxPx: number;
  readonly controls: string;
  readonly onResize: (sizePx: number) => void;
}

const KEY_STEP_PX = 16;

/** The edge of a panel: drag it, or focus it and use the arrow keys. */
export function Splitter(props: SplitterProps) {
  const { label, orientation, sizePx, minPx, maxPx, controls, onResize } = props;
  const start = useRef<{ at: number; size: number } | null>(null);
  const isVertical = orientation === 'vertical';
  const resize = (size: number): void => onResize(Math.round(Math.min(maxPx, Math.max(minPx, size))));
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { at: isVertical ? event.clientX : event.clientY, size: sizePx };
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>): void => {
    if (start.current === null) return;
    resize(start.current.size + start.current.at - (isVertical ? event.clientX : event.clientY));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const grow = isVertical ? 'ArrowLeft' : 'ArrowUp';
    const shrink = isVertical ? 'ArrowRight' : 'ArrowDown';
    if (event.key !== grow && event.key !== shrink) return;
    event.preventDefault();
    event.stopPropagation();
    resize(sizePx + (event.key === grow ? KEY_STEP_PX : -KEY_STEP_PX));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: <hr> cannot be dragged or hold a value.
    <div
      role="separator"
      tabIndex={0}
      className={`splitter splitter-${orientation}`}
      aria-label={label}
      aria-orientation={orientation}
      aria-controls={controls}
      aria-valuenow={sizePx}
      aria-valuemin={minPx}
      aria-valuemax={maxPx}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={onKeyDown}
    />
  );
}
