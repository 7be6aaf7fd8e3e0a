/** The program waited in vain, or was told that there is no way: which machine lost the packet, and why. */
import type { Culprit } from '../../linux/step.ts';
import { dropSentence } from './drop-words.ts';
import { routeLine } from './lines.ts';
import { isFault, serviceName, writerOf } from './names.ts';
import { innerPacket } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import { askedText, type Case, type Finding } from './verdict-case.ts';
import { findFiltered } from './verdict-filtered.ts';
import { remedyOf } from './verdict-remedy.ts';

const HEADS: Partial<Record<Case['result']['outcome'], string>> = {
  timeout: 'No answer',
  'no-route': 'No route',
  'host-unreachable': 'Unreachable',
  'net-unreachable': 'Unreachable',
};

export function findLost(c: Case): Finding {
  const head = HEADS[c.result.outcome] ?? 'Failed';
  const { drop } = c;
  if (!drop && c.first === null) return findUnsent(c, head);
  if (!drop) {
    return {
      sentence: `${head}: every packet arrived, but nothing came back to ${c.names.ns(c.from)}.`,
      remedy: null,
      step: c.result.atStep ?? c.steps.length - 1,
    };
  }
  const special = findStrayed(c, drop) ?? findFiltered(c, drop) ?? findUnexpected(c, drop) ?? null;
  const finding = special ?? findByReason(c, drop);
  return { ...finding, sentence: `${head}: ${finding.sentence}` };
}

/** The program's own machine had no way: no packet exists, the call failed at once (ip_route_output_key). */
function findUnsent(c: Case, head: string): Finding {
  const place = c.names.ns(c.from);
  const to = askedText(c);
  const why = UNSENT[c.result.errno ?? ''] ?? `${place} has no route to ${to}, not even a default route`;
  return {
    sentence: `${head}: ${why.replace('{place}', place).replace('{to}', to)}, so no packet was sent.`,
    remedy: `Give ${place} a route: ip route add default via GATEWAY`,
    step: c.result.atStep,
    culprit: { kind: 'route', text: `no route to ${to}` },
  };
}

const UNSENT: Readonly<Record<string, string>> = {
  EINVAL: 'a blackhole route of {place} covers {to}',
  EHOSTUNREACH: 'an unreachable route of {place} covers {to}',
  EACCES: 'a prohibit route of {place} covers {to}',
};

export function dropBase(drop: StepOf<'drop'>): Pick<Finding, 'step' | 'reason' | 'culprit'> {
  return { step: drop.i, reason: drop.reason, ...(drop.culprit ? { culprit: drop.culprit } : {}) };
}

/** Not translated, or routed wrong: the packet left the cluster by the default route and ended at a machine outside. */
function findStrayed(c: Case, drop: StepOf<'drop'>): Finding | null {
  const isOutside = !c.names.node(drop.ns) && !c.names.pod(drop.ns);
  const packet = innerPacket(drop.frame);
  if (!isOutside || !packet) return null;
  const { names } = c;
  const outside = names.ns(drop.ns);
  const node = lastNode(c, drop);
  if (c.service && packet.dst === c.asked?.ip) return findUntranslated(c, drop, outside, node);
  const pod = names.podAt(packet.dst);
  const owner = names.nodeOfPodRange(packet.dst);
  if (owner) {
    const route = routeElsewhere(c, node, owner.podCIDR.text);
    return {
      ...dropBase(drop),
      step: leavingRoute(c, drop) ?? drop.i,
      sentence: `${node ?? 'the node'} has no route to ${owner.podCIDR.text}, the pods of ${owner.name}, so the packet for ${pod?.name ?? packet.dst} left by the default route and ${outside} dropped it.`,
      remedy:
        route === null ? `Give ${node} a route to ${owner.podCIDR.text}.` : `Restore on ${node}: ip route add ${route}`,
      culprit: { kind: 'route', text: `no route to ${owner.podCIDR.text}` },
    };
  }
  return null;
}

function findUntranslated(c: Case, drop: StepOf<'drop'>, outside: string, node: string | null): Finding {
  const service = c.service;
  const name = service ? serviceName(service) : askedText(c);
  const left = `the packet left ${node ?? 'the node'} by the default route, and ${outside} dropped it`;
  const base = { ...dropBase(drop), step: leavingRoute(c, drop) ?? drop.i };
  if (c.proto === 'icmp')
    return {
      ...base,
      sentence: `a Service's address is only translated for its own ports, and a ping has no port: ${left}.`,
      remedy: `Do not ping ${name}: try its port instead, or ping an endpoint.`,
    };
  if (!c.door) {
    const ports = service?.ports.map((p) => `${p.port}/${p.protocol}`).join(', ');
    return {
      ...base,
      sentence: `${name} has no port ${c.asked?.port}, so no rule translated the address: ${left}.`,
      remedy: `Use a port that ${name} has: ${ports}.`,
    };
  }
  return {
    ...base,
    sentence: `nothing on ${node ?? 'the node'} translates ${askedText(c)}, the address of ${name}: ${left}.`,
    remedy: `Run kube-proxy, or what replaces it, on ${node ?? 'the node'}: the address of a Service is only a rule.`,
  };
}

/** The last node that the packet visited before it was lost. */
function lastNode(c: Case, drop: StepOf<'drop'>): string | null {
  const found = c.steps.slice(0, drop.i).findLast((s) => s.packet === drop.packet && c.names.node(s.ns));
  return found?.ns ?? null;
}

function leavingRoute(c: Case, drop: StepOf<'drop'>): number | null {
  const found = c.steps
    .slice(0, drop.i)
    .findLast((s) => s.packet === drop.packet && s.kind === 'route' && c.names.node(s.ns) && !s.outer);
  return found?.i ?? null;
}

/** The same route as another node has it: what this one lost. */
export function routeElsewhere(c: Case, here: string | null, dst: string): string | null {
  for (const node of c.world.cluster.nodes) {
    if (node.name === here) continue;
    const route = c.world.namespaces.get(node.name)?.routes.find((r) => r.dst.text === dst && r.via !== undefined);
    if (route) return routeLine(route);
  }
  return null;
}

/**
 * The answer came from an address that the program never asked, because it did not pass the node that translates: the client's
 * kernel resets it. Typical with bridge-nf-call-iptables=0, where an answer on the same bridge passes no IP hook.
 */
function findUnexpected(c: Case, drop: StepOf<'drop'>): Finding | null {
  if (drop.reason !== 'UNEXPECTED_SEGMENT' || drop.ns !== c.from) return null;
  const packet = innerPacket(drop.frame);
  const node = c.names.pod(c.from)?.node ?? '';
  const sysctl = c.world.namespaces.get(node)?.sysctl['bridge.bridge-nf-call-iptables'];
  const stranger = packet ? c.names.ipLong(packet.src) : 'a stranger';
  const met = `the answer came straight from ${stranger}, and ${c.names.ns(c.from)} had asked ${askedText(c)}, so it reset the connection`;
  if (sysctl !== 0) return { ...dropBase(drop), sentence: `${met}.`, remedy: null };
  return {
    ...dropBase(drop),
    sentence: `${met}. net.bridge.bridge-nf-call-iptables is 0 on ${node}: the bridged answer passed no hook where conntrack could have put the address back.`,
    remedy: `Set net.bridge.bridge-nf-call-iptables to 1 on ${node}.`,
    culprit: drop.culprit ?? { kind: 'sysctl', text: 'net.bridge.bridge-nf-call-iptables = 0' },
  };
}

function findByReason(c: Case, drop: StepOf<'drop'>): Finding {
  const told = dropSentence(drop, c.names).replace(/\.$/, '');
  const sentence = `${told.slice(0, 1).toLowerCase() === told.slice(0, 1) ? told : lowered(told, c)}${culpritClause(drop.culprit)}.`;
  return { ...dropBase(drop), sentence, remedy: remedyOf(c, drop) };
}

/** A sentence after a colon starts small, unless it starts with a name. */
function lowered(text: string, c: Case): string {
  const first = text.split(' ')[0] ?? '';
  const isName = [...c.world.namespaces.keys()].some((id) => c.names.ns(id) === first);
  return isName ? text : text.slice(0, 1).toLowerCase() + text.slice(1);
}

function culpritClause(culprit: Culprit | undefined): string {
  if (!culprit || culprit.kind === 'none') return '';
  if (isFault(culprit.origin)) return ` (${culprit.text}: you changed this)`;
  return culprit.origin ? ` (${culprit.text}, from ${writerOf(culprit.origin)})` : ` (${culprit.text})`;
}
