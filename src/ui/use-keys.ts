import { useEffect } from 'react';
import type { AppModel } from './app-model.ts';
import { DOCK_TABS } from './dock/dock-tabs.ts';

/** Where typed letters belong to the field, not to the app. */
const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.matches('input:not([type="checkbox"]), textarea, select, [contenteditable="true"]') ||
    target.shadowRoot !== null);

/** A button or a summary takes Space and Enter for itself. */
const isPressable = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('button, summary, a, [role="tab"], [role="button"]') !== null;

/** Every key of the app, in one place. Each has a visible button. */
export function useKeys(app: AppModel): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (document.querySelector('dialog[open]') !== null || event.defaultPrevented) return;
      const isHandled = event.ctrlKey || event.metaKey ? onCommandKey(event, app) : onPlainKey(event, app);
      if (isHandled) event.preventDefault();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [app]);
}

/** Undo and redo; a text field keeps its own. */
function onCommandKey(event: KeyboardEvent, app: AppModel): boolean {
  const key = event.key.toLowerCase();
  if (isTyping(event.target) || (key !== 'z' && key !== 'y')) return false;
  if (key === 'y' || event.shiftKey) app.document.redo();
  else app.document.undo();
  return true;
}

function onPlainKey(event: KeyboardEvent, app: AppModel): boolean {
  if (isTyping(event.target) || event.altKey) return false;
  if (event.key === ' ') {
    if (isPressable(event.target)) return false;
    app.playhead.toggle();
    return true;
  }
  return onMoveKey(event.key, app) || onPanelKey(event.key, app);
}

function onMoveKey(key: string, { playhead, session }: AppModel): boolean {
  const go = (step: number): void => {
    playhead.pause();
    playhead.seek(step);
  };
  switch (key) {
    case 'ArrowLeft':
      playhead.stepBy(-1);
      return true;
    case 'ArrowRight':
      playhead.stepBy(1);
      return true;
    case '[':
      playhead.prevMark();
      return true;
    case ']':
      playhead.nextMark();
      return true;
    case 'Home':
      go(0);
      return true;
    case 'End':
      go((session.getState().trace?.steps.length ?? 1) - 1);
      return true;
    default:
      return false;
  }
}

function onPanelKey(key: string, { preferences, selection }: AppModel): boolean {
  const { dockOpen, inspectorOpen } = preferences.getState();
  const tab = DOCK_TABS[Number(key) - 1];
  if (tab !== undefined) preferences.set({ dockTab: tab, dockOpen: true });
  else if (key === 'd') preferences.set({ dockOpen: !dockOpen });
  else if (key === 'i') preferences.set({ inspectorOpen: !inspectorOpen });
  else if (key === 'Escape' && selection.getState().selected !== null) selection.select(null);
  else return clickKeyed(key);
  return true;
}

/** Keys whose button does the work: the button says so in `data-key`. */
function clickKeyed(key: string): boolean {
  const target = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (target === null) return false;
  if (target instanceof HTMLInputElement) target.focus();
  else target.click();
  return true;
}
