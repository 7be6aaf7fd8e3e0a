import type { PacketId, Step } from '../../linux/step.ts';
import type { Beat, BeatMark, TraceLookup, TracePacket } from '../trace.ts';
import { beatOfStep, type PacketView } from './beat-of-step.ts';
import { neighbourWords } from './packet-words.ts';

/**
 * The moments at which the timeline stops by default: about twenty for a first packet and its answer. A packet that
 * repeats an earlier one's path, and each ARP question or answer, is one moment.
 */
export function beatsOf(
  steps: readonly Step[],
  packets: readonly TracePacket[],
  lookup: Pick<TraceLookup, 'steps'> | null = null,
): Beat[] {
  const byPacket = new Map<PacketId, Step[]>();
  for (const step of steps) {
    const list = byPacket.get(step.packet);
    if (list) list.push(step);
    else byPacket.set(step.packet, [step]);
  }
  const first = packets[0]?.id;
  const beats = packets.flatMap((packet) => {
    const own = byPacket.get(packet.id) ?? [];
    if (lookup && packet.firstStep < lookup.steps) return beatsOfLookup(packet, own, packet.id === first);
    return beatsOfPacket(packet, own);
  });
  return beats.sort((a, b) => a.step - b.step);
}

/** On the way of the first question, also these are worth a stop. */
const ON_THE_WAY: ReadonlySet<BeatMark> = new Set(['dnat', 'encap', 'policy', 'deliver', 'drop']);

/**
 * Looking a name up is the beginning of a conversation, not its matter: a question and its answer are a moment each, and only the first
 * question is followed on its way. What is dropped is always told.
 */
function beatsOfLookup(packet: TracePacket, steps: readonly Step[], isFirst: boolean): Beat[] {
  const isKept = ({ mark, ns }: Beat): boolean => {
    if (mark === 'drop' || (isFirst && ON_THE_WAY.has(mark))) return true;
    // Of two questions that go the same way the name server does the same with both.
    return mark === 'lookup' && (packet.repeats === null || ns === steps[0]?.ns || packet.lane === 'reply');
  };
  return beatsOfPacket(packet, steps, true).filter(isKept);
}

function beatsOfPacket(packet: TracePacket, steps: readonly Step[], isWhole = false): Beat[] {
  const first = steps[0];
  if (!first) return [];
  const beat = (step: Step, mark: BeatMark, title: string): Beat => {
    return { step: step.i, packet: packet.id, lane: packet.lane, ns: step.ns, mark, title };
  };
  const said = neighbourWords(first.frame);
  if (said) {
    const { protocol, asks, target } = said;
    return [beat(first, 'arp', asks ? `${protocol}: who has ${target}?` : `${protocol}: ${target} answers`)];
  }
  if (packet.repeats !== null && !isWhole) return [beat(first, 'send', `${packet.title}: same path`)];
  const view: PacketView = { packet, steps };
  // Pieces of one packet, and copies that a bridge floods, do the same in the same place: once is enough.
  const told = new Set<string>();
  return steps.flatMap((step, at) => {
    const found = beatOfStep(view, step, at);
    const to = 'dmac' in step.frame ? step.frame.dmac : '';
    const key = `${step.ns}|${to}|${found?.title}`;
    if (!found || told.has(key)) return [];
    told.add(key);
    return [beat(step, found.mark, found.title)];
  });
}
