/** What chance decides, from the seed; the person, or a recording, may force the endpoint. */
import { makeRng } from '../base/rng.ts';
import { tunnelPortOf } from '../linux/devices/vxlan.ts';
import type { Choices } from '../linux/kernel.ts';
import type { Chain, Rule, Table } from '../linux/netfilter/iptables/rule.ts';
import { endpointText } from '../linux/netfilter/nftables/numgen.ts';

const FIRST_MASQUERADE_PORT = 1024;
const LAST_PORT = 65_535;
const FIRST_EPHEMERAL_PORT = 32_768;
const LAST_EPHEMERAL_PORT = 60_999;

/** `endpoint` is `ip:port`, `[ip]:port`: rules that choose at random choose it wherever they can. */
export function makeChoices(seed: number, endpoint?: string): Choices {
  const rng = makeRng(seed);
  return {
    statistic: (rule, chain, table) => forced(rule, chain, table, endpoint) ?? rng.next() < probabilityOf(rule),
    numgen: (endpoints) => {
      const wanted = endpoint === undefined ? -1 : endpoints.indexOf(endpoint);
      return wanted >= 0 ? wanted : rng.int(0, endpoints.length - 1);
    },
    masqueradePort: () => rng.int(FIRST_MASQUERADE_PORT, LAST_PORT),
    tunnelPort: tunnelPortOf,
    ephemeralPort: () => rng.int(FIRST_EPHEMERAL_PORT, LAST_EPHEMERAL_PORT),
    draw: (below) => rng.int(0, below - 1),
  };
}

function probabilityOf(rule: Rule): number {
  for (const m of rule.matches) if (m.kind === 'statistic') return m.probability;
  return 1;
}

/** True or false where the wanted endpoint is behind this rule or a later one of the chain; undefined where it is behind none. */
function forced(rule: Rule, chain: Chain, table: Table, endpoint: string | undefined): boolean | undefined {
  if (endpoint === undefined) return undefined;
  if (leadsTo(rule, table, endpoint)) return true;
  return chain.rules.some((r) => leadsTo(r, table, endpoint)) ? false : undefined;
}

function leadsTo(rule: Rule, table: Table, endpoint: string): boolean {
  const { target } = rule;
  if (target?.kind === 'DNAT') return endpointText(target.to, target.port) === endpoint;
  if (target?.kind !== 'jump' && target?.kind !== 'goto') return false;
  return (
    table.chains.get(target.chain)?.rules.some((r) => r.target?.kind === 'DNAT' && leadsTo(r, table, endpoint)) === true
  );
}
