import { type ReactNode, useState } from 'react';
import { useStore } from 'zustand/react';
import type { MatrixPort, ReachEnd } from '../../sim/engine/reach.ts';
import { parsePorts } from '../policies/ports-text.ts';
import type { PolicyModels } from '../policies/use-model.ts';
import { useNarrow } from '../use-media.ts';
import { foldable } from './matrix-cells.ts';
import { matrixView, portKey } from './matrix-view.ts';

interface MatrixBarProps {
  readonly models: PolicyModels;
  readonly ports: { readonly offered: readonly MatrixPort[]; readonly chosen: readonly MatrixPort[] };
  readonly ends: readonly ReachEnd[];
  /** What is told of it: what changed. */
  readonly children: ReactNode;
}

/** What the matrix is about: ports, one namespace or all, folded or not. */
export function MatrixBar({ models, ports, ends, children }: MatrixBarProps) {
  const isNarrow = useNarrow();
  const { namespace, unfolded, isList } = useStore(matrixView);
  const namespaces = [...new Set(models.now.input.pods.map((pod) => pod.namespace))];
  const groups = foldable(ends);
  const isUnfolded = groups.size > 0 && [...groups].every((group) => unfolded.has(group));
  return (
    <div className="matrix-bar">
      <PortChips {...ports} />
      {namespaces.length > 1 && (
        <select
          aria-label="Namespace"
          value={namespace ?? ''}
          onChange={({ target }) => matrixView.setState({ namespace: target.value === '' ? null : target.value })}
        >
          <option value="">every namespace</option>
          {namespaces.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
      <button
        type="button"
        className="button button-small"
        onClick={() => matrixView.setState({ unfolded: isUnfolded ? new Set() : groups })}
      >
        {isUnfolded ? 'Fold by workload' : 'Unfold all'}
      </button>
      {!isNarrow && (
        <fieldset className="segmented segmented-small" aria-label="Form">
          {([false, true] as const).map((asList) => (
            <button
              key={String(asList)}
              type="button"
              aria-pressed={isList === asList}
              onClick={() => matrixView.setState({ isList: asList })}
            >
              {asList ? 'List' : 'Grid'}
            </button>
          ))}
        </fieldset>
      )}
      {children}
    </div>
  );
}

function PortChips({ offered, chosen }: MatrixBarProps['ports']) {
  const isChosen = (port: MatrixPort): boolean => chosen.some((one) => portKey(one) === portKey(port));
  const toggle = (port: MatrixPort): void => {
    const next = isChosen(port) ? chosen.filter((one) => portKey(one) !== portKey(port)) : [...chosen, port];
    if (next.length > 0) matrixView.setState({ ports: next });
  };
  return (
    <fieldset className="matrix-ports" aria-label="Ports">
      {offered.map((port) => (
        <button
          key={portKey(port)}
          type="button"
          className="chip"
          aria-pressed={isChosen(port)}
          onClick={() => toggle(port)}
        >
          {portKey(port)}
        </button>
      ))}
      <TypedPort
        onPort={(port) => matrixView.setState(({ typed }) => ({ typed: [...typed, port], ports: [...chosen, port] }))}
      />
    </fieldset>
  );
}

const PORT_MAX = 65_535;

/** Any port, as one types it: `443`, `UDP 53`. */
function TypedPort({ onPort }: { readonly onPort: (port: MatrixPort) => void }) {
  const [text, setText] = useState('');
  const read = parsePorts(text);
  const [first] = read.ok ? read.value : [];
  const number = typeof first?.port === 'number' && first.port >= 1 && first.port <= PORT_MAX ? first.port : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (number === null) return;
        onPort({ protocol: first?.protocol ?? 'TCP', port: number });
        setText('');
      }}
    >
      <input
        type="text"
        className="matrix-port"
        aria-label="Another port"
        placeholder="+ port"
        value={text}
        aria-invalid={text !== '' && number === null}
        onChange={({ target }) => setText(target.value)}
      />
    </form>
  );
}
