import { useEffect, useState } from 'react';
import { useApp } from '../app-model.ts';

/** Manifests may be dropped or pasted anywhere on the page. They land in the YAML tab, which applies them. */
export function DropZone() {
  const app = useApp();
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const take = (text: string, source: string): void => {
      app.draft.drop(text, source);
      app.preferences.set({ dockTab: 'yaml', dockOpen: true });
    };
    const onDragOver = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      setOver(true);
    };
    const onDragLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      const files = [...(event.dataTransfer?.files ?? [])];
      setOver(false);
      if (files.length === 0) return;
      event.preventDefault();
      readFiles(files).then(({ text, source }) => take(text, source));
    };
    const onPaste = (event: ClipboardEvent): void => {
      const text = event.clipboardData?.getData('text/plain') ?? '';
      if (isField(event.target) || !looksLikeManifest(text)) return;
      event.preventDefault();
      take(text, 'the clipboard');
    };
    const stop = new AbortController();
    const { signal } = stop;
    addEventListener('dragover', onDragOver, { signal });
    addEventListener('dragleave', onDragLeave, { signal });
    addEventListener('drop', onDrop, { signal });
    addEventListener('paste', onPaste, { signal });
    return () => stop.abort();
  }, [app]);
  if (!isOver) return null;
  return (
    <div className="drop-overlay" role="status">
      Drop manifests here
      <span className="quiet">Deployments, Services, Pods: YAML or JSON. Undo brings the old cluster back.</span>
    </div>
  );
}

/** Several files are one list of documents, in the order of their names as `kubectl apply -f DIR` reads them. */
async function readFiles(files: readonly File[]): Promise<{ readonly text: string; readonly source: string }> {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const texts = await Promise.all(sorted.map((file) => file.text()));
  const [first] = sorted;
  const source = sorted.length === 1 && first ? first.name : `${sorted.length} files`;
  return { text: texts.join('\n---\n'), source };
}

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.matches('input, textarea, select') || target.shadowRoot !== null);

const looksLikeManifest = (text: string): boolean => /^\s*("?kind"?)\s*:/m.test(text) && /apiVersion/.test(text);
