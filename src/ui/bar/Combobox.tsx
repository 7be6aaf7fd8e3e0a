import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { type ComboOption, narrowOptions } from './narrow-options.ts';

interface ComboboxProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly ComboOption[];
  readonly placeholder?: string;
  readonly className?: string;
  /** The key that focuses it. */
  readonly dataKey?: string;
  readonly onChange: (text: string) => void;
  readonly onChoose: (text: string) => void;
}

/** A text field with a searchable, grouped list. On focus it lists everything; typing narrows. */
export function Combobox(props: ComboboxProps) {
  const { label, value, options, placeholder, className, dataKey, onChange, onChoose } = props;
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const [isTyping, setTyping] = useState(false);
  const [active, setActive] = useState(-1);
  const shown = isOpen ? narrowOptions(options, isTyping ? value : '') : [];
  const close = (): void => {
    setOpen(false);
    setTyping(false);
    setActive(-1);
  };
  const choose = (option: ComboOption): void => {
    onChoose(option.text);
    close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const chosen = shown[active];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const by = event.key === 'ArrowDown' ? 1 : -1;
      if (!isOpen) setOpen(true);
      setActive(shown.length === 0 ? 0 : (active + by + shown.length) % shown.length);
    } else if (event.key === 'Enter' && chosen !== undefined) {
      event.preventDefault();
      choose(chosen);
    } else if (event.key === 'Escape' && isOpen) {
      event.stopPropagation();
      close();
    }
  };
  return (
    <div className={`combobox ${className ?? ''}`}>
      <input
        data-key={dataKey}
        type="text"
        role="combobox"
        aria-label={label}
        aria-expanded={isOpen && shown.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={active >= 0 && active < shown.length ? `${id}-${active}` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder}
        title={value}
        value={value}
        onFocus={(event) => {
          event.currentTarget.select();
          setOpen(true);
        }}
        onClick={() => setOpen(true)}
        onBlur={close}
        onChange={(event) => {
          setTyping(true);
          setOpen(true);
          setActive(-1);
          onChange(event.target.value);
        }}
        onKeyDown={onKeyDown}
      />
      <ComboList id={id} label={label} shown={shown} active={active} onChoose={choose} />
    </div>
  );
}

interface ComboListProps {
  readonly id: string;
  readonly label: string;
  readonly shown: readonly ComboOption[];
  readonly active: number;
  readonly onChoose: (option: ComboOption) => void;
}

function ComboList({ id, label, shown, active, onChoose }: ComboListProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active >= 0) list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  const groups = [...new Set(shown.map((option) => option.group))];
  return (
    <div
      ref={list}
      id={`${id}-list`}
      role="listbox"
      aria-label={label}
      className="combobox-list"
      hidden={shown.length === 0}
    >
      {groups.map((group) => (
        // biome-ignore lint/a11y/useSemanticElements: a listbox groups with role=group.
        <div key={group} role="group" aria-label={group}>
          <div className="combobox-group" aria-hidden="true">
            {group}
          </div>
          {shown.map((option, index) =>
            option.group !== group ? null : (
              // biome-ignore lint/a11y/useKeyWithClickEvents: keys are handled by the field, which keeps the focus.
              // biome-ignore lint/a11y/useFocusableInteractive: the same.
              <div
                key={option.text}
                id={`${id}-${index}`}
                role="option"
                aria-selected={index === active}
                className="combobox-option"
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => onChoose(option)}
              >
                <span>{option.text}</span>
                <span className="quiet">{option.detail}</span>
              </div>
            ),
          )}
        </div>
      ))}
    </div>
  );
}
