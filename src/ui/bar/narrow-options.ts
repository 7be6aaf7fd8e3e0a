export interface ComboOption {
  readonly text: string;
  readonly detail: string;
  readonly group: string;
}

/** More would only be scrolled past: typing narrows the list. */
export const SHOWN_MAX = 200;

/** Options that hold every typed word, anywhere; where a name holds what was typed, only such. */
export function narrowOptions<Option extends ComboOption>(options: readonly Option[], text: string): readonly Option[] {
  const typed = text.trim().toLowerCase();
  const words = typed.split(/\s+/);
  const named = options.filter((option) => option.text.toLowerCase().includes(typed));
  const found = options.filter((option) => {
    const hay = `${option.text} ${option.detail} ${option.group}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
  return (named.length > 0 ? named : found).slice(0, SHOWN_MAX);
}
