/** Silent drops by rules and chain policies. */
import { podNs } from '../../kube/cluster.ts';
import { indexOf } from '../../kube/cluster-index.ts';
import { policiesFor, policyRef } from '../../kube/cluster-policy.ts';
import { toolOf } from '../../linux/netfilter/iptables/rule.ts';
import type { Origin } from '../../linux/origin.ts';
import { cidrHas } from '../../wire/ip.ts';
import {
  type DecidingRule,
  type DropPolicy,
  type DropRule,
  decidedOrigin,
  dropsInvalid,
  elementBehind,
  isPolicy,
  printed,
  ruleWords,
} from './drop-rule.ts';
import { isFault, serviceName } from './names.ts';
import { innerPacket } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import type { Case, Finding } from './verdict-case.ts';

type Told = Pick<Finding, 'sentence' | 'remedy'>;

export function findFiltered(c: Case, drop: StepOf<'drop'>): Finding | null {
  const rule = c.dropRule;
  const denied = deniedByProgram(c, drop);
  if (denied) {
    const told = byNetworkPolicy(denied.origin ?? { by: denied.program }, denied.program, c.names.ns(drop.ns));
    return { ...told, reason: drop.reason, step: denied.i, ...(drop.culprit ? { culprit: drop.culprit } : {}) };
  }
  if (drop.reason !== 'NETFILTER_DROP' || !rule) return null;
  const base = { reason: drop.reason, step: rule.i, ...(drop.culprit ? { culprit: drop.culprit } : {}) };
  return { ...base, ...(isPolicy(rule) ? byPolicy(c, rule) : byRule(c, rule)) };
}

function byPolicy(c: Case, rule: DropPolicy): Told {
  const where = c.names.ns(rule.ns);
  const { chain } = rule;
  const command =
    rule.kind === 'chain-end'
      ? `${toolOf(rule.family)} -P ${chain} ACCEPT`
      : `nft chain ${rule.family} ${rule.table} ${chain} '{ policy accept ; }'`;
  const policy = rule.kind === 'chain-end' ? 'DROP' : 'drop';
  return {
    sentence: `no rule of ${chain} on ${where} accepts this packet, and the chain's policy is ${policy}${bridgedToo(c, rule)}`,
    remedy: `Add a rule that accepts it, or set the policy back on ${where}: ${command}`,
  };
}

function byRule(c: Case, rule: DecidingRule): Told {
  const where = c.names.ns(rule.ns);
  const element = elementBehind(c.steps, rule);
  const origin = decidedOrigin(rule, element);
  if (dropsInvalid(rule)) return invalid(where, rule);
  if (isFault(origin))
    return { sentence: `the rule that you added to ${rule.chain} on ${where} drops it`, remedy: 'Remove that rule.' };
  if (element && noLocalEndpoints(c, rule.ns))
    return localOnly(
      c,
      rule.ns,
      `its entry in ${origin ? `${origin.by}'s` : 'the'} map ${element.set} drops the packet there`,
    );
  if (noLocalEndpoints(c, rule.ns)) return localOnly(c, rule.ns, `${ruleWords(origin, 'DROP')} ended it there`);
  if (origin?.decides === 'denies') return byNetworkPolicy(withSelecting(c, origin, rule), rule.chain, where);
  const stranger = strangerTo(c, rule);
  if (stranger !== null)
    return {
      ...stranger,
      sentence: `${stranger.sentence}, so ${ruleWords(origin, 'DROP')} in ${rule.chain} on ${where} ended it there`,
    };
  if (isUnallocated(c, rule))
    return {
      sentence: `no Service has the address ${c.asked?.ip}, so ${origin?.by ?? 'a rule'}'s rule in ${rule.chain} on ${where} drops the packet before it can leave the cluster`,
      remedy: 'Use the address that a Service has: kubectl get services',
    };
  const by = origin ? `${origin.by}'s rule` : 'a rule';
  const owner = origin?.for ? ` for ${origin.for}` : '';
  const why = rule.rule.origin?.why ? `: ${rule.rule.origin.why}` : '';
  return {
    sentence: `${by}${owner} in ${rule.chain} on ${where} drops it silently${why}`,
    remedy: origin?.for ? `Change ${origin.for} so that it allows this traffic.` : `Change the rule: ${printed(rule)}`,
  };
}

/** eBPF: a program asked a policy, and dropped the packet because of the answer. */
function deniedByProgram(c: Case, drop: StepOf<'drop'>): StepOf<'bpf-policy'> | undefined {
  if (drop.reason !== 'TC_INGRESS' && drop.reason !== 'TC_EGRESS') return undefined;
  const last = c.steps.slice(0, drop.i).findLast((s) => s.kind === 'bpf-policy' && s.packet === drop.packet);
  return last?.kind === 'bpf-policy' && !last.isAllowed && last.ns === drop.ns ? last : undefined;
}

/** One rule for all pods: the policies that select this one are to blame. */
function withSelecting(c: Case, origin: Origin, rule: DecidingRule): Origin {
  const { side } = origin;
  const packet = innerPacket(rule.frame);
  const pod = packet && side && indexOf(c.world.cluster).podAt(side === 'ingress' ? packet.dst : packet.src);
  if (!pod || !side) return origin;
  const found = policiesFor(c.world.cluster.policies ?? [], podNs(pod), side);
  if (found.length === 0) return { ...origin, for: `${origin.by}'s rule` };
  const [verb, them] = found.length === 1 ? ['selects', 'it'] : ['select', 'them'];
  const why = `${verb} ${podNs(pod)} for ${side}, and nothing in ${them} allows this packet`;
  return { ...origin, for: found.map(policyRef).join(' and '), why };
}

/** What a policy does not allow dies without a word, wherever that is written. */
export function byNetworkPolicy({ for: policy = 'a policy', why }: Origin, place: string, where: string): Told {
  return {
    sentence: `${policy} ${why ?? 'does not allow this packet'}: dropped in ${place} on ${where}`,
    remedy: `Change ${policy}, or add a policy that allows this traffic.`,
  };
}

/** br_netfilter: FORWARD sees packets that only cross a bridge. */
function bridgedToo(c: Case, rule: DropRule): string {
  const hook = c.steps
    .slice(0, rule.i)
    .findLast((s) => s.kind === 'hook' && s.family === 'ip' && s.packet === rule.packet);
  const isBridged = hook?.kind === 'hook' && hook.hook === 'FORWARD' && hook.iif === hook.oif;
  return isBridged ? ` (${rule.chain} sees bridged packets too, because of br_netfilter)` : '';
}

function invalid(where: string, rule: DecidingRule): Told {
  const by = rule.rule.origin ? `${rule.rule.origin.by}'s rule` : 'a rule';
  return {
    sentence: `conntrack on ${where} never saw the packet that this one answers, so it counts as INVALID and ${by} in ${rule.chain} drops it (request and answer take different ways)`,
    remedy: `Make both directions of the flow pass ${where}, or neither.`,
  };
}

/** A load balancer that lets in some sources only, and this is none of them: the same in every mode of kube-proxy. */
function strangerTo(c: Case, rule: DecidingRule): Told | null {
  const from = innerPacket(rule.frame)?.src;
  // IPVS: a node that calls has the balancer's own address as the source, and kube-proxy asks for the node's.
  const src = from === c.asked?.ip ? (c.names.node(rule.ns)?.ip ?? from) : from;
  const ranges = c.door?.door === 'loadBalancer' ? c.door.service.loadBalancerSourceRanges : [];
  if (!c.door || src === undefined || ranges.length === 0 || ranges.some((range) => cidrHas(range, src))) return null;
  const name = serviceName(c.door.service);
  return {
    sentence: `loadBalancerSourceRanges of ${name} (${ranges.map(({ text }) => text).join(', ')}) does not name the source ${src}`,
    remedy: `Add a range that holds ${src} to loadBalancerSourceRanges of ${name}.`,
  };
}

/** The packet still asks for an address of the Service range, and no Service has it. */
function isUnallocated(c: Case, rule: DecidingRule): boolean {
  const dst = innerPacket(rule.frame)?.dst;
  return dst !== undefined && dst === c.asked?.ip && c.service === null && c.names.inServiceRange(dst);
}

/** A node without an endpoint of its own, for a Service that may only use local ones. */
export function noLocalEndpoints(c: Case, node: string): boolean {
  const door = c.door;
  if (!door) return false;
  const isLocalOnly =
    door.door === 'clusterIP' ? door.service.internalTrafficPolicy : door.service.externalTrafficPolicy;
  return isLocalOnly === 'Local' && !door.port.endpoints.some((e) => e.ready && e.node === node);
}

export function localOnly(c: Case, node: string, ended: string): Told {
  const door = c.door;
  const field = door?.door === 'clusterIP' ? 'internalTrafficPolicy' : 'externalTrafficPolicy';
  const name = door ? serviceName(door.service) : 'the Service';
  const nodes = [...new Set(door?.port.endpoints.filter((e) => e.ready && e.node).map((e) => e.node))];
  const instead = nodes.length > 0 ? `send to a node that has one (${nodes.join(', ')})` : 'give it a ready endpoint';
  return {
    sentence: `${name} has ${field} Local and no ready endpoint on ${c.names.ns(node)}, so ${ended}`,
    remedy: `Set ${field} of ${name} to Cluster, or ${instead}.`,
  };
}
