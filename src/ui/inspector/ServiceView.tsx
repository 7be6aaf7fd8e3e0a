import type { ClusterService, ClusterServicePort } from '../../sim/kube/cluster.ts';
import { useApp } from '../app-model.ts';
import { type Fact, Facts } from './Facts.tsx';

/** A Service: its addresses, and the endpoints that its ports lead to. */
export function ServiceView({ service }: { readonly service: ClusterService }) {
  return (
    <>
      <Facts facts={factsOf(service)} />
      {service.ports.map((port) => (
        <Port key={`${port.protocol} ${port.port}`} port={port} />
      ))}
    </>
  );
}

function factsOf(service: ClusterService): readonly Fact[] {
  const selector = Object.entries(service.selector).map(([key, value]) => `${key}=${value}`);
  const outside = [...service.externalIPs, ...service.loadBalancerIPs];
  return [
    ['Type', service.type],
    ['ClusterIP', service.clusterIP ?? 'none', 'code'],
    ['Selector', selector.join(', ') || 'none', 'code'],
    ...(outside.length > 0 ? ([['Also at', outside.join(', '), 'code']] as const) : []),
    ...(service.type === 'ClusterIP' ? [] : ([['External traffic', service.externalTrafficPolicy]] as const)),
    ...(service.sessionAffinity === undefined
      ? []
      : ([['Session affinity', `ClientIP, ${service.sessionAffinity.timeoutSeconds} s`]] as const)),
  ];
}

function Port({ port }: { readonly port: ClusterServicePort }) {
  const { selection } = useApp();
  const { name, protocol, port: number, targetPort, nodePort, endpoints } = port;
  return (
    <section>
      <h3 className="section-title">
        Port {number}/{protocol}
        <span className="quiet">
          {name} to {targetPort}
          {nodePort !== undefined && `, node port ${nodePort}`}
        </span>
      </h3>
      {endpoints.length === 0 && <p className="problem">No endpoints: no ready pod matches the selector.</p>}
      <ul className="device-list">
        {endpoints.map(({ ip, port: target, pod, ready }) => (
          <li key={`${ip}:${target}`}>
            <button
              type="button"
              className="chip"
              disabled={pod === undefined}
              onClick={() => pod !== undefined && selection.select({ kind: 'pod', id: pod })}
            >
              <code>
                {ip}:{target}
              </code>
              <span className="quiet">
                {pod?.split('/')[1] ?? 'outside'}
                {!ready && ', not ready'}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
