import type { ReactNode, RefObject } from 'react';

interface ScrollBoxProps {
  readonly label: string;
  readonly className: string;
  readonly boxRef?: RefObject<HTMLElement | null>;
  readonly children: ReactNode;
}

/** A part that scrolls by itself. It takes the focus, so that the keyboard can scroll it. */
export function ScrollBox({ label, className, boxRef, children }: ScrollBoxProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
    <section ref={boxRef} className={className} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
