import type { ClusterPod } from '../../kube/cluster.ts';
import type { Step } from '../../linux/step.ts';
import { isFault, podName, serviceName } from './names.ts';
import { innerPacket, portsOf } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import { askedText, type Case, type Finding } from './verdict-case.ts';
import { findLost } from './verdict-lost.ts';

/** Refused: a rule said no aloud, or the packet arrived where nobody listens. */
export function findRefused(c: Case): Finding {
  if (c.dropRule?.kind === 'rule' && c.drop) return findReject(c, c.drop, c.dropRule);
  const nobody = c.steps.find((s) => s.kind === 'deliver' && s.to === 'nobody' && portOf(s) !== undefined);
  if (nobody?.kind === 'deliver') return findNobody(c, nobody);
  return findLost(c);
}

/** Only TCP and UDP can be refused by an empty port; ARP and ICMP have none. */
function portOf(step: Step): number | undefined {
  const packet = innerPacket(step.frame);
  return packet && portsOf(packet.l4)?.dport;
}

function findReject(c: Case, drop: StepOf<'drop'>, rule: StepOf<'rule'>): Finding {
  const base = { step: rule.i, reason: drop.reason, ...(drop.culprit ? { culprit: drop.culprit } : {}) };
  const by = rule.rule.origin?.by ?? 'a';
  const whose = by === 'a' ? 'a REJECT rule' : `${by}'s REJECT rule`;
  const where = c.names.ns(rule.ns);
  if (c.door && !c.door.port.endpoints.some((e) => e.ready)) {
    const service = serviceName(c.door.service);
    return {
      ...base,
      sentence: `Refused: ${service} has no ready endpoints, so ${whose} on ${where} answered.`,
      remedy: endpointRemedy(c),
    };
  }
  const target = rule.rule.origin?.for;
  return {
    ...base,
    sentence: `Refused: ${whose} in ${rule.chain} on ${where}${target ? `, written for ${target},` : ''} answered for ${askedText(c)}.`,
    remedy: isFault(rule.rule.origin) ? 'Remove the rule that you added.' : null,
  };
}

/** Why a Service has no endpoints: nothing selected, or selected pods that are not ready. */
export function endpointRemedy(c: Case): string {
  const door = c.door;
  if (!door) return 'Give the Service a ready endpoint.';
  const { service, port } = door;
  const name = serviceName(service);
  const selector = Object.entries(service.selector);
  const text = selector.map(([key, value]) => `${key}=${value}`).join(',');
  const selected = c.world.cluster.pods.filter((pod) => selects(selector, pod));
  if (selector.length === 0) return `Give ${name} a selector, or write its EndpointSlice by hand.`;
  if (selected.length === 0)
    return `Give ${name} a ready endpoint: no pod in ${service.namespace} has the labels ${text}.`;
  const unready = port.endpoints.length > 0 || selected.every((pod) => !pod.ready);
  if (unready)
    return `Give ${name} a ready endpoint: ${selected.map(podName).join(', ')} ${selected.length === 1 ? 'is' : 'are'} selected but not ready.`;
  return `Check targetPort ${port.targetPort} of ${name}: the selected pods have no such port.`;
  function selects(labels: readonly (readonly [string, string])[], pod: ClusterPod): boolean {
    return pod.namespace === service.namespace && labels.every(([key, value]) => pod.labels[key] === value);
  }
}

function findNobody(c: Case, step: StepOf<'deliver'>): Finding {
  const packet = innerPacket(step.frame);
  const port = portOf(step);
  const place = c.names.ns(step.ns);
  const how = c.proto === 'udp' ? 'with ICMP port unreachable' : 'with a RST';
  const listens = c.names.pod(step.ns)?.listens ?? c.names.node(step.ns)?.listens ?? [];
  const stopped = listens.find((l) => l.port === port && l.proto === c.proto && l.up === false);
  const base = { step: step.i };
  const where = `${packet?.dst}:${port}`;
  if (stopped) {
    return {
      ...base,
      sentence: `Refused: you stopped ${stopped.program} on ${place}, so nobody listens on ${where} and the kernel answered ${how}.`,
      remedy: `Start ${stopped.program} on ${place} again.`,
    };
  }
  const open = listens.filter((l) => l.proto === c.proto && l.up !== false).map((l) => l.port);
  const instead =
    open.length > 0 ? `it listens on ${open.join(', ')}` : `it listens on no ${c.proto.toUpperCase()} port`;
  if (c.service && c.door) {
    return {
      ...base,
      sentence: `Refused: ${serviceName(c.service)} led to ${where} (${place}), but nobody listens there; ${place}'s kernel answered ${how}.`,
      remedy: `Set targetPort of ${serviceName(c.service)} to a port of ${place} (${instead}), or start a program on ${port}.`,
    };
  }
  return {
    ...base,
    sentence: `Refused: nobody listens on ${where} (${place}), so its kernel answered ${how}.`,
    remedy: `Use an open port of ${place} (${instead}), or start a program on ${port}.`,
  };
}
