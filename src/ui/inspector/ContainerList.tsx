import type { ClusterContainer } from '../../sim/kube/cluster.ts';

const ROLES: Readonly<Record<ClusterContainer['role'], string>> = { app: '', init: 'init', sidecar: 'sidecar' };

/** The programs of a pod: all in its one network namespace, each with its ports and what became of it. */
export function ContainerList({ containers }: { readonly containers: readonly ClusterContainer[] }) {
  return (
    <section>
      <h3 className="section-title">
        Containers
        <span className="quiet">{containers.length > 1 ? 'one network namespace' : ''}</span>
      </h3>
      <ul className="container-list">
        {containers.map((container) => (
          <li key={container.name}>
            <span className="container-name">{container.name}</span>
            <span className="quiet">{ROLES[container.role]}</span>
            <code>{portsOf(container)}</code>
            <span className={container.state === 'CrashLoopBackOff' ? 'container-state bad' : 'container-state'}>
              {container.state}
            </span>
            {container.lastWords !== undefined && <code className="container-words">{container.lastWords}</code>}
          </li>
        ))}
      </ul>
    </section>
  );
}

const portsOf = ({ ports }: ClusterContainer): string =>
  ports.map(({ proto, port }) => (proto === 'tcp' ? `:${port}` : `:${port}/${proto}`)).join(' ');
