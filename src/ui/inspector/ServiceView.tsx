import { balancerSentence } from '../../sim/engine/balancer.ts';
import { hintSentence } from '../../sim/engine/explain/hint-words.ts';
import type { World } from '../../sim/engine/world.ts';
import type { ClusterService, ClusterServicePort } from '../../sim/kube/cluster.ts';
import { clusterIPsOf } from '../../sim/kube/families.ts';
import { printService } from '../../sim/kube/print-service.ts';
import { useApp } from '../app-model.ts';
import { BalancerKnob } from '../bar/BalancerKnob.tsx';
import { ScrollBox } from '../parts/ScrollBox.tsx';
import { type Fact, Facts } from './Facts.tsx';

/** A Service: its addresses, and the endpoints that its ports lead to. */
export function ServiceView({ service, world }: { readonly service: ClusterService; readonly world: World }) {
  const { proxies } = useApp();
  const ref = `Service ${service.namespace}/${service.name}`;
  const isHeeded = proxies.find(({ id }) => id === world.proxy.id)?.hasDaemon === true;
  const balanced = balancerSentence(world, service);
  const hints = isHeeded ? hintSentence(world.cluster, service) : null;
  return (
    <>
      <Line service={service} />
      <Facts facts={factsOf(service)} />
      {kindSentence(service) !== null && <p className="step-sentence">{kindSentence(service)}</p>}
      {service.type === 'LoadBalancer' && <BalancerKnob />}
      {balanced !== null && <p className="step-sentence">{balanced}</p>}
      {hints !== null && <p className="step-sentence">{hints}</p>}
      {world.notes.map(({ kind, ref: about, text }) =>
        about === ref ? (
          <p key={text} className="quiet">
            {kind}: {text}
          </p>
        ) : null,
      )}
      {service.ports.map((port) => (
        <Port key={`${port.protocol} ${port.port}`} port={port} />
      ))}
    </>
  );
}

/** What is special about a kind of Service: what there is of it, and what there is not. */
function kindSentence({ type, clusterIP, externalName, externalIPs }: ClusterService): string | null {
  if (type === 'ExternalName')
    return `Only a name: DNS answers with a CNAME to ${externalName ?? 'nothing'}. No address, no rule and no balancer is made for it.`;
  if (clusterIP === 'None')
    return 'Headless: DNS answers with the addresses of its ready pods. It has no address of its own, and no proxy writes a rule for it.';
  if (externalIPs.length > 0)
    return 'Every node takes packets for its external IPs, but Kubernetes tells nobody outside. Here the administrator has routed them to a node.';
  return null;
}

/** As `kubectl get service` shows it. */
function Line({ service }: { readonly service: ClusterService }) {
  const command = `kubectl -n ${service.namespace} get service ${service.name}`;
  return (
    <figure className="evidence tool-output">
      <ScrollBox className="mono" label={command}>
        <div className="mono-command" title={command}>
          $ {command}
        </div>
        {printService(service).map((line) => (
          <div key={line} className="mono-line">
            {line}
          </div>
        ))}
      </ScrollBox>
    </figure>
  );
}

function addressFact(service: ClusterService): Fact {
  const ips = clusterIPsOf(service);
  if (ips.length > 1) return ['ClusterIPs', ips.join(', '), 'code'];
  return ['ClusterIP', service.clusterIP ?? 'none', 'code'];
}

function factsOf(service: ClusterService): readonly Fact[] {
  const selector = Object.entries(service.selector).map(([key, value]) => `${key}=${value}`);
  const mode = service.ipMode ?? 'VIP';
  return [
    ['Type', service.type],
    addressFact(service),
    ...(service.ipFamilies ? ([['IP families', service.ipFamilies.join(', ')]] as const) : []),
    ['Selector', selector.join(', ') || 'none', 'code'],
    ...(service.externalName === undefined ? [] : ([['Another name of', service.externalName, 'code']] as const)),
    ...(service.externalIPs.length > 0 ? ([['External IPs', service.externalIPs.join(', '), 'code']] as const) : []),
    ...(service.type === 'LoadBalancer'
      ? ([['EXTERNAL-IP', service.loadBalancerIPs.join(', ') || '<pending>', 'code']] as const)
      : []),
    ...(service.loadBalancerIPs.length > 0 ? ([['ipMode', mode]] as const) : []),
    ...(service.loadBalancerSourceRanges.length > 0
      ? ([['Only from', service.loadBalancerSourceRanges.map(({ text }) => text).join(', '), 'code']] as const)
      : []),
    ...(service.healthCheckNodePort === undefined
      ? []
      : ([['Health check', `port ${service.healthCheckNodePort} of every node`, 'code']] as const)),
    ...(service.type === 'ClusterIP' ? [] : ([['External traffic', service.externalTrafficPolicy]] as const)),
    ...(service.trafficDistribution === undefined
      ? []
      : ([['Traffic distribution', service.trafficDistribution]] as const)),
    ...(service.topologyMode === undefined ? [] : ([['Topology mode', service.topologyMode]] as const)),
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
        {endpoints.map(({ ip, port: target, pod, ready, zone, zoneHints }) => (
          <li key={`${ip}:${target}`}>
            <button
              type="button"
              className="chip"
              disabled={pod === undefined}
              onClick={() => pod !== undefined && selection.select({ kind: 'pod', id: pod })}
            >
              <code>
                {ip.includes(':') ? `[${ip}]` : ip}:{target}
              </code>
              <span className="quiet">
                {pod?.split('/')[1] ?? 'outside'}
                {!ready && ', not ready'}
                {zone !== undefined && `, ${zone}`}
                {zoneHints !== undefined && zoneHints[0] !== zone && `, meant for ${zoneHints[0]}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
