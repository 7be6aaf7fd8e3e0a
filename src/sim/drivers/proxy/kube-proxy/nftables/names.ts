/** Names of chains and sets: readable, and unique by eight letters of a hash (pkg/proxy/nftables/proxier.go `hashAndTruncate`, v1.33). */
import { hashName } from '../chain-names.ts';
import type { ProxyEndpoint, ServicePort } from '../service-port.ts';

const HASH_LETTERS = 8;
/** Names end at 256 bytes; some are left for the prefix. */
const BASE_MAX = 240;
const ELLIPSIS = '...';

function nameOf(text: string): string {
  const name = `${hashName(text).slice(0, HASH_LETTERS)}-${text}`;
  return name.length > BASE_MAX ? name.slice(0, BASE_MAX - ELLIPSIS.length) + ELLIPSIS : name;
}

/** `ns/name/tcp/portname`; an unnamed port leaves the last slash. */
function serviceText(port: Pick<ServicePort, 'service' | 'name' | 'protocol'>): string {
  return `${port.service}/${port.protocol}/${port.name.slice(port.service.length + 1)}`;
}

/** The chains of one service port share what follows their prefix. */
export interface ServiceNames {
  /** What the names of its endpoints begin with: `ns/name/tcp/portname`. */
  readonly text: string;
  /** Every usable endpoint. */
  readonly service: string;
  /** Endpoints on this node. */
  readonly local: string;
  /** What comes to an external address. */
  readonly external: string;
  /** Source ranges of a load balancer. */
  readonly firewall: string;
}

export function serviceNames(port: Pick<ServicePort, 'service' | 'name' | 'protocol'>): ServiceNames {
  const text = serviceText(port);
  const base = nameOf(text);
  return {
    text,
    service: `service-${base}`,
    local: `local-${base}`,
    external: `external-${base}`,
    firewall: `firewall-${base}`,
  };
}

export interface EndpointNames {
  readonly chain: string;
  /** The set that remembers its clients. */
  readonly affinity: string;
}

/** `service` is the text of its service port. Colons of an IPv6 address become dots: a name of nft has none. */
export function endpointNames(service: string, endpoint: Pick<ProxyEndpoint, 'ip' | 'port'>): EndpointNames {
  const base = nameOf(`${service}__${endpoint.ip.replaceAll(':', '.')}/${endpoint.port}`);
  return { chain: `endpoint-${base}`, affinity: `affinity-${base}` };
}
