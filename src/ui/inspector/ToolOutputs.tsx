import type { ToolOutput } from '../../sim/drivers/contract.ts';
import { toolOutputs } from '../../sim/engine/tool-outputs.ts';
import type { World } from '../../sim/engine/world.ts';
import type { ClusterNode } from '../../sim/kube/cluster.ts';
import { CopyButton } from '../parts/CopyButton.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';

/** A large cluster has more lines than anybody reads here. */
const LINES_MAX = 40;

/** The control plane behind a node's routes, as the CNI's own tools show it. */
export function ToolOutputs({ world, node }: { readonly world: World; readonly node: ClusterNode }) {
  return <OutputList title="Control plane" outputs={toolOutputs(world, node)} />;
}

interface OutputListProps {
  readonly title: string;
  readonly outputs: readonly ToolOutput[];
}

export function OutputList({ title, outputs }: OutputListProps) {
  if (outputs.length === 0) return null;
  return (
    <section>
      <h3 className="section-title">{title}</h3>
      {outputs.map(({ command, about, lines }) => (
        <figure key={command} className="evidence tool-output">
          <figcaption>{about}</figcaption>
          <ScrollBox className="mono" label={command}>
            <div className="mono-command" title={command}>
              $ {command}
            </div>
            {lines.slice(0, LINES_MAX).map((line, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a tool may print the same line twice, and they never move.
              <div key={index} className="mono-line">
                {line === '' ? ' ' : line}
              </div>
            ))}
            {lines.length > LINES_MAX && <div className="mono-more">… {lines.length - LINES_MAX} more lines</div>}
          </ScrollBox>
          <CopyButton text={command} label={`Copy: ${command}`} />
        </figure>
      ))}
    </section>
  );
}
