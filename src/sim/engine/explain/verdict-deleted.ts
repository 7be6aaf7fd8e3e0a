/**
 * What the proxy of a node wrote for the asked address, and somebody deleted: told from its plan beside what stands. For rules of
 * iptables `verdict-strayed` compares nodes.
 */
import type { Fragment } from '../../drivers/contract.ts';
import { PROXIES } from '../../drivers/registry.ts';
import type { NetnsConfig } from '../../linux/config.ts';
import { endpointText, findReal, findVirtual, type IpPort, type IpvsProtocol } from '../../linux/ipvs/table.ts';
import { printElement, printRule } from '../../linux/netfilter/nftables/print.ts';
import { keyOf, type NftTable } from '../../linux/netfilter/nftables/ruleset.ts';
import { serviceName } from './names.ts';
import { askedText, type Case, type Finding } from './verdict-case.ts';

/** Something that is gone: in words, and how it is restored. */
interface Missing {
  readonly what: string;
  readonly remedy: string;
  readonly text: string;
}

/** `head`: what the program learned, in a word. */
export function findDeleted(c: Case, head: string): Finding | null {
  const { door, asked, first, world } = c;
  if (!door || asked?.port == null || !first || c.proto === 'icmp' || c.proto === 'ipencap') return null;
  // Whoever found an endpoint missed nothing of this.
  if (c.translated || c.steps.some((s) => s.kind === 'ipvs' && s.packet === first.packet)) return null;
  const visit = c.steps.find((s) => s.packet === first.packet && c.names.node(s.ns));
  const plan = visit && world.proxyPlans?.get(visit.ns)?.node;
  const config = visit && world.namespaces.get(visit.ns);
  if (!visit || !plan || !config) return null;
  const at: Asked = { proto: c.proto, ip: asked.ip, port: asked.port };
  const missing = missingServer(plan, config, at) ?? missingEntry(plan, config, at) ?? missingNft(c, plan, config, at);
  if (!missing) return null;
  const proxy = PROXIES.find(({ id }) => id === world.proxy.id)?.label ?? world.proxy.id;
  return {
    sentence: `${head}: ${visit.ns} has lost ${missing.what}, which ${proxy} wrote for ${askedText(c)}, the address of ${serviceName(door.service)}.`,
    remedy: `Let ${proxy} sync, which writes it again, or restore it: ${missing.remedy}   # on ${visit.ns}`,
    step: visit.i,
    ...(c.drop && { reason: c.drop.reason }),
    culprit: { kind: 'rule', text: missing.text },
  };
}

type Asked = IpPort & { readonly proto: IpvsProtocol };

const OPTION: Readonly<Record<IpvsProtocol, string>> = { tcp: '-t', udp: '-u', sctp: '--sctp-service' };

function missingServer({ ipvs = [] }: Fragment, config: NetnsConfig, at: Asked): Missing | null {
  const wanted = findVirtual(ipvs, at.proto, at);
  if (!wanted) return null;
  const standing = findVirtual(config.ipvs ?? [], at.proto, at);
  const place = `${OPTION[at.proto]} ${endpointText(at)}`;
  if (!standing) {
    const remedy = `ipvsadm -A ${place} -s ${wanted.scheduler}, and its ${wanted.realServers.length} real servers`;
    return { what: 'the virtual server', remedy, text: `no virtual server ${endpointText(at)}` };
  }
  // One server less is no reason to fail: none left is.
  if (standing.realServers.length > 0) return null;
  const gone = wanted.realServers.find((real) => !findReal(standing, real));
  if (!gone) return null;
  const remedy = `ipvsadm -a ${place} -r ${endpointText(gone)} -m`;
  return { what: 'the real servers', remedy, text: `no real server of ${endpointText(at)}` };
}

function missingEntry({ addresses = [], ipsets = [] }: Fragment, config: NetnsConfig, at: Asked): Missing | null {
  const address = addresses.find(({ ip }) => ip === at.ip);
  if (address && !config.addresses.some(({ dev, ip }) => dev === address.dev && ip === at.ip)) {
    const remedy = `ip addr add ${at.ip}/${address.prefix} dev ${address.dev}`;
    return { what: `the address on ${address.dev}`, remedy, text: `no ${at.ip} on ${address.dev}` };
  }
  const member = `${at.ip},${at.proto}:${at.port}`;
  for (const { name, members } of ipsets) {
    const standing = config.ipsets.find((set) => set.name === name);
    if (!members.includes(member) || standing?.members.includes(member)) continue;
    return { what: `its entry of ${name}`, remedy: `ipset add ${name} ${member}`, text: `${name} without ${member}` };
  }
  return null;
}

function missingNft(c: Case, { nftables = [] }: Fragment, config: NetnsConfig, at: Asked): Missing | null {
  for (const wanted of nftables) {
    const standing = config.nftables?.find(({ family, name }) => family === wanted.family && name === wanted.name);
    // What nobody touched is the same value.
    if (!standing || standing === wanted) continue;
    const missing = missingElement(wanted, standing, at) ?? missingRule(c, wanted, standing);
    if (missing) return missing;
  }
  return null;
}

function missingElement(wanted: NftTable, standing: NftTable, at: Asked): Missing | null {
  const key = keyOf(at.ip, at.proto, at.port);
  for (const [name, set] of wanted.sets) {
    const element = set.elements.get(key);
    if (!element || standing.sets.get(name)?.elements.has(key)) continue;
    const remedy = `nft add element ${wanted.family} ${wanted.name} ${name} '{ ${printElement(element)} }'`;
    return { what: `its element of ${name}`, remedy, text: `${name} without ${key}` };
  }
  return null;
}

/** Of a chain that the packet came by. */
function missingRule(c: Case, wanted: NftTable, standing: NftTable): Missing | null {
  const walked = new Set(
    c.steps.flatMap((s) => (s.kind === 'nft-rule' || s.kind === 'nft-chain-end' ? [s.chain] : [])),
  );
  for (const [name, { rules }] of wanted.chains) {
    const left = new Set(standing.chains.get(name)?.rules);
    const gone = walked.has(name) ? rules.find((rule) => !left.has(rule)) : undefined;
    if (!gone) continue;
    const line = printRule(wanted.family, gone);
    const remedy = `nft add rule ${wanted.family} ${wanted.name} ${name} ${line}`;
    return { what: `a rule of chain ${name}`, remedy, text: `${name}: ${line}` };
  }
  return null;
}
