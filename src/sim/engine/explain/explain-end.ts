/** Where packets begin and end. */

import { dropSentence, dropTitle } from './drop-words.ts';
import { lineEvidence } from './evidence.ts';
import { listenerLine } from './lines.ts';
import { writerOf } from './names.ts';
import { endsOf, innerPacket, kindOfPacket } from './packet-words.ts';
import type { Scene, StepOf, Told } from './scene.ts';
import { inside } from './where.ts';

export function explainSend(scene: Scene<StepOf<'send'>>): Told {
  const { step, here, names } = scene;
  const packet = innerPacket(step.frame);
  const ends = packet && endsOf(packet);
  const to = packet ? names.ip(packet.dst) : 'everybody on the link';
  const whose =
    packet && names.service(packet.dst)
      ? ` That is a Service's virtual address: no machine has it on a device, so something on the way must translate it.`
      : '';
  const title = `${step.by} on ${here} sends ${step.what}`;
  if (step.answers !== undefined)
    return {
      title,
      sentence: `${step.by} on ${here} answers: ${step.what}${ends ? `, ${ends.src} to ${ends.dst}` : ''}. It answers the addresses that it saw, which may not be those that the sender used.`,
    };
  return {
    title,
    sentence: `${step.by} on ${here} sends ${step.what}${ends ? ` from ${ends.src} to ${ends.dst}` : ''}${packet && to !== packet.dst ? ` (${to})` : ''}.${whose}`,
  };
}

export function explainDeliver(scene: Scene<StepOf<'deliver'>>): Told {
  const { step, here, names } = scene;
  const packet = innerPacket(step.frame);
  const kind = kindOfPacket(step.frame);
  const from = packet ? ` It sees ${names.endpoint(packet.src, null)} as the sender, with TTL ${packet.ttl}.` : '';
  const ss = inside(names, step.ns, packet?.l4.proto === 'udp' ? 'ss -lun' : 'ss -ltn');
  switch (step.to) {
    case 'tunnel':
      return {
        title: `Reaches the tunnel's UDP port on ${here}`,
        sentence: `The UDP port belongs to the tunnel device, not to a program. Its conntrack entry stays unreplied for ever, because packets the other way use another source port.`,
        checks: [`ss -lunp   # on ${here}: the port has no process`],
      };
    case 'icmp':
      return {
        title: `${kind} reaches ${here}`,
        sentence: `The kernel of ${here} handles ICMP itself; no program has to listen.${from}`,
      };
    case 'nobody':
      return {
        title: `Nobody listens on ${here}`,
        sentence: `The packet arrived: ${step.what}. No program of ${here} listens on that port, so the kernel itself refuses: a RST for TCP, ICMP port unreachable for UDP.`,
        evidence: [lineEvidence(`Listening sockets of ${here}`, 'ss -lntu', null)],
        checks: [ss],
      };
    case 'socket': {
      const { socket } = step;
      const program = socket?.program ?? 'the program that asked';
      return {
        title: `Arrives at ${program} on ${here}`,
        sentence: `${kind} reaches ${program} on ${here}.${from}`,
        ...(socket
          ? {
              evidence: [lineEvidence(`Listening sockets of ${here}`, 'ss -lntu', listenerLine(socket), socket.origin)],
              checks: [ss],
            }
          : {}),
      };
    }
  }
}

export function explainDrop(scene: Scene<StepOf<'drop'>>): Told {
  const { step, names } = scene;
  const { culprit } = step;
  const by = culprit?.origin ? ` It was written by ${writerOf(culprit.origin)}.` : '';
  const evidence =
    culprit && culprit.kind !== 'none'
      ? [lineEvidence(`What decided: ${culprit.kind}`, step.reason, culprit.text, culprit.origin)]
      : [];
  return {
    title: dropTitle(step.reason),
    sentence: `${dropSentence(step, names)}${culprit?.origin?.fault ? ' You injected this fault.' : by}`,
    evidence,
    checks: [`perf trace -e skb:kfree_skb   # on ${scene.here}: reason ${step.reason}`],
  };
}
