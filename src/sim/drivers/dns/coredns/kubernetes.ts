/**
 * The `kubernetes` plugin (plugin/kubernetes and plugin/backend_lookup.go of CoreDNS v1.14.7, read 2026-11-20), with kubeadm's settings:
 * `kubernetes cluster.local in-addr.arpa ip6.arpa { pods insecure; fallthrough in-addr.arpa ip6.arpa; ttl 30 }`.
 */
import type { Cluster, ClusterService, ClusterServicePort, Endpoint } from '../../../kube/cluster.ts';
import { indexOf } from '../../../kube/cluster-index.ts';
import { CLUSTER_DOMAIN } from '../../../kube/dns/cluster-dns.ts';
import { clusterIPsOf } from '../../../kube/families.ts';
import { absoluteName, type DnsQuestion, type DnsRecord, isInZone, type Rcode } from '../../../wire/dns.ts';
import { familyOf, type Ip, parseIp } from '../../../wire/ip.ts';
import { type DnsNames, endpointName, namesIn } from './names.ts';

/** `ttl 30`; of the SOA too (`MinTTL`). */
export const TTL_SECONDS = 30;
const VERSION = '1.1.0';
const VERSION_TTL_SECONDS = 28_800;
/** SIMPLIFIED: the real one is the time of the last change of a Service. */
const SERIAL = 1_763_596_800;
const REVERSE_ZONES = ['in-addr.arpa.', 'ip6.arpa.'];
const CNAME_CHAIN_MAX = 10;

export interface Found {
  readonly rcode: Rcode;
  readonly answers: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
  /** What it knew, or did not, in a clause. */
  readonly what: string;
  /** The last answer is an alias whose target is in no zone of the cluster: somebody else must be asked for it. */
  readonly outside?: string;
}

/** The zone of the plugin that a name is in; null: the name is not its business. */
export const zoneOf = (name: string): string | null =>
  [CLUSTER_DOMAIN, ...REVERSE_ZONES].find((zone) => isInZone(name, zone)) ?? null;

export const soaOf = (zone: string): DnsRecord => ({
  name: zone,
  ttlSeconds: TTL_SECONDS,
  type: 'SOA',
  mname: `ns.dns.${zone}`,
  rname: `hostmaster.${zone}`,
  serial: SERIAL,
  refresh: 7200,
  retry: 1800,
  expire: 86_400,
  minimum: TTL_SECONDS,
});

/** Null: fallthrough, the next plugin is asked. */
export function lookUp(cluster: Cluster, question: DnsQuestion): Found | null {
  const zone = zoneOf(question.name);
  if (zone === null) return null;
  if (zone !== CLUSTER_DOMAIN) return reverse(cluster, question);
  return forward(cluster, question, []);
}

const none = (rcode: Rcode, what: string): Found => ({ rcode, answers: [], additional: [], what });

function reverse(cluster: Cluster, { name, type }: DnsQuestion): Found | null {
  const address = addressIn(name);
  const names = address === null ? [] : namesIn(cluster).namesAt(address);
  if (names.length === 0) return null;
  const what = `${address} is ${names.join(' and ')}`;
  if (type !== 'PTR') return none('NOERROR', `${what}, and a name that turns an address round has PTR records only`);
  const answers = names.map((target): DnsRecord => ({ name, ttlSeconds: TTL_SECONDS, type: 'PTR', target }));
  return { rcode: 'NOERROR', answers, additional: [], what };
}

/** `3.1.244.10.in-addr.arpa.` is 10.244.1.3. */
function addressIn(name: string): Ip | null {
  const labels = name.split('.').slice(0, -3).reverse();
  const text = name.endsWith('.in-addr.arpa.') ? labels.join('.') : (labels.join('').match(/.{4}/g) ?? []).join(':');
  const parsed = parseIp(text);
  return parsed.ok ? parsed.value : null;
}

function forward(cluster: Cluster, question: DnsQuestion, before: readonly DnsRecord[]): Found {
  const { name, type } = question;
  const names = namesIn(cluster);
  if (name === CLUSTER_DOMAIN) return apex(names, type);
  const base = name.slice(0, -CLUSTER_DOMAIN.length - 1);
  if (base === 'dns-version' && type === 'TXT') {
    const answer: DnsRecord = { name, ttlSeconds: VERSION_TTL_SECONDS, type: 'TXT', text: VERSION };
    return { rcode: 'NOERROR', answers: [answer], additional: [], what: 'the version of the schema of names' };
  }
  if (base === 'ns.dns') return addresses(question, names.own, 'the address of the name server itself');
  const asked = parse(base);
  if (asked === 'nothing') return none('NOERROR', `${name} is a node of the tree that has no records`);
  if (asked === 'invalid') return none('NXDOMAIN', `${name} is not of the form that names of Services and pods have`);
  if (!names.namespaces.has(asked.namespace)) return none('NXDOMAIN', `there is no namespace ${asked.namespace}`);
  if (asked.object === '') return none('NOERROR', `namespace ${asked.namespace} is there, and has no records itself`);
  if (asked.kind === 'pod') return podRecord(question, asked);
  return serviceRecords(cluster, question, asked, before);
}

function apex(names: DnsNames, type: DnsQuestion['type']): Found {
  const what = 'the zone itself';
  if (type === 'SOA') return { rcode: 'NOERROR', answers: [soaOf(CLUSTER_DOMAIN)], additional: [], what };
  if (type !== 'NS') return none('NOERROR', `${what}, which has no such record`);
  const target = `ns.dns.${CLUSTER_DOMAIN}`;
  const answer: DnsRecord = { name: CLUSTER_DOMAIN, ttlSeconds: TTL_SECONDS, type: 'NS', target };
  const additional = names.own.map((address) => addressRecord(target, address));
  return { rcode: 'NOERROR', answers: [answer], additional, what };
}

interface Asked {
  readonly kind: 'svc' | 'pod';
  readonly namespace: string;
  /** Service, or a pod's address with dashes; empty: the namespace itself. */
  readonly object: string;
  readonly endpoint?: string;
  readonly port?: string;
  readonly protocol?: string;
}

/** parse.go: labels from the right. */
function parse(base: string): Asked | 'nothing' | 'invalid' {
  const labels = base.split('.').reverse();
  const [kind = '', namespace, object = '', ...rest] = labels;
  if (kind !== 'svc' && kind !== 'pod') return 'invalid';
  if (namespace === undefined) return 'nothing';
  const asked = { kind, namespace, object } as const;
  const [first, second] = rest;
  if (rest.length > 2) return 'invalid';
  if (first === undefined) return asked;
  if (second === undefined) return { ...asked, endpoint: first };
  return { ...asked, protocol: withoutUnderscore(first), port: withoutUnderscore(second) };
}

const withoutUnderscore = (label: string): string => label.replace(/^_/, '');

/** `pods insecure`: whatever the label says is believed, in a namespace that exists. */
function podRecord(question: DnsQuestion, { object }: Asked): Found {
  const dashes = object.split('-').length - 1;
  const parsed = parseIp(object.replaceAll('-', dashes === 3 && !object.includes('--') ? '.' : ':'));
  if (!parsed.ok) return none('NXDOMAIN', `${object} is no address with dashes, and pods have no other names`);
  return addresses(question, [parsed.value], 'the address that stands in the name: nobody looks whether a pod has it');
}

/** One line of the backend (`msg.Service`): where a name leads. */
interface Target {
  /** The name that the address has by itself. */
  readonly name: string;
  readonly address: Ip;
  readonly port: number;
}

function serviceRecords(cluster: Cluster, question: DnsQuestion, asked: Asked, before: readonly DnsRecord[]): Found {
  const ref = `${asked.namespace}/${asked.object}`;
  const service = indexOf(cluster).service(ref);
  if (!service) return none('NXDOMAIN', `there is no Service ${ref}`);
  if (service.type === 'ExternalName') return alias(cluster, question, service, asked, before);
  const isHeadless = service.clusterIP === 'None';
  const targets =
    isHeadless || asked.endpoint !== undefined ? endpointTargets(service, asked) : ipTargets(service, asked);
  if (targets.length === 0) return none('NXDOMAIN', missingWords(service, asked, isHeadless));
  const what = isHeadless
    ? `Service ${ref} is headless: its name has the address of every ready pod`
    : asked.endpoint === undefined
      ? `Service ${ref} has the ClusterIP ${clusterIPsOf(service).join(' and ')}`
      : `one endpoint of Service ${ref}`;
  if (question.type === 'SRV') return srv(question, targets, what);
  return addresses(
    question,
    targets.map(({ address }) => address),
    what,
  );
}

function missingWords(service: ClusterService, { endpoint, port, protocol }: Asked, isHeadless: boolean): string {
  const ref = `${service.namespace}/${service.name}`;
  if (port !== undefined) return `Service ${ref} has no port ${port} of protocol ${protocol}`;
  if (endpoint !== undefined) return `Service ${ref} has no ready endpoint called ${endpoint}`;
  if (isHeadless) return `Service ${ref} is headless and has no ready pod: there is nothing to name`;
  return `Service ${ref} has no port`;
}

const fits = (port: ClusterServicePort, asked: Asked): boolean =>
  (asked.port === undefined || asked.port === port.name.toLowerCase()) &&
  (asked.protocol === undefined || asked.protocol === port.protocol.toLowerCase());

const serviceName = ({ name, namespace }: ClusterService): string => `${name}.${namespace}.svc.${CLUSTER_DOMAIN}`;

function ipTargets(service: ClusterService, asked: Asked): readonly Target[] {
  const name = serviceName(service);
  return service.ports
    .filter((port) => fits(port, asked))
    .flatMap(({ port }) => clusterIPsOf(service).map((address) => ({ name, address, port })));
}

function endpointTargets(service: ClusterService, asked: Asked): readonly Target[] {
  const isAsked = (endpoint: Endpoint): boolean =>
    endpoint.ready && (asked.endpoint === undefined || asked.endpoint === endpointName(endpoint));
  return service.ports
    .filter((port) => fits(port, asked))
    .flatMap(({ endpoints }) =>
      endpoints.filter(isAsked).map((endpoint) => ({
        name: `${endpointName(endpoint)}.${serviceName(service)}`,
        address: endpoint.ip,
        port: endpoint.port,
      })),
    );
}

const addressRecord = (name: string, address: Ip): DnsRecord => ({
  name,
  ttlSeconds: TTL_SECONDS,
  type: familyOf(address) === 4 ? 'A' : 'AAAA',
  address,
});

/** Each address once; where there is none of the type that was asked for, the name is there without it. */
function addresses({ name, type }: DnsQuestion, all: readonly Ip[], what: string): Found {
  const family = type === 'A' ? 4 : type === 'AAAA' ? 6 : null;
  const fitting = [...new Set(all)].filter((address) => familyOf(address) === family);
  if (fitting.length === 0) return none('NOERROR', `${what}; it has no ${type} record`);
  const answers = fitting.map((address) => addressRecord(name, address));
  return { rcode: 'NOERROR', answers, additional: [], what };
}

/** Weights share 100 between all lines, also those that are then left out as doubles. */
function srv({ name }: DnsQuestion, targets: readonly Target[], what: string): Found {
  const weight = Math.max(1, Math.floor(100 / targets.length));
  const answers = new Map<string, DnsRecord>();
  const additional = new Map<string, DnsRecord>();
  for (const { name: target, address, port } of targets) {
    answers.set(`${target} ${port}`, { name, ttlSeconds: TTL_SECONDS, type: 'SRV', priority: 0, weight, port, target });
    additional.set(`${target} ${address}`, addressRecord(target, address));
  }
  return { rcode: 'NOERROR', answers: [...answers.values()], additional: [...additional.values()], what };
}

/** ExternalName: a CNAME, followed as far as the cluster's own zone goes. */
function alias(
  cluster: Cluster,
  { name, type }: DnsQuestion,
  service: ClusterService,
  asked: Asked,
  before: readonly DnsRecord[],
): Found {
  const ref = `${service.namespace}/${service.name}`;
  const { externalName = '' } = service;
  const target = absoluteName(externalName);
  const hasMore = asked.endpoint !== undefined || asked.port !== undefined;
  // An address is no name that an alias can lead to (msg.Service.HostType).
  if (hasMore || parseIp(externalName).ok || externalName === '')
    return none('NXDOMAIN', `Service ${ref} is of type ExternalName, and has no such name under it`);
  const what = `Service ${ref} is of type ExternalName: an alias of ${target}`;
  const record: DnsRecord = { name, ttlSeconds: TTL_SECONDS, type: 'CNAME', target };
  if (type === 'CNAME') return { rcode: 'NOERROR', answers: [record], additional: [], what };
  const isLoop = target === name || before.length >= CNAME_CHAIN_MAX || before.some((one) => one.name === name);
  if ((type !== 'A' && type !== 'AAAA') || isLoop) return none('NOERROR', `${what}; it has no ${type} record`);
  if (!isInZone(target, CLUSTER_DOMAIN))
    return { rcode: 'NOERROR', answers: [record], additional: [], what, outside: target };
  const next = forward(cluster, { name: target, type }, [...before, record]);
  if (next.answers.length === 0) return none('NOERROR', `${what}, where ${next.what}`);
  return { ...next, rcode: 'NOERROR', answers: [record, ...next.answers], what: `${what}; ${next.what}` };
}
