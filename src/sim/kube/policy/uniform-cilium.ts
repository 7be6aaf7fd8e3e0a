/**
 * Cilium's own policies in the words of all policies (pkg/policy/api, pkg/policy/rule.go, 1.19). They stand beside NetworkPolicies: what
 * one of them allows is allowed, and what one of them denies is denied whatever others allow.
 */
import { type Cidr, familyOf, parseCidr, parseIp } from '../../wire/ip.ts';
import {
  type CiliumCidr,
  type CiliumEgressRule,
  type CiliumEntity,
  type CiliumIngressRule,
  type CiliumL7Rules,
  type CiliumName,
  type CiliumPolicyObject,
  type CiliumPort,
  type CiliumPortRule,
  type CiliumRule,
  ciliumRules,
} from '../cilium-policy-objects.ts';
import type { LabelSelectorObject } from '../policy-objects.ts';
import { ciliumPeer, ciliumSubject } from './cilium-selector.ts';
import { PORT_MAX } from './port-sets.ts';
import type { Action, Direction, UniformPeer, UniformPolicy, UniformPort, UniformRule } from './uniform.ts';

export function ciliumPolicies(ref: string, object: CiliumPolicyObject): readonly UniformPolicy[] {
  const home = object.kind === 'CiliumNetworkPolicy' ? object.namespace : undefined;
  return ciliumRules(object).map(({ path, rule }): UniformPolicy => {
    const inside = path.length > 1 ? `${path[0]}[${path[1]}].` : '';
    const written = { ingress: ingressRules(rule, inside, home), egress: egressRules(rule, inside, home) };
    const says = (direction: Direction): boolean =>
      [rule[direction], rule[`${direction}Deny`]].some((rules = []) => rules.length > 0);
    const closes = (direction: Direction): boolean => rule.enableDefaultDeny?.[direction] ?? says(direction);
    const open = (['ingress', 'egress'] as const).filter((one) => !closes(one));
    return {
      ref,
      object,
      tier: 'NetworkPolicy',
      priority: 0,
      subject: ciliumSubject(rule.endpointSelector, home),
      ...(says('ingress') || closes('ingress') ? { ingress: written.ingress } : {}),
      ...(says('egress') || closes('egress') ? { egress: written.egress } : {}),
      ...(open.length > 0 ? { leavesOpen: open } : {}),
    };
  });
}

const ingressRules = (
  { ingress = [], ingressDeny = [] }: CiliumRule,
  inside: string,
  home: string | undefined,
): readonly UniformRule[] => {
  const rules = (list: readonly CiliumIngressRule[], field: string, action: Action) =>
    list.flatMap((one, index) =>
      uniformRules(ingressPeers(one, home), one.toPorts, `${inside}${field}[${index}]`, action),
    );
  return [...rules(ingressDeny, 'ingressDeny', 'deny'), ...rules(ingress, 'ingress', 'accept')];
};

const egressRules = (
  { egress = [], egressDeny = [] }: CiliumRule,
  inside: string,
  home: string | undefined,
): readonly UniformRule[] => {
  const rules = (list: readonly CiliumEgressRule[], field: string, action: Action) =>
    list.flatMap((one, index) =>
      uniformRules(egressPeers(one, home), one.toPorts, `${inside}${field}[${index}]`, action),
    );
  return [...rules(egressDeny, 'egressDeny', 'deny'), ...rules(egress, 'egress', 'accept')];
};

/**
 * One rule for each list of ports, because each has its own demands on requests. Without peers everybody is meant, but a rule that names
 * neither peers nor ports matches nothing: it is how one closes a direction.
 */
function uniformRules(
  peers: readonly UniformPeer[] | undefined,
  toPorts: readonly CiliumPortRule[] = [],
  name: string,
  action: Action,
): readonly UniformRule[] {
  const whom = peers === undefined ? {} : { peers };
  if (toPorts.length === 0) return peers === undefined ? [] : [{ name, action, ...whom }];
  return toPorts.flatMap(({ ports = [], rules }, index): readonly UniformRule[] => {
    if (ports.length === 0) return [];
    const l7 = rules && l7Of(rules);
    const where = toPorts.length === 1 ? name : `${name}.toPorts[${index}]`;
    return [{ name: where, action, ...whom, ports: ports.flatMap(portsOf), ...(l7 ? { l7 } : {}) }];
  });
}

function l7Of({ http, dns }: CiliumL7Rules): UniformRule['l7'] {
  if (http !== undefined && http.length > 0) return { kind: 'http', allows: http };
  if (dns !== undefined && dns.length > 0)
    return { kind: 'dns', allows: dns.map(({ matchName, matchPattern }) => matchName ?? matchPattern ?? '') };
  return undefined;
}

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
/** A number as the API wants it; what is no number is a name (pkg/iana `IsSvcName`). */
const isNumber = (port: string): boolean => /^\d+$/.test(port);

function portsOf({ port, endPort, protocol = 'ANY' }: CiliumPort): readonly UniformPort[] {
  const protocols = protocol === 'ANY' ? PROTOCOLS : [protocol];
  if (!isNumber(port)) {
    const name = port.toLowerCase();
    return protocol === 'ANY' ? [{ name }] : [{ name, protocol }];
  }
  const from = Number(port);
  if (from === 0) return protocols.map((one) => ({ protocol: one, from: 1, to: PORT_MAX }));
  return protocols.map((one) => ({ protocol: one, from, to: Math.max(from, endPort ?? 0) }));
}

/** Lists that are there count, and one that is there and empty finds nobody. */
function foundBy(lists: readonly (readonly UniformPeer[] | undefined)[]): readonly UniformPeer[] | undefined {
  const said = lists.filter((list) => list !== undefined);
  if (said.length === 0) return undefined;
  return said.some((list) => list.length === 0) ? [] : said.flat();
}

const ingressPeers = (
  { fromEndpoints, fromEntities, fromCIDR, fromCIDRSet }: CiliumIngressRule,
  home: string | undefined,
): readonly UniformPeer[] | undefined =>
  foundBy([endpoints(fromEndpoints, home), entities(fromEntities), cidrs(fromCIDR), cidrSets(fromCIDRSet)]);

const egressPeers = (
  { toEndpoints, toEntities, toCIDR, toCIDRSet, toFQDNs }: CiliumEgressRule,
  home: string | undefined,
): readonly UniformPeer[] | undefined =>
  foundBy([endpoints(toEndpoints, home), entities(toEntities), cidrs(toCIDR), cidrSets(toCIDRSet), names(toFQDNs)]);

const endpoints = (list: readonly LabelSelectorObject[] | undefined, home: string | undefined) =>
  list?.map((selector) => ciliumPeer(selector, home));

const entities = (list: readonly CiliumEntity[] | undefined) =>
  list?.map((entity): UniformPeer => ({ kind: 'entity', entity }));

const names = (list: readonly CiliumName[] | undefined): readonly UniformPeer[] | undefined =>
  list?.map(({ matchName, matchPattern }) => ({ kind: 'domains', names: [matchName ?? matchPattern ?? ''] }));

/** Networks never find pods and nodes, which have identities of their own. */
const outside = (net: Cidr, except: readonly Cidr[] = []): UniformPeer => ({
  kind: 'net',
  net,
  except,
  isOutside: true,
});

const cidrs = (list: readonly string[] | undefined) =>
  list?.flatMap((text): readonly UniformPeer[] => ciliumNet(text).map((net) => outside(net)));

const cidrSets = (list: readonly CiliumCidr[] | undefined) =>
  list?.flatMap(({ cidr, except = [] }): readonly UniformPeer[] =>
    ciliumNet(cidr).map((net) => outside(net, except.flatMap(ciliumNet))),
  );

/** An address alone is a network of one. Validation refused what is neither. */
export function ciliumNet(text: string): readonly Cidr[] {
  const ip = parseIp(text);
  const parsed = parseCidr(ip.ok ? `${ip.value}/${familyOf(ip.value) === 4 ? 32 : 128}` : text);
  return parsed.ok ? [parsed.value] : [];
}
