import { useRef, useState } from 'react';
import { useApp } from '../app-model.ts';
import { copyText } from '../parts/CopyButton.tsx';
import { Icon } from '../parts/Icon.tsx';

/** Teams and some mail programs cut links beyond about 2,048 characters. */
const LINK_CHARS_SAFE = 2000;

interface Shared {
  readonly link: string;
  readonly isCopied: boolean;
}

/** One action: copies a link to this scenario, this packet and this very step, and says what it holds. */
export function ShareButton() {
  const { visit } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const [shared, setShared] = useState<Shared | null>(null);
  const share = async (): Promise<void> => {
    const link = visit.linkTo();
    const isCopied = await copyText(link).then(
      () => true,
      () => false,
    );
    setShared({ link, isCopied });
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" className="button" title="Copy a link to exactly this (S)" data-key="s" onClick={share}>
        <Icon name="link" />
        Share
      </button>
      <dialog ref={dialog} aria-labelledby="share-title">
        {shared !== null && <ShareWords {...shared} />}
        <form method="dialog" className="dialog-foot">
          <button type="submit" className="button button-primary">
            Done
          </button>
        </form>
      </dialog>
    </>
  );
}

function ShareWords({ link, isCopied }: Shared) {
  const isLong = link.length > LINK_CHARS_SAFE;
  return (
    <>
      <div className="dialog-head">
        <h2 id="share-title">{isCopied ? 'Link copied' : 'Copy this link'}</h2>
      </div>
      <p>
        It holds the cluster, the faults, the packet and the step you are at, in {link.length.toLocaleString('en')}{' '}
        characters. It is the whole thing: nothing is stored anywhere else, and it opens for ever.
      </p>
      <input
        type="text"
        className="share-link"
        aria-label="Link"
        readOnly
        value={link}
        onFocus={(event) => event.currentTarget.select()}
      />
      {isLong && (
        <p className="problem">
          <Icon name="warning" />
          Longer than {LINK_CHARS_SAFE.toLocaleString('en')} characters: some chat and mail programs cut such links.
          Paste it into a document, or share the YAML instead.
        </p>
      )}
    </>
  );
}
