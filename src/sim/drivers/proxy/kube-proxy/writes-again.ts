/**
 * What a running kube-proxy writes again after somebody deleted it, and when (pkg/proxy/{iptables,nftables,ipvs}/proxier.go, v1.33:
 * `syncProxyRules`, `forceSyncProxyRules`, `NewProxier`).
 *
 * - iptables: every sync rewrites the shared chains; chains of a Service only when it or its endpoints changed, and jumps from the
 *   built-in chains only in a full sync. That is one at start, after a failed sync, when the node's labels change, when
 *   KUBE-PROXY-CANARY has gone from table mangle (asked every syncPeriod, 30 s), and since v1.33 every hour (kubernetes#129329).
 * - nftables: up to v1.31 every sync is full, and one comes every syncPeriod. Since v1.32 a sync writes what changed; full ones as above,
 *   without a canary.
 * - IPVS: every sync is full, and one comes every syncPeriod; in v1.34 that was an hour by mistake (kubernetes#135631).
 */
import type { Written } from '../../contract.ts';
import { KUBE_FIREWALL } from '../../parts/kubelet.ts';
import * as facts from './facts.ts';
import * as ipvs from './ipvs/facts.ts';
import { schedulerOf } from './modes.ts';
import { TABLE } from './nftables/facts.ts';

const HOURLY = 'kube-proxy writes it again at its full sync, once an hour (since 1.33) and whenever it starts';

export function writesAgain(mode: string, written: Written): string | null {
  if (mode === 'iptables') return written.kind === 'iptables' ? iptablesAgain(written.line) : null;
  if (schedulerOf(mode) !== undefined) return isOfIpvs(written) ? IPVS_AGAIN : null;
  if (written.kind !== 'nftables' || !/^ip6? /.test(written.table) || !written.table.endsWith(` ${TABLE}`)) return null;
  return mode === 'nftables-1-30' ? NFT_OLD_AGAIN : `${HOURLY}. Its other syncs write only what changed.`;
}

const NFT_OLD_AGAIN = `${HOURLY}; up to 1.31 every sync was full, and one came every 30 seconds.`;
const IPVS_AGAIN =
  'kube-proxy writes it again within 30 seconds: in IPVS mode every sync is a full one (1.34 waited an hour by mistake).';

/** Rewritten by every sync (`syncProxyRules`: "Write chain lines for all the top-level chains"). */
const SHARED_CHAINS: ReadonlySet<string> = new Set([
  facts.SERVICES,
  facts.EXTERNAL_SERVICES,
  facts.NODEPORTS,
  facts.PROXY_FIREWALL,
  facts.FORWARD,
  facts.POSTROUTING,
  facts.MARK_MASQ,
  KUBE_FIREWALL,
]);
const OF_A_SERVICE = /^KUBE-(SVC|SVL|EXT|FW|SEP)-/;

function iptablesAgain(line: string): string | null {
  const { chain, target } = placeOf(line);
  if (SHARED_CHAINS.has(chain))
    return 'kube-proxy writes it again at its next sync: with the next change of any Service or endpoint, and once an hour.';
  if (OF_A_SERVICE.test(chain)) return `${HOURLY}, or when this Service or its endpoints change.`;
  if (SHARED_CHAINS.has(target))
    return `${HOURLY}, or within 30 seconds of somebody deleting its canary, ${facts.CANARY} of table mangle. Other syncs do not look at it.`;
  return null;
}

const IPVS_CHAINS: ReadonlySet<string> = new Set([
  ipvs.SERVICES,
  ipvs.POSTROUTING,
  ipvs.NODE_PORT,
  ipvs.LOAD_BALANCER,
  ipvs.MARK_MASQ,
  ipvs.FORWARD,
  ipvs.PROXY_FIREWALL,
  ipvs.SOURCE_RANGES_FIREWALL,
  ipvs.IPVS_FILTER,
  ipvs.IPVS_OUT_FILTER,
]);
const IPVS_SETS: ReadonlySet<string> = new Set(
  (Object.keys(ipvs.SETS) as ipvs.SetId[]).flatMap((id) => [ipvs.setName(id, 4), ipvs.setName(id, 6)]),
);

function isOfIpvs(written: Written): boolean {
  switch (written.kind) {
    case 'ipvs':
      return true;
    case 'ipset':
      return IPVS_SETS.has(written.set);
    case 'address':
      return written.dev === ipvs.DUMMY_DEVICE;
    case 'iptables': {
      const { chain, target } = placeOf(written.line);
      return IPVS_CHAINS.has(chain) || IPVS_CHAINS.has(target);
    }
    default:
      return false;
  }
}

/** Of `-A CHAIN … -j TARGET`. */
function placeOf(line: string): { readonly chain: string; readonly target: string } {
  const [, chain = ''] = /^-A (\S+)/.exec(line) ?? [];
  const [, target = ''] = / -[jg] (\S+)$/.exec(line) ?? [];
  return { chain, target };
}
