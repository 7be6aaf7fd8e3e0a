import type { PacketId } from '../../linux/step.ts';
import type { Beat, Trace, TracePacket } from '../trace.ts';
import type { World } from '../world.ts';
import { explain } from './explain.ts';
import { lookupTitle } from './lookup-words.ts';
import { namesOf } from './names.ts';

/** The whole trace as an ordered list: what a screen reader, a terminal and a phone show. */
export interface TraceText {
  readonly title: string;
  readonly verdict: string;
  readonly printed: string;
  readonly remedy: string | null;
  /** Of the first part, where the program was given a name. */
  readonly lookup: string | null;
  readonly items: readonly TextItem[];
}

/** One packet, with its moments grouped by machine; a repeat has none. */
export interface TextItem {
  readonly packet: PacketId;
  readonly step: number;
  readonly lane: 'request' | 'reply';
  /** `Packet 1: TCP SYN, tool-1 to web-2, delivered`. */
  readonly title: string;
  readonly machines: readonly TextMachine[];
}

export interface TextMachine {
  readonly name: string;
  readonly moments: readonly { readonly step: number; readonly title: string; readonly sentence: string }[];
}

export function traceAsText(trace: Trace, world: World): TraceText {
  const { verdict } = trace;
  return {
    title: titleOf(trace, world),
    verdict: verdict.sentence,
    printed: verdict.printed,
    remedy: verdict.remedy,
    lookup: trace.lookup && lookupTitle(trace.lookup),
    items: foldRepeats(trace).map((entry) => itemOf(trace, world, entry)),
  };
}

const PROBE_WORDS: Readonly<Record<Trace['probe']['proto'], string>> = {
  tcp: 'TCP',
  udp: 'UDP',
  sctp: 'SCTP',
  ping: 'Ping',
  traceroute: 'Traceroute',
  nslookup: 'nslookup',
  dig: 'dig',
};

/** `TCP from tool-1 to default/web, port 80`. */
function titleOf({ probe, from, to }: Trace, world: World): string {
  const port = to.port === null ? '' : `, port ${to.port}`;
  const start = from.ns === '' && 'ref' in probe.from ? probe.from.ref : namesOf(world).ns(from.ns);
  return `${PROBE_WORDS[probe.proto]} from ${start} to ${to.label}${port}`;
}

interface Entry {
  readonly packet: TracePacket;
  readonly number: number;
  /** Further packets that repeat the same one, right after it. */
  readonly alike: number;
}

/** Neighbouring packets that repeat the same earlier packet become one entry. */
function foldRepeats({ packets }: Trace): Entry[] {
  const entries: Entry[] = [];
  for (const [i, packet] of packets.entries()) {
    const last = entries.at(-1);
    if (
      last &&
      packet.repeats !== null &&
      last.packet.repeats === packet.repeats &&
      last.packet.title === packet.title
    ) {
      entries[entries.length - 1] = { ...last, alike: last.alike + 1 };
    } else entries.push({ packet, number: i + 1, alike: 0 });
  }
  return entries;
}

function itemOf(trace: Trace, world: World, { packet, number, alike }: Entry): TextItem {
  const beats = trace.beats.filter((beat) => beat.packet === packet.id);
  const numbers = alike === 0 ? `Packet ${number}` : `Packets ${number} to ${number + alike}`;
  return {
    packet: packet.id,
    step: packet.firstStep,
    lane: packet.lane,
    title: `${numbers}: ${packet.title}, ${fateOf(trace, packet)}`,
    machines: packet.repeats === null ? machinesOf(trace, world, beats) : [],
  };
}

function fateOf(trace: Trace, packet: TracePacket): string {
  if (packet.repeats === null) return packet.fate;
  const of = trace.packets.findIndex(({ id }) => id === packet.repeats) + 1;
  return `${packet.fate}, same path as packet ${of}`;
}

function machinesOf(trace: Trace, world: World, beats: readonly Beat[]): TextMachine[] {
  const names = namesOf(world);
  const machines: { name: string; moments: { step: number; title: string; sentence: string }[] }[] = [];
  for (const beat of beats) {
    const name = names.ns(beat.ns);
    const moment = { step: beat.step, title: beat.title, sentence: explain(trace, world, beat.step).sentence };
    const last = machines.at(-1);
    if (last?.name === name) last.moments.push(moment);
    else machines.push({ name, moments: [moment] });
  }
  return machines;
}

/** The same as plain text, for a terminal or a clipboard. */
export function traceToPlainText(trace: Trace, world: World): string {
  const text = traceAsText(trace, world);
  const lines = [
    text.title,
    '',
    text.verdict,
    ...(text.remedy === null ? [] : [`To fix: ${text.remedy}`]),
    '',
    text.printed,
    '',
    ...(text.lookup === null ? [] : [text.lookup, '']),
  ];
  for (const item of text.items) {
    lines.push(item.title);
    for (const machine of item.machines) {
      lines.push(`  ${machine.name}`);
      for (const { title, sentence } of machine.moments) lines.push(`    - ${title}`, `      ${sentence}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
