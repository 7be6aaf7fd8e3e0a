/** Deleted rules, elements and servers: what `iptables -D`, `nft delete`, `ipvsadm -d` and `ipset del` would leave of a configuration. */
import type { NetnsConfig } from '../linux/config.ts';
import { endpointText } from '../linux/ipvs/table.ts';
import { printRule } from '../linux/netfilter/iptables/print.ts';
import { type Chain, rulesetOf, type Table, toolOf } from '../linux/netfilter/iptables/rule.ts';
import { printRule as printNftRule } from '../linux/netfilter/nftables/print.ts';
import type { NftTable } from '../linux/netfilter/nftables/ruleset.ts';
import { lineName } from '../scenario/line-name.ts';
import type { FaultEvent } from '../scenario/scenario.ts';

type Of<Type extends FaultEvent['type']> = Extract<FaultEvent, { type: Type }>;

export function deleteRule(config: NetnsConfig, { table: tableName, line, nth = 0 }: Of<'RuleDeleted'>): NetnsConfig {
  const family = tableName.startsWith('ip6 ') ? 6 : 4;
  const ruleset = rulesetOf(config, family);
  const table = [...ruleset.values()].find((t) => t.name === tableName.replace('ip6 ', ''));
  if (!table) return config;
  let seen = -1;
  const chains = new Map<string, Chain>();
  for (const [name, chain] of table.chains) {
    const rules = chain.rules.filter((rule) => {
      if (!line.startsWith(`-A ${name} `) || lineName(printRule(name, rule, family)) !== line) return true;
      seen += 1;
      return seen !== nth;
    });
    chains.set(name, rules.length === chain.rules.length ? chain : { ...chain, rules });
  }
  const changed: Table = { ...table, chains };
  return { ...config, [toolOf(family)]: new Map([...ruleset].map(([name, t]) => [name, t === table ? changed : t])) };
}

/** nft deletes a rule by its handle, which says nothing to people: here it is named by its chain and its text. */
export function deleteNftRule(
  config: NetnsConfig,
  { table, chain: name, line, nth = 0 }: Of<'NftRuleDeleted'>,
): NetnsConfig {
  return changeTable(config, table, (own) => {
    const chain = own.chains.get(name);
    if (!chain) return own;
    let seen = -1;
    const rules = chain.rules.filter((rule) => {
      if (lineName(printNftRule(own.family, rule)) !== line) return true;
      seen += 1;
      return seen !== nth;
    });
    return { ...own, chains: new Map(own.chains).set(name, { ...chain, rules }) };
  });
}

export function deleteNftElement(config: NetnsConfig, { table, set: name, key }: Of<'NftElementDeleted'>): NetnsConfig {
  return changeTable(config, table, (own) => {
    const set = own.sets.get(name);
    if (!set?.elements.has(key)) return own;
    const elements = new Map(set.elements);
    elements.delete(key);
    return { ...own, sets: new Map(own.sets).set(name, { ...set, elements }) };
  });
}

function changeTable(config: NetnsConfig, name: string, change: (table: NftTable) => NftTable): NetnsConfig {
  if (config.nftables === undefined) return config;
  const nftables = config.nftables.map((table) => (`${table.family} ${table.name}` === name ? change(table) : table));
  return { ...config, nftables };
}

export function deleteServer(
  config: NetnsConfig,
  fault: Of<'VirtualServerDeleted'> | Of<'RealServerDeleted'>,
): NetnsConfig {
  if (config.ipvs === undefined) return config;
  const ipvs = config.ipvs.flatMap((virtual) => {
    if (virtual.proto !== fault.proto || endpointText(virtual) !== fault.at) return [virtual];
    if (fault.type === 'VirtualServerDeleted') return [];
    return [{ ...virtual, realServers: virtual.realServers.filter((real) => endpointText(real) !== fault.server) }];
  });
  return { ...config, ipvs };
}

export function deleteMember(config: NetnsConfig, { set: name, member }: Of<'IpsetMemberDeleted'>): NetnsConfig {
  const ipsets = config.ipsets.map((set) =>
    set.name === name ? { ...set, members: set.members.filter((other) => other !== member) } : set,
  );
  return { ...config, ipsets };
}
