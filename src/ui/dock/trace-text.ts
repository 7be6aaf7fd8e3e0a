/** A trace as lines of text: what the Text tab lists and what is copied. */
import type { Explanation } from '../../sim/engine/explain/explanation.ts';
import { lookupTitle } from '../../sim/engine/explain/lookup-words.ts';
import type { Trace } from '../../sim/engine/trace.ts';
import type { Detail } from '../../store/pace.ts';

export interface TextLine {
  readonly step: number;
  readonly packet: string;
  readonly place: string;
  readonly title: string;
  readonly sentence: string;
  /** `IPv4 dst 10.96.0.20 -> 10.244.1.2`. */
  readonly changes: readonly string[];
}

export function traceLines(trace: Trace, detail: Detail, explain: (step: number) => Explanation): readonly TextLine[] {
  const steps = detail === 'beats' ? trace.beats.map(({ step }) => step) : trace.steps.map(({ i }) => i);
  return steps.map((step) => {
    const { title, sentence, place, headers } = explain(step);
    const changes = headers.flatMap((layer) =>
      layer.fields.flatMap(({ name, value, before }) =>
        before === undefined ? [] : [`${layer.title} ${name} ${before} -> ${value}`],
      ),
    );
    return { step, packet: trace.steps[step]?.packet ?? '', place: place.label, title, sentence, changes };
  });
}

/** Plain text that reads well in a terminal and in a chat. */
export function traceText(trace: Trace, lines: readonly TextLine[]): string {
  const { lookup } = trace;
  const packets = trace.packets.flatMap((packet) => {
    const own = lines.filter((line) => line.packet === packet.id);
    if (own.length === 0) return [];
    const again = packet.repeats === null ? '' : ', same path, from conntrack';
    return ['', `${packet.title} (${packet.lane}${again})`, ...own.flatMap(lineText)];
  });
  const looked = lookup ? ['', `${lookupTitle(lookup)}.`] : [];
  return [`${trace.verdict.printed}. ${trace.verdict.sentence}`, ...looked, ...packets, ''].join('\n');
}

function lineText({ step, place, title, sentence, changes }: TextLine): readonly string[] {
  const number = String(step + 1).padStart(4);
  return [`${number}  ${place}: ${title}. ${sentence}`, ...changes.map((change) => `      ${change}`)];
}
