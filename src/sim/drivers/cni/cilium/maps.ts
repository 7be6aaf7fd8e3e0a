/**
 * Cilium's maps (bpf/lib/common.h, pkg/maps), with the columns in which `cilium-dbg bpf …` prints them. Counters and expiry times are
 * not modelled and not printed.
 */
import { type BpfMapKind, mapKind } from '../../../linux/bpf/kind.ts';
import type { Ip } from '../../../wire/ip.ts';
import { RESERVED_LABELS } from './facts.ts';

export type Proto = 'TCP' | 'UDP' | 'ICMP';
/** `int`: seen from inside the cluster, where a traffic policy treats inside and outside differently (LB_LOOKUP_SCOPE_INT). */
export type Scope = 'ext' | 'int';

export type ServiceKey = {
  readonly address: Ip;
  readonly port: number;
  readonly proto: Proto;
  readonly scope: Scope;
  /** 0 is the Service itself, 1..n its backends. */
  readonly slot: number;
};
export type ServiceValue = {
  readonly backend: number;
  readonly count: number;
  readonly revNat: number;
  /** As the tool lists them: `ClusterIP, non-routable`. */
  readonly flags: string;
  /** There is a second list of backends, for clients inside the cluster. */
  readonly twoScopes: boolean;
  /** Machines outside the cluster may use it. */
  readonly routable: boolean;
  readonly external: boolean;
  /** A pod's port of its own node. */
  readonly isHostPort: boolean;
  readonly backendAddress: string;
  readonly affinitySeconds: number;
};

export const serviceKey = (address: Ip, port: number, proto: Proto, scope: Scope, slot: number): ServiceKey => ({
  address,
  port,
  proto,
  scope,
  slot,
});

export const SERVICES = mapKind<ServiceKey, ServiceValue>({
  name: 'cilium_lb4_services_v2',
  type: 'hash',
  about: 'which Service has this address and port, and who is behind it',
  command: () => 'cilium-dbg bpf lb list',
  header: ['SERVICE ADDRESS', 'BACKEND ADDRESS (REVNAT_ID) (SLOT)'],
  print: ({ address, port, proto, scope, slot }, { backendAddress, revNat, flags }) => [
    `${address}:${port}/${proto}${scope === 'int' ? '/i' : ''} (${slot})`,
    `${backendAddress} (${revNat}) (${slot})${slot === 0 ? ` [${flags}]` : ''}`,
  ],
});

export type BackendValue = { readonly address: Ip; readonly port: number; readonly proto: Proto };

export const BACKENDS = mapKind<{ readonly id: number }, BackendValue>({
  name: 'cilium_lb4_backends_v3',
  type: 'hash',
  about: 'the address and port of a backend, by its number',
  command: () => 'cilium-dbg bpf lb list --backends',
  header: ['ID', 'BACKEND ADDRESS'],
  print: ({ id }, { address, port, proto }) => [`${id}`, `${proto}://${address}:${port}`],
});

export const REVERSE_NAT = mapKind<{ readonly id: number }, { readonly address: Ip; readonly port: number }>({
  name: 'cilium_lb4_reverse_nat',
  type: 'hash',
  about: 'the address that an answer gets back, by the number of the Service',
  command: () => 'cilium-dbg bpf lb list --revnat',
  header: ['ID', 'BACKEND ADDRESS (REVNAT_ID) (SLOT)'],
  print: ({ id }, { address, port }) => [`${id}`, `${address}:${port}`],
});

export type ReverseSkKey = { readonly cookie: string; readonly address: Ip; readonly port: number };
/** Of a socket: which Service it asked for. */
export const REVERSE_SK = mapKind<
  ReverseSkKey,
  { readonly address: Ip; readonly port: number; readonly revNat: number }
>({
  name: 'cilium_lb4_reverse_sk',
  type: 'lru_hash',
  about: 'which Service a socket had asked for',
  command: () => 'cilium-dbg map get cilium_lb4_reverse_sk',
  header: ['Key', 'Value'],
  print: ({ cookie, address, port }, value) => [
    `[${address}]:${port}, ${cookie}`,
    `[${value.address}]:${value.port}, ${value.revNat}`,
  ],
});

export type AffinityKey = { readonly revNat: number; readonly client: string };
export const AFFINITY = mapKind<AffinityKey, { readonly backend: number; readonly usedNs: number }>({
  name: 'cilium_lb4_affinity',
  type: 'lru_hash',
  about: 'which backend this client had last',
  command: () => 'cilium-dbg map get cilium_lb4_affinity',
  header: ['Key', 'Value'],
  print: ({ revNat, client }, { backend }) => [`${client} ${revNat}`, `${backend}`],
});

export type CidrKey = { readonly base: Ip; readonly prefix: number };
export type IpcacheValue = { readonly identity: number; readonly tunnel: Ip; readonly flags: string };
export const NO_TUNNEL = '0.0.0.0' as Ip;

export const IPCACHE = mapKind<CidrKey, IpcacheValue>({
  name: 'cilium_ipcache_v2',
  type: 'lpm_trie',
  about: 'which identity an address has, and behind which node it is',
  command: () => 'cilium-dbg bpf ipcache list',
  header: ['IP PREFIX/ADDRESS', 'IDENTITY'],
  print: ({ base, prefix }, { identity, tunnel, flags }) => [
    `${base}/${prefix}`,
    `identity=${identity} encryptkey=0 tunnelendpoint=${tunnel} flags=${flags}`,
  ],
});

export type EndpointValue = {
  readonly id: number;
  readonly identity: number;
  readonly ifindex: number;
  readonly dev: string;
  readonly mac: string;
  readonly nodeMac: string;
  /** An address of the node itself. */
  readonly host: boolean;
};

export const ENDPOINTS = mapKind<{ readonly ip: Ip }, EndpointValue>({
  name: 'cilium_lxc',
  type: 'hash',
  about: 'which endpoint of this node has the address',
  command: () => 'cilium-dbg bpf endpoint list',
  header: ['IP ADDRESS', 'LOCAL ENDPOINT INFO'],
  print: ({ ip }, { id, identity, ifindex, mac, nodeMac, host }) => [
    `${ip}:0`,
    host
      ? '(localhost)'
      : `id=${id} sec_id=${identity} flags=0x0000 ifindex=${ifindex} mac=${mac.toUpperCase()} nodemac=${nodeMac.toUpperCase()}`,
  ],
});

export type PolicyKey = {
  readonly direction: 'Ingress' | 'Egress';
  /** 0: any. */
  readonly identity: number;
  readonly proto: Proto | 'SCTP' | 'ANY';
  /** Its first bits count. */
  readonly port: number;
  /** How many: 16 for one port, 0 for any. */
  readonly bits: number;
};

export const ANY_PORT = { proto: 'ANY', port: 0, bits: 0 } as const;

/** `ANY`, `80/TCP`, `8080-8083/TCP`. */
function portText({ proto, port, bits }: PolicyKey): string {
  if (proto === 'ANY') return 'ANY';
  const last = port + 2 ** (16 - bits) - 1;
  return `${bits === 0 ? 'ANY' : bits === 16 ? port : `${port}-${last}`}/${proto}`;
}

/** Of the protocol's 8 bits and the port's 16 (`StaticPrefixBits` is not counted). */
export const prefixOf = ({ proto, bits }: PolicyKey): number => (proto === 'ANY' ? 0 : 8 + bits);

export type PolicyValue = {
  readonly deny: boolean;
  /** 0: none. */
  readonly proxyPort: number;
  /** What the proxy was told of this entry: requests (`HttpMatch`) or names as JSON; empty: everything passes. */
  readonly requests: string;
};

/** One map for each endpoint. */
export const POLICY = mapKind<PolicyKey, PolicyValue>({
  name: 'cilium_policy_v2',
  type: 'lpm_trie',
  about: 'whether this identity may talk to the endpoint, and on which port',
  command: (endpoint) => `cilium-dbg bpf policy get ${Number(endpoint)}`,
  header: ['POLICY', 'DIRECTION', 'LABELS (source:key[=value])', 'PORT/PROTO', 'PROXY PORT', 'AUTH TYPE', 'PREFIX'],
  print: (key, { deny, proxyPort }) => [
    deny ? 'Deny' : 'Allow',
    key.direction,
    RESERVED_LABELS[key.identity] ?? `${key.identity}`,
    portText(key),
    proxyPort > 0 ? String(proxyPort) : 'NONE',
    'disabled',
    `${prefixOf(key)}`,
  ],
});

/**
 * SIMPLIFIED: for a new identity the agent writes entries into every policy map that means its address by a network or as the world; here
 * this says which identity the address had before, and that one is asked too.
 */
export const NAMES = mapKind<
  { readonly identity: number },
  { readonly base: number; readonly ip: Ip; readonly name: string }
>({
  name: 'cilium_fqdn_cache',
  type: 'hash',
  about: 'which address the DNS proxy saw for which name',
  command: () => 'cilium-dbg fqdn cache list',
  header: ['IDENTITY', 'FQDN', 'IPS', 'BEFORE'],
  print: ({ identity }, { name, ip, base }) => [`${identity}`, name, ip, RESERVED_LABELS[base] ?? `${base}`],
});

export type CtKey = {
  readonly proto: Proto;
  readonly direction: 'OUT' | 'IN' | 'SVC';
  readonly src: Ip;
  readonly sport: number;
  readonly dst: Ip;
  readonly dport: number;
};
export type CtValue = {
  readonly revNat: number;
  readonly source: number;
  readonly backend: number;
  readonly loopback: boolean;
  readonly nodePort: boolean;
  readonly fromTunnel: boolean;
};

/** SIMPLIFIED: TCP's table (cilium_ct4_global) and that of all other protocols (cilium_ct_any4_global) are one. */
export const CT = mapKind<CtKey, CtValue>({
  name: 'cilium_ct4_global',
  type: 'lru_hash',
  about: 'whether the packet belongs to a connection that is known',
  command: () => 'cilium-dbg bpf ct list global',
  header: [],
  print: (key, value) => [`${ctKeyText(key)} ${ctValueText(value)}`],
});

function ctKeyText({ proto, direction, src, sport, dst, dport }: CtKey): string {
  const isService = direction === 'SVC';
  return `${proto} ${isService ? 'OUT' : direction} ${src}:${sport} -> ${dst}:${dport}${isService ? ' service' : ''}`;
}

/** Bits of the real flags word, in its order, without those that later packets of a connection set. */
function ctValueText({ revNat, source, backend, loopback, nodePort, fromTunnel }: CtValue): string {
  const flags: readonly (readonly [boolean, number, string])[] = [
    [loopback, 0x8, 'LBLoopback'],
    [nodePort, 0x20, 'NodePort'],
    [fromTunnel, 0x200, 'FromTunnel'],
  ];
  const set = flags.filter(([on]) => on);
  const word = set
    .reduce((sum, [, bit]) => sum | bit, 0)
    .toString(16)
    .padStart(4, '0');
  const names = set.map(([, , name]) => `${name} `).join('');
  return `Flags=0x${word} [ ${names}] RevNAT=${revNat} SourceSecurityID=${source} BackendID=${backend}`;
}

export type NatKey = {
  readonly proto: Proto;
  readonly direction: 'OUT' | 'IN';
  readonly src: Ip;
  readonly sport: number;
  readonly dst: Ip;
  readonly dport: number;
};

export const SNAT = mapKind<NatKey, { readonly to: Ip; readonly port: number }>({
  name: 'cilium_snat_v4_external',
  type: 'lru_hash',
  about: 'how the source of this connection was translated',
  command: () => 'cilium-dbg bpf nat list',
  header: [],
  print: ({ proto, direction, src, sport, dst, dport }, { to, port }) => [
    `${proto} ${direction} ${src}:${sport} -> ${dst}:${dport} XLATE_${direction === 'OUT' ? 'SRC' : 'DST'} ${to}:${port}`,
  ],
});

export type FragmentKey = { readonly src: Ip; readonly dst: Ip; readonly id: number; readonly proto: Proto };
export const FRAGMENTS = mapKind<FragmentKey, { readonly sport: number; readonly dport: number }>({
  name: 'cilium_ipv4_frag_datagrams',
  type: 'lru_hash',
  about: 'the ports of a datagram that was cut, for its later pieces',
  command: () => 'cilium-dbg map get cilium_ipv4_frag_datagrams',
  header: [],
  print: ({ src, dst, id, proto }, { sport, dport }) => [`${src} -> ${dst} id=${id} proto=${proto} ${sport} ${dport}`],
});

export const CILIUM_MAPS: readonly BpfMapKind[] = [
  SERVICES,
  BACKENDS,
  REVERSE_NAT,
  REVERSE_SK,
  AFFINITY,
  IPCACHE,
  ENDPOINTS,
  POLICY,
  NAMES,
  CT,
  SNAT,
  FRAGMENTS,
] as unknown as readonly BpfMapKind[];
