/** The proxy of a node was stopped, and its rules say what was true then: who lost the packet is not who is wrong. */
import { PROXIES } from '../../drivers/registry.ts';
import { type ClusterServicePort, podNs } from '../../kube/cluster.ts';
import type { Step } from '../../linux/step.ts';
import type { StoppedProxy } from '../world.ts';
import { podName, serviceName } from './names.ts';
import { portsOf } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import { askedText, type Case, type Finding } from './verdict-case.ts';

/** `head`: what the program learned, in a word. */
export function findStale(c: Case, head: string): Finding | null {
  for (const stopped of c.world.stoppedProxies ?? []) {
    const found = findDead(c, stopped, head) ?? findEmpty(c, stopped, head) ?? findUnknown(c, stopped, head);
    if (found) return found;
  }
  return null;
}

type Translation = StepOf<'nat'> | StepOf<'ipvs'>;

const isTranslation = (step: Step): step is Translation =>
  (step.kind === 'nat' && step.manip === 'dst' && step.cause === 'rule') ||
  (step.kind === 'ipvs' && step.role === 'request');

const proxyOf = ({ proxy }: StoppedProxy): string => PROXIES.find(({ id }) => id === proxy.id)?.label ?? proxy.id;

function told(c: Case, stopped: StoppedProxy, step: number | null, sentence: string): Finding {
  return {
    sentence,
    remedy: `Start ${proxyOf(stopped)} on ${stopped.node} again: it brings the rules there up to date.`,
    step,
    ...(c.drop && { reason: c.drop.reason }),
  };
}

/** The rules chose an endpoint whose pod is gone. */
function findDead(c: Case, stopped: StoppedProxy, head: string): Finding | null {
  const chosen = c.steps.filter(isTranslation).find((s) => s.ns === stopped.node && s.packet === c.first?.packet);
  if (!chosen || c.names.podAt(chosen.after.dst) || c.names.nodeAt(chosen.after.dst)) return null;
  const { dst, l4 } = chosen.after;
  const pod = stopped.cluster?.pods.find(({ ip }) => ip === dst);
  if (!pod) return null;
  const port = portsOf(l4)?.dport;
  const what = c.service ? serviceName(c.service) : askedText(c);
  const where = `${dst}${port === undefined ? '' : `:${port}`}`;
  const gone = `the address of ${podName(pod)}, which is gone`;
  return told(
    c,
    stopped,
    chosen.i,
    `${head}: ${proxyOf(stopped)} on ${stopped.node} is stopped, and its stale rules still send ${what} to ${where}, ${gone}.`,
  );
}

/** The rules refuse, because there was no endpoint then. */
function findEmpty(c: Case, stopped: StoppedProxy, head: string): Finding | null {
  const { door, drop } = c;
  const place = c.dropRule?.ns ?? (drop?.reason === 'IPVS_NO_SERVER' ? drop.ns : null);
  if (!door || !drop || place !== stopped.node || !hasReady(door.port)) return null;
  const seen = portSeen(c, stopped);
  if (!seen || hasReady(seen)) return null;
  const name = serviceName(door.service);
  const sentence = `${head}: ${proxyOf(stopped)} on ${stopped.node} is stopped, and its stale rules still say that ${name} has no ready endpoints.`;
  return told(c, stopped, c.dropRule?.i ?? drop.i, sentence);
}

/** No rule at all: the Service, or its port, came later. */
function findUnknown(c: Case, stopped: StoppedProxy, head: string): Finding | null {
  if (!c.door || c.steps.some((s) => isTranslation(s) && s.packet === c.first?.packet)) return null;
  const visit = c.steps.find((s) => s.ns === stopped.node && s.packet === c.first?.packet);
  if (!visit || portSeen(c, stopped)) return null;
  const sentence = `${head}: ${proxyOf(stopped)} on ${stopped.node} is stopped and has never heard of ${serviceName(c.door.service)}, so no rule there translates ${askedText(c)}.`;
  return told(c, stopped, visit.i, sentence);
}

const hasReady = ({ endpoints }: ClusterServicePort): boolean => endpoints.some(({ ready }) => ready);

/** The port of the Service as the proxy saw it, if it was the same address then. */
function portSeen({ door }: Case, { cluster }: StoppedProxy): ClusterServicePort | undefined {
  const service = cluster?.services.find((one) => door && podNs(one) === podNs(door.service));
  if (!door || service?.clusterIP !== door.service.clusterIP) return undefined;
  return service?.ports.find(
    ({ protocol, port, nodePort }) =>
      protocol === door.port.protocol && port === door.port.port && nodePort === door.port.nodePort,
  );
}
