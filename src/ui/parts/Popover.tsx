import { type ReactNode, type RefObject, useEffect, useRef } from 'react';

interface PopoverProps {
  readonly className?: string;
  /** The summary: its own element, so that it can look like a chip or a knob. */
  readonly summary: ReactNode;
  readonly popoverRef?: RefObject<HTMLDetailsElement | null>;
  readonly onToggle?: (isOpen: boolean) => void;
  readonly children: ReactNode;
}

/** A <details> that floats. A press elsewhere and Escape close it. */
export function Popover({ className, summary, popoverRef, onToggle, children }: PopoverProps) {
  const own = useRef<HTMLDetailsElement>(null);
  const details = popoverRef ?? own;
  useEffect(() => {
    const stop = new AbortController();
    const close = (): void => {
      if (details.current?.open) details.current.open = false;
    };
    const onPress = (event: PointerEvent): void => {
      if (event.target instanceof Node && !details.current?.contains(event.target)) close();
    };
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape' || !details.current?.open) return;
      event.stopImmediatePropagation();
      close();
      details.current.querySelector('summary')?.focus();
    };
    addEventListener('pointerdown', onPress, { signal: stop.signal });
    addEventListener('keydown', onKey, { signal: stop.signal, capture: true });
    return () => stop.abort();
  }, [details]);
  return (
    <details
      ref={details}
      className={`popover ${className ?? ''}`}
      onToggle={({ currentTarget: { open } }) => onToggle?.(open)}
    >
      {summary}
      {children}
    </details>
  );
}
