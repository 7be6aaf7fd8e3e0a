/** The ipsets that policies ask, by what selects their members: felix/calc/rule_scanner.go and libcalico-go/lib/hash, v3.31. */
import { sha224 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { toBase64url } from '../../../base/base64url.ts';
import type { ClusterPolicy, NamedPolicyPort, PolicyDirection } from '../../../kube/cluster-policy.ts';
import type { Family } from '../../../kube/families.ts';
import type { IpSet } from '../../../linux/config.ts';
import { familyOf, type Ip } from '../../../wire/ip.ts';
import { type CalicoRule, calicoRules } from './calico-rule.ts';
import { BY } from './chain.ts';
import { setName } from './config.ts';
import { ALL } from './selector.ts';

const SET_NAME_MAX = 31;

/** `s:…`, `n:…` (`MakeUniqueID`). */
const uniqueId = (prefix: string, text: string): string =>
  `${prefix}:${toBase64url(sha224(utf8ToBytes(`${prefix}:${text}`)))}`;

/** What a selector in its normal form is called. */
export const selectorId = (text: string): string => uniqueId('s', text);

const limited = (id: string, family: Family): string => setName(id, family).slice(0, SET_NAME_MAX);

/** `cali40s:…`, `cali60s:…`: the pods on the other side. Where an egress rule has names of ports only, their set is of those pods already. */
export function peerSet(
  { selector, ports, named }: CalicoRule,
  direction: PolicyDirection,
  family: Family,
): string | null {
  if (selector === undefined) return null;
  const isAsked = direction === 'egress' && ports.length === 0 && named.length > 0;
  return isAsked ? null : limited(selectorId(selector.text), family);
}

/** Ports are the receiver's, and only an egress rule has a selector for it. */
const receiver = ({ selector }: CalicoRule, direction: PolicyDirection): CalicoRule['selector'] =>
  direction === 'egress' ? selector : undefined;

/** `cali40n:…`: addresses with the port that has this name there. */
export function namedPortSet(
  rule: CalicoRule,
  { name }: NamedPolicyPort,
  direction: PolicyDirection,
  family: Family,
): string {
  const id = selectorId(receiver(rule, direction)?.text ?? ALL);
  return limited(uniqueId('n', `${id},${rule.protocol ?? 'tcp'},${name}`), family);
}

/** The sets that the policies ask, each once. */
export function policySets(policies: readonly ClusterPolicy[], family: Family): IpSet[] {
  const sets = new Map<string, IpSet>();
  const add = (name: string, type: IpSet['type'], members: () => readonly string[], why: string): void => {
    if (sets.has(name)) return;
    const sorted = [...new Set(members())].sort();
    sets.set(name, { name, type, family, members: sorted, origin: { by: BY, why } });
  };
  const isOurs = (ip: Ip): boolean => familyOf(ip) === family;
  for (const policy of policies)
    for (const direction of ['ingress', 'egress'] as const)
      for (const rule of calicoRules(policy, direction) ?? []) {
        const { selector } = rule;
        const peers = peerSet(rule, direction, family);
        if (selector && peers !== null)
          add(peers, 'hash:net', () => selector.ips.filter(isOurs), `the pods that ${selector.reads} finds`);
        for (const port of rule.named) {
          const whose = receiver(rule, direction);
          const found = whose && new Set(whose.ips);
          const members = (): readonly string[] =>
            port.ports
              .filter(({ ip, protocol }) => isOurs(ip) && protocol === rule.protocol && found?.has(ip) !== false)
              .map(({ ip, port: number, protocol }) => `${ip},${protocol}:${number}`);
          const where = whose ? ` that ${whose.reads} finds` : '';
          const why = `what the port ${port.name} is on each pod${where}`;
          add(namedPortSet(rule, port, direction, family), 'hash:ip,port', members, why);
        }
      }
  return [...sets.values()];
}
