import { useEffect, useMemo, useRef, useState } from 'react';
import { DOCUMENTS_MAX } from '../../sim/kube/manifests/limits.ts';
import { type Manifests, readManifests } from '../../sim/kube/manifests/parse.ts';
import { readYaml } from '../../sim/kube/manifests/read-yaml.ts';
import { writeManifests } from '../../sim/kube/manifests/write.ts';
import { objectRef } from '../../sim/kube/objects-merge.ts';
import { isPolicy, type PolicyObject } from '../../sim/kube/policy-objects.ts';
import type { SwitchedPolicy } from '../../sim/scenario/policy-switches.ts';
import type { ScenarioEvent } from '../../sim/scenario/scenario.ts';
import { useApp, usePart } from '../app-model.ts';
import { Icon } from '../parts/Icon.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import { type Editor, mountEditor } from '../yaml/editor.ts';
import { LintList } from './LintList.tsx';
import { PolicyForm } from './PolicyForm.tsx';
import { PolicySwitch } from './PolicySwitch.tsx';
import { policyName, selectsOf } from './policy-words.ts';
import type { PolicyModels } from './use-model.ts';
import './policy-editor.css';

interface PolicyEditorProps {
  readonly models: PolicyModels;
  /** The one that is edited; null: it is not in the cluster yet. */
  readonly standing: SwitchedPolicy | null;
}

/** A policy as a form and as YAML, side by side. Nothing of it counts before it is applied. */
export function PolicyEditor({ models, standing }: PolicyEditorProps) {
  const { desk } = useApp();
  const draft = usePart(desk, (state) => state.draft);
  const printed = useMemo(() => (standing ? writeManifests([standing.policy]) : ''), [standing]);
  const text = draft ?? printed;
  const reading = useMemo(() => readManifests(text), [text]);
  const [shape, setShape] = useShape(text, reading);
  const isDraft = draft !== null && draft !== printed;
  const write = (policy: PolicyObject): void => {
    setShape(policy);
    desk.write(writeManifests([policy]));
  };
  const editor = useRef<Editor | null>(null);
  const goTo = (path: readonly (string | number)[]): void => {
    const [first] = readYaml(text, DOCUMENTS_MAX).documents;
    if (first) editor.current?.goTo(first.placeOf(path).line);
  };
  const isFromForm = shape !== null && text === writeManifests([shape]);
  const errorsAt = (path: string): readonly string[] =>
    reading.errors.flatMap((error) => (isBelow(error.text, path) ? [error.text] : []));
  return (
    <div className="policy-editor">
      <EditorHead standing={standing} reading={reading} isDraft={isDraft} />
      <ScrollBox className="policy-form-box" label="Form">
        <LintList
          models={models}
          drafts={reading.objects.filter(isPolicy)}
          standing={standing}
          onField={goTo}
          onChange={write}
        />
        {shape?.kind === 'NetworkPolicy' ? (
          <>
            {!isFromForm && reading.errors.length > 0 && (
              <p className="policy-told policy-wrong">The YAML cannot be read; the form shows what it said before.</p>
            )}
            <PolicyForm
              policy={shape}
              errorsAt={errorsAt}
              namespaces={models.now.input.namespaces.map(({ name }) => name)}
              selects={selectsOf(models.now, shape)}
              onChange={write}
            />
          </>
        ) : (
          <p className="quiet">
            {shape === null
              ? 'Write a policy at the right.'
              : `The form is for NetworkPolicy: edit this ${shape.kind} as YAML.`}
          </p>
        )}
      </ScrollBox>
      <YamlPane text={text} reading={reading} editor={editor} onChange={desk.write} />
    </div>
  );
}

/** `spec.ingress[0].from[0]: Required value` is at `spec.ingress[0]` too. */
const isBelow = (text: string, path: string): boolean =>
  text.startsWith(path) && [':', '.', '['].includes(text[path.length] ?? '');

/** What the form shows: what the text says, and while that cannot be read what it said last. */
function useShape(text: string, reading: Manifests): readonly [PolicyObject | null, (shape: PolicyObject) => void] {
  const [shape, setShape] = useState<PolicyObject | null>(null);
  const said = reading.objects.find(isPolicy) ?? null;
  const own = shape !== null && writeManifests([shape]) === text;
  useEffect(() => {
    if (said !== null && !own) setShape(said);
  }, [said, own]);
  return [own ? shape : (said ?? shape), setShape];
}

interface EditorHeadProps {
  readonly standing: SwitchedPolicy | null;
  readonly reading: Manifests;
  readonly isDraft: boolean;
}

function EditorHead({ standing, reading, isDraft }: EditorHeadProps) {
  const { desk, document } = useApp();
  const policies = reading.objects.filter(isPolicy);
  const [first] = policies;
  const others = reading.objects.length - policies.length;
  const blocked = first === undefined || others > 0;
  const apply = (): void => {
    if (first === undefined) return;
    document.apply(...applying(policies, standing));
    desk.show({ kind: 'policy', ref: objectRef(first) });
  };
  return (
    <div className="policy-head">
      <h3>{standing ? policyName(standing.policy) : 'New policy'}</h3>
      {standing && <PolicySwitch of={standing} />}
      <span className="policy-head-state" aria-live="polite">
        {statusWords(reading, isDraft, others)}
      </span>
      {standing && isDraft && (
        <button type="button" className="button button-small" onClick={() => desk.write(null)}>
          Revert
        </button>
      )}
      <button
        type="button"
        className="button button-small button-primary"
        disabled={blocked || !isDraft}
        onClick={apply}
      >
        {standing ? 'Apply' : 'Add to the cluster'}
      </button>
      {standing ? (
        <button
          type="button"
          className="button button-small"
          onClick={() => {
            document.apply({ type: 'PolicyDeleted', ref: standing.ref });
            desk.show({ kind: 'why' });
          }}
        >
          <Icon name="trash" />
          Delete
        </button>
      ) : (
        <button type="button" className="button button-small" onClick={() => desk.show({ kind: 'new' })}>
          Discard
        </button>
      )}
    </div>
  );
}

function statusWords({ errors }: Manifests, isDraft: boolean, others: number): string {
  if (errors.length > 0) return errors.length === 1 ? '1 error' : `${errors.length} errors`;
  if (others > 0) return 'Only policies here: other objects belong in the YAML tab';
  return isDraft ? 'Not applied yet' : '';
}

/** A policy that got another name is another object: the old one goes, and its switch goes over. */
function applying(policies: readonly PolicyObject[], standing: SwitchedPolicy | null): readonly ScenarioEvent[] {
  const [first] = policies;
  const isRenamed =
    standing !== null && first !== undefined && !policies.some((one) => objectRef(one) === standing.ref);
  return [
    ...(isRenamed ? [{ type: 'PolicyDeleted', ref: standing.ref } as const] : []),
    { type: 'ManifestsApplied', objects: policies, replace: false },
    ...(isRenamed && standing.state !== 'on'
      ? [{ type: 'PolicySwitched', ref: objectRef(first), to: standing.state } as const]
      : []),
  ];
}

interface YamlPaneProps {
  readonly text: string;
  readonly reading: Manifests;
  /** Set while it is mounted. */
  readonly editor: { current: Editor | null };
  readonly onChange: (text: string) => void;
}

function YamlPane({ text, reading, editor, onChange }: YamlPaneProps) {
  const host = useRef<HTMLDivElement>(null);
  const first = useRef(text);
  const change = useRef(onChange);
  change.current = onChange;
  useEffect(() => {
    if (host.current === null) return;
    const mounted = mountEditor(host.current, first.current, (next) => change.current(next), 'Policy as YAML');
    editor.current = mounted;
    return () => {
      editor.current = null;
      mounted.destroy();
    };
  }, [editor]);
  useEffect(() => editor.current?.setText(text), [text, editor]);
  useEffect(
    () => editor.current?.setMarks(reading.errors.map(({ line, text: message }) => ({ line, message }))),
    [reading, editor],
  );
  return (
    <div className="policy-yaml">
      <div ref={host} className="policy-yaml-text" />
      {reading.errors.length > 0 && (
        <ul className="policy-yaml-errors" aria-label="Errors">
          {reading.errors.map(({ line, text: message }) => (
            <li key={`${line} ${message}`}>
              <button type="button" className="link-button" onClick={() => editor.current?.goTo(line)}>
                line {line}
              </button>{' '}
              {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
