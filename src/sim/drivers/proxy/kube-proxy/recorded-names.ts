/** What the cases say that belong to no mode: names of chains, and which endpoints serve which traffic. */

import type { NodePlace } from '../../../kube/hinted.ts';
import { type Ip, ip } from '../../../wire/ip.ts';
import { categorizeEndpoints } from './categorize.ts';
import { endpointChain, serviceChains } from './chain-names.ts';
import { endpointNames, serviceNames } from './nftables/names.ts';
import { type RecordedRow, row } from './recorded-row.ts';
import type { ProxyEndpoint } from './service-port.ts';

interface IptablesName {
  readonly servicePortName: string;
  readonly protocol: string;
  readonly chain: string;
}

interface NftName {
  readonly namespace: string;
  readonly name: string;
  readonly protocol: 'tcp';
  readonly port: string;
  readonly base: string;
}

interface CategorizeCase {
  readonly name: string;
  readonly inputs: {
    readonly topologyHintsEnabled: boolean;
    readonly nodeLabels: Readonly<Record<string, string>>;
    readonly service: {
      readonly hintsAnnotation: string;
      readonly externalPolicyLocal: boolean;
      readonly internalPolicyLocal: boolean;
      readonly nodePort: number;
    };
    readonly endpoints: readonly (Omit<ProxyEndpoint, 'ip' | 'port' | 'text'> & { readonly endpoint: string })[];
  };
  readonly expected: {
    readonly clusterEndpoints: readonly string[] | null;
    readonly localEndpoints: readonly string[] | null;
    readonly allEndpoints: readonly string[];
    readonly hasAnyEndpoints: boolean;
  };
}

export interface RecordedCommonCase {
  readonly iptablesServiceHash?: readonly IptablesName[];
  readonly iptablesEndpointHash?: readonly (IptablesName & { readonly endpoint: string })[];
  readonly nftablesServiceBase?: readonly NftName[];
  readonly nftablesEndpointBase?: readonly (NftName & { readonly endpoint: string })[];
  readonly cases?: readonly CategorizeCase[];
}

export function commonRows(recorded: RecordedCommonCase): RecordedRow[] {
  const { iptablesServiceHash = [], iptablesEndpointHash = [], cases = [] } = recorded;
  const { nftablesServiceBase = [], nftablesEndpointBase = [] } = recorded;
  return [
    ...iptablesServiceHash.map(({ servicePortName, protocol, chain }) =>
      row(`chain of ${servicePortName} ${protocol}`, chain, () => serviceChains(servicePortName, protocol).svc),
    ),
    ...iptablesEndpointHash.map(({ servicePortName, protocol, endpoint, chain }) =>
      row(`chain of ${endpoint} of ${servicePortName}`, chain, () =>
        endpointChain(servicePortName, protocol, endpoint),
      ),
    ),
    ...nftablesServiceBase.map((each) =>
      row(`nftables chain ${each.base}`, `service-${each.base}`, () => serviceNames(portOf(each)).service),
    ),
    ...nftablesEndpointBase.map((each) =>
      row(`nftables chain ${each.base}`, `endpoint-${each.base}`, () => nftEndpointChain(each, each.endpoint)),
    ),
    ...cases.map(categoryRow),
  ];
}

const portOf = ({ namespace, name, protocol, port }: NftName) => ({
  service: `${namespace}/${name}`,
  name: `${namespace}/${name}${port === '' ? '' : `:${port}`}`,
  protocol,
});

/** The address as the case spells it, which is not always the shortest way. */
function nftEndpointChain(each: NftName, endpoint: string): string {
  const [, address = '', port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(endpoint) ?? [];
  return endpointNames(serviceNames(portOf(each)).text, { ip: address as Ip, port: Number(port) }).chain;
}

/** In the version of these rows an annotation switched hints on; later versions ignore it, and the driver is told its node or null. */
function placeOf({ topologyHintsEnabled, nodeLabels, service }: CategorizeCase['inputs']): NodePlace | null {
  const wantsHints = !['', 'disabled', 'Disabled'].includes(service.hintsAnnotation);
  const zone = nodeLabels['topology.kubernetes.io/zone'] ?? '';
  return topologyHintsEnabled && wantsHints ? { name: '', zone } : null;
}

function categoryRow({ name, inputs, expected }: CategorizeCase): RecordedRow {
  return row(`which endpoints: ${name}`, expected, () => {
    const endpoints = inputs.endpoints.map(({ endpoint, ...rest }) => {
      const [address = '', port] = endpoint.split(':');
      return { ...rest, ip: ip(address), port: Number(port), text: endpoint };
    });
    const { service } = inputs;
    const policies = { ...service, nodePort: service.nodePort || null, externalIPs: [], loadBalancerIPs: [] };
    const found = categorizeEndpoints(endpoints, policies, placeOf(inputs));
    const texts = (list: readonly ProxyEndpoint[] | null): string[] | null => list?.map(({ text }) => text) ?? null;
    return {
      clusterEndpoints: texts(found.cluster),
      localEndpoints: texts(found.local),
      allEndpoints: texts(found.reachable),
      hasAnyEndpoints: found.hasEndpoints,
    };
  });
}
