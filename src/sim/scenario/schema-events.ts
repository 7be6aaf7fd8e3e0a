import * as v from 'valibot';
import { NODES_MAX } from '../kube/network-plan.ts';
import { DNS_TYPES } from '../wire/dns.ts';
import { EVENTS_MAX, OBJECTS_MAX, REPLICAS_MAX } from './limits.ts';
import type { Probe } from './probe.ts';
import type { ClusterEvent, ScenarioEvent, SeenCluster } from './scenario.ts';
import {
  cidrText,
  device,
  driverId,
  endpointText,
  enumOf,
  hostName,
  integer,
  ipText,
  line,
  listOf,
  modeId,
  nftName,
  nftTable,
  nsId,
  objectRef,
  policyRef,
  portNumber,
  setName,
  subdomain,
  sysctlKey,
  tableName,
  workloadRef,
  zoneName,
} from './schema-basics.ts';
import { kubeObject } from './schema-objects.ts';

/** RFC 791: every network carries 68 bytes. */
const mtu = integer(68, 65_535);

/** As it stands in a request line: nothing that ends it. */
const urlPath = v.pipe(v.string(), v.maxLength(200), v.regex(/^\/[!-~]*$/, 'must be a path that begins with /'));

const ends = [
  v.strictObject({ kind: v.literal('pod'), ref: objectRef }),
  v.strictObject({ kind: v.literal('node'), ref: subdomain }),
  v.strictObject({ kind: v.literal('external'), ref: subdomain }),
] as const;
const service = v.strictObject({
  kind: v.literal('service'),
  ref: objectRef,
  via: enumOf(['name', 'clusterIP', 'loadBalancer', 'externalIP']),
});
const address = v.strictObject({ kind: v.literal('ip'), ip: ipText });
const name = v.strictObject({ kind: v.literal('name'), name: hostName });

const probe: v.GenericSchema<unknown, Probe> = v.strictObject({
  from: v.variant('kind', ends, 'must start at a pod, a node or an external host'),
  to: v.variant(
    'kind',
    [...ends, service, address, name],
    'must go to a pod, a node, an external host, a service, an ip or a name',
  ),
  proto: enumOf(['tcp', 'udp', 'sctp', 'ping', 'traceroute', 'nslookup', 'dig']),
  port: v.exactOptional(portNumber),
  options: v.exactOptional(
    v.strictObject({
      ttl: v.exactOptional(integer(1, 255)),
      sizeBytes: v.exactOptional(integer(0, 65_507)),
      df: v.exactOptional(enumOf(['do', 'dont'])),
      src: v.exactOptional(ipText),
      endpoint: v.exactOptional(endpointText),
      path: v.exactOptional(urlPath),
      handshakeOnly: v.exactOptional(v.boolean('must be true or false')),
      family: v.exactOptional(enumOf(['IPv4', 'IPv6'])),
      dns: v.exactOptional(
        v.strictObject({
          type: v.exactOptional(enumOf(DNS_TYPES)),
          server: v.exactOptional(ipText),
          tcp: v.exactOptional(v.literal(true)),
          search: v.exactOptional(v.literal(true)),
          race: v.exactOptional(v.literal(true)),
        }),
      ),
      waitMs: v.exactOptional(integer(1, 600_000)),
    }),
  ),
});

const deletedLine = { ns: nsId, line };
const ipvsProtocol = enumOf(['tcp', 'udp', 'sctp']);

const clusterSize = {
  nodes: integer(1, NODES_MAX),
  podCIDR: cidrText,
  nodeMask: integer(1, 128),
  serviceCIDR: cidrText,
  nodeNetwork: cidrText,
  mtuBytes: mtu,
  ipv6: v.exactOptional(
    v.strictObject({
      role: enumOf(['only', 'first', 'second']),
      podCIDR: cidrText,
      nodeMask: integer(1, 128),
      serviceCIDR: cidrText,
      nodeNetwork: cidrText,
    }),
  ),
  zones: v.exactOptional(listOf(zoneName, NODES_MAX)),
  farSubnet: v.exactOptional(
    v.strictObject({
      cidr: cidrText,
      fromNode: integer(2, NODES_MAX),
      podRoutes: v.exactOptional(v.literal(true, 'must be true')),
    }),
  ),
  nodeLocalDns: v.exactOptional(v.literal(true, 'must be true')),
};

const clusterEvents = [
  v.strictObject({ type: v.literal('WorkloadScaled'), ref: workloadRef, replicas: integer(0, REPLICAS_MAX) }),
  v.strictObject({
    type: v.literal('ReadinessSet'),
    ref: workloadRef,
    ready: v.boolean('must be true or false'),
  }),
  v.strictObject({ type: v.literal('PodDeleted'), ref: objectRef }),
  v.strictObject({ type: v.literal('PolicySwitched'), ref: policyRef, to: enumOf(['on', 'staged', 'off']) }),
  v.strictObject({ type: v.literal('CniConfRemoved'), node: subdomain }),
  v.strictObject({ type: v.literal('CniConfRestored'), node: subdomain }),
] as const;

const clusterEvent: v.GenericSchema<unknown, ClusterEvent> = v.variant(
  'type',
  clusterEvents,
  'must be about pods or policies',
);

const seenCluster: v.GenericSchema<unknown, SeenCluster> = v.strictObject({
  ...clusterSize,
  objects: listOf(kubeObject, OBJECTS_MAX),
  proxy: v.strictObject({ id: driverId, mode: modeId }),
  balancer: v.exactOptional(v.strictObject({ id: driverId, mode: modeId })),
  changes: listOf(clusterEvent, EVENTS_MAX),
});

export const scenarioEvent: v.GenericSchema<unknown, ScenarioEvent> = v.variant(
  'type',
  [
    v.strictObject({ type: v.literal('ClusterSized'), ...clusterSize }),
    v.strictObject({
      type: v.literal('ManifestsApplied'),
      objects: listOf(kubeObject, OBJECTS_MAX),
      replace: v.boolean('must be true or false'),
    }),
    v.strictObject({ type: v.literal('CniChosen'), cni: driverId, mode: modeId }),
    v.strictObject({ type: v.literal('ProxyChosen'), proxy: driverId, mode: modeId }),
    v.strictObject({ type: v.literal('BalancerChosen'), balancer: driverId, mode: modeId }),
    ...clusterEvents,
    v.strictObject({ type: v.literal('ProxyStopped'), node: subdomain, seen: v.exactOptional(seenCluster) }),
    v.strictObject({ type: v.literal('ProxyStarted'), node: subdomain }),
    v.strictObject({ type: v.literal('AgentStopped'), node: subdomain, seen: v.exactOptional(seenCluster) }),
    v.strictObject({ type: v.literal('PolicyDeleted'), ref: policyRef }),
    v.strictObject({ type: v.literal('AgentStarted'), node: subdomain }),
    v.strictObject({ type: v.literal('ProxySynced'), node: subdomain }),
    v.strictObject({
      type: v.literal('ListenerStopped'),
      ns: nsId,
      proto: enumOf(['tcp', 'udp', 'sctp']),
      port: portNumber,
    }),
    v.strictObject({ type: v.literal('DeviceSetDown'), ns: nsId, dev: device }),
    v.strictObject({ type: v.literal('RouteDeleted'), ...deletedLine }),
    v.strictObject({ type: v.literal('NeighbourDeleted'), ...deletedLine }),
    v.strictObject({ type: v.literal('FdbEntryDeleted'), ...deletedLine }),
    v.strictObject({
      type: v.literal('RuleDeleted'),
      table: tableName,
      ...deletedLine,
      nth: v.exactOptional(integer(0, 100_000)),
    }),
    v.strictObject({
      type: v.literal('NftRuleDeleted'),
      table: nftTable,
      chain: nftName,
      ...deletedLine,
      nth: v.exactOptional(integer(0, 100_000)),
    }),
    v.strictObject({ type: v.literal('NftElementDeleted'), ns: nsId, table: nftTable, set: nftName, key: line }),
    v.strictObject({ type: v.literal('VirtualServerDeleted'), ns: nsId, proto: ipvsProtocol, at: endpointText }),
    v.strictObject({
      type: v.literal('RealServerDeleted'),
      ns: nsId,
      proto: ipvsProtocol,
      at: endpointText,
      server: endpointText,
    }),
    v.strictObject({ type: v.literal('IpsetMemberDeleted'), ns: nsId, set: setName, member: line }),
    v.strictObject({ type: v.literal('AddressDeleted'), ns: nsId, dev: device, ip: ipText }),
    v.strictObject({ type: v.literal('SysctlSet'), ns: nsId, key: sysctlKey, value: integer(-(2 ** 31), 2 ** 32 - 1) }),
    v.strictObject({ type: v.literal('MtuSet'), ns: nsId, dev: device, mtuBytes: mtu }),
    v.strictObject({ type: v.literal('ProbeSet'), probe }),
    v.strictObject({ type: v.literal('SeedSet'), seed: integer(0, 2 ** 32 - 1) }),
  ],
  ({ received }) => `is of a type that this version does not know: ${received}`,
);
