import { useEffect, useId, useState } from 'react';
import type { Result } from '../../sim/base/result.ts';
import { same } from '../../sim/base/same.ts';

interface TextFieldProps<Value> {
  readonly label: string;
  readonly value: Value;
  readonly print: (value: Value) => string;
  readonly parse: (text: string) => Result<Value, string>;
  readonly onChange: (value: Value) => void;
  /** What the API server says of the value. */
  readonly errors?: readonly string[];
  /** Quiet words below: what the value means here. */
  readonly hint?: string;
  readonly placeholder?: string;
  readonly list?: string;
  readonly isMono?: boolean;
}

/** A value written as one line. What cannot be read stays as it was typed, with the reason; what can be read counts at once. */
export function TextField<Value>(props: TextFieldProps<Value>) {
  const { label, value, print, parse, onChange, errors = [], hint, placeholder, list, isMono } = props;
  const [text, setText] = useState(() => print(value));
  const read = parse(text);
  const isSame = read.ok && same(read.value, value);
  const printed = print(value);
  // Changed elsewhere, by the YAML or by undo.
  useEffect(
    () =>
      setText((typed) => ((parsed) => (parsed.ok && print(parsed.value) === printed ? typed : printed))(parse(typed))),
    [printed, print, parse],
  );
  const id = useId();
  const told = read.ok ? (isSame ? errors : []) : [read.error];
  return (
    <div className="policy-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="text"
        className={isMono ? 'mono' : undefined}
        value={text}
        list={list}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={told.length > 0}
        aria-describedby={`${id}-told`}
        onChange={({ target }) => {
          setText(target.value);
          const next = parse(target.value);
          if (next.ok && !same(next.value, value)) onChange(next.value);
        }}
      />
      <span id={`${id}-told`} className={told.length > 0 ? 'policy-told policy-wrong' : 'policy-told'}>
        {told.length > 0 ? told.join(' ') : hint}
      </span>
    </div>
  );
}
