import type { ClusterPod, ClusterService } from '../../kube/cluster.ts';
import type { Step } from '../../linux/step.ts';
import { containerWords, missingContainer, troubleOf } from './containers.ts';
import { type DecidingRule, decidedOrigin, elementBehind, isPolicy, ruleWords } from './drop-rule.ts';
import { isFault, podName, serviceName } from './names.ts';
import { innerPacket, portsOf, refusalOf, socketText } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import { askedText, type Case, type Finding } from './verdict-case.ts';
import { localOnly, noLocalEndpoints } from './verdict-filtered.ts';
import { findHostPort } from './verdict-host-port.ts';
import { findNoServer } from './verdict-ipvs.ts';
import { findLost } from './verdict-lost.ts';

/** Refused: a rule said no aloud, or the packet arrived where nobody listens. */
export function findRefused(c: Case): Finding {
  if (c.drop?.reason === 'IPVS_NO_SERVER') return findNoServer(c, c.drop, endpointRemedy(c));
  if (c.drop && c.dropRule && !isPolicy(c.dropRule)) return findReject(c, c.drop, c.dropRule);
  const nobody = c.steps.find(isEmptyPort);
  if (nobody) return findNobody(c, nobody);
  const replied = c.steps.find(isReplied);
  if (replied) return findReplied(c, replied);
  return findLost(c);
}

/** A packet came to a port that nobody listens on. ARP and ICMP have no ports. */
function isEmptyPort(step: Step): boolean {
  const refused =
    (step.kind === 'deliver' && step.to === 'nobody') || (step.kind === 'drop' && step.reason === 'NO_SOCKET');
  return refused && portOf(step) !== undefined;
}

function portOf(step: Step): number | undefined {
  const packet = innerPacket(step.frame);
  return packet && portsOf(packet.l4)?.dport;
}

const isReplied = (step: Step): step is StepOf<'bpf-verdict'> =>
  step.kind === 'bpf-verdict' && step.verdict === 'reply';

/** An eBPF program found nobody behind the Service, and made an ICMP error of the packet. */
function findReplied(c: Case, step: StepOf<'bpf-verdict'>): Finding {
  const answered = `the program ${step.program} on ${c.names.ns(step.ns)} answered with ICMP port unreachable`;
  if (c.door?.port.endpoints.some((e) => e.ready) && noLocalEndpoints(c, step.ns)) {
    const { sentence, remedy } = localOnly(c, step.ns, answered);
    return { step: step.i, sentence: `Refused: ${sentence}.`, remedy };
  }
  const who = c.door ? serviceName(c.door.service) : askedText(c);
  return {
    step: step.i,
    sentence: `Refused: ${who} has no ready endpoints, so ${answered}.`,
    remedy: endpointRemedy(c),
  };
}

function findReject(c: Case, drop: StepOf<'drop'>, rule: DecidingRule): Finding {
  const base = { step: rule.i, reason: drop.reason, ...(drop.culprit ? { culprit: drop.culprit } : {}) };
  const element = elementBehind(c.steps, rule);
  const origin = decidedOrigin(rule, element);
  const where = c.names.ns(rule.ns);
  const who = `${ruleWords(origin, 'REJECT')} on ${where}`;
  if (c.door && !c.door.port.endpoints.some((e) => e.ready)) {
    const service = serviceName(c.door.service);
    const map = `${origin ? `${origin.by}'s` : 'the'} map ${element?.set} on ${where}`;
    const answered = element ? `${map} led to ${rule.chain}, which answered` : `${who} answered`;
    return {
      ...base,
      sentence: `Refused: ${service} has no ready endpoints, so ${answered}.`,
      remedy: endpointRemedy(c),
    };
  }
  if (c.service && !c.door && !isFault(origin) && isUntranslated(c, rule))
    return { ...base, ...unusedPort(c, c.service, rule, who) };
  const target = origin?.for;
  return {
    ...base,
    sentence: `Refused: ${ruleWords(origin, 'REJECT')} in ${rule.chain} on ${where}${target ? `, written for ${target},` : ''} answered for ${askedText(c)}.`,
    remedy: isFault(origin) ? 'Remove the rule that you added.' : null,
  };
}

const isUntranslated = (c: Case, rule: DecidingRule): boolean => innerPacket(rule.frame)?.dst === c.asked?.ip;

/** nftables mode (`cluster-ips-check`) and IPVS mode (`KUBE-IPVS-FILTER`) refuse what a Service's address was not made for. */
function unusedPort(
  c: Case,
  service: ClusterService,
  rule: DecidingRule,
  who: string,
): Pick<Finding, 'sentence' | 'remedy'> {
  const name = serviceName(service);
  const ports = service.ports.map((p) => `${p.port}/${p.protocol}`).join(', ');
  const first = service.ports[0]?.port ?? '';
  if (c.proto === 'icmp')
    return {
      sentence: `Refused: the address of ${name} answers for its own ports only (${ports}), and a ping has none, so ${who} (${rule.chain}) answered with ICMP port unreachable.`,
      remedy: `Try the port instead: curl ${c.asked && socketText(c.asked.ip, Number(first))}`,
    };
  return {
    sentence: `Refused: ${name} has no port ${c.asked?.port} (${c.proto.toUpperCase()}), so ${who} (${rule.chain}) answered with ICMP port unreachable.`,
    remedy: `Use a port that it has: ${ports}.`,
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
  if (selector.length === 0)
    return `Give ${name} a ready endpoint: it has no selector, so somebody must write its EndpointSlice.`;
  if (selected.length === 0)
    return `Give ${name} a ready endpoint: no pod in ${service.namespace} has the labels ${text}.`;
  const unready = port.endpoints.length > 0 || selected.every((pod) => !pod.ready);
  if (unready) {
    const trouble = selected.map(troubleOf).find((words) => words !== null);
    return `Give ${name} a ready endpoint: ${selected.map(podName).join(', ')} ${selected.length === 1 ? 'is' : 'are'} selected but not ready${trouble === undefined ? '' : `: ${trouble}`}.`;
  }
  return `Check targetPort ${port.targetPort} of ${name}: the selected pods have no such port.`;
  function selects(labels: readonly (readonly [string, string])[], pod: ClusterPod): boolean {
    return pod.namespace === service.namespace && labels.every(([key, value]) => pod.labels[key] === value);
  }
}

function findNobody(c: Case, step: Step): Finding {
  const packet = innerPacket(step.frame);
  const port = portOf(step);
  const place = c.names.ns(step.ns);
  const how = `with ${refusalOf(c.proto)}`;
  const listens = c.names.pod(step.ns)?.listens ?? c.names.node(step.ns)?.listens ?? [];
  const stopped = listens.find((l) => l.port === port && l.proto === c.proto && l.up === false);
  const where = packet ? socketText(packet.dst, port) : `port ${port}`;
  if (stopped) {
    return {
      step: step.i,
      sentence: `Refused: you stopped ${stopped.program} on ${place}, so nobody listens on ${where} and the kernel answered ${how}.`,
      remedy: `Start ${stopped.program} on ${place} again.`,
    };
  }
  const hostPort = findHostPort(c, step, { where, how });
  if (hostPort) return hostPort;
  if (c.names.node(step.ns) && port !== undefined && isNodePort(port)) return findNodePort(c, step, where, how);
  const missing =
    port === undefined || c.proto === 'icmp' ? undefined : missingContainer(c.names, step.ns, { proto: c.proto, port });
  if (missing) {
    return {
      step: step.i,
      sentence: `Refused: nobody listens on ${where} (${place}): ${containerWords(missing)}, so its kernel answered ${how}.`,
      remedy: `Let each program on ${place} listen on a port of its own: they share one network namespace.`,
    };
  }
  const open = listens.filter((l) => l.proto === c.proto && l.up !== false).map((l) => l.port);
  const instead =
    open.length > 0 ? `it listens on ${open.join(', ')}` : `it listens on no ${c.proto.toUpperCase()} port`;
  if (c.service && c.door) {
    const name = serviceName(c.service);
    return {
      step: step.i,
      sentence: `Refused: ${name} led to ${where} (${place}), but nobody listens there, so ${place}'s kernel answered ${how}.`,
      remedy: `Set targetPort of ${name} to a port of ${place} (${instead}), or start a program on ${port}.`,
    };
  }
  return {
    step: step.i,
    sentence: `Refused: nobody listens on ${where} (${place}), so its kernel answered ${how}.`,
    remedy: `Use an open port of ${place} (${instead}), or start a program on ${port}.`,
  };
}

/** `--service-node-port-range` of kube-apiserver, its default. */
const isNodePort = (port: number): boolean => port >= 30_000 && port <= 32_767;

/** A node port is a rule, not a socket: without the rule the packet reaches the node's own, empty port. */
function findNodePort(c: Case, step: Step, where: string, how: string): Finding {
  const node = c.names.ns(step.ns);
  if (c.door) {
    const name = serviceName(c.door.service);
    return {
      step: step.i,
      sentence: `Refused: nothing on ${node} translates ${where}, a node port of ${name}, and no program listens there, so ${node}'s kernel answered ${how}.`,
      remedy: `Run kube-proxy, or what replaces it, on ${node}: a node port is nothing but a rule.`,
    };
  }
  const known = c.world.cluster.services.flatMap((service) =>
    service.ports.flatMap((p) =>
      p.nodePort === undefined ? [] : [`${p.nodePort} (${service.namespace}/${service.name})`],
    ),
  );
  return {
    step: step.i,
    sentence: `Refused: no Service has the node port ${portOf(step)}, and no program listens on ${where}, so ${node}'s kernel answered ${how}.`,
    remedy:
      known.length > 0
        ? `Use a node port that a Service has: ${known.join(', ')}.`
        : 'Give a Service the type NodePort.',
  };
}
