import type { ReachEnd } from '../../sim/engine/reach.ts';
import type { World } from '../../sim/engine/world.ts';
import { explain } from '../../sim/kube/policy/explain.ts';
import { verdictOf } from '../../sim/kube/policy/verdict.ts';
import type { Probe, ProbeFrom } from '../../sim/scenario/probe.ts';
import { useApp } from '../app-model.ts';
import { IconButton } from '../parts/IconButton.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import type { PolicyModels } from '../policies/use-model.ts';
import { WhySide } from '../policies/WhySide.tsx';
import { cellText } from './cell-words.ts';
import type { CellAt } from './draw-matrix.ts';
import { type CellSources, exampleOf, type MatrixCells, type MatrixLine } from './matrix-cells.ts';
import { matrixView, portKey } from './matrix-view.ts';
import '../policies/why.css';

interface MatrixDetailProps {
  readonly models: PolicyModels;
  readonly sources: CellSources;
  readonly cells: MatrixCells;
  readonly at: CellAt;
  readonly row: MatrixLine;
  readonly column: MatrixLine;
}

/** A cell in full: the reasons at both ends, by one of its pairs, and its packet. */
export function MatrixDetail({ models, sources, cells, at, row, column }: MatrixDetailProps) {
  const { document, desk, preferences } = useApp();
  const { ends, ports } = sources.now;
  const example = exampleOf(sources.now, row, column);
  const [from, to] = [ends[example?.source ?? -1], ends[example?.destination ?? -1]];
  const port = ports[example?.port ?? -1];
  const staged = new Set(models.switches.flatMap(({ ref, state }) => (state === 'staged' ? [ref] : [])));
  const asked = from && to && port ? { from: from.end, to: to.end, ...port } : null;
  const explained = asked && explain(models.would, asked);
  const verdict = asked && verdictOf(models.now, asked);
  const probe = from && to && port ? probeOf(models.world, from, to, port) : null;
  const send = (): void => {
    if (probe) document.apply({ type: 'ProbeSet', probe });
  };
  return (
    <ScrollBox className="matrix-detail" label="The cell">
      <div className="matrix-detail-head">
        <strong>{cellText(cells, at)}</strong>
        <IconButton
          icon="close"
          label="Close the cell"
          className="icon-small"
          onClick={() => matrixView.setState({ pinned: null })}
        />
      </div>
      {explained === null || verdict === null || !from || !to || !port ? (
        <p className="quiet">No policy is asked about two ends outside the pod network, nor about a pod and itself.</p>
      ) : (
        <>
          {(row.members.length > 1 || column.members.length > 1) && (
            <p className="quiet">
              By the example of {from.name} to {to.name}, {portKey(port)}.
            </p>
          )}
          <div className="matrix-detail-deeds">
            <button
              type="button"
              className="button button-small button-primary"
              disabled={probe === null}
              onClick={send}
            >
              Send this packet
            </button>
            <button
              type="button"
              className="button button-small"
              disabled={probe === null}
              onClick={() => {
                send();
                desk.show({ kind: 'why' });
                preferences.set({ dockTab: 'policies' });
              }}
            >
              Why, in full
            </button>
          </div>
          <WhySide side={explained.egress} isAllowedNow={verdict.egress.isAllowed} end={from.name} staged={staged} />
          <WhySide side={explained.ingress} isAllowedNow={verdict.ingress.isAllowed} end={to.name} staged={staged} />
        </>
      )}
    </ScrollBox>
  );
}

/** The packet of a pair, between objects wherever it can be. */
function probeOf(
  { cluster }: World,
  from: ReachEnd,
  to: ReachEnd,
  { protocol, port }: CellSources['now']['ports'][number],
): Probe | null {
  const endOf = ({ end, name }: ReachEnd): ProbeFrom | null => {
    if (end.kind === 'pod') return { kind: 'pod', ref: end.ref };
    if (end.kind === 'node') return { kind: 'node', ref: end.name };
    return cluster.externals.some((host) => host.name === name) ? { kind: 'external', ref: name } : null;
  };
  const [start, target] = [endOf(from), endOf(to)];
  if (start === null || target === null) return null;
  if (protocol === 'OTHER') return { from: start, to: target, proto: 'ping' };
  const proto = ({ TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const)[protocol];
  return { from: start, to: target, proto, port };
}
