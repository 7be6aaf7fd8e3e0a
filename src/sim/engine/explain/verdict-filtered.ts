/** Silent drops by rules and chain policies. */
import { ruleLine } from './lines.ts';
import { isFault, serviceName, writerOf } from './names.ts';
import type { StepOf } from './scene.ts';
import type { Case, Finding } from './verdict-case.ts';

export function findFiltered(c: Case, drop: StepOf<'drop'>): Finding | null {
  const rule = c.dropRule;
  if (drop.reason !== 'NETFILTER_DROP' || !rule) return null;
  const base = { reason: drop.reason, step: rule.i, ...(drop.culprit ? { culprit: drop.culprit } : {}) };
  const where = c.names.ns(rule.ns);
  if (rule.kind === 'chain-end') {
    return {
      ...base,
      sentence: `no rule of ${rule.chain} on ${where} accepts this packet, and the chain's policy is DROP${bridgedToo(c, rule)}`,
      remedy: `Add a rule that accepts it, or set the policy back on ${where}: iptables -P ${rule.chain} ACCEPT`,
    };
  }
  const origin = rule.rule.origin;
  if (isInvalidRule(rule)) return { ...base, ...invalid(where, rule) };
  if (isFault(origin))
    return {
      ...base,
      sentence: `the rule that you added to ${rule.chain} on ${where} drops it`,
      remedy: 'Remove that rule.',
    };
  if (noLocalEndpoints(c, rule)) return { ...base, ...localOnly(c, rule) };
  const by = origin ? `${origin.by}'s rule` : 'a rule';
  const owner = origin?.for ? ` for ${origin.for}` : '';
  const why = origin?.why ? `: ${origin.why}` : '';
  return {
    ...base,
    sentence: `${by}${owner} in ${rule.chain} on ${where} drops it silently${why}`,
    remedy: origin?.for
      ? `Change ${origin.for} so that it allows this traffic.`
      : `Change the rule: ${ruleLine(rule.chain, rule.rule)}`,
  };
}

/** br_netfilter: FORWARD sees packets that only cross a bridge. */
function bridgedToo(c: Case, rule: StepOf<'chain-end'>): string {
  const hook = c.steps
    .slice(0, rule.i)
    .findLast((s) => s.kind === 'hook' && s.family === 'ip' && s.packet === rule.packet);
  const isBridged = hook?.kind === 'hook' && hook.hook === 'FORWARD' && hook.iif === hook.oif;
  return isBridged ? ` (${rule.chain} sees bridged packets too, because of br_netfilter)` : '';
}

const isInvalidRule = (rule: StepOf<'rule'>): boolean =>
  rule.rule.matches.some((m) => m.kind === 'conntrack' && !m.invert && m.states.includes('INVALID'));

function invalid(where: string, rule: StepOf<'rule'>): Pick<Finding, 'sentence' | 'remedy'> {
  const by = rule.rule.origin ? `${rule.rule.origin.by}'s rule` : 'a rule';
  return {
    sentence: `conntrack on ${where} never saw the packet that this one answers, so it counts as INVALID and ${by} in ${rule.chain} drops it (request and answer take different ways)`,
    remedy: `Make both directions of the flow pass ${where}, or neither.`,
  };
}

/** A node without an endpoint of its own, for a Service that may only use local ones. */
function noLocalEndpoints(c: Case, rule: StepOf<'rule'>): boolean {
  const door = c.door;
  if (!door) return false;
  const isLocalOnly =
    door.door === 'clusterIP' ? door.service.internalTrafficPolicy : door.service.externalTrafficPolicy;
  return isLocalOnly === 'Local' && !door.port.endpoints.some((e) => e.ready && e.node === rule.ns);
}

function localOnly(c: Case, rule: StepOf<'rule'>): Pick<Finding, 'sentence' | 'remedy'> {
  const door = c.door;
  const field = door?.door === 'clusterIP' ? 'internalTrafficPolicy' : 'externalTrafficPolicy';
  const name = door ? serviceName(door.service) : 'the Service';
  const nodes = [...new Set(door?.port.endpoints.filter((e) => e.ready && e.node).map((e) => e.node))];
  const instead = nodes.length > 0 ? `send to a node that has one (${nodes.join(', ')})` : 'give it a ready endpoint';
  const by = rule.rule.origin ? writerOf({ by: rule.rule.origin.by }) : 'a rule';
  return {
    sentence: `${name} has ${field} Local and no ready endpoint on ${c.names.ns(rule.ns)}, so ${by}'s DROP rule ended it there`,
    remedy: `Set ${field} of ${name} to Cluster, or ${instead}.`,
  };
}
