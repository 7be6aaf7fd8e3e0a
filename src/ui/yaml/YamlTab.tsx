import { useEffect, useMemo, useRef, useState } from 'react';
import { type Manifests, readManifests } from '../../sim/kube/manifests/parse.ts';
import { writeManifests } from '../../sim/kube/manifests/write.ts';
import { currentObjects } from '../../sim/scenario/changes.ts';
import { foldScenario } from '../../sim/scenario/fold.ts';
import { sizeOf } from '../../sim/scenario/normalise.ts';
import type { ClusterSize, ScenarioEvent } from '../../sim/scenario/scenario.ts';
import { type AppModel, useApp, usePart, useSession } from '../app-model.ts';
import { type Editor, mountEditor } from './editor.ts';
import { suggestProbe } from './suggest-probe.ts';
import { YamlSide } from './YamlSide.tsx';

/** Longer pauses feel slow, shorter ones read half-typed words. */
const READ_AFTER_MS = 250;

/** Manifests: what the cluster is made of, to edit, import and export. */
export function YamlTab() {
  const app = useApp();
  const state = useSession((session) => session.state);
  const objects = useMemo(() => currentObjects(state.objects, state.faults), [state.objects, state.faults]);
  const draftText = usePart(app.draft, (state) => state.text);
  const isDropped = usePart(app.draft, (state) => state.isDropped);
  const printed = useMemo(() => writeManifests(objects), [objects]);
  const text = draftText ?? printed;
  const settled = useSettled(text, isDropped);
  const reading = useMemo(() => readManifests(settled), [settled]);
  const [size, setSize] = useSize();
  const editor = useRef<Editor | null>(null);
  useEffect(() => {
    if (!isDropped) return;
    app.draft.settle();
    // A file without objects says so, and takes nothing away.
    if (reading.errors.length === 0 && reading.objects.length > 0 && settled === text)
      applyManifests(app, reading, null, true);
  }, [app, isDropped, reading, settled, text]);
  return (
    <div className="yaml">
      <YamlEditor text={text} reading={reading} editorRef={editor} />
      <YamlSide
        text={text}
        reading={reading}
        size={size}
        onSize={setSize}
        onGo={(line) => editor.current?.goTo(line)}
        onApply={(replace) => applyManifests(app, readManifests(text), size, replace)}
      />
    </div>
  );
}

/** The text once nobody typed for a moment; at once for a drop. */
function useSettled(text: string, isAtOnce: boolean): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), READ_AFTER_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return isAtOnce ? text : settled;
}

function useSize(): readonly [ClusterSize, (size: ClusterSize) => void] {
  const state = useSession((session) => session.state);
  const [size, setSize] = useState<ClusterSize>(sizeOf(state));
  useEffect(() => setSize(sizeOf(state)), [state]);
  return [size, setSize];
}

/** One edit: the objects, the size when it was chosen here, and a packet between ends that exist. */
function applyManifests(app: AppModel, reading: Manifests, size: ClusterSize | null, replace: boolean): void {
  if (reading.errors.length > 0) return;
  const events: ScenarioEvent[] = [
    ...(size === null ? [] : [{ type: 'ClusterSized', ...size } as const]),
    { type: 'ManifestsApplied', objects: reading.objects, replace },
  ];
  const next = foldScenario({ events: [...app.document.getState().scenario.events, ...events] });
  const world = app.engine.buildWorld(next);
  const probe = world.ok ? suggestProbe(world.value, next.probe) : null;
  app.document.apply(...events, ...(probe === null ? [] : [{ type: 'ProbeSet', probe } as const]));
}

interface YamlEditorProps {
  readonly text: string;
  readonly reading: Manifests;
  readonly editorRef: { current: Editor | null };
}

function YamlEditor({ text, reading, editorRef }: YamlEditorProps) {
  const { draft } = useApp();
  const problems = useSession((state) => state.problems);
  const host = useRef<HTMLDivElement>(null);
  const first = useRef(text);
  useEffect(() => {
    if (host.current === null) return;
    const editor = mountEditor(host.current, first.current, (next) => draft.write(next));
    editorRef.current = editor;
    return () => {
      editorRef.current = null;
      editor.destroy();
    };
  }, [draft, editorRef]);
  useEffect(() => editorRef.current?.setText(text), [text, editorRef]);
  useEffect(() => {
    const atLines = problems.flatMap(({ where, what }) => {
      const place = reading.places.get(where);
      return place === undefined ? [] : [{ line: place.line, message: what }];
    });
    const marks = reading.errors.map((error) => ({ line: error.line, message: error.text }));
    editorRef.current?.setMarks([...marks, ...atLines]);
  }, [reading, problems, editorRef]);
  return (
    <div className="yaml-editor">
      <div ref={host} />
    </div>
  );
}
