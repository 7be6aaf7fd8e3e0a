import { useEffect } from 'react';
import { useApp, usePart } from './app-model.ts';
import { IconButton } from './parts/IconButton.tsx';

const NEXT = { system: 'light', light: 'dark', dark: 'system' } as const;
const ICONS = { system: 'contrast', light: 'sun', dark: 'moon' } as const;

/** Light, dark, or as the system has it. */
export function ThemeButton() {
  const { preferences } = useApp();
  const theme = usePart(preferences, (state) => state.theme);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  return (
    <IconButton
      icon={ICONS[theme]}
      label={`Theme: ${theme}. Change to ${NEXT[theme]}`}
      onClick={() => preferences.set({ theme: NEXT[theme] })}
    />
  );
}
