import type { ReactNode } from 'react';
import { Icon, type IconName } from './Icon.tsx';

interface IconButtonProps {
  readonly icon: IconName;
  /** What it does; also the tooltip, followed by the key. */
  readonly label: string;
  readonly keys?: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  /** The app's key handler clicks the button that has the key. */
  readonly dataKey?: string;
  readonly className?: string;
  readonly children?: ReactNode;
}

/** A square button whose word is its tooltip and its name. */
export function IconButton(props: IconButtonProps) {
  const { icon, label, keys, onClick, disabled, pressed, expanded, dataKey, className, children } = props;
  return (
    <button
      type="button"
      className={`icon-button ${className ?? ''}`}
      title={keys === undefined ? label : `${label} (${keys})`}
      aria-label={label}
      aria-pressed={pressed}
      aria-expanded={expanded}
      data-key={dataKey}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
      {children}
    </button>
  );
}
