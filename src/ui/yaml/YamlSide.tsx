import { useState } from 'react';
import { type Manifests, printManifestError } from '../../sim/kube/manifests/parse.ts';
import type { ClusterSize } from '../../sim/scenario/scenario.ts';
import { useApp, usePart, useSession } from '../app-model.ts';
import { SizeFields } from '../bar/ClusterKnob.tsx';
import { CopyButton } from '../parts/CopyButton.tsx';
import { Icon } from '../parts/Icon.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import { byReason } from './by-reason.ts';
import { countWords } from './count-words.ts';

interface YamlSideProps {
  readonly text: string;
  readonly reading: Manifests;
  readonly size: ClusterSize;
  readonly onSize: (size: ClusterSize) => void;
  readonly onGo: (line: number) => void;
  readonly onApply: (replace: boolean) => void;
}

/** Beside the editor: what was read, what is wrong with it, what has no effect, and the ways in and out. */
export function YamlSide({ text, reading, size, onSize, onGo, onApply }: YamlSideProps) {
  const [replace, setReplace] = useState(true);
  const hasErrors = reading.errors.length > 0;
  return (
    <ScrollBox className="yaml-side" label="Import and export">
      <ReadStatus reading={reading} />
      {hasErrors && <Errors reading={reading} onGo={onGo} />}
      <form
        className="yaml-apply"
        aria-label="Apply manifests"
        onSubmit={(event) => {
          event.preventDefault();
          onApply(replace);
        }}
      >
        <div className="yaml-size">
          <SizeFields size={size} onChange={onSize} />
        </div>
        <label className="toggle">
          <input type="checkbox" checked={replace} onChange={(event) => setReplace(event.target.checked)} />
          Replace what is there
        </label>
        <div className="yaml-actions">
          <button type="submit" className="button button-primary" disabled={hasErrors}>
            Apply
          </button>
          <CopyButton text={text} label="Copy" wide />
          <DownloadButton text={text} />
          <RevertButton />
        </div>
      </form>
      <NotModelledList reading={reading} />
    </ScrollBox>
  );
}

function ReadStatus({ reading }: { readonly reading: Manifests }) {
  const { draft } = useApp();
  const source = usePart(draft, (state) => state.source);
  const isDraft = usePart(draft, (state) => state.text !== null);
  const standing = useSession(({ state }) => state.objects);
  const { errors, objects } = reading;
  const what = source ?? (isDraft ? 'This text' : 'The cluster');
  if (errors.length > 0) {
    const count = errors.length === 1 ? '1 error' : `${errors.length} errors`;
    return (
      <p className="problem" role="alert">
        <Icon name="warning" />
        {what}: {count}. The cluster stays as it was: {countWords(standing) || 'empty'}.
      </p>
    );
  }
  return (
    <p role="status">
      <strong>{what}</strong>: {countWords(objects) || 'no objects'}.
    </p>
  );
}

function Errors({ reading, onGo }: { readonly reading: Manifests; readonly onGo: (line: number) => void }) {
  return (
    <ul className="yaml-errors" aria-label="Errors">
      {reading.errors.map((error) => {
        const words = printManifestError(error);
        return (
          <li key={words}>
            <button type="button" title="Go to the line" onClick={() => onGo(error.line)}>
              {words}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function NotModelledList({ reading }: { readonly reading: Manifests }) {
  const { draft } = useApp();
  const isDraft = usePart(draft, (state) => state.text !== null);
  const { notModelled, assumed } = reading;
  // What the app itself printed holds nothing that it does not model.
  if (!isDraft || notModelled.length + assumed.length === 0) return null;
  return (
    <section aria-label="Not modelled">
      {notModelled.length > 0 && (
        <>
          <h3 className="section-title">Read, but without effect here</h3>
          <ul className="plain">
            {byReason(notModelled).map(({ what, text }) => (
              <li key={`${what} ${text}`}>
                {what !== '' && <strong>{what}: </strong>}
                {text}
              </li>
            ))}
          </ul>
        </>
      )}
      {assumed.length > 0 && (
        <>
          <h3 className="section-title">Assumed</h3>
          <ul className="plain">
            {assumed.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** A file by way of an address that only this page knows. */
function DownloadButton({ text }: { readonly text: string }) {
  const download = (): void => {
    const address = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
    const link = document.createElement('a');
    link.href = address;
    link.download = 'hopscope.yaml';
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <button type="button" className="button" onClick={download}>
      <Icon name="download" />
      Download
    </button>
  );
}

function RevertButton() {
  const { draft } = useApp();
  const isDraft = usePart(draft, (state) => state.text !== null);
  if (!isDraft) return null;
  return (
    <button type="button" className="button" onClick={() => draft.write(null)}>
      Back to the cluster's own
    </button>
  );
}
