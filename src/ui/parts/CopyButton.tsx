import { useEffect, useState } from 'react';
import { Icon } from './Icon.tsx';

const CONFIRM_MS = 1600;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied: `Copy command`. */
  readonly label: string;
  /** Shows the word beside the icon. */
  readonly wide?: boolean;
}

/** Copies and says so, in a word and to a screen reader. */
export function CopyButton({ text, label, wide = false }: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), CONFIRM_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = (): void => {
    copyText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    );
  };
  const word = state === 'copied' ? 'Copied' : state === 'failed' ? 'Select and copy by hand' : label;
  return (
    <button type="button" className={wide ? 'button' : 'icon-button'} title={label} aria-label={word} onClick={copy}>
      <Icon name={state === 'copied' ? 'check' : 'copy'} />
      {wide && <span>{word}</span>}
      <span className="visually-hidden" aria-live="polite">
        {state === 'idle' ? '' : word}
      </span>
    </button>
  );
}

/** The clipboard needs a secure page; over plain http the old command still works. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const isDone = document.execCommand('copy');
  area.remove();
  if (!isDone) throw new Error('The browser refused to copy.');
}
