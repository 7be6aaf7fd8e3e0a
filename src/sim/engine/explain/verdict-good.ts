import { serverWords } from './containers.ts';
import { count, listOf, serviceName } from './names.ts';
import { innerPacket, isArp, portsOf, socketText } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import { sourceNote } from './seen-source.ts';
import { askedText, type Case, type Finding } from './verdict-case.ts';
import { hostPortOf, hostPortWords } from './verdict-host-port.ts';
import { fallbackNote } from './verdict-ipvs.ts';
import { natBetweenPods } from './verdict-nat.ts';

/** It worked: who answered, by which way, and whom the server saw. */
export function findGood(c: Case): Finding {
  if (c.result.outcome === 'route-traced') return findRoute(c);
  const at = c.result.atStep;
  const served = serverDelivery(c);
  const packet = served && innerPacket(served.frame);
  if (!served || !packet) return { sentence: `${askedText(c)} answered.`, remedy: null, step: at };
  const port = portsOf(packet.l4)?.dport;
  const where = serverWords(
    c.names,
    served.ns,
    port === undefined || c.proto === 'icmp' ? null : { proto: c.proto, port },
  );
  const words = c.proto === 'tcp' || c.proto === 'sctp' ? 'Connected' : 'Answered';
  const listener = socketText(packet.dst, port);
  const hostPort = hostPortOf(c, served.ns, packet);
  const door = hostPort
    ? `${hostPortWords(hostPort)} (${hostPort.asked})`
    : c.service && `${serviceName(c.service)} (${askedText(c)})`;
  const via = door ? `${door} led to ${where}, ${listener}` : `${where} answered as ${listener}`;
  const why = sourceNote({
    steps: c.steps,
    packet: served.packet,
    until: served.i,
    seen: packet,
    client: c.result.clientIp,
    door: c.door,
    names: c.names,
  });
  const said = `${words}: ${via}${seenAs(c, packet.src, served)}.${why}${fallbackNote(c)}`;
  return { sentence: `${said}${healthNote(c, served)}`, remedy: null, step: at };
}

/** What a program said that answers by path: a health check says no by its status. */
function healthNote(c: Case, { ns, socket }: StepOf<'deliver'>): string {
  if (!socket?.http) return '';
  const status = c.steps.flatMap((s) => (s.kind === 'send' && s.ns === ns ? (statusOf(s) ?? []) : [])).at(-1);
  const why = socket.origin === undefined ? '' : ` (${socket.origin.why})`;
  return status === undefined ? '' : ` ${socket.program} says ${status}${why}.`;
}

function statusOf({ frame }: StepOf<'send'>): string | undefined {
  const l4 = innerPacket(frame)?.l4;
  return l4 && 'note' in l4 ? /^HTTP\/1\.1 (.*)$/.exec(l4.note ?? '')?.[1] : undefined;
}

function seenAs(c: Case, src: string, served: StepOf<'deliver'>): string {
  const own = c.result.clientIp;
  if (own === null || src === own) return `; it sees the client's own address, ${src}`;
  const virtual =
    own === c.asked?.ip
      ? `, which is the Service's own address: ${c.names.ns(c.from)} has it, and took it as the source`
      : '';
  return `; it sees ${c.names.ipLong(src as typeof own)} instead of the client's ${own}${virtual}${natBetweenPods(c, served)}`;
}

/** The first delivery of the program's own packet to somebody else. */
function serverDelivery(c: Case): StepOf<'deliver'> | null {
  const found = c.steps.find(
    (s) => s.kind === 'deliver' && s.to !== 'tunnel' && !isArp(s.frame) && s.packet === c.first?.packet,
  );
  return found?.kind === 'deliver' ? found : null;
}

function findRoute(c: Case): Finding {
  const hops = c.result.route ?? [];
  const answered = hops.flatMap(({ from }) => (from === null ? [] : [from]));
  const last = answered.at(-1);
  const base = { remedy: null, step: c.result.atStep };
  if (last === undefined) return { ...base, sentence: 'Nobody on the way answered.' };
  const length = count(hops.length, 'hop');
  const silent = hops.length - answered.length;
  const rest = silent > 0 ? ` (${silent} did not answer)` : '';
  if (c.service && answered.every((from) => from === c.asked?.ip))
    return {
      ...base,
      sentence: `Traced: ${length}${rest}, and all answered with the Service's own address ${last}, because ${c.steps.some((s) => s.kind === 'ipvs') ? 'IPVS' : 'conntrack'} translates the errors of the routers too.`,
    };
  const way = answered.slice(0, -1).map((from) => c.names.ip(from));
  return {
    ...base,
    sentence: `Traced: ${length} to ${c.names.ipLong(last)}${way.length > 0 ? `, by way of ${listOf(way)}` : ''}${rest}.`,
  };
}
