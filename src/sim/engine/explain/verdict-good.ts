import { serviceName } from './names.ts';
import { innerPacket, isArp, portsOf } from './packet-words.ts';
import type { StepOf } from './scene.ts';
import { askedText, type Case, type Finding } from './verdict-case.ts';

/** It worked: who answered, by which way, and whom the server saw. */
export function findGood(c: Case): Finding {
  if (c.result.outcome === 'route-traced') return findRoute(c);
  const at = c.result.atStep;
  const served = serverDelivery(c);
  const packet = served && innerPacket(served.frame);
  if (!served || !packet) return { sentence: `${askedText(c)} answered.`, remedy: null, step: at };
  const place = c.names.ns(served.ns);
  const node = c.names.pod(served.ns)?.node;
  const where = node === undefined ? place : `${place} on ${node}`;
  const words = c.proto === 'tcp' ? 'Connected' : 'Answered';
  const port = portsOf(packet.l4)?.dport;
  const listener = `${packet.dst}${port === undefined ? '' : `:${port}`}`;
  const via = c.service
    ? `${serviceName(c.service)} (${askedText(c)}) led to ${where}, ${listener}`
    : `${where} answered as ${listener}`;
  return { sentence: `${words}: ${via}${seenAs(c, packet.src)}.`, remedy: null, step: at };
}

function seenAs(c: Case, src: string): string {
  const own = c.result.clientIp;
  if (own === null || src === own) return `; it sees the client's own address, ${src}`;
  return `; it sees ${c.names.ipLong(src as typeof own)} instead of the client's ${own}`;
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
  const answered = hops.filter(({ from }) => from !== null);
  const last = answered.at(-1)?.from;
  const names = answered.map(({ from }) => (from === null ? '*' : c.names.ip(from)));
  const silent = hops.length - answered.length;
  const rest = silent > 0 ? ` (${silent} did not answer)` : '';
  const way = names.length > 1 ? ` by way of ${names.slice(0, -1).join(', ')}` : '';
  if (last === undefined || last === null)
    return { sentence: `Nobody on the way to ${askedText(c)} answered.`, remedy: null, step: c.drop?.i ?? null };
  const fakes = c.service
    ? ` Routers answer with the Service's address, because conntrack translates their errors too.`
    : '';
  return {
    sentence: `Traced: ${hops.length} ${hops.length === 1 ? 'hop' : 'hops'} to ${c.names.ipLong(last)}${way}${rest}.${fakes}`,
    remedy: null,
    step: c.result.atStep,
  };
}
