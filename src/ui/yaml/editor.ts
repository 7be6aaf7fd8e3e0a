/** The YAML editor: CodeMirror in a shadow root, where its styles are adopted sheets and so allowed by `style-src 'self'`. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { search, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

export interface Editor {
  setText(text: string): void;
  /** Marks lines, counted from 1. */
  setMarks(marks: readonly { readonly line: number; readonly message: string }[]): void;
  /** Puts the cursor there and the line in view. */
  goTo(line: number): void;
  destroy(): void;
}

/** Words by weight, not by colour: colour has other jobs here. */
const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], fontWeight: '600' },
  { tag: [tags.comment, tags.meta], color: 'var(--hs-text-quiet)', fontStyle: 'italic' },
  { tag: [tags.separator, tags.punctuation], color: 'var(--hs-text-quiet)' },
]);

const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--hs-text)', backgroundColor: 'var(--hs-surface-sunken)' },
  '&.cm-focused': { outline: '2px solid var(--hs-focus)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'var(--hs-font-mono)', fontSize: 'var(--hs-size-1)', lineHeight: '18px' },
  '.cm-content': { caretColor: 'var(--hs-text)' },
  '.cm-cursor': { borderLeftColor: 'var(--hs-text)' },
  '.cm-gutters': {
    color: 'var(--hs-text-quiet)',
    backgroundColor: 'var(--hs-surface-sunken)',
    borderRight: '1px solid var(--hs-line)',
  },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--hs-line) 30%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--hs-packet-soft)',
  },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    backgroundColor: 'var(--hs-stopped-soft)',
    borderBottom: '2px solid var(--hs-stopped)',
  },
  '.cm-tooltip': {
    color: 'var(--hs-text)',
    backgroundColor: 'var(--hs-surface-raised)',
    border: '1px solid var(--hs-line)',
  },
  '.cm-panels': { color: 'var(--hs-text)', backgroundColor: 'var(--hs-surface-raised)' },
});

export function mountEditor(
  host: HTMLElement,
  text: string,
  onChange: (text: string) => void,
  label = 'Manifests',
): Editor {
  /** A text that the app put in is nobody's draft. */
  let isOwn = false;
  // A host can be given a shadow root only once; a second mount finds the first one's, emptied.
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        bracketMatching(),
        highlightActiveLine(),
        search({ top: true }),
        yaml(),
        syntaxHighlighting(highlight),
        theme,
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap]),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !isOwn) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText(next) {
      if (next === view.state.doc.toString()) return;
      isOwn = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: next } });
      isOwn = false;
    },
    setMarks(marks) {
      view.dispatch(
        setDiagnostics(
          view.state,
          marks.flatMap(({ line, message }) => diagnostic(view.state, line, message)),
        ),
      );
    },
    goTo(line) {
      if (line < 1 || line > view.state.doc.lines) return;
      const { from } = view.state.doc.line(line);
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}

/** The words of a line, without the space before them; the line may be gone by the time the error is shown. */
function diagnostic({ doc }: EditorState, line: number, message: string): readonly Diagnostic[] {
  if (line < 1 || line > doc.lines) return [];
  const { from, to, text } = doc.line(line);
  return [{ from: Math.min(to, from + text.length - text.trimStart().length), to, severity: 'error', message }];
}
